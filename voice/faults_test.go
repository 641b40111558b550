package voice_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/voicetest"
)

const (
	caller = "+14155550100"
	callee = "+14155550199"
)

// ledger notes what a server's trace reports.
type ledger struct {
	mu       sync.Mutex
	started  int
	ended    []voice.End
	finished []string
	cut      []voice.Reason
	ws       []string
	audio    []string
	decided  int
}

func (l *ledger) trace() *voice.Trace {
	note := func(f func()) { l.mu.Lock(); defer l.mu.Unlock(); f() }
	return &voice.Trace{
		StreamStarted:    func(voice.Info, time.Duration) { note(func() { l.started++ }) },
		StreamEnded:      func(_ voice.Info, e voice.End) { note(func() { l.ended = append(l.ended, e) }) },
		CallFinished:     func(_ voice.Info, s string) { note(func() { l.finished = append(l.finished, s) }) },
		CallCut:          func(_ voice.Info, why voice.Reason) { note(func() { l.cut = append(l.cut, why) }) },
		WebSocketError:   func(kind mediastream.ErrorType) { note(func() { l.ws = append(l.ws, string(kind)) }) },
		TranscodingError: func(kind string) { note(func() { l.audio = append(l.audio, kind) }) },
		Decision:         func(voice.Info, policy.Decision) { note(func() { l.decided++ }) },
	}
}

// starts returns how many streams have started.
func (l *ledger) starts() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.started
}

// overs returns how many streams have ended.
func (l *ledger) overs() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ended)
}

// ends waits for n streams to have ended and returns why they did.
func (l *ledger) ends(t testing.TB, n int) []voice.Reason {
	t.Helper()
	var reasons []voice.Reason
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		reasons = nil
		for _, e := range l.ended {
			reasons = append(reasons, e.Reason)
		}
		return len(reasons) >= n
	}, patience, time.Millisecond, "streams did not end")
	return reasons
}

// waiting is a handler that waits for the call to end.
var waiting = voice.HandlerFunc(func(ctx context.Context, _ *voice.Call) error {
	<-ctx.Done()
	return nil
})

// post sends a webhook as anybody could.
func post(t testing.TB, tw *voicetest.Twilio, path, sign string, form url.Values) *http.Response {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, voicetest.PublicURL+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if sign != "" {
		r.Header.Set("X-Twilio-Signature", sign)
	}
	client := tw.Client()
	defer client.CloseIdleConnections()
	response, err := client.Do(r)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response
}

// streamURL waits for a call to be told where its stream is.
func streamURL(t testing.TB, call *voicetest.Call) string {
	t.Helper()
	require.Eventually(t, func() bool { return call.StreamURL() != "" }, patience, time.Millisecond)
	return call.StreamURL()
}

func TestUnsignedWebhookCreatesNothing(t *testing.T) {
	var l ledger
	_, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace()})
	tw := voicetest.New(t, mux)
	for _, path := range []string{"/api/voice/twilio/inbound", "/api/voice/twilio/status"} {
		form := url.Values{"CallSid": {"CA00000000000000000000000000000001"}, "CallStatus": {"completed"}}
		response := post(t, tw, path, "", form)
		body, _ := io.ReadAll(response.Body)
		require.Equal(t, http.StatusForbidden, response.StatusCode)
		require.Empty(t, body)
	}
	require.Zero(t, l.decided)
	require.Empty(t, l.finished)
}

func TestWebhookWithoutCallIsBad(t *testing.T) {
	_, mux := newHost(t, voice.Config{Handler: waiting})
	tw := voicetest.New(t, mux)
	path := "/api/voice/twilio/inbound"
	form := url.Values{"CallSid": {"TEST"}, "From": {caller}}
	response := post(t, tw, path, signature.Sign(voicetest.AuthToken, voicetest.PublicURL+path, form), form)
	require.Equal(t, http.StatusBadRequest, response.StatusCode)
}

