package openai_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/openai"
	"agentos.dev/dialtone/stt/stttest"
)

const key = "sk-very-secret"

func engine(t *testing.T, o openai.Options) *openai.Engine {
	t.Helper()
	e, err := openai.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// silence is half a second of mu-law.
var silence = codec.Format{}.AppendSilence(nil, 4000)

func TestDialects(t *testing.T) {
	for name, test := range map[string]struct {
		o      openai.Options
		path   string
		fields map[string][]string
		rate   int
		answer string
		words  []string
	}{
		"openai": {
			openai.Options{Words: true}, "/v1/audio/transcriptions",
			map[string][]string{"model": {"whisper-1"}, "response_format": {"verbose_json"}, "temperature": {"0"}, "language": {"en"},
				"prompt": {"book a room, yes"}, "timestamp_granularities[]": {"segment", "word"}}, 8000,
			`{"task":"transcribe","language":"english","duration":0.5,"text":" Book a room.","segments":[{"id":0,"start":0,"end":0.5,"text":" Book a room.","avg_logprob":-0.1,"no_speech_prob":0.01,"compression_ratio":0.9}],"words":[{"word":"Book","start":0.1,"end":0.2},{"word":"a","start":0.2,"end":0.3},{"word":"room","start":0.3,"end":0.4}]}`,
			[]string{"Book", "a", "room"},
		},
		"gpt-4o": {
			openai.Options{Model: "gpt-4o-transcribe", Words: true}, "/v1/audio/transcriptions",
			map[string][]string{"model": {"gpt-4o-transcribe"}, "response_format": {"json"}, "temperature": {"0"}, "language": {"en"}, "prompt": {"book a room, yes"}}, 8000,
			`{"text":"Book a room.","usage":{"type":"tokens"}}`, nil,
		},
		"whisper.cpp": {
			openai.Options{Dialect: openai.WhisperCPP}, "/inference",
			map[string][]string{"response_format": {"verbose_json"}, "temperature": {"0"}, "language": {"en"}, "prompt": {"book a room, yes"}}, 16000,
			`{"text":" Book a\n room.\n"}`, nil,
		},
		"speaches": {
			openai.Options{Dialect: openai.Speaches, Model: "Systran/faster-whisper-small", Words: true}, "/v1/audio/transcriptions",
			map[string][]string{"model": {"Systran/faster-whisper-small"}, "response_format": {"verbose_json"}, "temperature": {"0"}, "language": {"en"},
				"hotwords": {"book a room, yes"}, "timestamp_granularities[]": {"segment", "word"}}, 8000,
			`{"text":"Book a room.","segments":[],"words":[{"word":" Book","start":0.1,"end":0.2,"probability":0.9}]}`, []string{"Book"},
		},
		"localai": {
			openai.Options{Dialect: openai.LocalAI}, "/v1/audio/transcriptions",
			map[string][]string{"response_format": {"verbose_json"}, "temperature": {"0"}, "language": {"en"}, "prompt": {"book a room, yes"}}, 8000,
			`{"text":"Book a room.","words":[{"text":"Book","start":0.1,"end":0.2}]}`, []string{"Book"},
		},
		"vllm": {
			openai.Options{Dialect: openai.VLLM, Model: "openai/whisper-large-v3"}, "/v1/audio/transcriptions",
			map[string][]string{"model": {"openai/whisper-large-v3"}, "response_format": {"json"}, "temperature": {"0"}, "language": {"en"}, "prompt": {"book a room, yes"}}, 8000,
			`{"text":"Book a room."}`, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := fakestt.NewOpenAI(t, func(int, fakestt.OpenAIRequest) fakestt.Reply {
				return fakestt.Reply{Body: test.answer, Header: http.Header{"X-Request-Id": {"req_1"}}}
			})
			test.o.Key = key
			test.o.BaseURL = server.URL + "/v1/"
			if test.o.Dialect == openai.WhisperCPP {
				test.o.BaseURL = server.URL
			}
			e := engine(t, test.o)
			require.NoError(t, e.Prewarm(t.Context()))
			assert.True(t, e.Status().Ready)
			got, err := e.Recognize(t.Context(), silence, stt.Config{Language: "en-US", Phrases: []string{"book a room", "yes"}})
			require.NoError(t, err)
			assert.Equal(t, "Book a room.", got.Text)
			assert.Equal(t, "req_1", got.RequestID)
			var words []string
			for _, w := range got.Words {
				words = append(words, w.Text)
				assert.Positive(t, w.Start)
			}
			assert.Equal(t, test.words, words)
			if name == "openai" {
				assert.InDelta(t, 0.905, got.Confidence, 0.001)
			} else {
				assert.NotEqual(t, got.Confidence, got.Confidence, "unknown is NaN")
			}

			asked := server.Requests()[0]
			assert.Equal(t, test.path, asked.Path)
			assert.Equal(t, test.fields, map[string][]string(asked.Fields))
			assert.Equal(t, "Bearer "+key, asked.Header.Get("Authorization"))
			assert.Equal(t, "audio.wav", asked.Name)
			w, err := codec.NewWAVReader(bytes.NewReader(asked.File))
			require.NoError(t, err)
			assert.Equal(t, test.rate, w.Format().Rate)
			assert.Len(t, asked.File, 44+test.rate) // half a second of 2 bytes
		})
	}
}

