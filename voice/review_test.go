package voice_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/tts/ttstest"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestHeardWhilePlaying calls Playback.Heard while marks come back.
func TestHeardWhilePlaying(t *testing.T) {
	t.Parallel()
	audio := mulaw(t, "testdata/noted.wav")[:4000]
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		var last *voice.Playback
		for range 3 {
			playback, err := call.Play(ctx, audio)
			if err != nil {
				return err
			}
			last = playback
		}
		for {
			select {
			case <-last.Done():
				return nil
			case <-time.After(time.Millisecond):
				last.Heard()
			}
		}
	})
	_, mux := newHost(t, voice.Config{Handler: handler})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	require.NoError(t, call.Wait(t.Context()))
	require.Len(t, call.Heard(), 3*len(audio))
}

// TestBrokenLineIsNoCompletedCall breaks the connection of a handler that plays. The
// handler returns the error, as most do; the call counts as failed.
func TestBrokenLineIsNoCompletedCall(t *testing.T) {
	t.Parallel()
	audio := mulaw(t, "testdata/noted.wav")
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		for {
			if playback, err := call.Play(ctx, audio[:800]); err != nil {
				return err
			} else if err := playback.Wait(ctx); err != nil {
				return err
			}
		}
	})
	for name, option := range map[string]voicetest.Option{"reset": voicetest.Reset(20), "half-open": voicetest.HalfOpen(20)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l ledger
			srv, mux := newHost(t, voice.Config{Handler: handler, Trace: l.trace()})
			srv.Hurry(0, 500*time.Millisecond)
			tw := voicetest.New(t, afterStream(&l, mux))
			tw.Dial(caller, callee, option)
			require.Equal(t, []voice.Reason{voice.ReasonDisconnect}, l.ends(t, 1))
			l.mu.Lock()
			defer l.mu.Unlock()
			require.Equal(t, []string{"failed"}, l.finished)
			require.Equal(t, []voice.Reason{voice.ReasonDisconnect}, l.cut)
		})
	}
}

// TestStreamPathTakesNoBodies: a stranger's slow request must not take a stream's place.
func TestStreamPathTakesNoBodies(t *testing.T) {
	srv, mux := newHost(t, voice.Config{Handler: waiting, MaxStreams: 1})
	tw := voicetest.New(t, mux)
	client := tw.Client()
	defer client.CloseIdleConnections()
	for _, method := range []string{http.MethodPost, http.MethodGet} {
		r, err := http.NewRequest(method, voicetest.PublicURL+"/api/voice/twilio/stream/x", strings.NewReader("slow"))
		require.NoError(t, err)
		r.Header.Set("X-Twilio-Signature", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
		response, err := client.Do(r)
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, http.StatusUpgradeRequired, response.StatusCode)
	}
	require.Zero(t, srv.Stats().Streams)
}

func TestShutdownClosesStreamsThatNeverStart(t *testing.T) {
	srv, mux := newHost(t, voice.Config{Handler: waiting})
	tw := voicetest.New(t, mux)
	tw.Dial(caller, callee, voicetest.Drop("start"), voicetest.Drop("media"))
	require.Eventually(t, func() bool { return srv.Stats().Streams == 1 }, patience, time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, srv.Shutdown(ctx), context.DeadlineExceeded)
	require.Zero(t, srv.Stats().Streams)
}

func TestChallengeBehindAPrefix(t *testing.T) {
	challenge := policy.Func(func(context.Context, policy.Call) policy.Decision {
		return policy.Decision{Verdict: policy.Challenge, Reason: policy.ReasonCaptcha}
	})
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken}, PublicURL: "https://calls.example.com/pre", Handler: waiting, Policy: challenge,
	})
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/pre/", http.StripPrefix("/pre", unprefixed(srv)))
	tw := voicetest.New(t, mux, voicetest.Config{InboundPath: "/pre/api/voice/twilio/inbound", StatusPath: "/pre/api/voice/twilio/status"})
	call := tw.Dial(caller, callee)
	require.Eventually(t, func() bool { return len(call.Said()) == 1 }, patience, time.Millisecond)
	require.Contains(t, call.TwiML().String(), `action="https://calls.example.com/pre/api/voice/twilio/challenge/`)
	call.HangUp()
	require.NoError(t, srv.Shutdown(t.Context()))
}

