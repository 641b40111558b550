package voice

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
)

// TestConversationTravels: what is written is read, and what cannot be read is nothing.
func TestConversationTravels(t *testing.T) {
	s := mustSecrets(t, "a token")
	for name, m := range map[string]conversation{
		"nothing":         {},
		"an empty state":  {state: []byte{}},
		"a state":         {state: []byte("kept")},
		"prompts":         {count: 3, prompts: []prompt{{2, []byte(`{"type":"prompt"}`)}, {3, []byte(`{}`)}}},
		"all of that":     {state: []byte("kept"), count: 1, prompts: []prompt{{1, []byte("x")}}, saying: "Your table"},
		"only what it is": {saying: "Your table"},
	} {
		sealed := s.sealConversation(&m, someInfo.SID, 1)
		require.Equal(t, m.empty(), sealed == nil, name)
		read, err := s.openConversation(sealed, someInfo.SID, 1)
		require.NoError(t, err, name)
		require.Equal(t, m, read, name)
		require.NotContains(t, string(sealed), "Your table", name)
	}
	_, err := s.openConversation(s.states.seal([]byte{1}, someInfo.SID+" 1"), someInfo.SID, 1)
	require.Error(t, err)
}

func FuzzConversation(f *testing.F) {
	whole := conversation{state: []byte("kept"), count: 1, prompts: []prompt{{1, []byte("x")}}, saying: "Your table"}
	f.Add(whole.append(nil))
	f.Fuzz(func(t *testing.T, body []byte) {
		d := decoder{rest: body}
		if m := d.conversation(); d.bad && !m.empty() {
			t.Fatal("what cannot be read is something")
		}
	})
}

// TestPromptsAreDealtWithOnce: what a handler has saved of a prompt and the prompt itself go
// to the next leg together, whenever an instance dies.
func TestPromptsAreDealtWithOnce(t *testing.T) {
	type left struct {
		state   string
		prompts int
	}
	for name, test := range map[string]struct {
		do   func(o *owner)
		want left
	}{
		"read by the instance": {func(o *owner) { o.heard([]byte("one")) }, left{"", 1}},
		"read by the handler":  {func(o *owner) { o.heard([]byte("one")); o.gave(1) }, left{"", 1}},
		"saved":                {func(o *owner) { o.heard([]byte("one")); o.gave(1); o.save([]byte("1")) }, left{"", 1}},
		"saved, and read on":   {func(o *owner) { o.heard([]byte("one")); o.gave(1); o.save([]byte("1")); o.readsOn() }, left{"1", 0}},
		"saved, and said":      {func(o *owner) { o.heard([]byte("one")); o.gave(1); o.save([]byte("1")); o.queued(); o.touchNow() }, left{"1", 0}}, // now: within a second it dies
		"saved a second ago":   {func(o *owner) { o.heard([]byte("one")); o.gave(1); o.save([]byte("1")); time.Sleep(2 * saveEvery) }, left{"1", 0}},
		"read on":              {func(o *owner) { o.heard([]byte("one")); o.gave(1); o.readsOn() }, left{"", 0}},
		"another not read": {func(o *owner) {
			o.heard([]byte("one"))
			o.heard([]byte("two"))
			o.gave(1)
			o.save([]byte("1"))
			o.readsOn()
		}, left{"1", 1}},
		"saved without a prompt": {func(o *owner) { o.save([]byte("0")) }, left{"0", 0}},
		"too much of it":         {func(o *owner) { o.heard(make([]byte, maxPending)); o.heard([]byte("two")) }, left{"", 1}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := policy.NewMemory(policy.MemoryOptions{})
				one, two := instanceOn(t, engine), instanceOn(t, engine)
				first, _ := ownerFor(one, 1, 0)
				_, ok := first.take(t.Context())
				require.True(t, ok)
				test.do(first)
				synctest.Wait()
				time.Sleep(saveEvery / 2) // it dies
				first.close()
				next, _ := ownerFor(two, 2, 0)
				_, ok = next.take(t.Context())
				require.True(t, ok)
				require.Equal(t, test.want, left{string(next.talk.state), len(next.pending())})
				next.done()
			})
		})
	}
}

// TestPromptsAfterTheEnd: what comes while a call is passed on reaches its next leg, or is
// counted as lost.
func TestPromptsAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := policy.NewMemory(policy.MemoryOptions{})
		one, two := instanceOn(t, engine), instanceOn(t, engine)
		first, _ := ownerFor(one, 1, 2)
		_, ok := first.take(t.Context())
		require.True(t, ok)
		first.release(ReasonShutdown)
		require.ErrorIs(t, first.save([]byte("late")), ErrCallEnded)
		require.Zero(t, first.late())
		first.heard([]byte("one"))
		require.Zero(t, first.late())
		next, _ := ownerFor(two, 2, 0)
		before, ok := next.take(t.Context())
		require.True(t, ok)
		require.Equal(t, 2, before.unheard)
		require.Len(t, next.pending(), 1)
		first.heard([]byte("two"))
		require.Equal(t, 1, first.late())
		next.done()
	})
}