func TestFailures(t *testing.T) {
	for name, test := range map[string]struct {
		dialect openai.Dialect
		reply   fakestt.Reply
		kind    error
		after   time.Duration
		text    string
	}{
		"key":         {0, fakestt.Reply{Status: 401, Body: `{"error":{"message":"Incorrect API key provided: sk-very-secret","code":"invalid_api_key"}}`}, stt.ErrAuth, 0, "invalid_api_key"},
		"quota":       {0, fakestt.Reply{Status: 429, Body: `{"error":{"message":"pay","code":"insufficient_quota"}}`}, stt.ErrQuota, 0, "pay"},
		"busy":        {0, fakestt.Reply{Status: 429, Header: http.Header{"Retry-After": {"2"}}, Body: `{"error":{"message":"slow down"}}`}, stt.ErrOverloaded, 2 * time.Second, "slow down"},
		"down":        {0, fakestt.Reply{Status: 503, Body: "upstream gone"}, stt.ErrUnavailable, 0, "upstream gone"},
		"quoted key":  {0, fakestt.Reply{Status: 500, Body: "headers: Bearer " + key}, stt.ErrUnavailable, 0, "[key]"},
		"parameter":   {openai.Speaches, fakestt.Reply{Status: 422, Body: `{"detail":"no such model"}`}, stt.ErrRefused, 0, "no such model"},
		"whisper.cpp": {openai.WhisperCPP, fakestt.Reply{Body: `{"error":"failed to read WAV file"}`}, stt.ErrUnavailable, 0, "failed to read"},
		"half JSON":   {0, fakestt.Reply{Body: `{"text":"book a`}, stt.ErrUnavailable, 0, "not JSON"},
		"cut":         {0, fakestt.Reply{Body: `{"text":"book a`, Cut: true}, stt.ErrUnavailable, 0, "EOF"},
		"slow":        {0, fakestt.Reply{Delay: 10 * time.Second}, stt.ErrTimeout, 0, "deadline"},
	} {
		t.Run(name, func(t *testing.T) {
			server := fakestt.NewOpenAI(t, func(int, fakestt.OpenAIRequest) fakestt.Reply { return test.reply })
			e := engine(t, openai.Options{BaseURL: server.URL, Key: key, Dialect: test.dialect})
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if test.reply.Delay == 0 {
				ctx = t.Context()
			}
			_, err := e.Recognize(ctx, silence, stt.Config{})
			require.ErrorIs(t, err, test.kind)
			assert.ErrorContains(t, err, test.text)
			assert.NotContains(t, err.Error(), key)
			var typed *stt.Error
			require.ErrorAs(t, err, &typed)
			assert.Equal(t, test.after, typed.RetryAfter)
		})
	}
}

