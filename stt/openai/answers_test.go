package openai_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
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

// ask has a server's answer recognised.
func ask(t *testing.T, reply fakestt.Reply, o openai.Options, c stt.Config) (stt.Transcript, error) {
	t.Helper()
	server := fakestt.NewOpenAI(t, func(int, fakestt.OpenAIRequest) fakestt.Reply { return reply })
	o.BaseURL = server.URL
	return engine(t, o).Recognize(t.Context(), silence, c)
}

// An answer with status 200 and without a transcript is an error, not silence.
func TestAnswersThatAreNone(t *testing.T) {
	for body, kind := range map[string]error{
		`{}`:                stt.ErrUnavailable,
		`{"status":"busy"}`: stt.ErrUnavailable,
		`{"text":null}`:     stt.ErrUnavailable,
		`{"text":7}`:        stt.ErrUnavailable,
		`{"text":["a"]}`:    stt.ErrUnavailable,
		`{"segments":[{}]}`: stt.ErrUnavailable,
		`{"text":"book a`:   stt.ErrUnavailable,
		`null`:              stt.ErrUnavailable,
		`[]`:                stt.ErrUnavailable,
		`"yes"`:             stt.ErrUnavailable,
		``:                  stt.ErrUnavailable,
		" \n":               stt.ErrUnavailable,
		`<!doctype html><title>502 Bad Gateway</title>`: stt.ErrUnavailable,
		"data: [DONE]\n\n": stt.ErrUnavailable,
		"data: {\"type\":\"transcript.text.delta\",\"delta\":\"book a\"}\n\n": stt.ErrUnavailable,
		`{"error":"failed to read audio data"}`:                               stt.ErrUnavailable,
		`{"error":{"message":"loading"},"text":""}`:                           stt.ErrUnavailable,
		`{"error":true}`:   stt.ErrUnavailable,
		`{"error":["no"]}`: stt.ErrUnavailable,
		`{"errors":[{"message":"no","code":"model_not_found"}]}`:                stt.ErrRefused,
		`{"error":{"message":"no","code":"invalid_api_key"}}`:                   stt.ErrAuth,
		`{"error":{"message":"no","type":"insufficient_quota"}}`:                stt.ErrQuota,
		`{"error":{"message":"no","code":"rate_limit_exceeded"}}`:               stt.ErrOverloaded,
		`{"error":{"message":"no","code":429}}`:                                 stt.ErrOverloaded,
		`{"error":{"message":"no","type":"invalid_request_error","code":null}}`: stt.ErrRefused,
		`{"detail":"model is loading"}`:                                         stt.ErrUnavailable,
		`{"code":500,"msg":"busy","text":""}`:                                   stt.ErrUnavailable,
		`{"text":"` + strings.Repeat("a", stt.MaxText+1) + `"}`:                 stt.ErrUnavailable,
		`{"text":"` + strings.Repeat("a ", stt.MaxWords+1) + `"}`:               stt.ErrUnavailable,
		`{"a":` + strings.Repeat("[", 100_000):                                  stt.ErrUnavailable,
		strings.Repeat(" ", 1<<20) + `{"text":"yes"}`:                           stt.ErrUnavailable, // too long
	} {
		_, err := ask(t, fakestt.Reply{Body: body}, openai.Options{}, stt.Config{})
		require.ErrorIs(t, err, kind, "%.80q", body)
		var typed *stt.Error
		require.ErrorAs(t, err, &typed)
		assert.Less(t, len(err.Error()), 500)
	}
}

// Documented answers without speech are silence.
func TestAnswersThatAreSilence(t *testing.T) {
	for _, body := range []string{`{"text":""}`, `{"text":" \n"}`, `{"text":"","error":null}`, `{"text":"","segments":[],"words":null}`, "\ufeff{\"text\":\"\"}",
		`{"text":"","error":""}`, `{"text":"","error":false}`, `{"text":"","code":0,"msg":"success"}`} {
		got, err := ask(t, fakestt.Reply{Body: body}, openai.Options{}, stt.Config{})
		require.NoError(t, err, body)
		assert.Empty(t, got.Text)
	}
}

// A failover leaves a server that answers, and does not transcribe.
func TestDeadServerIsLeft(t *testing.T) {
	for _, body := range []string{`{}`, `{"status":"busy"}`, `{"text":null}`, `<html>`, `{"error":"no"}`} {
		server := fakestt.NewOpenAI(t, func(int, fakestt.OpenAIRequest) fakestt.Reply { return fakestt.Reply{Body: body} })
		dead := engine(t, openai.Options{BaseURL: server.URL})
		both := stt.Failover(stt.FailoverOptions{}, dead, stt.Segmented(&stttest.Recognizer{Texts: []string{"yes"}}, stt.Segmentation{}))
		s, err := stttest.Open(t.Context(), both, stt.Config{})
		require.NoError(t, err)
		stttest.Send(t, s, stttest.Speech(1, codec.Format{}), codec.Format{})
		for {
			ev, err := s.Next(t.Context())
			require.NoError(t, err)
			if ev.Kind == stt.Final {
				assert.Equal(t, "yes", ev.Transcript.Text, body)
				break
			}
		}
		require.NoError(t, s.Close())
	}
}