// TestWhatWasBeingSaid: a text that an instance was about to send is said again unless Twilio
// says it.
func TestWhatWasBeingSaid(t *testing.T) {
	for name, test := range map[string]struct {
		twilio  func(l *relayLine)
		unheard int
	}{
		"nothing is heard":               {func(*relayLine) {}, 2},
		"its first word":                 {func(l *relayLine) { l.played("your") }, 1},
		"a word of it":                   {func(l *relayLine) { l.played("booked") }, 1},
		"it is interrupted":              {func(l *relayLine) { l.interrupted("Your table is") }, 1},
		"another text":                   {func(l *relayLine) { l.played("welcome") }, 2},
		"Twilio begins to speak":         {func(l *relayLine) { l.speaking(true) }, 1},
		"Twilio stops, as of one before": {func(l *relayLine) { l.speaking(false) }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := instanceOn(t, policy.NewMemory(policy.MemoryOptions{}))
				o, _ := ownerFor(s, 2, 0)
				o.owes, o.talk.saying = 2, "Your table is booked."
				line := &relayLine{returned: func(string) {}}
				line.comesBack()
				c := &liveCall{Call: &Call{owner: o, resumed: &Resumed{Leg: 2, Unheard: 2}}, listensFirst: line.settled}
				began := time.Now()
				go func() {
					time.Sleep(saysWithin / 2)
					test.twilio(line)
				}()
				c.settle(t.Context())
				require.Equal(t, test.unheard, c.resumed.Unheard)
				require.LessOrEqual(t, time.Since(began), saysWithin)
				o.close()
			})
		})
	}
}

// TestReturnsAreBounded: a connection that comes back whenever it was closed does so once a
// second, and at most eight times in a row; one that is of use has more. Many calls at once
// come back one after the other, and those for which that takes too long are refused.
func TestReturnsAreBounded(t *testing.T) {
	for name, test := range map[string]struct {
		n     int
		talk  time.Duration
		cause Reason
		ends  int // with which leg; 0: it goes on
	}{
		"breaks at once": {20, 0, ReasonDisconnect, 8},
		"talks":          {60, legEarned, ReasonDisconnect, 0},
		"is handed over": {60, 0, ReasonShutdown, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := instanceOn(t, policy.NewMemory(policy.MemoryOptions{}))
				info := someInfo
				info.Leg = 1
				first := newSession(info, time.Now())
				first.passage = passage{chain: 1, start: time.Now()}
				now := first
				for range test.n {
					o, _ := ownerFor(s, now.info.Leg, 0)
					o.leg.began, o.leg.owed = time.Now(), now.owed
					_, ok := o.take(t.Context())
					require.True(t, ok)
					began := time.Now()
					time.Sleep(test.talk)
					o.release(test.cause)
					next, err := s.comesBack(t.Context(), first)
					if err != nil {
						require.ErrorIs(t, err, errTooOften)
						require.Equal(t, test.ends, now.info.Leg)
						return
					}
					require.Equal(t, now.info.Leg+1, next.info.Leg)
					require.GreaterOrEqual(t, time.Since(began), legEvery)
					now = next
				}
				require.Zero(t, test.ends)
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		s := instanceOn(t, policy.NewMemory(policy.MemoryOptions{}))
		for range maxReturning {
			s.returning <- struct{}{}
		}
		session := newSession(someInfo, time.Now())
		_, err := s.comesBack(t.Context(), session)
		require.ErrorIs(t, err, errTooMany)
		time.AfterFunc(returnWait/2, func() { <-s.returning })
		_, err = s.comesBack(t.Context(), session)
		require.NoError(t, err)
	})
}

// TestAloneKnowsItsPredecessor: without a store, a process that has replaced another takes no
// connection for the first that another process' webhook has opened.
func TestAloneKnowsItsPredecessor(t *testing.T) {
	for _, resume := range []Resume{ResumeAlone, ResumeShared} {
		s, err := New(Config{AuthTokens: []string{"0123456789abcdef"}, PublicURL: "https://calls.example.com", Resume: resume,
			Handler: HandlerFunc(func(context.Context, *Call) error { return nil })})
		require.NoError(t, err)
		require.Equal(t, resume == ResumeAlone, s.succeeds(s.started.Add(-time.Second)))
		require.False(t, s.succeeds(s.started.Add(time.Second)))
		require.NoError(t, s.Shutdown(context.Background()))
	}
}
