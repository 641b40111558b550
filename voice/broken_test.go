package voice

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
)

// TestBrokenCallThatIsOverIsCountedAtShutdown: Twilio said here, and nowhere else, that the
// call is over, while its stream was put away.
func TestBrokenCallThatIsOverIsCountedAtShutdown(t *testing.T) {
	for name, late := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var counted []string
				store, err := policy.NewStore(policy.NewMemory(policy.MemoryOptions{}), policy.StoreOptions{Wait: time.Minute})
				require.NoError(t, err)
				defer store.Close()
				s, err := New(Config{AuthTokens: []string{"0123456789abcdef"}, PublicURL: "https://calls.example.com", Store: store,
					Handler: HandlerFunc(func(context.Context, *Call) error { return nil }),
					Trace:   &Trace{CallFinished: func(_ Info, status string) { counted = append(counted, status) }}})
				require.NoError(t, err)
				o, _ := ownerFor(s, 1, 0)
				c := &liveCall{Call: &Call{Info: someInfo, owner: o}, server: s, reason: ReasonDisconnect, said: -1}
				if late {
					require.NoError(t, s.Shutdown(context.Background()))
				}
				s.broke(c)
				s.noteEnd(someInfo, ending{how: over})
				if late {
					s.broke(c) // a handler that did not heed its context ends
				} else {
					require.NoError(t, s.Shutdown(context.Background()))
				}
				require.Equal(t, []string{"failed"}, counted)
				time.Sleep(2 * breakLease)
				require.Equal(t, []string{"failed"}, counted)
			})
		})
	}
}

// TestCallThatMovedAndIsOverIsCounted: Twilio said that the call is over to the instance that
// was putting its stream away, and the one that has taken the call has gone.
func TestCallThatMovedAndIsOverIsCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := policy.NewMemory(policy.MemoryOptions{})
		s, two := instanceOn(t, engine), instanceOn(t, engine)
		counted := counting(s)
		first, _ := ownerFor(s, 1, 0)
		second, _ := ownerFor(two, 2, 0)
		_, ok := second.take(t.Context())
		require.True(t, ok)
		s.noteEnd(someInfo, ending{how: over})
		s.broke(&liveCall{Call: &Call{Info: someInfo, owner: first}, server: s, reason: ReasonDisconnect, said: -1})
		time.Sleep(2 * holdStatus)
		require.Equal(t, []string{"failed"}, counted())
		second.close()
	})
}

// TestBrokenCallWithoutAStore: with a CallControl alone another instance may have the call, and the
// one that hears of its end counts it; a server that is alone counts it when it does not come
// back.
func TestBrokenCallWithoutAStore(t *testing.T) {
	for name, test := range map[string]struct {
		resume Resume
		cut    []Reason
	}{
		"others may have it": {ResumeShared, nil},
		"alone":              {ResumeAlone, []Reason{ReasonDisconnect}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var cut []Reason
				var mu sync.Mutex
				s, err := New(Config{AuthTokens: []string{"0123456789abcdef"}, PublicURL: "https://calls.example.com", Resume: test.resume,
					Handler: HandlerFunc(func(context.Context, *Call) error { return nil }),
					Trace:   &Trace{CallCut: func(_ Info, why Reason) { mu.Lock(); defer mu.Unlock(); cut = append(cut, why) }}})
				require.NoError(t, err)
				o, _ := ownerFor(s, 1, 0)
				s.broke(&liveCall{Call: &Call{Info: someInfo, owner: o}, server: s, reason: ReasonDisconnect, said: -1})
				time.Sleep(2 * breakLease)
				mu.Lock()
				require.Equal(t, test.cut, cut)
				mu.Unlock()
				require.NoError(t, s.Shutdown(t.Context()))
			})
		})
	}
}

// TestBrokenCallThatGoesOnHere: its next stream has begun before the last was put away.
func TestBrokenCallThatGoesOnHere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := instanceOn(t, policy.NewMemory(policy.MemoryOptions{}))
		first, _ := ownerFor(s, 1, 0)
		second, _ := ownerFor(s, 2, 0)
		require.True(t, s.register(&liveCall{Call: &Call{Info: someInfo, owner: second}, server: s}))
		s.broke(&liveCall{Call: &Call{Info: someInfo, owner: first}, server: s, reason: ReasonDisconnect, said: -1})
		require.Empty(t, s.broken)
		s.mu.Lock()
		clear(s.calls)
		s.rest()
		s.mu.Unlock()
		second.close()
	})
}

// TestOthersWaitForTheOneThatHadTheStream: an instance that hears of the end of a call that
// another has does not tell it first, and tells it when that one does not.
func TestOthersWaitForTheOneThatHadTheStream(t *testing.T) {
	for name, test := range map[string]struct {
		gone bool
		want string
	}{"it is slow": {false, "completed"}, "it has gone": {true, "failed"}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := policy.NewMemory(policy.MemoryOptions{})
				one, two := instanceOn(t, engine), instanceOn(t, engine)
				counted := counting(one, two)
				o, _ := ownerFor(one, 1, 0)
				_, ok := o.take(t.Context())
				require.True(t, ok)
				ended := policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed"}
				two.over(someInfo, ended)
				time.Sleep(othersFirst - retellEvery)
				if !test.gone {
					one.finish(someInfo, ended, streamed, true)
				}
				time.Sleep(2 * holdStatus)
				require.Equal(t, []string{test.want}, counted())
				o.close()
			})
		})
	}
}
