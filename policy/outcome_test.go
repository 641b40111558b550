package policy

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// endings are the ends of calls that observers have heard of, in order.
type endings []string

func (e *endings) Observe(_ context.Context, c Call, o Outcome) { *e = append(*e, c.SID+" "+o.Status) }

var completed = Outcome{Kind: OutcomeEnded, Status: "completed"}

// tell tells the end of a call for an instance.
func (e *endings) tell(s *Store, by, sid string) (bool, error) {
	return TellOnce(ctx, s, by, completed, nil, []Observer{e}, Call{SID: sid})
}

// TestEndToldOnce: of two instances that learn of the end of a call one tells it, also when
// its answers get lost, and nobody while nobody can know.
func TestEndToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		a, b := n.instance(t, StoreOptions{}), n.instance(t, StoreOptions{})
		synctest.Wait()
		var heard endings
		for i, s := range []*Store{a, b, a} {
			told, err := heard.tell(s, string('a'+rune(i)), "CA1")
			require.NoError(t, err)
			require.Equal(t, i == 0, told)
		}
		n.set(func(n *network) { n.deaf = true })
		_, err := heard.tell(a, "a", "CA2")
		require.ErrorIs(t, err, ErrAway)
		n.set(func(n *network) { n.deaf = false })
		_, err = heard.tell(b, "b", "CA2")
		require.ErrorIs(t, err, ErrClaimed, "a's word was heard")
		told, err := heard.tell(a, "a", "CA2")
		require.NoError(t, err)
		require.True(t, told, "and is a's own when it asks again")
		told, err = heard.tell(b, "b", "CA2")
		require.NoError(t, err)
		require.False(t, told)
		require.Equal(t, endings{"CA1 completed", "CA2 completed"}, heard)
	})
}

// TestClaimOfTheDead: the end that an instance has claimed and never reported is another's
// after three seconds, and no longer its own.
func TestClaimOfTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		a, b := n.instance(t, StoreOptions{}), n.instance(t, StoreOptions{})
		synctest.Wait()
		var heard endings
		n.set(func(n *network) { n.deaf = true })
		_, err := heard.tell(a, "a", "CA1")
		require.ErrorIs(t, err, ErrAway)
		n.set(func(n *network) { n.deaf = false })
		begun := time.Now()
		var told bool
		for err = ErrClaimed; err == ErrClaimed; time.Sleep(100 * time.Millisecond) {
			told, err = heard.tell(b, "b", "CA1")
		}
		require.NoError(t, err)
		require.True(t, told)
		require.InDelta(t, 3, time.Since(begun).Seconds(), 0.3)
		told, err = heard.tell(a, "a", "CA1")
		require.NoError(t, err)
		require.False(t, told)
		require.Equal(t, endings{"CA1 completed"}, heard)
	})
}

// TestClaimThatComesLate: an instance that learns late that it has claimed the end does not
// tell it: another may have claimed it since.
func TestClaimThatComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		a := n.instance(t, StoreOptions{Wait: time.Minute})
		synctest.Wait()
		var heard endings
		slow := EngineFunc(func(ctx context.Context, ops []Op) {
			n.Do(ctx, ops)
			if ops[0].Kind == OpWrite {
				time.Sleep(2 * time.Second)
			}
		})
		late, err := NewStore(slow, StoreOptions{Wait: time.Minute})
		require.NoError(t, err)
		defer late.Close()
		synctest.Wait()
		_, err = heard.tell(late, "late", "CA1")
		require.ErrorIs(t, err, ErrClaimed)
		require.Empty(t, heard)
		time.Sleep(2 * time.Second)
		told, err := heard.tell(a, "a", "CA1")
		require.NoError(t, err)
		require.True(t, told)
	})
}

// TestTellFirst: the observers hear of the end before the store, also while that is away, and
// the other instances know when it is back. An observer that panics keeps nobody from knowing.
func TestTellFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		a, b := n.instance(t, StoreOptions{}), n.instance(t, StoreOptions{})
		synctest.Wait()
		var heard endings
		n.set(func(n *network) { n.away = true })
		TellFirst(ctx, a, completed, nil, []Observer{&heard}, Call{SID: "CA1"})
		require.Equal(t, endings{"CA1 completed"}, heard)
		_, err := heard.tell(b, "b", "CA1")
		require.ErrorIs(t, err, ErrAway)
		n.set(func(n *network) { n.away = false })
		time.Sleep(3 * time.Second)
		require.Panics(t, func() {
			TellFirst(ctx, a, completed, nil, []Observer{ObserverFunc(func(context.Context, Call, Outcome) { panic("host") })}, Call{SID: "CA2"})
		})
		for _, sid := range []string{"CA1", "CA2"} {
			told, err := heard.tell(b, "b", sid)
			require.NoError(t, err)
			require.False(t, told, sid)
		}
		require.Equal(t, endings{"CA1 completed"}, heard)
	})
}