// unprefixed acts as a proxy that strips the prefix.
func unprefixed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RequestURI = strings.TrimPrefix(r.RequestURI, "/pre")
		next.ServeHTTP(w, r)
	})
}

// rude is an engine that panics in one method: open, send, flush or close.
type rude struct{ where string }

func (r rude) Open(context.Context, stt.Config) (stt.Stream, error) {
	if r.where == "open" {
		panic(r.where)
	}
	return rudeStream(r), nil
}

type rudeStream rude

func (r rudeStream) at(where string) {
	if r.where == where {
		panic(where)
	}
}
func (r rudeStream) Send([]byte) error           { r.at("send"); return nil }
func (r rudeStream) Flush(context.Context) error { r.at("flush"); return nil }
func (r rudeStream) Close() error                { r.at("close"); return nil }

// TestEngineThatPanicsLosesNoCall panics in every method of an engine.
func TestEngineThatPanicsLosesNoCall(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"open", "send", "flush", "close"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			failed := make(chan error, 1)
			handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				for _, err := range call.Transcripts(ctx) {
					failed <- err
				}
				<-ctx.Done()
				return nil
			})
			var l ledger
			_, mux := newHost(t, voice.Config{Handler: handler, STT: rude{where}, Trace: l.trace()})
			tw := voicetest.New(t, mux)
			call := tw.Dial(caller, callee)
			if where != "flush" && where != "close" { // those come when the call is over
				require.ErrorIs(t, next(t, failed), stt.ErrPanic)
			} else {
				require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
			}
			require.Equal(t, "in-progress", call.Status())
			call.HangUp()
			require.Equal(t, []voice.Reason{voice.ReasonHungUp}, l.ends(t, 1))
		})
	}
}

// hesitant is an engine that notes when it is asked for the last words.
type hesitant struct {
	rudeStream
	asked chan time.Time
}

func (h hesitant) Open(context.Context, stt.Config) (stt.Stream, error) { return h, nil }
func (h hesitant) Flush(context.Context) error                          { h.asked <- time.Now(); return nil }

// TestDurationEndsWithTheCall: End.Duration does not include the wait for the last words.
func TestDurationEndsWithTheCall(t *testing.T) {
	started := make(chan time.Time, 1)
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		started <- call.Started
		<-ctx.Done()
		return nil
	})
	var l ledger
	engine := hesitant{asked: make(chan time.Time, 1)}
	_, mux := newHost(t, voice.Config{Handler: handler, STT: engine, Trace: l.trace()})
	call := voicetest.New(t, mux).Dial(caller, callee)
	from := next(t, started)
	call.HangUp()
	l.ends(t, 1)
	require.LessOrEqual(t, l.ended[0].Duration, next(t, engine.asked).Sub(from))
}

// TestHookThatPanicsLosesNothing panics in each of the host's hooks. Some run on timers
// and on goroutines where a panic would end the process.
func TestHookThatPanicsLosesNothing(t *testing.T) {
	const why = "no metrics today"
	panicking := func(at string, ran chan struct{}) *voice.Trace {
		var once sync.Once
		hit := func(hook string) {
			if hook == at {
				once.Do(func() { close(ran) })
				panic(why)
			}
		}
		return &voice.Trace{
			Begin:            func(ctx context.Context, _ voice.Info, _ voice.Step) context.Context { hit("begin"); return ctx },
			End:              func(context.Context, voice.Info, voice.Step) { hit("end") },
			Signature:        func(signature.Result) { hit("signature") },
			Decision:         func(voice.Info, policy.Decision) { hit("decision") },
			StreamStarted:    func(voice.Info, time.Duration) { hit("started") },
			StreamEnded:      func(voice.Info, voice.End) { hit("ended") },
			CallFinished:     func(voice.Info, string) { hit("finished") },
			StatusCallback:   func(context.Context, voice.Info, url.Values) { hit("status") },
			FrameReceived:    func() { hit("frame") },
			TranscodingError: func(string) { hit("transcoding") },
			WebSocketError:   func(mediastream.ErrorType) { hit("websocket") },
			STTError:         func(voice.Info, string) { hit("stt") },
			Playback:         func(voice.Info, *voice.Playback) { hit("playback") },
			Spoken:           func(voice.Info, voice.Spoken) { hit("spoken") },
		}
	}
	for _, hook := range []string{"begin", "end", "signature", "decision", "started", "ended", "finished", "status", "frame", "transcoding", "websocket", "stt", "playback", "spoken"} {
		t.Run(hook, func(t *testing.T) {
			t.Parallel()
			ran := make(chan struct{})
			config := voice.Config{STT: rude{"send"}, TTS: &ttstest.Fake{}, Trace: panicking(hook, ran)}
			config.Handler = voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				if _, err := call.Say(ctx, "Hello."); err != nil {
					return err
				}
				select {
				case <-ctx.Done():
				case <-ran:
				}
				return nil
			})
			if hook == "ended" || hook == "finished" || hook == "status" { // these run on the timer
				config.MaxDuration = 50 * time.Millisecond
			}
			srv, mux := newHost(t, config)
			tw := voicetest.New(t, mux)
			call := tw.Dial(caller, callee, voicetest.BadBase64(2), voicetest.Garbage(3))
			next(t, ran)
			require.NoError(t, call.Wait(t.Context()))
			require.Equal(t, "completed", call.Status())
			require.Eventually(t, func() bool { return srv.Stats().Streams == 0 }, patience, time.Millisecond)
		})
	}
}

