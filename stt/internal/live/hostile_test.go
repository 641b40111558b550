package live_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/assemblyai"
	"agentos.dev/dialtone/stt/deepgram"
	"agentos.dev/dialtone/stt/openairealtime"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/vosk"
)

// hear has a call of n utterances, sent at once, and returns its events and what
// ended it.
func hear(t *testing.T, e stt.Engine, n int) ([]stt.Event, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := stttest.Open(ctx, e, stt.Config{})
	require.NoError(t, err)
	defer s.Close()
	for audio := stttest.Speech(n, codec.Format{}); len(audio) > 0 && err == nil; audio = audio[min(160, len(audio)):] {
		err = s.Send(audio[:min(160, len(audio))])
	}
	if err == nil {
		err = s.Flush(ctx)
	}
	s.Close()
	var events []stt.Event
	for {
		ev, nextErr := s.Next(ctx)
		if nextErr != nil {
			if err == nil && nextErr != io.EOF {
				err = nextErr
			}
			return events, err
		}
		events = append(events, ev)
	}
}

// A service that answers everything with what nobody understands is left, within
// seconds and a few events.
func TestServiceThatTalksNonsense(t *testing.T) {
	own := map[string]string{
		"deepgram":       `{"type":"Error","description":"no"}`,
		"flux":           `{"type":"Error","code":"INTERNAL_SERVER_ERROR","description":"no"}`,
		"assemblyai":     `{"type":"Error","error_code":3005,"error":"no"}`,
		"openairealtime": `{"type":"error","error":{"type":"invalid_request_error","message":"no"}}`,
		"vosk":           `{"error":{"message":"no"}}`,
	}
	for name, service := range services {
		for _, message := range []string{`{}`, `<html>`, `{"error":"busy"}`, own[name]} {
			t.Run(name+" "+message, func(t *testing.T) {
				fault := fakestt.Fault{After: 20 * time.Millisecond, Message: message, Flood: true}
				server := service.server(t, []string{"one", "two", "three"}, slices.Repeat([]fakestt.Fault{fault}, 9)...)
				synctest.Test(t, func(t *testing.T) {
					e, err := service.engine(server.URL, server.Client(t))
					require.NoError(t, err)
					defer e.Close()
					events, err := hear(t, e, 3)
					if err != nil {
						var typed *stt.Error
						require.ErrorAs(t, err, &typed)
						require.True(t, typed.Retryable(), "by another engine: %v", err)
					} else { // it was understood in between
						require.Equal(t, []string{"one", "two", "three"}, stttest.Finals(events))
					}
					assert.Less(t, len(events), 60)
				})
			})
		}
	}
}

// A transcript that nobody can have spoken is a failure, and costs one utterance.
func TestHugeTranscripts(t *testing.T) {
	long := strings.Repeat("word ", 40_000)
	for name, message := range map[string]string{
		"deepgram":       `{"type":"Results","start":0,"duration":1,"is_final":true,"speech_final":true,"channel":{"alternatives":[{"transcript":"` + long + `"}]}}`,
		"flux":           `{"type":"TurnInfo","event":"EndOfTurn","turn_index":0,"audio_window_end":1,"transcript":"` + long + `"}`,
		"assemblyai":     `{"type":"Turn","turn_order":99,"end_of_turn":true,"transcript":"` + long + `"}`,
		"openairealtime": `{"type":"conversation.item.input_audio_transcription.completed","item_id":"x","transcript":"` + long + `"}`,
		"vosk":           `{"text":"` + long + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			server := services[name].server(t, []string{"one", "two"}, fakestt.Fault{After: 20 * time.Millisecond, Message: message})
			synctest.Test(t, func(t *testing.T) {
				e, err := services[name].engine(server.URL, server.Client(t))
				require.NoError(t, err)
				defer e.Close()
				events, err := hear(t, e, 2)
				require.NoError(t, err)
				require.Equal(t, []string{"one", "two"}, stttest.Finals(events))
				require.True(t, slices.ContainsFunc(events, func(ev stt.Event) bool { return ev.Kind == stt.Degraded }))
			})
			require.Equal(t, 1, server.Connections())
		})
	}
}

// A message that is longer than any ends the connection, and the call goes on over
// another.
func TestMessageWithoutAnEnd(t *testing.T) {
	for name, service := range services {
		t.Run(name, func(t *testing.T) {
			server := service.server(t, []string{"one", "two"}, fakestt.Fault{After: 20 * time.Millisecond, Message: `{"type":"` + strings.Repeat("a", 1<<20) + `"}`})
			synctest.Test(t, func(t *testing.T) {
				e, err := service.engine(server.URL, server.Client(t))
				require.NoError(t, err)
				defer e.Close()
				events, err := hear(t, e, 2)
				require.NoError(t, err)
				require.Equal(t, []string{"one", "two"}, stttest.Finals(events))
			})
			require.Equal(t, 2, server.Connections())
		})
	}
}

// The engine's text is not the caller's word, whichever engine's.
func TestRemarksAreNoTranscripts(t *testing.T) {
	texts := []string{"[Music] one", "<|nospeech|>", "Room [1] please", "(applause)"}
	for name, service := range services {
		t.Run(name, func(t *testing.T) {
			server := service.server(t, texts)
			synctest.Test(t, func(t *testing.T) {
				e, err := service.engine(server.URL, server.Client(t))
				require.NoError(t, err)
				defer e.Close()
				events, err := hear(t, e, 4)
				require.NoError(t, err)
				require.Equal(t, []string{"one", "Room [1] please"}, stttest.Finals(events))
			})
		})
	}
}

