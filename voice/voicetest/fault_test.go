package voicetest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

// eventually waits for what a host logs of its streams.
func (h *host) eventually(t *testing.T, want string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(strings.Join(h.logged(), "\n"), want) },
		30*time.Second, time.Millisecond, "%q is not logged", want)
}

// started waits for the start of n streams and returns them.
func (h *host) started(t *testing.T, n int) (starts []*mediastream.Stream) {
	t.Helper()
	require.Eventually(t, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		starts = h.starts
		return len(starts) == n
	}, 10*time.Second, time.Millisecond)
	return starts
}

func (h *host) refused() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.forbid
}

func TestForgedRequestsAreRefused(t *testing.T) {
	for name, fault := range map[string]voicetest.Option{
		"unsigned": voicetest.Unsigned(voicetest.Webhook),
		"wrong":    voicetest.WrongSignature(voicetest.Webhook),
		"edited": voicetest.EditRequest(func(hop voicetest.Hop, r *http.Request) {
			if hop == voicetest.Webhook {
				r.URL.RawQuery = "admin=1"
			}
		}),
	} {
		h := newHost(t, answer(echoTwiML))
		call := fast(t, h).Dial(alice, us, fault)
		require.ErrorContains(t, call.Wait(t.Context()), "11200", name)
		require.Equal(t, 1, h.refused(), name)
		require.Equal(t, 1, len(h.to("/status")), "the callback is signed")
	}
}

func TestForgedHandshakesAreRefused(t *testing.T) {
	h := newHost(t, answer(`<Response><Connect><Stream url="`+echoURL+`"/></Connect><Say>Sorry</Say></Response>`))
	call := fast(t, h).Dial(alice, us, voicetest.Unsigned(voicetest.Handshake))
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, 31920, call.Warnings()[0].Code)
	require.Equal(t, []string{"Sorry"}, call.Said(), "the next verb runs")
	require.Equal(t, 1, h.refused())
	h.started(t, 0)
}

func TestEditsOfAHandshakeArrive(t *testing.T) {
	got := make(chan string, 1)
	h := newHost(t, answer(echoTwiML))
	call := fast(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			got <- r.Host + r.URL.Path + " " + r.Header.Get("X-Forwarded-For")
		}
		h.ServeHTTP(w, r)
	})).Dial(alice, us, voicetest.EditRequest(func(hop voicetest.Hop, r *http.Request) {
		if hop == voicetest.Handshake {
			r.Host, r.URL.Path = "evil.example", "/echo/other"
			r.Header.Set("X-Forwarded-For", "192.0.2.1")
		}
	}))
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, "evil.example/echo/other 192.0.2.1", <-got)
	require.Equal(t, 31920, call.Warnings()[0].Code)
}

func TestWebhooksAreRepeatedWithTheirToken(t *testing.T) {
	h := newHost(t, answer("<Response/>"))
	call := fast(t, h).Dial(alice, us, voicetest.Repeated(2))
	require.NoError(t, call.Wait(t.Context()))
	for _, path := range []string{"/inbound", "/status"} {
		requests := h.to(path)
		require.Len(t, requests, 3)
		token := requests[0].header.Get("I-Twilio-Idempotency-Token")
		require.Equal(t, token, requests[1].header.Get("I-Twilio-Idempotency-Token"))
		require.Equal(t, token, requests[2].header.Get("I-Twilio-Idempotency-Token"))
	}
	require.NotEqual(t, h.to("/inbound")[0].header.Get("I-Twilio-Idempotency-Token"), h.to("/status")[0].header.Get("I-Twilio-Idempotency-Token"))
}

func TestStatusCallbacksInOrderAndReversed(t *testing.T) {
	all := voicetest.StatusEvents("initiated", "ringing", "answered", "completed")
	for _, options := range [][]voicetest.Option{{all}, {all, voicetest.ReversedCallbacks()}} {
		h := newHost(t, answer("<Response/>"))
		call := fast(t, h).Dial(alice, us, options...)
		require.NoError(t, call.Wait(t.Context()))
		var got []string
		for _, r := range h.to("/status") {
			got = append(got, r.form.Get("SequenceNumber")+" "+r.form.Get("CallStatus"))
		}
		want := []string{"0 initiated", "1 ringing", "2 in-progress", "3 completed"}
		if len(options) == 2 {
			want = []string{"3 completed", "2 in-progress", "1 ringing", "0 initiated"}
		}
		require.Equal(t, want, got)
	}
}

