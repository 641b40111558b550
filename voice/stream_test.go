package voice

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
)

// TestCallThatComesBackWaits: the stream of a call that comes back is faster than the
// end of the one before, and is refused only when that does not end.
func TestCallThatComesBackWaits(t *testing.T) {
	for name, tt := range map[string]struct {
		ends  time.Duration // of the stream before; 0 = it goes on
		taken bool
	}{
		"at once": {1, true}, "last words": {time.Second, true}, "too late": {comeBackWait + 1, false}, "never": {0, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				another := func() *liveCall {
					return &liveCall{Call: &Call{Info: Info{Call: policy.Call{SID: "CA1"}}}, buried: make(chan struct{})}
				}
				s, first := &Server{registry: registry{calls: map[callKey]*liveCall{}, say: func() {}}}, another()
				require.True(t, s.register(first))
				if tt.ends > 0 {
					time.AfterFunc(tt.ends, func() {
						s.mu.Lock()
						delete(s.calls, callKey{sid: "CA1"})
						s.mu.Unlock()
						close(first.buried)
					})
				}
				begun, second := time.Now(), another()
				require.Equal(t, tt.taken, s.register(second))
				if tt.taken {
					require.Equal(t, tt.ends, time.Since(begun), "as soon as it can")
					require.Same(t, second, s.calls[callKey{sid: "CA1"}])
				} else {
					require.Equal(t, comeBackWait, time.Since(begun))
					time.Sleep(time.Second) // the timer of the test is over
				}
			})
		})
	}
}

// TestNoCallAfterShutdown: nobody waits there.
func TestNoCallAfterShutdown(t *testing.T) {
	s := &Server{registry: registry{calls: map[callKey]*liveCall{}, closed: true}}
	require.False(t, s.register(&liveCall{Call: &Call{Info: Info{Call: policy.Call{SID: "CA1"}}}}))
}
