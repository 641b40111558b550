package openai_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/faketts"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/openai"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

func TestMain(m *testing.M) { leak.Main(m) }

const key = "sk-very-secret"

func engine(t testing.TB, o openai.Options) *openai.Engine {
	t.Helper()
	e, err := openai.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// say returns the audio of a text as mu-law.
func say(ctx context.Context, e *openai.Engine, text string, c tts.Config) (audio []byte, err error) {
	for c, err := range tts.Mulaw(e.Synthesize(ctx, text, c)) {
		if err != nil {
			return audio, err
		}
		audio = append(audio, c.Audio...)
	}
	return audio, nil
}

func TestSuite(t *testing.T) {
	for name, o := range map[string]openai.Options{"pcm": {}, "events": {Events: true}} {
		t.Run(name, ttstest.Suite{Speed: true, New: func(t testing.TB) tts.Synthesizer {
			o.BaseURL = faketts.NewOpenAI(t, nil).URL + "/v1"
			return engine(t, o)
		}}.Run)
	}
}

func TestRequest(t *testing.T) {
	server := faketts.NewOpenAI(t, nil)
	e := engine(t, openai.Options{BaseURL: server.URL + "/v1/", Key: key, Instructions: "Be kind."})
	_, err := say(t.Context(), e, "Good morning.", tts.Config{Voice: "nova", Speed: 1.5})
	require.NoError(t, err)
	_, err = say(t.Context(), e, "Good morning.", tts.Config{Speed: 1})
	require.NoError(t, err)
	r := server.Requests()
	assert.Equal(t, "Bearer "+key, r[0].Header.Get("Authorization"))
	assert.Equal(t, "application/json", r[0].Header.Get("Content-Type"))
	r[0].Header, r[1].Header = nil, nil
	assert.Equal(t, faketts.OpenAIRequest{Model: "tts-1", Input: "Good morning.", Voice: "nova", Instructions: "Be kind.", Format: "pcm", Speed: 1.5}, r[0])
	assert.Equal(t, faketts.OpenAIRequest{Model: "tts-1", Input: "Good morning.", Voice: "alloy", Instructions: "Be kind.", Format: "pcm"}, r[1])
	assert.False(t, tts.Normalizes(e))
	own := engine(t, openai.Options{Key: key})
	assert.True(t, tts.Normalizes(own))
	assert.Equal(t, "gpt-4o-mini-tts/alloy", own.Status().Model)
}

// The sound is the same in every form in which servers send it.
func TestForms(t *testing.T) {
	const text = "Good morning to all."
	want, _ := ttstest.Audio(text)
	var wav, streamed bytes.Buffer
	for _, b := range []*bytes.Buffer{&wav, &streamed} {
		w, err := codec.NewWAVWriter(b, codec.Format{Encoding: codec.PCM16, Rate: 24000})
		require.NoError(t, err)
		_, err = w.Write(faketts.PCM24(text))
		require.NoError(t, err)
		require.NoError(t, w.Close())
	}
	stated := wav.Bytes()
	n := len(faketts.PCM24(text))
	copy(stated[40:], []byte{byte(n), byte(n >> 8), byte(n >> 16), 0})
	half := faketts.PCM24(text)
	low := make([]byte, 0, len(half)/2)
	for i := 0; i+1 < len(half); i += 6 {
		low = append(low, half[i], half[i+1])
	}
	header := func(kind string) http.Header { return http.Header{"Content-Type": {kind}} }
	for name, r := range map[string]faketts.Reply{
		"bytes one by one":   {Chunk: 1},
		"odd chunks":         {Chunk: 333},
		"at once":            {Chunk: 1 << 20},
		"no type":            {Body: faketts.PCM24(text), Header: header("")},
		"octets":             {Body: faketts.PCM24(text), Header: header("application/octet-stream")},
		"rate in the type":   {Body: low, Header: header("audio/pcm;rate=8000;channels=1")},
		"WAV":                {Body: stated, Header: header("audio/wav")},
		"WAV of no length":   {Body: streamed.Bytes(), Header: header("audio/wav")},
		"WAV as bytes":       {Body: stated, Header: header("application/octet-stream"), Chunk: 3},
		"WAV and WAV's name": {Body: stated, Header: header("audio/x-wav; charset=binary")},
	} {
		t.Run(name, func(t *testing.T) {
			server := faketts.NewOpenAI(t, func(int, faketts.OpenAIRequest) faketts.Reply { return r })
			got, err := say(t.Context(), engine(t, openai.Options{BaseURL: server.URL}), text, tts.Config{})
			require.NoError(t, err)
			require.InDelta(t, len(want), len(got), 2)
			a, b := codec.AppendDecodeMulaw(nil, want), codec.AppendDecodeMulaw(nil, got)
			loud := 0
			for i := range min(len(a), len(b)) {
				if d := int(a[i]) - int(b[i]); d > 6000 || d < -6000 {
					loud++
				}
			}
			assert.Less(t, loud, len(a)/20, "it sounds otherwise")
		})
	}
}

func TestFailures(t *testing.T) {
	header := func(kind string) http.Header { return http.Header{"Content-Type": {kind}} }
	for name, test := range map[string]struct {
		reply faketts.Reply
		o     openai.Options
		kind  error
		text  string
	}{
		"refused key":       {faketts.Reply{Status: 401, Body: []byte(`{"error":{"message":"bad key ` + key + `","code":"invalid_api_key"}}`)}, openai.Options{}, tts.ErrAuth, "invalid_api_key"},
		"quota":             {faketts.Reply{Status: 429, Body: []byte(`{"error":{"message":"pay","code":"insufficient_quota"}}`)}, openai.Options{}, tts.ErrQuota, "pay"},
		"overloaded":        {faketts.Reply{Status: 429, Header: http.Header{"Retry-After": {"3"}}}, openai.Options{}, tts.ErrOverloaded, "429"},
		"no voice":          {faketts.Reply{Status: 400, Body: []byte(`{"detail":"no voice alloy"}`)}, openai.Options{}, tts.ErrRefused, "no voice alloy"},
		"too large":         {faketts.Reply{Status: 413}, openai.Options{}, tts.ErrBadText, "413"},
		"down":              {faketts.Reply{Status: 503, Body: []byte("<html>")}, openai.Options{}, tts.ErrUnavailable, "503"},
		"gateway":           {faketts.Reply{Status: 504}, openai.Options{}, tts.ErrTimeout, "504"},
		"redirect":          {faketts.Reply{Status: 307, Header: http.Header{"Location": {"http://127.0.0.1:1/"}}}, openai.Options{}, tts.ErrRefused, "307"},
		"error with 200":    {faketts.Reply{Body: []byte(`{"error":{"message":"model is loading"}}`), Header: header("application/json")}, openai.Options{}, tts.ErrUnavailable, "model is loading"},
		"a page":            {faketts.Reply{Body: []byte(`<html>hi</html>`), Header: header("text/html; charset=utf-8")}, openai.Options{}, tts.ErrUnavailable, "html"},
		"mp3":               {faketts.Reply{Header: header("audio/mpeg")}, openai.Options{}, tts.ErrBadAudio, "audio/mpeg"},
		"ogg in disguise":   {faketts.Reply{Body: []byte("OggS\x00\x02"), Header: header("application/octet-stream")}, openai.Options{}, tts.ErrBadAudio, "compressed"},
		"mp3 in disguise":   {faketts.Reply{Body: []byte("ID3\x04rest"), Header: header("audio/pcm")}, openai.Options{}, tts.ErrBadAudio, "compressed"},
		"cut":               {faketts.Reply{Cut: true}, openai.Options{}, tts.ErrUnavailable, ""},
		"cut WAV":           {faketts.Reply{Cut: true, Body: append([]byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\xff\xff\xff\xff"), make([]byte, 20000)...)}, openai.Options{}, tts.ErrUnavailable, ""},
		"half a sample":     {faketts.Reply{Body: make([]byte, 24001)}, openai.Options{}, tts.ErrBadAudio, "sample"},
		"stereo":            {faketts.Reply{Body: append([]byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00\x40\x1f\x00\x00\x00\x7d\x00\x00\x04\x00\x10\x00data\xff\xff\xff\xff"), make([]byte, 2000)...)}, openai.Options{}, tts.ErrBadAudio, "channels"},
		"event without end": {faketts.Reply{Cut: true}, openai.Options{Events: true}, tts.ErrUnavailable, ""},
		"events end":        {faketts.Reply{Body: []byte("data: {\"type\":\"speech.audio.delta\",\"audio\":\"AAAA\"}\n\n"), Header: header("text/event-stream")}, openai.Options{}, tts.ErrUnavailable, "speech.audio.done"},
		"event error":       {faketts.Reply{Body: []byte("data: {\"type\":\"error\",\"error\":{\"message\":\"too hot\",\"code\":\"x\"}}\n\n"), Header: header("text/event-stream")}, openai.Options{}, tts.ErrUnavailable, "too hot"},
		"event nonsense":    {faketts.Reply{Body: []byte("data: {\"type\n\n"), Header: header("text/event-stream")}, openai.Options{}, tts.ErrBadAudio, "JSON"},
		"event base64":      {faketts.Reply{Body: []byte("data: {\"audio\":\"AA=A\"}\n\n"), Header: header("text/event-stream")}, openai.Options{}, tts.ErrBadAudio, "base64"},
		"endless event":     {faketts.Reply{Body: append([]byte("data: "), bytes.Repeat([]byte("A"), 5<<20)...), Header: header("text/event-stream"), Chunk: 1 << 20}, openai.Options{}, tts.ErrBadAudio, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			server := faketts.NewOpenAI(t, func(int, faketts.OpenAIRequest) faketts.Reply { return test.reply })
			test.o.BaseURL, test.o.Key = server.URL, key
			_, err := say(t.Context(), engine(t, test.o), "Good morning to all of you.", tts.Config{})
			require.ErrorIs(t, err, test.kind)
			assert.ErrorContains(t, err, test.text)
			assert.NotContains(t, err.Error(), key)
			assert.NotContains(t, err.Error(), "Good morning", "what is said is in no error")
			var typed *tts.Error
			if errors.As(err, &typed) && test.reply.Header.Get("Retry-After") != "" {
				assert.Equal(t, 3*time.Second, typed.RetryAfter)
			}
		})
	}
}

// A server that falls silent is left for the next engine.
func TestSilentServer(t *testing.T) {
	for _, r := range []faketts.Reply{{Hang: true}, {Delay: time.Hour}} {
		server := faketts.NewOpenAI(t, func(int, faketts.OpenAIRequest) faketts.Reply { return r })
		f := tts.Failover(tts.FailoverOptions{FirstAudio: 200 * time.Millisecond, Stall: 200 * time.Millisecond}, engine(t, openai.Options{BaseURL: server.URL}), &ttstest.Fake{})
		var survived error
		for c, err := range f.Synthesize(t.Context(), "Good morning to all of you.", tts.Config{}) {
			require.NoError(t, err)
			survived = errors.Join(survived, c.Survived)
		}
		require.ErrorIs(t, survived, tts.ErrTimeout)
	}
}

func TestText(t *testing.T) {
	server := faketts.NewOpenAI(t, nil)
	e := engine(t, openai.Options{BaseURL: server.URL})
	for _, text := range []string{strings.Repeat("word ", 1000), "😀", "\xff"} {
		_, err := say(t.Context(), e, text, tts.Config{})
		require.ErrorIs(t, err, tts.ErrBadText)
	}
	assert.Empty(t, server.Requests())
	_, err := say(t.Context(), e, "a\xffb \"quoted\" \x01 <tag>", tts.Config{})
	require.NoError(t, err)
	assert.Equal(t, "ab \"quoted\" \x01 <tag>", server.Requests()[0].Input)
}

func TestCheck(t *testing.T) {
	status := 200
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) }))
	defer server.Close()
	for s, kind := range map[int]error{200: nil, 404: nil, 401: tts.ErrAuth, 500: tts.ErrUnavailable, 302: tts.ErrRefused} {
		status = s
		e := engine(t, openai.Options{BaseURL: server.URL})
		assert.False(t, e.Status().Ready)
		err := e.Check(t.Context())
		assert.ErrorIs(t, err, kind, "%d", s)
		assert.Equal(t, kind == nil, e.Status().Ready)
		status = 500
		assert.Equal(t, err, e.Check(t.Context()), "the answer is remembered")
		assert.ErrorIs(t, e.Prewarm(t.Context()), tts.ErrUnavailable)
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []openai.Options{
		{}, {BaseURL: "localhost:8000"}, {BaseURL: "ftp://x"}, {BaseURL: "http://x/v1?a=b"}, {BaseURL: "http://x/v1/audio/speech"}, {BaseURL: "http://x", Key: "sk secret"},
		{BaseURL: "http://x", Rate: 4000}, {BaseURL: "http://x", Workers: -1}, {BaseURL: "http://x", MaxWait: -1}, {BaseURL: "http://%zz"},
	} {
		_, err := openai.New(o)
		assert.ErrorContains(t, err, "openai: ", "%+v", o)
		assert.NotContains(t, err.Error(), "secret")
	}
	_, err := openai.New(openai.Options{BaseURL: "x", Rate: 1, Workers: -1})
	assert.ErrorContains(t, err, "BaseURL")
	assert.ErrorContains(t, err, "Rate")
	assert.ErrorContains(t, err, "Workers", "all at once")
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
		"HTTP/1.1 200 ok\r\nContent-Type: audio/" + key + "\r\n\r\n" + key,
		"HTTP/1.1 200 ok\r\nContent-Type: application/json\r\n\r\n{\"error\":\"with " + key + "\"}",
		"HTTP/1.1 200 ok\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"type\":\"error\",\"error\":{\"message\":\"" + key + "\"}}\n\n",
		"HTTP/1.1 200 ok\r\nContent-Type: text/event-stream\r\n\r\ndata: {\"audio\":\"" + key + "\"}\n\n",
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
		o := openai.Options{BaseURL: strings.Replace(server.URL, "://", "://user:"+key+"@", 1), Key: key}
		e := engine(t, o)
		_, err := say(t.Context(), e, "Good morning.", tts.Config{})
		require.Error(t, err, answer)
		for _, err := range []error{err, e.Check(t.Context()), e.Prewarm(t.Context())} {
			for err != nil {
				for _, text := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
					assert.NotContains(t, text, key, answer)
				}
				var typed *tts.Error
				if !errors.As(err, &typed) {
					break
				}
				err = typed.Err
			}
		}
		assert.NotContains(t, fmt.Sprintf("%+v %#v %+v %#v %v %d %x", e, e, o, o, &o, o, o), key)
		marshalled, err := json.Marshal(o)
		assert.NoError(t, err)
		assert.NotContains(t, string(marshalled), key)
		server.Close()
	}
	assert.NotContains(t, logged.String(), key)
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte("data: {\"type\":\"speech.audio.delta\",\"audio\":\"AAAA\"}\n\ndata: [DONE]\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.Write(body)
		}))
		defer server.Close()
		e, err := openai.New(openai.Options{BaseURL: server.URL})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		say(t.Context(), e, "Hello.", tts.Config{})
	})
}
