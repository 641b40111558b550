package voice_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/ttstest"
	"agentos.dev/dialtone/voice/voicetest"
)

// webhook has a server answer the first webhook of a call without a network.
func webhook(h http.Handler, callSID string) string {
	const target = voicetest.PublicURL + "/api/voice/twilio/inbound"
	form := url.Values{"CallSid": {callSID}, "AccountSid": {voicetest.AccountSID}, "CallStatus": {"ringing"}, "From": {caller}}
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.RequestURI = "/api/voice/twilio/inbound"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", signature.Sign(voicetest.AuthToken, target, form))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Body.String()
}

// TestFullServerIsBusy: of a burst of calls as many are answered as there are places, and
// the others hear that the line is busy before anything costs; a place that is given back
// is taken again.
func TestFullServerIsBusy(t *testing.T) {
	t.Parallel()
	const places, callers = 3, 12
	var l ledger
	slow := policy.Func(func(context.Context, policy.Call) policy.Decision {
		time.Sleep(20 * time.Millisecond)
		return policy.Decision{Verdict: policy.Allow}
	})
	srv, mux := newHost(t, voice.Config{Handler: waiting, MaxStreams: places, Policy: slow, Trace: l.trace()})
	tw := voicetest.New(t, mux)
	var calls []*voicetest.Call
	var mu sync.Mutex
	var burst sync.WaitGroup
	for range callers {
		burst.Go(func() {
			call := tw.Dial(caller, callee)
			mu.Lock()
			defer mu.Unlock()
			calls = append(calls, call)
		})
	}
	burst.Wait()
	require.Eventually(t, func() bool { return srv.Stats().ActiveCalls == places }, patience, time.Millisecond)
	busy := 0
	var live *voicetest.Call
	for _, call := range calls {
		if call.StreamURL() != "" {
			live = call
			continue
		}
		require.NoError(t, call.Wait(t.Context()))
		require.Equal(t, "busy", call.Status())
		require.Empty(t, call.Warnings())
		busy++
	}
	require.Equal(t, callers-places, busy)
	live.HangUp()
	l.ends(t, 1)
	require.Eventually(t, func() bool { return srv.Stats().Streams == places-1 }, patience, time.Millisecond)
	another := tw.Dial(caller, callee)
	require.NotEmpty(t, streamURL(t, another))
	require.Eventually(t, func() bool { return srv.Stats().ActiveCalls == places }, patience, time.Millisecond)
}

// TestServerShortOfMemory: above nine tenths of what Go may use, calls are busy.
func TestServerShortOfMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, err := voice.New(fine(func(*voice.Config) {}))
		require.NoError(t, err)
		limit := debug.SetMemoryLimit(1 << 20)
		defer debug.SetMemoryLimit(limit)
		require.Contains(t, webhook(srv, "CA00000000000000000000000000000001"), `<Reject reason="busy"/>`)
		require.Equal(t, "memory", srv.Stats().Lacking)
		debug.SetMemoryLimit(1 << 40)
		time.Sleep(time.Second)
		require.Contains(t, webhook(srv, "CA00000000000000000000000000000002"), "<Connect>")
		require.Empty(t, srv.Stats().Lacking)
	})
}

// stubborn allows every call after an hour, whatever its context says, and counts those
// that hold something.
type stubborn struct{ held atomic.Int64 }

func (p *stubborn) Decide(context.Context, policy.Call) policy.Decision {
	time.Sleep(time.Hour)
	p.held.Add(1)
	return policy.Decision{Verdict: policy.Allow}
}

func (p *stubborn) Observe(_ context.Context, _ policy.Call, o policy.Outcome) {
	if o.Kind == policy.OutcomeEnded {
		p.held.Add(-1)
	}
}