// A redirect would take the key and the caller's audio elsewhere, and a token in
// the URL with them, as Referer.
func TestRedirectsAreNotFollowed(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("followed, with %v", r.Header)
		if ws, err := websocket.Accept(w, r, nil); err == nil {
			ws.CloseNow()
		}
	}))
	defer thief.Close()
	for name, service := range services {
		for _, status := range []int{301, 302, 307, 308} {
			for _, client := range []*http.Client{nil, {CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}} {
				server := httptest.NewServer(http.RedirectHandler(thief.URL, status))
				e, err := service.engine("ws"+strings.TrimPrefix(server.URL, "http")+"/?token=very-secret", client)
				require.NoError(t, err)
				_, err = hear(t, e, 1)
				require.ErrorIs(t, err, stt.ErrRefused, name)
				assert.NotContains(t, err.Error(), "very-secret")
				require.Error(t, e.Prewarm(t.Context()))
				require.NoError(t, e.Close())
				server.Close()
			}
		}
	}
}

func TestKeys(t *testing.T) {
	news := map[string]func(key, url string) error{
		"deepgram": func(key, url string) error { _, err := deepgram.New(deepgram.Options{Key: key, URL: url}); return err },
		"assemblyai": func(key, url string) error {
			_, err := assemblyai.New(assemblyai.Options{Key: key, URL: url})
			return err
		},
		"openairealtime": func(key, url string) error {
			_, err := openairealtime.New(openairealtime.Options{Key: key, URL: url})
			return err
		},
	}
	for name, open := range news {
		require.NoError(t, open(" very-secret\r\n", ""))
		require.NoError(t, open("very-secret", " ws://localhost:1\n"))
		for _, bad := range []string{"", " \n", "very\nsecret", "very\r\nsecret", "very secret", "'very-secret'", "very-secrét", "very\x00secret"} {
			err := open(bad, "ftp://x")
			require.ErrorContains(t, err, name+": Options.Key", "%q", bad)
			require.ErrorContains(t, err, name+": Options.URL", "everything at once")
			assert.NotContains(t, err.Error(), "very")
		}
	}
	_, err := vosk.New(vosk.Options{URL: "http//x"})
	require.ErrorContains(t, err, "vosk: Options.URL")
	_, err = openairealtime.New(openairealtime.Options{Key: "k\n1", NoiseReduction: "far"})
	require.ErrorContains(t, err, "Options.NoiseReduction")
	require.ErrorContains(t, err, "Options.Key")
}

func TestKeyIsSentWithoutItsLineBreak(t *testing.T) {
	server := fakestt.NewDeepgram(t, []string{"one"})
	e, err := deepgram.New(deepgram.Options{Key: "very-secret\n", URL: server.URL})
	require.NoError(t, err)
	require.NoError(t, e.Prewarm(t.Context()))
	require.NoError(t, e.Close())
	require.Equal(t, "Token very-secret", server.Requests()[0].Header.Get("Authorization"))
}

func TestLanguages(t *testing.T) {
	for name, service := range services {
		e, err := service.engine("ws://127.0.0.1:1", nil)
		require.NoError(t, err)
		_, err = stttest.Open(t.Context(), e, stt.Config{Language: "english"})
		require.ErrorIs(t, err, stt.ErrRefused, name)
		require.NoError(t, e.Close())
	}
	for language, want := range map[string]string{"EN_gb": "en-GB", "es-419": "es-419", "mul": "multi"} {
		server := fakestt.NewDeepgram(t, []string{"one"})
		e, err := deepgram.New(deepgram.Options{Key: "very-secret", URL: server.URL})
		require.NoError(t, err)
		s, err := stttest.Open(t.Context(), e, stt.Config{Language: language})
		require.NoError(t, err)
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		require.NoError(t, e.Close())
		assert.Equal(t, want, server.Requests()[0].URL.Query().Get("language"))
	}
	server := fakestt.NewOpenAIRealtime(t, []string{"one"})
	e, err := openairealtime.New(openairealtime.Options{Key: "very-secret", URL: server.URL})
	require.NoError(t, err)
	defer e.Close()
	s, err := stttest.Open(t.Context(), e, stt.Config{Language: "EN_gb"})
	require.NoError(t, err)
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	assert.Contains(t, server.Messages()[0], `"language":"en"`)
}

func TestOptionsDoNotShowTheKey(t *testing.T) {
	const secret = "very-secret"
	url := "wss://user:" + secret + "@host/?token=" + secret + "&model=x"
	d, err := deepgram.New(deepgram.Options{Key: secret, URL: url})
	require.NoError(t, err)
	for _, v := range []any{
		deepgram.Options{Key: secret, URL: url}, &deepgram.Options{Key: secret, URL: url}, assemblyai.Options{Key: secret, URL: url},
		openairealtime.Options{Key: secret, URL: url}, vosk.Options{URL: url}, d, *d,
		struct{ O deepgram.Options }{deepgram.Options{Key: secret, URL: url}}, []any{assemblyai.Options{Key: secret, URL: url}},
		map[string]openairealtime.Options{"o": {Key: secret, URL: url}},
	} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("text", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "v", v)
		data, err := json.Marshal(v)
		require.NoError(t, err)
		all := string(data) + log.String()
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "% x", "%t", "%c", "%U", "%08.3f", "%e"} {
			all += fmt.Sprintf(verb, v)
		}
		assert.NotContains(t, all, secret)
		assert.NotContains(t, strings.ToLower(strings.ReplaceAll(all, " ", "")), hex.EncodeToString([]byte(secret)))
	}
	assert.Contains(t, fmt.Sprint(deepgram.Options{Key: secret, URL: url, Model: "nova-3"}), "nova-3")
	all := fmt.Sprintf("%+v", d) + fmt.Sprintf("%#v", d)
	assert.NotContains(t, all, secret)
}