func TestTextIsTheCallersWord(t *testing.T) {
	phrases := []string{"book a room", "yes"}
	for text, want := range map[string]string{
		"[Music] Yes.":                          "Yes.",
		"Yes. (applause)":                       "Yes.",
		"<|nospeech|>":                          "",
		"Yes.<|endoftext|>":                     "Yes.",
		"Book a room, yes.":                     "", // the prompt
		"Book a room, yes. I need a taxi.":      "I need a taxi.",
		"Room [1] please":                       "Room [1] please",
		"Book a room.":                          "Book a room.",
		"♪ I'd like a taxi":                     "I'd like a taxi",
		"I'd like a taxi. Thanks for watching!": "I'd like a taxi.",
	} {
		body, err := json.Marshal(map[string]string{"text": text})
		require.NoError(t, err)
		got, err := ask(t, fakestt.Reply{Body: string(body)}, openai.Options{}, stt.Config{Phrases: phrases})
		require.NoError(t, err)
		assert.Equal(t, want, got.Text, text)
	}
}

// whisper.cpp has its words inside of segments, and they are tokens.
func TestWordsInsideSegments(t *testing.T) {
	body := `{"task":"transcribe","language":"english","duration":3.0,"text":" Book a café room, please.\n","segments":[
		{"id":0,"text":" Book a café","start":0.0,"end":1.0,"tokens":[1,2,3],"words":[
			{"word":" Book","start":0.1,"end":0.3,"t_dtw":-1,"probability":0.9},
			{"word":" a","start":0.3,"end":0.4,"t_dtw":-1,"probability":0.8},
			{"word":" ca","start":0.4,"end":0.5,"t_dtw":-1,"probability":0.7},
			{"word":"f\ufffd","start":0.5,"end":0.6,"t_dtw":-1,"probability":0.6},
			{"word":"\ufffd","start":0.6,"end":0.7,"t_dtw":-1,"probability":0.9},
			{"word":"[_TT_50]","start":0.7,"end":0.7,"t_dtw":-1,"probability":0.1}],"avg_logprob":-0.2,"no_speech_prob":0.01},
		{"id":1,"text":" room, please.","start":1.0,"end":2.0,"words":[
			{"word":" room","start":1.0,"end":1.2,"probability":0.9},{"word":",","start":1.2,"end":1.3,"probability":0.9},
			{"word":" please","start":1.3,"end":1.6,"probability":0.9},{"word":".","start":1.6,"end":1.7,"probability":0.9}],"no_speech_prob":0.01},
		{"id":2,"text":" Bye.","start":2.0,"end":3.0,"words":[{"word":" Bye","start":2.1,"end":2.2,"probability":0.2}],"avg_logprob":-1.5,"no_speech_prob":0.9}]}`
	server := fakestt.NewOpenAI(t, func(int, fakestt.OpenAIRequest) fakestt.Reply { return fakestt.Reply{Body: body} })
	audio := codec.Format{}.AppendSilence(nil, 24000)
	got, err := engine(t, openai.Options{BaseURL: server.URL, Dialect: openai.WhisperCPP}).Recognize(t.Context(), audio, stt.Config{})
	require.NoError(t, err)
	assert.Equal(t, "Book a café room, please.", got.Text)
	assert.Equal(t, "en", got.Language)
	var words []string
	for _, w := range got.Words {
		words = append(words, fmt.Sprintf("%s %v-%v %.1f", w.Text, w.Start, w.End, w.Confidence))
	}
	assert.Equal(t, []string{"Book 100ms-300ms 0.9", "a 300ms-400ms 0.8", "café 400ms-700ms 0.6", "room, 1s-1.3s 0.9", "please. 1.3s-1.7s 0.9"}, words)
	assert.Equal(t, 100*time.Millisecond, got.Start)
	assert.Equal(t, 1700*time.Millisecond, got.End)

	// Others have whole words there.
	server = fakestt.NewOpenAI(t, func(int, fakestt.OpenAIRequest) fakestt.Reply {
		return fakestt.Reply{Body: `{"text":"Book a","segments":[{"text":"Book a","words":[{"word":"Book","start":0,"end":0.2},{"word":"a","start":0.2,"end":0.3}]}]}`}
	})
	got, err = engine(t, openai.Options{BaseURL: server.URL, Dialect: openai.Speaches}).Recognize(t.Context(), audio, stt.Config{})
	require.NoError(t, err)
	require.Len(t, got.Words, 2)
	assert.Equal(t, "a", got.Words[1].Text)
}

