package voice

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
)

// TestCallWithoutAStreamKeepsItsPlace for as long as calls may last.
func TestCallWithoutAStreamKeepsItsPlace(t *testing.T) {
	var leases []time.Duration
	s, err := New(Config{AuthTokens: []string{"0123456789abcdef"}, PublicURL: "https://calls.example.com", MaxDuration: 3 * time.Hour,
		Handler: HandlerFunc(func(context.Context, *Call) error { return nil }),
		Observers: []policy.Observer{policy.ObserverFunc(func(_ context.Context, c policy.Call, o policy.Outcome) {
			if o.Kind == policy.Running {
				leases = append(leases, c.Lease)
			}
		})}})
	require.NoError(t, err)
	s.leaves(t.Context(), someInfo)
	require.Equal(t, []time.Duration{3 * time.Hour}, leases)
}

// TestLameDuck: calls are taken for that long, and the server is about to stop.
func TestLameDuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := instanceOn(t, policy.NewMemory(policy.MemoryOptions{}))
		s.config.LameDuck = 5 * time.Second
		stopped := make(chan error, 1)
		go func() { stopped <- s.Shutdown(t.Context()) }()
		time.Sleep(5*time.Second - 1)
		require.True(t, s.Stats().Draining)
		require.False(t, s.handsOver())
		nonce, ok := s.reserveNew()
		require.True(t, ok)
		require.True(t, s.admit(nonce))
		s.leave(nil)
		time.Sleep(time.Second)
		require.NoError(t, <-stopped)
		require.True(t, s.handsOver())
		require.False(t, s.admit(nonce))
	})
}

// TestWhatIsKnownOfAnEnd: which streams a call that has ended here does not go on with, and
// what another instance's word makes of a webhook.
func TestWhatIsKnownOfAnEnd(t *testing.T) {
	for name, test := range map[string]struct {
		end   ending
		chain int64
		ended bool
	}{
		"nothing":               {ending{}, 5, false},
		"over":                  {ending{how: over}, 5, true},
		"its stream":            {ending{how: streamed, chain: 5}, 5, true},
		"a series after it":     {ending{how: streamed, chain: 6}, 5, true},
		"the one before":        {ending{how: streamed, chain: 4}, 5, false},
		"refused, not streamed": {ending{how: refused, chain: 5}, 5, false},
	} {
		require.Equal(t, test.ended, test.end.of(&ticket{passage: passage{chain: test.chain}}), name)
	}
	for name, test := range map[string]struct {
		ended, admitted bool
		want            standing
	}{
		"new": {false, false, isNewCall}, "admitted": {false, true, isAdmitted}, "over": {true, false, isOver}, "admitted and over": {true, true, isOver},
	} {
		p := &knownCall{}
		d := p.Judge(policy.Call{}, []policy.Op{{OK: test.ended}, {OK: test.admitted}})
		require.Equal(t, test.want, p.standing, name)
		require.Equal(t, test.want != isOver, d.Allowed(), name)
	}
}