// TestPolicyThatIgnoresItsContext: the webhook is answered before Twilio gives up.
func TestPolicyThatIgnoresItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &stubborn{}
		var l ledger
		srv, err := voice.New(fine(func(c *voice.Config) { c.Policy, c.Trace = p, l.trace() }))
		require.NoError(t, err)
		began := time.Now()
		require.Contains(t, webhook(srv, "CA00000000000000000000000000000001"), "<Say")
		require.Less(t, time.Since(began), 12*time.Second)
		require.Equal(t, []string{"failed"}, l.finished)
		require.EqualValues(t, -1, p.held.Load(), "told of the end")
		time.Sleep(time.Hour)
		synctest.Wait()
		require.NoError(t, srv.Shutdown(t.Context()))
		require.Len(t, l.finished, 1)
		require.Zero(t, p.held.Load())
	})
}

// blocked is a log that nobody reads.
type blocked struct {
	slog.Handler
	gate chan struct{}
}

func (b blocked) Handle(context.Context, slog.Record) error { <-b.gate; return nil }
func (b blocked) WithAttrs([]slog.Attr) slog.Handler        { return b }
func (b blocked) WithGroup(string) slog.Handler             { return b }

// TestBlockedLogHoldsNothingUp: calls come and go, and the server shuts down.
func TestBlockedLogHoldsNothingUp(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	defer close(gate)
	var l ledger
	srv, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace(), Logger: slog.New(blocked{slog.NewTextHandler(io.Discard, nil), gate})})
	tw := voicetest.New(t, mux)
	for n := range 3 {
		call := tw.Dial(caller, callee)
		require.Eventually(t, func() bool { return l.starts() == n+1 }, patience, time.Millisecond)
		require.Equal(t, "ok", srv.Health(t.Context()).Status)
		call.HangUp()
		l.ends(t, n+1)
	}
	require.NoError(t, srv.Shutdown(t.Context()))
}

// TestDeafEngine: an engine that recognises nothing in any call is not ready, although it
// says that it is, until it recognises something.
func TestDeafEngine(t *testing.T) {
	t.Parallel()
	engine := new(stttest.Engine)
	srv, mux := newHost(t, voice.Config{Handler: waiting, STT: engine})
	call := voicetest.New(t, mux).Dial(caller, callee)
	stream, err := engine.Stream(t.Context(), 0)
	require.NoError(t, err)
	for range 4 {
		stream.Put(stt.Event{Kind: stt.Degraded, Err: stt.ErrUnavailable})
	}
	health := func(status, stt string) {
		t.Helper()
		require.Eventually(t, func() bool { h := srv.Health(t.Context()); return h.Status == status && h.STT == stt }, patience, time.Millisecond)
	}
	health("ok", "ready")
	stream.Put(stt.Event{Kind: stt.Degraded, Err: stt.ErrUnavailable})
	health("degraded", "not ready")
	stream.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "hello", Final: true}})
	health("ok", "ready")
	call.HangUp()
}

// absent is a synthesiser that works when its error is nil.
type absent struct {
	ttstest.Fake
	err atomic.Value
}

func (a *absent) Check(context.Context) error {
	err, _ := a.err.Load().(error)
	return err
}

// TestHealthTellsOfTheSynthesiser as of the speech engine.
func TestHealthTellsOfTheSynthesiser(t *testing.T) {
	t.Parallel()
	speaks := &absent{}
	srv, _ := newHost(t, voice.Config{Handler: waiting, TTS: speaks})
	health := srv.Health(t.Context())
	require.Equal(t, []string{"ok", "off", "ready"}, []string{health.Status, health.STT, health.TTS})
	speaks.err.Store(error(&tts.Error{Engine: "absent", Op: "check", Kind: tts.ErrUnavailable}))
	require.Eventually(t, func() bool { // when the last answer is a second old
		h := srv.Health(t.Context())
		return h.Status == "degraded" && h.TTS == "not ready"
	}, patience, 50*time.Millisecond)
	silent, _ := newHost(t, voice.Config{Handler: waiting})
	require.Equal(t, "off", silent.Health(t.Context()).TTS)
}