// Numbers that are none cost no text.
func TestNumbers(t *testing.T) {
	got, err := ask(t, fakestt.Reply{Body: `{"text":"a b c d","language":7,"segments":[{"start":-5,"end":1e300,"text":"a b c d","avg_logprob":NaN,"no_speech_prob":"0.1","compression_ratio":null}],
		"words":[{"word":"a","start":-1,"end":-2,"probability":7},{"word":"b","start":"0.2","end":1e999,"probability":NaN},{"word":"c","start":0.1,"end":Infinity},{"word":"d","start":9000,"end":{}}]}`},
		openai.Options{}, stt.Config{})
	require.NoError(t, err)
	assert.Equal(t, "a b c d", got.Text)
	assert.True(t, math.IsNaN(got.Confidence))
	assert.Empty(t, got.Language)
	require.Len(t, got.Words, 4)
	for _, w := range got.Words {
		assert.True(t, math.IsNaN(w.Confidence))
		assert.True(t, 0 <= w.Start && w.Start <= w.End && w.End <= 500*time.Millisecond, "%+v is in the audio", w)
	}
}

// What is wrong beside the text costs no text.
func TestOtherFieldsOfOtherTypes(t *testing.T) {
	for _, body := range []string{`{"text":"yes","segments":{},"words":7,"language":[]}`, `{"text":"yes","segments":[7],"words":[[]]}`,
		`{"text":"yes","segments":"none","words":[{"word":{}}]}`, `{"text":"yes","segments":[{"text":7,"words":{}}],"usage":"free"}`} {
		got, err := ask(t, fakestt.Reply{Body: body}, openai.Options{}, stt.Config{})
		require.NoError(t, err, body)
		assert.Equal(t, "yes", got.Text, body)
	}
}

func TestEncodings(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write([]byte(`{"text":"café"}`))
	w.Close()
	var bomb bytes.Buffer
	w = gzip.NewWriter(&bomb)
	for range 4 {
		w.Write(make([]byte, 1<<20))
	}
	w.Close()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}} // so that nobody unpacks it
	t.Cleanup(client.CloseIdleConnections)
	for name, test := range map[string]struct {
		reply fakestt.Reply
		text  string
		err   error
	}{
		"gzip":   {fakestt.Reply{Header: http.Header{"Content-Encoding": {"gzip"}}, Body: packed.String()}, "café", nil},
		"bomb":   {fakestt.Reply{Header: http.Header{"Content-Encoding": {"gzip"}}, Body: bomb.String()}, "", stt.ErrUnavailable},
		"not":    {fakestt.Reply{Header: http.Header{"Content-Encoding": {"gzip"}}, Body: `{"text":"yes"}`}, "", stt.ErrUnavailable},
		"latin1": {fakestt.Reply{Header: http.Header{"Content-Type": {"application/json; charset=ISO-8859-1"}}, Body: "{\"text\":\"caf\xe9\"}"}, "café", nil},
		"wrong":  {fakestt.Reply{Header: http.Header{"Content-Type": {"application/json; charset=ISO-8859-1"}}, Body: `{"text":"café"}`}, "café", nil},
		"type":   {fakestt.Reply{Header: http.Header{"Content-Type": {"text/html"}}, Body: `{"text":"café"}`}, "café", nil},
		"none":   {fakestt.Reply{Header: http.Header{"Content-Type": {";;"}}, Body: `{"text":"café"}`}, "café", nil},
	} {
		got, err := ask(t, test.reply, openai.Options{Client: client}, stt.Config{})
		require.ErrorIs(t, err, test.err, name)
		assert.Equal(t, test.text, got.Text, name)
	}
}

// A redirect would take the key and the caller's audio elsewhere.
func TestRedirectsAreNotFollowed(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was followed") }))
	defer thief.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(http.RedirectHandler(thief.URL+"/v1", status))
		for _, client := range []*http.Client{nil, {CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}} {
			e := engine(t, openai.Options{BaseURL: server.URL, Key: key, Client: client})
			_, err := e.Recognize(t.Context(), silence, stt.Config{})
			require.ErrorIs(t, err, stt.ErrRefused)
			assert.NotContains(t, err.Error(), key)
			require.Error(t, e.Check(t.Context()))
		}
		server.Close()
	}
}