func TestHallucinations(t *testing.T) {
	for answer, want := range map[string]string{
		`{"text":"[BLANK_AUDIO]"}`:            "",
		`{"text":" (silence)\n"}`:             "",
		`{"text":"Thank you for watching!"}`:  "",
		`{"text":"..."}`:                      "",
		`{"text":"Thank you."}`:               "Thank you.",
		`{"text":"[laughs] yes (of course)"}`: "yes (of course)",
		`{"text":"Hm. Yes.","segments":[]}`:   "Hm. Yes.",
		`{"text":" Bye. Yes.","segments":[{"start":0,"end":1,"text":" Bye.","avg_logprob":-1.4,"no_speech_prob":0.8},{"start":1,"end":2,"text":" Yes.","avg_logprob":-0.2,"no_speech_prob":0.1}],"words":[{"word":"Bye","start":0.1,"end":0.5},{"word":"Yes","start":1.2,"end":1.5}]}`: "Yes.",
		`{"text":"you","segments":[{"text":"you","avg_logprob":-1.4,"no_speech_prob":0.8}]}`: "",
	} {
		server := fakestt.NewOpenAI(t, func(int, fakestt.OpenAIRequest) fakestt.Reply { return fakestt.Reply{Body: answer} })
		got, err := engine(t, openai.Options{BaseURL: server.URL}).Recognize(t.Context(), silence, stt.Config{})
		require.NoError(t, err)
		assert.Equal(t, want, got.Text, answer)
		assert.LessOrEqual(t, len(got.Words), 1)
		assert.Empty(t, server.Requests()[0].Header.Get("Authorization"))
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, o := range []openai.Options{{}, {BaseURL: "localhost:8000"}, {BaseURL: "ftp://x"}, {Key: key, Dialect: 99}} {
		_, err := openai.New(o)
		require.Error(t, err)
		assert.NotContains(t, err.Error(), key)
	}
}

func TestCheckTellsThatTheServerIsGone(t *testing.T) {
	e := engine(t, openai.Options{BaseURL: "http://127.0.0.1:1"})
	require.ErrorIs(t, e.Check(t.Context()), stt.ErrUnavailable)
	assert.False(t, e.Status().Ready)
}

// The whole way: a call's frames, cut into utterances, filled up to the 48,000
// bytes that Whisper servers are run with.
func TestCall(t *testing.T) {
	server := fakestt.NewOpenAI(t, func(n int, _ fakestt.OpenAIRequest) fakestt.Reply {
		if n == 0 {
			return fakestt.Reply{Status: 503}
		}
		return fakestt.Reply{Body: `{"text":"yes"}`}
	})
	f, err := os.Open("../vad/testdata/flite_slt_0.8k.ulaw.wav")
	require.NoError(t, err)
	defer f.Close()
	audio, err := codec.ReadMulaw(f)
	require.NoError(t, err)
	s, err := stttest.Open(t.Context(), engine(t, openai.Options{BaseURL: server.URL}), stt.Config{})
	require.NoError(t, err)
	require.NoError(t, s.Send(audio))
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	var heard []string
	for {
		ev, err := s.Next(t.Context())
		if err != nil {
			break
		}
		if ev.Kind == stt.Final {
			heard = append(heard, ev.Transcript.Text)
		}
	}
	assert.Equal(t, []string{"yes"}, heard)
	assert.Len(t, server.Requests(), 2, "once more after 503")
	assert.Len(t, server.Requests()[1].File, 44+48000)
}

// What a server says may quote the key, in whatever way it breaks.
func TestTheKeyIsInNoErrorAndNoLog(t *testing.T) {
	var logged bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	defer slog.SetDefault(before)
	for _, answer := range []string{
		key + "\r\n\r\n",
		"HTTP/1.1 " + key + "\r\n\r\n",
		"HTTP/1.1 200 ok\r\n" + key + "\r\n\r\n",
		"HTTP/1.1 200 ok\r\nX-Request-Id: " + key + "\r\n\r\n" + key,
		"HTTP/1.1 200 ok\r\n\r\n{\"error\":\"with " + key + "\"}",
		"HTTP/1.1 200 ok\r\n\r\n{\"text\":7,\"" + key,
		"HTTP/1.1 307 ok\r\nLocation: http://127.0.0.1:1/?token=" + key + "\r\n\r\n",
		"HTTP/1.1 307 ok\r\nLocation: :" + key + "\r\n\r\n",
		"HTTP/1.1 401 no\r\n\r\n{\"error\":{\"code\":\"" + key + "\",\"message\":\"" + key + "\"}}",
		"HTTP/1.1 429 no\r\nRetry-After: " + key + "\r\n\r\n{\"detail\":\"" + key + "\"}",
		"\r",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				io.WriteString(conn, answer)
				conn.Close()
			}
		}))
		e := engine(t, openai.Options{BaseURL: strings.Replace(server.URL, "://", "://user:"+key+"@", 1), Key: key})
		_, err := e.Recognize(t.Context(), silence, stt.Config{})
		require.Error(t, err, answer)
		for _, err := range []error{err, e.Check(t.Context()), e.Prewarm(t.Context())} {
			for ; err != nil; err = errors.Unwrap(err) {
				for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
					assert.NotContains(t, text, key, answer)
				}
				var typed *stt.Error
				if errors.As(err, &typed) {
					err = typed.Err
					if err == nil {
						break
					}
				}
			}
		}
		assert.NotContains(t, fmt.Sprintf("%+v %#v", e, e), key)
		server.Close()
	}
	assert.NotContains(t, logged.String(), key)
}