func TestStreamIsRefusedBeforeTheUpgrade(t *testing.T) {
	var l ledger
	srv, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace()})
	other, err := voice.New(voice.Config{AuthTokens: []string{"another-token-of-32-characters.."}, PublicURL: voicetest.PublicURL, Handler: waiting})
	require.NoError(t, err)
	foreign := http.NewServeMux()
	foreign.Handle("/api/voice/", other)
	tw, elsewhere := voicetest.New(t, mux), voicetest.New(t, foreign, voicetest.Config{AuthToken: "another-token-of-32-characters.."})

	used := tw.Dial(caller, callee)
	require.Eventually(t, func() bool { return srv.Stats().ActiveCalls == 1 }, patience, time.Millisecond)
	used.HangUp()
	l.ends(t, 1)
	stranger := streamURL(t, elsewhere.Dial(caller, callee))

	for name, option := range map[string]voicetest.Option{
		"no token":       voicetest.ReplayedStream("wss://calls.example.com/api/voice/twilio/stream/x"),
		"used token":     voicetest.ReplayedStream(used.StreamURL()),
		"foreign token":  voicetest.ReplayedStream(stranger),
		"unsigned":       voicetest.Unsigned(voicetest.Handshake),
		"wrongly signed": voicetest.WrongSignature(voicetest.Handshake),
	} {
		t.Run(name, func(t *testing.T) {
			call := tw.Dial(caller, callee, option)
			call.Wait(t.Context())
			warnings := call.Warnings()
			require.NotEmpty(t, warnings)
			require.Equal(t, 31920, warnings[0].Code)
			require.Contains(t, warnings[0].Text, "403")
		})
	}
	require.Equal(t, 1, l.starts())
	require.Equal(t, []string{"auth", "auth", "auth", "auth", "auth"}, l.ws)
	require.NoError(t, elsewhere.Close())
	require.NoError(t, other.Shutdown(t.Context()))
}

func TestTokenBelongsToOneCall(t *testing.T) {
	var l ledger
	_, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace()})
	tw := voicetest.New(t, mux)
	first := tw.Dial(caller, callee, voicetest.Unsigned(voicetest.Handshake)) // leaves its token unused
	second := tw.Dial(caller, callee, voicetest.ReplayedStream(streamURL(t, first)))
	second.Wait(t.Context())
	require.Zero(t, l.starts(), "the token was bound to another CallSid")
}

func TestStreamThatNeverStartsIsClosed(t *testing.T) {
	var l ledger
	srv, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace()})
	srv.Hurry(200*time.Millisecond, 0)
	tw := voicetest.New(t, mux)
	tw.Dial(caller, callee, voicetest.Drop("start"), voicetest.Drop("media"))
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return slices.Equal(l.ws, []string{"timeout"})
	}, patience, time.Millisecond)
	require.Eventually(t, func() bool { return srv.Stats().Streams == 0 }, patience, time.Millisecond)
	require.Zero(t, l.starts())
}

// afterStream holds back the callbacks of calls until a stream has ended.
func afterStream(l *ledger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for strings.HasSuffix(r.URL.Path, "/status") && l.overs() == 0 && r.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		next.ServeHTTP(w, r)
	})
}

// mute sends no media messages after the first n.
func mute(n int) voicetest.Option {
	return voicetest.EditMessage(func(event string, m voicetest.Message) []voicetest.Message {
		if event == "media" {
			if n--; n < 0 {
				return nil
			}
		}
		return []voicetest.Message{m}
	})
}