// A body that comes byte by byte is given up when the time is over.
func TestSlowBody(t *testing.T) {
	server := fakestt.NewOpenAI(t, func(int, fakestt.OpenAIRequest) fakestt.Reply {
		return fakestt.Reply{Body: `{"text":"` + strings.Repeat("a", 10_000), Drip: 5 * time.Millisecond}
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := engine(t, openai.Options{BaseURL: server.URL}).Recognize(ctx, silence, stt.Config{})
	require.ErrorIs(t, err, stt.ErrTimeout)
}

func TestHugeHeaders(t *testing.T) {
	_, err := ask(t, fakestt.Reply{Header: http.Header{"X-Junk": {strings.Repeat("a", 1<<20)}}, Body: `{"text":"yes"}`}, openai.Options{}, stt.Config{})
	require.ErrorIs(t, err, stt.ErrUnavailable)
}

func TestLanguages(t *testing.T) {
	for language, want := range map[string][]string{"EN-GB": {"en"}, "en_US.UTF-8": {"en"}, "zh-hant-TW": {"zh"}, "": nil} {
		server := fakestt.NewOpenAI(t, func(int, fakestt.OpenAIRequest) fakestt.Reply {
			return fakestt.Reply{Body: `{"text":"yes","language":"German"}`}
		})
		got, err := engine(t, openai.Options{BaseURL: server.URL}).Recognize(t.Context(), silence, stt.Config{Language: language})
		require.NoError(t, err)
		assert.Equal(t, want, server.Requests()[0].Fields["language"], language)
		assert.Equal(t, "de", got.Language)
	}
	e := engine(t, openai.Options{Key: key})
	_, err := e.Recognize(t.Context(), silence, stt.Config{Language: "english"})
	require.ErrorIs(t, err, stt.ErrRefused)
	_, err = stttest.Open(t.Context(), e, stt.Config{Language: "english"})
	require.ErrorIs(t, err, stt.ErrRefused)
}

// A key from a file has a line break at its end.
func TestKeys(t *testing.T) {
	server := fakestt.NewOpenAI(t, func(int, fakestt.OpenAIRequest) fakestt.Reply { return fakestt.Reply{Body: `{"text":"yes"}`} })
	_, err := engine(t, openai.Options{BaseURL: " " + server.URL + "\n", Key: key + "\r\n", Model: " whisper-1\n"}).Recognize(t.Context(), silence, stt.Config{})
	require.NoError(t, err)
	assert.Equal(t, "Bearer "+key, server.Requests()[0].Header.Get("Authorization"))
	assert.Equal(t, []string{"whisper-1"}, server.Requests()[0].Fields["model"])

	for _, bad := range []string{"very\nsecret", "very\rsecret", "Bearer very-secret", `"very-secret"`, "very-sécret"} {
		_, err := openai.New(openai.Options{Key: bad, Dialect: 99})
		require.ErrorContains(t, err, "Options.Key")
		require.ErrorContains(t, err, "dialect 99", "everything at once")
		assert.NotContains(t, err.Error(), "very")
	}
}

func TestOptionsDoNotShowTheKey(t *testing.T) {
	o := openai.Options{Key: key, BaseURL: "https://user:" + key + "@host/v1?token=" + key + "&x=1"}
	e := engine(t, openai.Options{Key: key, BaseURL: "https://user:" + key + "@host/v1"})
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("text", "o", o, "p", &o, "e", e, "g", slog.GroupValue(slog.Any("o", o)))
	slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "o", o, "p", &o, "e", e)
	data, err := json.Marshal(struct{ Options openai.Options }{o})
	require.NoError(t, err)
	all := fmt.Sprintf("%v %+v %#v %v %+v %#v %v %+v %#v %+v", o, o, o, &o, &o, &o, e, e, e, struct{ Options openai.Options }{o}) + string(data) + log.String()
	for _, verb := range []string{"%s", "%q", "%d", "%x", "%t"} {
		all += fmt.Sprintf(verb, e) + fmt.Sprintf(verb, o) + fmt.Sprintf(verb, &o)
	}
	assert.NotContains(t, all, key)
	assert.Contains(t, all, "[key]")
}

// Many short words and segments cost what their length costs.
func BenchmarkAnswer(b *testing.B) {
	for _, kilobytes := range []int{62, 248, 990} {
		const segment, word = `{"no_speech_prob":0.9,"avg_logprob":-2,"start":5},{},`, `{"start":9},`
		list := func(item string) string {
			return strings.TrimSuffix(strings.Repeat(item, (kilobytes*1000/2-50)/len(item)), ",")
		}
		body := `{"text":"a","segments":[{"text":"a"},` + list(segment) + `],"words":[` + list(word) + `]}`
		b.Run(fmt.Sprint(kilobytes, "KB"), func(b *testing.B) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(body)) }))
			defer server.Close()
			e, err := openai.New(openai.Options{BaseURL: server.URL})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := e.Recognize(b.Context(), silence, stt.Config{}); err != nil && !errors.Is(err, stt.ErrUnavailable) {
					b.Fatal(err)
				}
			}
		})
	}
}