func TestEngineThatEndsEarlyIsReported(t *testing.T) {
	engine := &stttest.Engine{}
	failed := make(chan error, 1)
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		digits, err := call.Digits(ctx, 1, "") // does not swallow the failure
		if err != nil || digits != "1" {
			return errors.New("no digit")
		}
		for _, err := range call.Transcripts(ctx) {
			failed <- err
		}
		return nil
	})
	_, mux := newHost(t, voice.Config{Handler: handler, STT: engine})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	stream, err := engine.Stream(t.Context(), 0)
	require.NoError(t, err)
	stream.Close()
	time.Sleep(50 * time.Millisecond)
	call.Digits("1")
	require.ErrorContains(t, next(t, failed), "ended early")
	call.Wait(t.Context())
}

// TestFailedChallengeGivesItsPlaceBack: bots must not fill the account's lines.
func TestFailedChallengeGivesItsPlaceBack(t *testing.T) {
	lines := policy.Concurrent(1)
	suspicious := policy.Func(func(context.Context, policy.Call) policy.Decision {
		return policy.Decision{Verdict: policy.Challenge, Reason: policy.ReasonCaptcha}
	})
	_, mux := newHost(t, voice.Config{Handler: waiting, Policy: policy.All(lines, suspicious)})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	for n := range 2 { // two wrong answers
		require.Eventually(t, func() bool { return len(call.Said()) == n+1 }, patience, time.Millisecond)
		_, right := asked(t, call.TwiML().String())
		call.Digits(wrong(right))
	}
	call.Wait(t.Context())
	require.Eventually(t, func() bool { return inUse(t, lines) == 0 }, patience, time.Millisecond)
}

func TestTokensRotateWithoutLosingACall(t *testing.T) {
	const next = "11112222333344445555666677778888"
	var l ledger
	srv, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace()})
	tw, rotated := voicetest.New(t, mux), voicetest.New(t, mux, voicetest.Config{AuthToken: next})
	first := tw.Dial(caller, callee, voicetest.Unsigned(voicetest.Handshake)) // leaves its token unused
	url := streamURL(t, first)
	require.NoError(t, srv.SetAuthTokens([]string{voicetest.AuthToken, next}))
	second := tw.Dial(caller, callee)
	require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
	second.HangUp()
	for range 2 { // a file watcher may report one change twice
		require.NoError(t, srv.SetAuthTokens([]string{next}))
	}
	refused := tw.Dial(caller, callee)
	require.Error(t, refused.Wait(t.Context()), "the old token is gone")
	rotated.Dial(caller, callee, voicetest.ReplayedStream(url), voicetest.EditMessage(claim(first.SID)))
	require.Eventually(t, func() bool { return l.starts() == 2 }, patience, time.Millisecond, "a call that was being set up is lost")
}

