package voicetest_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestWatch: a watcher is told of every request with its answer, and of every message.
func TestWatch(t *testing.T) {
	srv := newServer(t, func(ctx context.Context, call *voice.Call) error {
		_, err := call.Play(ctx, stttest.Speech(1, codec.Format{Encoding: codec.Mulaw, Rate: 8000}))
		<-ctx.Done()
		return err
	})
	tw := voicetest.New(t, srv)
	var mu sync.Mutex
	var begun *voicetest.Call
	var exchanges []voicetest.Exchange
	messages := map[string]int{}
	kinds := map[voicetest.Kind]bool{}
	call := tw.Dial("+14155550100", "+14155550199", voicetest.Watch(voicetest.Watcher{
		Begun: func(c *voicetest.Call) { begun = c },
		Event: func(e voicetest.Event) {
			mu.Lock()
			defer mu.Unlock()
			kinds[e.Kind] = true
		},
		Exchange: func(e voicetest.Exchange) {
			mu.Lock()
			defer mu.Unlock()
			exchanges = append(exchanges, e)
		},
		Message: func(m voicetest.Passed) {
			name := "in "
			if m.FromHost {
				name = "from host "
			}
			for _, event := range []string{"connected", "start", "media", "mark", "stop"} {
				if strings.HasPrefix(string(m.Data), `{"event":"`+event+`"`) {
					name += event
				}
			}
			mu.Lock()
			defer mu.Unlock()
			messages[name]++
		},
	}))
	require.NoError(t, call.Hears(stttest.Speech(1, codec.Format{Encoding: codec.Mulaw, Rate: 8000}), 20*time.Second))
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return messages["in mark"] > 0
	}, 20*time.Second, time.Millisecond)
	call.HangUp()

	require.Same(t, call, begun)
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, exchanges, 3)
	require.Equal(t, voicetest.Webhook, exchanges[0].Hop)
	require.Equal(t, call.SID, exchanges[0].Form.Get("CallSid"))
	require.Contains(t, string(exchanges[0].Body), "<Stream")
	require.Equal(t, http.StatusOK, exchanges[0].Status)
	require.Equal(t, voicetest.Handshake, exchanges[1].Hop)
	require.Equal(t, http.StatusSwitchingProtocols, exchanges[1].Status)
	require.Equal(t, voicetest.Callback, exchanges[2].Hop)
	for _, want := range []string{"in connected", "in start", "in media", "in mark", "in stop", "from host media", "from host mark"} {
		require.NotZero(t, messages[want], "%s in %v", want, messages)
	}
	require.Equal(t, call.Stats().FramesSent, messages["in media"])
	require.True(t, kinds[voicetest.Playing] && kinds[voicetest.Ended], "%v", kinds)
}

// TestWatchRefusals: a watcher learns the status and the reason of what was refused.
func TestWatchRefusals(t *testing.T) {
	srv := newServer(t, func(ctx context.Context, call *voice.Call) error { return nil })
	tw := voicetest.New(t, srv)
	for name, options := range map[string]struct {
		option voicetest.Option
		hop    voicetest.Hop
		status int
		failed bool
	}{
		"webhook":   {voicetest.Unsigned(voicetest.Webhook), voicetest.Webhook, http.StatusForbidden, false},
		"handshake": {voicetest.Unsigned(voicetest.Handshake), voicetest.Handshake, http.StatusForbidden, true},
	} {
		t.Run(name, func(t *testing.T) {
			refused := make(chan voicetest.Exchange, 10)
			call := tw.Dial("+14155550100", "+14155550199", options.option, voicetest.Watch(voicetest.Watcher{Exchange: func(e voicetest.Exchange) {
				if e.Status != http.StatusOK && e.Hop != voicetest.Callback {
					refused <- e
				}
			}}))
			call.Wait(t.Context())
			e := <-refused
			require.Equal(t, options.hop, e.Hop)
			require.Equal(t, options.status, e.Status)
			require.Equal(t, options.failed, e.Err != nil)
		})
	}
}

// TestHandset: what a handset says the host hears, and what the host plays the handset hears.
func TestHandset(t *testing.T) {
	format := codec.Format{Encoding: codec.Mulaw, Rate: 8000}
	speech := stttest.Speech(2, format)
	srv := newServer(t, func(ctx context.Context, call *voice.Call) error {
		for event, err := range call.Events(ctx) {
			if err != nil {
				return err
			}
			if event.Kind == stt.SpeechStart {
				if _, err := call.Play(ctx, speech); err != nil {
					return err
				}
			}
		}
		return nil
	})
	tw := voicetest.New(t, srv)
	var mu sync.Mutex
	left, said, heard := speech, 0, 0
	call := tw.Dial("+14155550100", "+14155550199", voicetest.Held(voicetest.Handset{
		Speak: func(frame []byte) bool {
			mu.Lock()
			defer mu.Unlock()
			n := copy(frame, left)
			left = left[n:]
			return n > 0
		},
		Hear: func(spoken, played []byte) {
			mu.Lock()
			defer mu.Unlock()
			if string(spoken) != string(silent) {
				said++
			}
			if string(played) != string(silent) {
				heard++
			}
		},
	}))
	require.NoError(t, call.Hears(speech, 20*time.Second))
	call.HangUp()
	mu.Lock()
	defer mu.Unlock()
	require.NotZero(t, said)
	require.NotZero(t, heard)
}

var silent = []byte(strings.Repeat("\xff", 160))

// newServer returns a server that hears when callers begin to speak.
func newServer(t *testing.T, handler voice.HandlerFunc) *voice.Server {
	t.Helper()
	srv, err := voice.New(voice.Config{AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, Handler: handler, STT: voicetest.NewEar()})
	require.NoError(t, err)
	t.Cleanup(func() { srv.Shutdown(context.Background()) })
	return srv
}
