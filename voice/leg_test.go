package voice

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
)

// instanceOn returns a server that shares an engine with others.
func instanceOn(t *testing.T, engine policy.Engine) *Server {
	store, err := policy.NewStore(engine, policy.StoreOptions{Wait: time.Minute})
	require.NoError(t, err)
	s, err := New(Config{AuthTokens: []string{"0123456789abcdef"}, PublicURL: "https://calls.example.com", Store: store,
		Handler: HandlerFunc(func(context.Context, *Call) error { return nil })})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, s.Shutdown(context.Background()))
		store.Close()
	})
	return s
}

// counting notes the statuses by which servers count calls, and returns what gives them.
func counting(servers ...*Server) (counted func() []string) {
	var mu sync.Mutex
	var all []string
	for _, s := range servers {
		s.config.Trace = s.config.Trace.Join(&Trace{CallFinished: func(_ Info, status string) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, status)
		}})
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// ownerFor returns the owner of a stream of someInfo's call, and a channel that is closed
// when another has taken it.
func ownerFor(s *Server, number int, unheard int) (*owner, chan struct{}) {
	fenced := make(chan struct{})
	return &owner{server: s, unheard: func() int { return unheard }, fenced: func() { close(fenced) },
		leg: leg{phase: isUp, owner: s.id, info: Info{Call: policy.Call{SID: someInfo.SID}, Leg: number}, passage: passage{chain: 1, start: time.Now()}}}, fenced
}

// TestPausedOwnerIsFenced: an instance that was paused while another took its call writes
// nothing when it goes on, and learns that it has lost the call.
func TestPausedOwnerIsFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := policy.NewMemory(policy.MemoryOptions{})
		one, two := instanceOn(t, engine), instanceOn(t, engine)
		first, fenced := ownerFor(one, 1, 2)
		_, ok := first.take(t.Context())
		require.True(t, ok)
		first.save([]byte("kept"))
		time.Sleep(2 * saveEvery)

		second, _ := ownerFor(two, 2, 0)
		before, ok := second.take(t.Context())
		require.True(t, ok)
		require.Equal(t, 1, before.info.Leg)
		require.Equal(t, 2, before.unheard)
		require.Equal(t, "kept", string(second.talk.state))

		first.save([]byte("late"))
		time.Sleep(2 * saveEvery)
		<-fenced
		last, err := two.lastLeg(t.Context(), someInfo.SID)
		require.NoError(t, err)
		require.Equal(t, 2, last.info.Leg)
		talk, err := two.keys.Load().openConversation(last.state, someInfo.SID, 2)
		require.NoError(t, err)
		require.Equal(t, "kept", string(talk.state))
		_, known := first.release(ReasonDisconnect)
		require.False(t, known)

		again, _ := ownerFor(one, 2, 0)
		_, ok = again.take(t.Context())
		require.False(t, ok, "one stream begins once")
		earlier, _ := ownerFor(one, 1, 0)
		_, ok = earlier.take(t.Context())
		require.False(t, ok, "a later one has begun")
		again.close()
		earlier.close()
		first.close()
		second.done()
	})
}