// TestTokensRotateDuringAChallenge: a question signed with the old token's key takes an
// answer signed with the new token.
func TestTokensRotateDuringAChallenge(t *testing.T) {
	const next = "11112222333344445555666677778888"
	srv, mux := newHost(t, voice.Config{Handler: waiting, Policy: policy.Func(func(context.Context, policy.Call) policy.Decision {
		return policy.Decision{Verdict: policy.Challenge, Reason: policy.ReasonCaptcha}
	})})
	form := url.Values{"CallSid": {"CA00000000000000000000000000000001"}, "From": {caller}}
	question := postTo(mux, voicetest.AuthToken, voicetest.PublicURL+"/api/voice/twilio/inbound", form)
	require.NoError(t, srv.SetAuthTokens([]string{next}))
	action, digits := asked(t, question)
	form.Set("Digits", digits)
	require.Contains(t, postTo(mux, next, action, form), "<Stream")
}

// forgetful is a policy that panics when a call is over.
type forgetful struct{ policy.Func }

func (forgetful) Release(string) { panic("what call?") }

// TestHostCodeThatPanicsAroundACall panics in code of the host that is not a hook: the
// call is counted and answered all the same.
func TestHostCodeThatPanicsAroundACall(t *testing.T) {
	t.Parallel()
	allow := policy.Func(func(context.Context, policy.Call) policy.Decision { return policy.Decision{Verdict: policy.Allow} })
	t.Run("Release", func(t *testing.T) {
		var l ledger
		_, mux := newHost(t, voice.Config{Handler: waiting, Policy: forgetful{allow}, Trace: l.trace()})
		tw := voicetest.New(t, mux)
		call := tw.Dial(caller, callee)
		require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
		call.HangUp()
		require.Equal(t, []voice.Reason{voice.ReasonHungUp}, l.ends(t, 1))
		tw.Dial(caller, callee, voicetest.Unsigned(voicetest.Handshake)).Wait(t.Context())
		require.NoError(t, tw.Close())
		l.mu.Lock()
		defer l.mu.Unlock()
		require.Len(t, l.finished, 2)
	})
	t.Run("LogNumber", func(t *testing.T) {
		_, mux := newHost(t, voice.Config{Handler: waiting, LogNumber: func(string) string { panic("no key") }})
		tw := voicetest.New(t, mux)
		call := tw.Dial(caller, callee)
		require.NoError(t, call.Wait(t.Context()))
		require.Len(t, call.Said(), 1)
		require.Contains(t, call.Said()[0], "We are sorry")
	})
}

// TestDecisionOutlivesItsRequest: Twilio's second delivery gets the decision of the first,
// so a first connection that is gone must not cancel it.
func TestDecisionOutlivesItsRequest(t *testing.T) {
	asked := make(chan error, 1)
	srv, _ := newHost(t, voice.Config{Handler: waiting, Policy: policy.Func(func(ctx context.Context, _ policy.Call) policy.Decision {
		asked <- ctx.Err()
		return policy.Decision{Verdict: policy.Allow}
	})})
	form := url.Values{"CallSid": {"CA00000000000000000000000000000001"}, "AccountSid": {"AC00000000000000000000000000000001"}, "From": {caller}}
	target := voicetest.PublicURL + "/api/voice/twilio/inbound"
	gone, cancel := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(gone, http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", signature.Sign(voicetest.AuthToken, target, form))
	cancel()
	srv.ServeHTTP(httptest.NewRecorder(), r)
	require.NoError(t, next(t, asked))
}

// TestLogThatAsksTheServer: nothing is logged under the server's lock.
func TestLogThatAsksTheServer(t *testing.T) {
	t.Parallel()
	asks := &asking{Handler: slog.DiscardHandler}
	var l ledger
	srv, mux := newHost(t, voice.Config{Handler: waiting, Logger: slog.New(asks), Trace: l.trace()})
	asks.server.Store(srv)
	voicetest.New(t, mux).Dial(caller, callee)
	require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	srv.Shutdown(ctx)
	l.ends(t, 1)
}

// asking is a log handler that calls Server.Stats, which takes the lock, for each record.
type asking struct {
	slog.Handler
	server atomic.Pointer[voice.Server]
}

func (*asking) Enabled(context.Context, slog.Level) bool { return true }
func (a *asking) WithAttrs([]slog.Attr) slog.Handler     { return a }
func (a *asking) Handle(context.Context, slog.Record) error {
	if srv := a.server.Load(); srv != nil {
		srv.Stats()
	}
	return nil
}