func TestCallSurvivesOrEndsAlone(t *testing.T) {
	for name, test := range map[string]struct {
		options []voicetest.Option
		reason  voice.Reason
		status  string
		ws      []string
		audio   []string
	}{
		"garbage":       {[]voicetest.Option{voicetest.Garbage(3)}, voice.ReasonHungUp, "completed", []string{"protocol"}, nil},
		"bad base64":    {[]voicetest.Option{voicetest.BadBase64(3)}, voice.ReasonHungUp, "completed", nil, []string{"base64"}},
		"wrong stream":  {[]voicetest.Option{voicetest.WrongStreamSid(), mute(50)}, voice.ReasonHungUp, "completed", nil, nil},
		"binary":        {[]voicetest.Option{voicetest.Insert(3, voicetest.Message{Binary: true, Data: []byte{1}})}, voice.ReasonProtocol, "failed", []string{"protocol"}, nil},
		"oversized":     {[]voicetest.Option{voicetest.Oversized(3, 1<<20)}, voice.ReasonProtocol, "failed", []string{"oversize"}, nil},
		"second start":  {[]voicetest.Option{voicetest.Twice("start")}, voice.ReasonProtocol, "failed", []string{"protocol"}, nil},
		"reset":         {[]voicetest.Option{voicetest.Reset(3)}, voice.ReasonDisconnect, "failed", []string{"disconnect"}, nil},
		"no stop":       {[]voicetest.Option{voicetest.Drop("stop")}, voice.ReasonDisconnect, "failed", nil, nil},
		"repeated hook": {[]voicetest.Option{voicetest.Repeated(2, voicetest.Webhook, voicetest.Callback)}, voice.ReasonHungUp, "completed", nil, nil},
		"callbacks out of order": {[]voicetest.Option{voicetest.StatusEvents("initiated", "ringing", "answered", "completed"),
			voicetest.ReversedCallbacks()}, voice.ReasonHungUp, "completed", nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l ledger
			_, mux := newHost(t, voice.Config{Handler: waiting, STT: hears("yes"), Trace: l.trace()})
			tw := voicetest.New(t, afterStream(&l, mux)) // or a callback may end the call first
			witness := tw.Dial("+14155550101", callee)
			require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
			call := tw.Dial(caller, callee, test.options...)
			require.Eventually(t, func() bool {
				return call.Stats().FramesSent >= 10 || call.Status() != "in-progress"
			}, patience, time.Millisecond)
			call.HangUp()
			require.Equal(t, []voice.Reason{test.reason}, l.ends(t, 1))
			require.Equal(t, "in-progress", witness.Status(), "another call was touched")
			witness.HangUp()
			l.ends(t, 2)

			l.mu.Lock()
			defer l.mu.Unlock()
			require.Equal(t, []string{test.status, "completed"}, l.finished, "each call counts once")
			if name != "wrong stream" {
				require.Equal(t, test.ws, l.ws)
				require.Equal(t, test.audio, l.audio)
			}
			require.Equal(t, 2, l.decided, "the policy is asked once a call")
		})
	}
}

func TestHandlerThatMisbehavesEndsItsCallAlone(t *testing.T) {
	release := make(chan struct{})
	for name, test := range map[string]struct {
		handler voice.HandlerFunc
		reason  voice.Reason
		status  string
	}{
		"panics":  {func(context.Context, *voice.Call) error { panic("at the disco") }, voice.ReasonPanic, "failed"},
		"fails":   {func(context.Context, *voice.Call) error { return errors.New("no database") }, voice.ReasonError, "failed"},
		"returns": {func(context.Context, *voice.Call) error { return nil }, voice.ReasonReturned, "completed"},
		"blocks":  {func(context.Context, *voice.Call) error { <-release; return nil }, voice.ReasonTimeout, "completed"},
	} {
		t.Run(name, func(t *testing.T) {
			var l ledger
			var log bytes.Buffer
			config := voice.Config{Handler: test.handler, Trace: l.trace(), Logger: slog.New(slog.NewTextHandler(&log, nil))}
			if name == "blocks" {
				config.MaxDuration = 50 * time.Millisecond
			}
			_, mux := newHost(t, config)
			tw := voicetest.New(t, mux)
			call := tw.Dial(caller, callee)
			require.NoError(t, call.Wait(t.Context()), "the TwiML after the stream hangs up")
			require.Equal(t, []voice.Reason{test.reason}, l.ends(t, 1))
			require.Equal(t, []string{test.status}, l.finished)
			if test.status == "failed" {
				require.Contains(t, log.String(), "level=ERROR")
				require.Contains(t, log.String(), "call_sid=CA")
				require.Contains(t, log.String(), "error_message=")
			}
			if name == "blocks" {
				close(release)
			}
		})
	}
}

func TestPolicyRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		decision policy.Decision
		twiml    string
		log      string
	}{
		"busy":    {policy.Decision{Verdict: policy.Reject, Reason: policy.ReasonRateLimit, Busy: true}, `<Reject reason="busy"/>`, "level=WARN msg=\"Rate limit exceeded from_number=+14155550100\""},
		"plain":   {policy.Decision{Verdict: policy.Reject, Reason: policy.ReasonBlocked}, `<Reject/>`, "reason=blocked"},
		"spoken":  {policy.Decision{Verdict: policy.Reject, Reason: policy.ReasonHours, Message: "We are closed."}, `<Say>We are closed.</Say><Hangup/>`, "reason=hours"},
		"nothing": {policy.Decision{}, `<Reject/>`, "Call refused"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			_, mux := newHost(t, voice.Config{
				Handler: waiting,
				Policy:  policy.Func(func(context.Context, policy.Call) policy.Decision { return test.decision }),
				Logger:  slog.New(slog.NewTextHandler(&log, nil)),
			})
			tw := voicetest.New(t, mux)
			call := tw.Dial(caller, callee)
			call.Wait(t.Context())
			require.Contains(t, string(call.TwiML().AppendXML(nil)), test.twiml)
			require.Contains(t, log.String(), test.log)
			require.Contains(t, log.String(), "Twilio inbound call from=+14155550100")
		})
	}
}

func TestPolicyThatPanicsApologises(t *testing.T) {
	t.Parallel()
	var l ledger
	_, mux := newHost(t, voice.Config{
		Handler: waiting, Trace: l.trace(),
		Policy: policy.Func(func(context.Context, policy.Call) policy.Decision { panic("no store") }),
	})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	require.NoError(t, call.Wait(t.Context()))
	require.Contains(t, strings.Join(call.Said(), " "), "sorry")
	require.Equal(t, []string{"failed"}, l.finished)
}

func TestConcurrencyIsReleasedByWhateverEndsACall(t *testing.T) {
	var l ledger
	limit := policy.Concurrent(1)
	_, mux := newHost(t, voice.Config{Handler: waiting, Policy: policy.All(limit), Trace: l.trace()})
	tw := voicetest.New(t, mux)
	for range 3 {
		call := tw.Dial(caller, callee)
		require.Equal(t, 1, inUse(t, limit))
		refused := tw.Dial(caller, callee)
		refused.Wait(t.Context())
		require.NotEqual(t, "completed", refused.Status())
		call.HangUp()
		require.Eventually(t, func() bool { return inUse(t, limit) == 0 }, patience, time.Millisecond)
	}
}

func TestSuspiciousCallerIsChallenged(t *testing.T) {
	for name, test := range map[string]struct {
		passes  bool
		pace    float64
		started int
	}{
		"passes":       {true, 1, 1},
		"does nothing": {false, 20, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var l ledger
			_, mux := newHost(t, voice.Config{
				Handler: voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil }),
				Trace:   l.trace(),
				Policy: policy.Func(func(context.Context, policy.Call) policy.Decision {
					return policy.Decision{Verdict: policy.Challenge, Reason: policy.ReasonCaptcha}
				}),
			})
			tw := voicetest.New(t, mux, voicetest.Config{Pace: test.pace})
			call := tw.Dial(caller, callee)
			if test.passes {
				_, digits := asked(t, call.TwiML().String())
				call.Digits(digits)
			}
			require.NoError(t, call.Wait(t.Context()))
			require.Equal(t, test.started, l.starts())
		})
	}
}

// TestStartThatIsRefused: a start message must fit the token and the server.
func TestStartThatIsRefused(t *testing.T) {
	for name, change := range map[string][3]string{
		"another call":    {"auth", `"callSid":"CA`, `"callSid":"CB`},
		"another account": {"auth", `"accountSid":"AC`, `"accountSid":"AD`},
		"another format":  {"protocol", `"sampleRate":8000`, `"sampleRate":16000`},
	} {
		t.Run(name, func(t *testing.T) {
			var l ledger
			_, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace()})
			call := voicetest.New(t, mux).Dial(caller, callee, voicetest.EditMessage(func(event string, m voicetest.Message) []voicetest.Message {
				if event == "start" {
					require.Contains(t, string(m.Data), change[1])
					m.Data = bytes.Replace(m.Data, []byte(change[1]), []byte(change[2]), 1)
				}
				return []voicetest.Message{m}
			}))
			call.Wait(t.Context())
			l.mu.Lock()
			defer l.mu.Unlock()
			require.Equal(t, change[:1], l.ws)
			require.Zero(t, l.started)
		})
	}
}