// TestFirstLegIsOwnedSinceItsHandshake: the handshake of a call's first stream claims the
// token and the call in one question, and what the stream writes later goes on from there.
func TestFirstLegIsOwnedSinceItsHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		memory := policy.NewMemory(policy.MemoryOptions{})
		engine := policy.EngineFunc(func(ctx context.Context, ops []policy.Op) {
			if ops[0].Space == "token" || ops[0].Space == legSpace {
				asked.Add(1)
			}
			memory.Do(ctx, ops)
		})
		one, two := instanceOn(t, engine), instanceOn(t, engine)
		begin := func(s *Server, session session, after time.Duration) (*liveCall, bool) {
			owned, _, err := s.use(t.Context(), session)
			require.NoError(t, err)
			st := &stream{info: session.info, passage: session.passage, owned: owned, accepted: time.Now()}
			time.Sleep(after)
			c := &liveCall{Call: &Call{Info: session.info, player: newPlayer(&lineOut{}, nil), Started: time.Now()}, server: s, stream: st, began: time.Now()}
			c.owner = s.ownerOf(c)
			return c, c.begins(t.Context())
		}
		made := func(sid string) session {
			info := someInfo
			info.SID, info.Leg = sid, 1
			made := newSession(info, time.Now())
			made.passage = passage{chain: 7, start: time.Now()}
			return made
		}
		first := made("CA" + strings.Repeat("1", 32))
		c, ok := begin(one, first, 0)
		require.True(t, ok)
		require.EqualValues(t, 1, asked.Load())
		_, _, err := two.use(t.Context(), first)
		require.ErrorIs(t, err, errTokenUsed)
		require.True(t, c.owner.keeps(t.Context()))
		last, err := two.lastLeg(t.Context(), first.info.SID)
		require.NoError(t, err)
		require.Equal(t, []any{isUp, one.id, int64(7)}, []any{last.phase, last.owner, last.chain})

		c.owner.done()
		time.Sleep(keepDone + 2*time.Second)
		_, _, err = two.use(t.Context(), first)
		require.ErrorIs(t, err, errTokenUsed)
		last, err = two.lastLeg(t.Context(), first.info.SID)
		require.NoError(t, err)
		require.Equal(t, isNone, last.phase, "a token that was used before takes no call")

		paused := made("CA" + strings.Repeat("2", 32))
		_, ok = begin(one, paused, 0)
		require.True(t, ok)
		late := made("CA" + strings.Repeat("3", 32))
		taken := make(chan struct{})
		go func() {
			defer close(taken)
			time.Sleep(saveEvery / 2)
			next, _ := ownerFor(two, 2, 0)
			next.leg.info.SID, next.leg.chain = late.info.SID, 7
			_, ok := next.take(t.Context())
			require.True(t, ok)
			next.close()
		}()
		_, ok = begin(one, late, 2*saveEvery)
		<-taken
		require.False(t, ok, "another instance has taken the call while this one was paused")
	})
}

// TestStreamThatNeverBeganIsNoCrash: a caller who hangs up between the handshake of the
// stream and its start counts as Twilio says.
func TestStreamThatNeverBeganIsNoCrash(t *testing.T) {
	for name, test := range map[string]struct {
		disowned bool
		want     string
	}{
		"ended before it began": {true, "completed"},
		"crashed":               {false, "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := policy.NewMemory(policy.MemoryOptions{})
				one, two := instanceOn(t, engine), instanceOn(t, engine)
				counted := counting(two)
				info := someInfo
				info.Leg = 1
				made := newSession(info, time.Now())
				made.passage = passage{chain: 7, start: time.Now()}
				owned, _, err := one.use(t.Context(), made)
				require.NoError(t, err)
				require.NotZero(t, owned)
				two.over(info, policy.Outcome{Kind: policy.OutcomeEnded, Status: "completed"})
				if test.disowned {
					one.disown(info, owned)
				}
				<-two.ends.settled(info.SID)
				require.Equal(t, []string{test.want}, counted())
			})
		})
	}
}

// TestTicketIsOfOneCall: a resume token opens for its call alone, for as long as that may
// last, and no other token is one.
func TestTicketIsOfOneCall(t *testing.T) {
	now := time.Now()
	s, err := newSessionKeys([][]byte{[]byte("a token")})
	require.NoError(t, err)
	info := someInfo
	info.Leg = 3
	made := ticket{info: info, issued: now, expires: now.Add(time.Minute), tries: 4,
		passage: passage{chain: 7, leg: 2, start: now, broke: now, cause: ReasonShutdown, unheard: 1, owed: time.Minute, state: []byte("sealed")}}
	token := s.sealTicket(made)
	read, err := s.openTicket(token, info.SID, info.AccountSID, now)
	require.NoError(t, err)
	require.Equal(t, made.info, read.info)
	require.Equal(t, made.tries, read.tries)
	require.Equal(t, made.cause, read.cause)
	require.Equal(t, made.owed, read.owed)
	require.Equal(t, made.state, read.state)
	require.True(t, made.start.Equal(read.start) && made.broke.Equal(read.broke))
	require.Equal(t, []int{2, 1, 7}, []int{read.leg, read.unheard, int(read.chain)})
	require.NotContains(t, token, info.From)

	other, err := newSessionKeys([][]byte{[]byte("another token")})
	require.NoError(t, err)
	rotated := mustSecrets(t, "another token").after(s, now)
	for name, test := range map[string]struct {
		secrets *sessionKeys
		token   string
		sid     string
		at      time.Time
		err     error
	}{
		"another call":   {s, token, "CA" + info.SID[4:] + "00", now, errTicket},
		"another key":    {other, token, info.SID, now, errTicket},
		"stream token":   {s, s.tokens.sign(newSession(info, now)), info.SID, now, errTicket},
		"empty":          {s, "", info.SID, now, errTicket},
		"cut":            {s, token[:40], info.SID, now, errTicket},
		"too late":       {s, token, info.SID, now.Add(time.Minute + maxSkew + time.Second), errTicketExpired},
		"former key":     {rotated, token, info.SID, now, nil},
		"clock is wrong": {s, token, info.SID, now.Add(time.Minute + maxSkew - time.Second), nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := test.secrets.openTicket(test.token, test.sid, info.AccountSID, test.at)
			require.ErrorIs(t, err, test.err)
		})
	}
	_, err = s.openTicket(token, info.SID, "AC"+strings.Repeat("f", 32), now)
	require.ErrorIs(t, err, errTicket, "another account")
	_, err = s.tokens.verify(token, now)
	require.Error(t, err, "a resume token opens no stream")
}

