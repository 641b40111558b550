package voice

import (
	"context"
	"strings"
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
			if o.Kind == policy.OutcomeRunning {
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
		s.leaveUnkept()
		time.Sleep(time.Second)
		require.NoError(t, <-stopped)
		require.True(t, s.handsOver())
		require.False(t, s.admit(nonce))
	})
}

// TestOnwardCarriesWhatBreaksCost: a hand-over by REST does not have a call whose streams break
// begin to count anew.
func TestOnwardCarriesWhatBreaksCost(t *testing.T) {
	s := instanceOn(t, policy.NewMemory(policy.MemoryOptions{}))
	c := &liveCall{Call: &Call{Info: someInfo}, server: s, stream: &stream{passage: passage{owed: time.Minute}}, began: time.Now()}
	document := s.onward(c, passage{chain: 5, start: time.Now()})
	_, token, _ := strings.Cut(document, resumeRoute)
	token, _, _ = strings.Cut(token, "<")
	read, err := s.keys.Load().openTicket(token, someInfo.SID, someInfo.AccountSID, time.Now())
	require.NoError(t, err)
	require.Equal(t, time.Minute, read.owed)
	require.EqualValues(t, 5, read.chain)
}

// TestCallThatTwilioBillsNothing: zero seconds are what Twilio says, too.
func TestCallThatTwilioBillsNothing(t *testing.T) {
	s := instanceOn(t, policy.NewMemory(policy.MemoryOptions{}))
	for said, billed := range map[time.Duration]bool{-1: false, 0: true, time.Second: true} {
		c := &liveCall{Call: &Call{Info: someInfo}, server: s, lasted: 3 * time.Second, said: said}
		require.Equal(t, billed, c.outcome().Billed, said)
	}
}

// TestStateOutlivesTheKeys: it is read with the keys in force and those before.
func TestStateOutlivesTheKeys(t *testing.T) {
	former := mustSecrets(t, "another token")
	before := former.sealConversation(&conversation{state: []byte("then")}, someInfo.SID, 1)
	s := mustSecrets(t, "a token").after(former, time.Now())
	for sealed, want := range map[string]string{string(before): "then", string(s.sealConversation(&conversation{state: []byte("since")}, someInfo.SID, 1)): "since"} {
		talk, err := s.openConversation([]byte(sealed), someInfo.SID, 1)
		require.NoError(t, err)
		require.Equal(t, want, string(talk.state))
		_, err = s.openConversation([]byte(sealed), someInfo.SID, 2)
		require.Error(t, err, "of another leg")
	}
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