// Every fault reaches the host as what it is, and the call survives or ends
// as the host decides.
func TestStreamFaultsReachTheHost(t *testing.T) {
	cases := map[string]struct {
		fault  voicetest.Option
		logged string // by the host
		closed string // how the host ended the stream; empty: it went on
	}{
		"no start":           {voicetest.Drop("start"), "end: ", "1008"},
		"two starts":         {voicetest.Twice("start"), "end: ", "1008"},
		"media before start": {voicetest.MediaFirst(), "end: ", "1008"},
		"foreign stream":     {voicetest.WrongStreamSid(), "protocol", "1008"},
		"garbage":            {voicetest.Garbage(3), "protocol", ""},
		"bad base64":         {voicetest.BadBase64(3), "bad payload", ""},
		"binary":             {voicetest.Insert(3, voicetest.Message{Binary: true, Data: []byte{1, 2, 3}}), "end: ", "1003"},
		"unknown event":      {voicetest.Insert(3, voicetest.Message{Data: []byte(`{"event":"news","streamSid":"x"}`)}), "", ""},
		"oversized":          {voicetest.Oversized(3, 1<<20), "end: ", "1009"},
		"reset":              {voicetest.Reset(3), "end: ", "without"},
		"closed":             {voicetest.OnFrame(3, func(s *voicetest.Socket) { s.Close(1001, "bye") }), "", "1001"},
		"flood":              {voicetest.Flood(3, 3000), "frames 3000", ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, answer(echoTwiML))
			call := voicetest.New(t, h, voicetest.Config{Pace: 3}).Dial(alice, us, tc.fault)
			h.eventually(t, tc.logged)
			if tc.closed == "" {
				call.SpeakAudio(make([]byte, 16000))
				h.eventually(t, "mark second 1")
				call.HangUp()
				h.eventually(t, "stop")
			}
			require.NoError(t, call.Wait(t.Context()))
			var closed string
			for _, e := range call.Events() {
				if e.Kind == voicetest.Closed {
					closed = e.Text
				}
			}
			require.Contains(t, closed, tc.closed)
			require.Equal(t, 1, len(h.to("/status")))
		})
	}
}

func TestACallWithoutStop(t *testing.T) {
	h := newHost(t, answer(echoTwiML))
	call := fast(t, h).Dial(alice, us, voicetest.Drop("stop"))
	call.Listen(time.Second)
	call.HangUp()
	require.NotContains(t, h.logged(), "stop")
}

func TestAHalfOpenConnectionSaysNothing(t *testing.T) {
	h := newHost(t, answer(echoTwiML))
	tw := fast(t, h)
	call := tw.Dial(alice, us, voicetest.HalfOpen(50))
	require.Eventually(t, func() bool { return call.Stats().FramesSent > 100 }, 10*time.Second, time.Millisecond)
	require.Equal(t, "in-progress", call.Status())
	received := call.Stats().FramesReceived
	require.NotContains(t, h.logged(), "stop")
	call.HangUp()
	require.Equal(t, received, call.Stats().FramesReceived)
	require.NotContains(t, h.logged(), "stop")
}

func TestASlowReaderReadsSlowly(t *testing.T) {
	h := newHost(t, answer(echoTwiML))
	call := fast(t, h).Dial(alice, us, voicetest.SlowReader(20*time.Millisecond))
	call.SpeakAudio(make([]byte, 8000))
	call.HangUp()
	h.eventually(t, "stop")
	require.Positive(t, call.Stats().FramesReceived)
}

// TestASlowReaderHangsUpAtOnce, and not when it would have read on.
func TestASlowReaderHangsUpAtOnce(t *testing.T) {
	h := newHost(t, answer(echoTwiML))
	call := fast(t, h).Dial(alice, us, voicetest.SlowReader(time.Hour))
	require.Eventually(t, func() bool { return call.Stats().FramesSent > 10 }, 10*time.Second, time.Millisecond)
	call.HangUp()
	h.eventually(t, "stop")
}

func TestAnEarlierStreamURLCanBeReplayed(t *testing.T) {
	h := newHost(t, answer(echoTwiML))
	tw := fast(t, h)
	first := tw.Dial(alice, us)
	second := tw.Dial(alice, us, voicetest.ReplayedStream(strings.Replace(first.StreamURL(), "token", "other", 1)))
	second.SpeakAudio(make([]byte, 1600))
	h.started(t, 2)
	require.Equal(t, echoURL, second.StreamURL())
}