func mustSecrets(t *testing.T, key string) *sessionKeys {
	s, err := newSessionKeys([][]byte{[]byte(key)})
	require.NoError(t, err)
	return s
}

func FuzzTicket(f *testing.F) {
	s, err := newSessionKeys([][]byte{[]byte("a token")})
	require.NoError(f, err)
	f.Add(appendPassage(appendInfo(nil, &Info{Call: policy.Call{SID: "CA1"}}), passage{cause: "x", state: []byte("y")}))
	f.Fuzz(func(t *testing.T, body []byte) {
		d := decoder{rest: body}
		var info Info
		d.info(&info)
		d.passage()
		readLeg(&policy.Op{Generation: 1, Value: body})
		if _, err := s.openTicket(string(body), "CA1", "AC1", time.Now()); err == nil {
			t.Fatal("a token that was not sealed opens")
		}
	})
}

// TestBreaksAreBounded: a call whose stream breaks whenever it has begun has eight, one a
// second, and then hears an apology, however long it has lasted; one that talks has more, and
// so has one that servers hand over which shut down.
func TestBreaksAreBounded(t *testing.T) {
	type streams struct {
		n     int
		talk  time.Duration // with each
		cause Reason
	}
	for name, test := range map[string]struct {
		streams []streams
		ends    int // with which stream; 0: it goes on
	}{
		"breaks at once":               {[]streams{{20, 0, ReasonDisconnect}}, 8},
		"talks":                        {[]streams{{60, legEarned, ReasonDisconnect}}, 0},
		"talks for hours, then breaks": {[]streams{{1000, legEarned, ReasonDisconnect}, {20, 0, ReasonDisconnect}}, 1007},
		"breaks in bursts":             {[]streams{{7, 0, ReasonDisconnect}, {1, time.Minute, ReasonDisconnect}, {5, 0, ReasonDisconnect}}, 0},
		"is handed over":               {[]streams{{60, 0, ReasonShutdown}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := instanceOn(t, policy.NewMemory(policy.MemoryOptions{}))
				r := httptest.NewRequest(http.MethodPost, "https://calls.example.com"+DefaultPath+resumeRoute+"x", nil)
				info := someInfo
				info.Leg = 1
				behind := ticket{info: info, issued: time.Now(), expires: time.Now().Add(24 * time.Hour), tries: 1, passage: passage{chain: 1, start: time.Now(), refused: 1}}
				for _, streams := range test.streams {
					for range streams.n {
						o, _ := ownerFor(s, behind.info.Leg, 0)
						_, ok := o.take(t.Context())
						require.True(t, ok)
						began := time.Now()
						time.Sleep(streams.talk)
						o.release(streams.cause)
						text := string(s.resume(r, behind))
						if strings.Contains(text, "<Say>") {
							require.NotContains(t, text, "<Connect>")
							require.Equal(t, test.ends, behind.info.Leg)
							return
						}
						require.Contains(t, text, "<Connect>")
						require.GreaterOrEqual(t, time.Since(began), legEvery)
						_, token, _ := strings.Cut(text, resumeRoute)
						token, _, _ = strings.Cut(token, "<")
						var err error
						behind, err = s.keys.Load().openTicket(token, info.SID, info.AccountSID, behind.start) // it may have expired since
						require.NoError(t, err)
					}
				}
				require.Zero(t, test.ends)
			})
		})
	}
}
