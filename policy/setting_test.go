package policy

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestSetting: a change on one instance is in force on all within a second or so, none gets
// lost, and what is of no use leaves the former text in force.
func TestSetting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		var settings []*Setting
		lists := make([]*BlockList, 3)
		for i := range lists {
			lists[i] = Blocked(nil)
			settings = append(settings, n.instance(t, StoreOptions{}).Setting("blocked", nil, func(text []byte) error {
				numbers, err := ParseNumbers(string(text))
				if err == nil {
					lists[i].Set(numbers)
				}
				return err
			}))
		}
		var wg sync.WaitGroup
		for i, s := range settings {
			wg.Go(func() {
				require.NoError(t, s.Update(ctx, func(text []byte) ([]byte, error) {
					return fmt.Appendf(text, "+1415555010%d\n", i), nil
				}))
			})
		}
		wg.Wait()
		time.Sleep(2 * time.Second)
		for i, l := range lists {
			require.Equal(t, 3, l.Numbers().Len(), "instance %d", i)
		}
		require.Error(t, settings[0].Update(ctx, func([]byte) ([]byte, error) { return []byte("nonsense"), nil }))
		time.Sleep(2 * time.Second)
		for _, l := range lists {
			require.Equal(t, 3, l.Numbers().Len())
		}
		require.NoError(t, settings[2].Update(ctx, func([]byte) ([]byte, error) { return nil, nil }))
		time.Sleep(2 * time.Second)
		for _, l := range lists {
			require.Zero(t, l.Numbers().Len())
		}
		n.set(func(n *network) { n.away = true })
		require.ErrorIs(t, settings[0].Update(ctx, func(text []byte) ([]byte, error) { return text, nil }), ErrAway)
		require.ErrorContains(t, inMemory(nil, MemoryOptions{}).Setting("x", nil, nil).Update(ctx, func([]byte) ([]byte, error) {
			return make([]byte, MaxValue+1), nil
		}), "512 KiB")
	})
}

// TestSettingThatTheEngineLost: a change that a failover lost is lost for all instances, and a
// text of which the engine knows nothing any more is there again for those that begin later.
func TestSettingThatTheEngineLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		var texts [3]string
		setting := func(i int) *Setting {
			texts[i] = "at first"
			return n.instance(t, StoreOptions{}).Setting("x", []byte(texts[i]), func(text []byte) error { texts[i] = string(text); return nil })
		}
		to := func(text string) func([]byte) ([]byte, error) {
			return func([]byte) ([]byte, error) { return []byte(text), nil }
		}
		one := setting(0)
		setting(1)
		require.NoError(t, one.Update(ctx, to("before")))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		n.Memory.mu.Lock()
		v := *n.Memory.values[key{"setting", "x"}]
		n.Memory.mu.Unlock()
		require.NoError(t, one.Update(ctx, to("lost")))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, "lost", texts[1])
		n.Memory.mu.Lock()
		n.Memory.values[key{"setting", "x"}] = &v
		n.Memory.mu.Unlock()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, []string{"before", "before"}, texts[:2])
		n.Memory.mu.Lock()
		delete(n.Memory.values, key{"setting", "x"})
		n.Memory.mu.Unlock()
		time.Sleep(3 * time.Second)
		synctest.Wait()
		setting(2)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		require.Equal(t, [3]string{"before", "before", "before"}, texts)
		require.NoError(t, one.Update(ctx, func(text []byte) ([]byte, error) { return append(text, " and after"...), nil }))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		require.Equal(t, [3]string{"before and after", "before and after", "before and after"}, texts)
	})
}
