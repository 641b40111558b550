package live_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/faketts"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/cartesia"
	"agentos.dev/dialtone/voice/tts/deepgram"
	"agentos.dev/dialtone/voice/tts/elevenlabs"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

func TestMain(m *testing.M) { leak.Main(m) }

const key = "very-secret-key"

// patience bounds every wait.
const patience = 30 * time.Second

// engine is one of the engines that speak over a WebSocket.
type engine struct {
	speaks tts.Synthesizer
	fake   *faketts.Live
}

// services are all of them.
var services = map[string]struct {
	fake  func(testing.TB, func(int) faketts.Trouble) *faketts.Live
	open  func(url string, workers int) (tts.Synthesizer, error)
	suite ttstest.Suite
	stop  string // the message that stops the service
	error string // a message that says that the service is overloaded
	noise []string
}{
	"aura": {faketts.NewDeepgram, func(url string, workers int) (tts.Synthesizer, error) {
		return opened(deepgram.New(deepgram.Options{Key: key, URL: url, Workers: workers}))
	}, ttstest.Suite{Speed: true, Voices: true}, `{"type":"Clear"}`, `{"type":"Error","code":"rate_limit_exceeded","description":"slow down"}`, []string{`{"type":7}`, `7`}},
	"flux": {faketts.NewDeepgram, func(url string, workers int) (tts.Synthesizer, error) {
		return opened(deepgram.New(deepgram.Options{Key: key, URL: url, Workers: workers, Voice: "flux-haley-en"}))
	}, ttstest.Suite{Speed: true, Voices: true}, `{"type":"Interrupt"}`, `{"type":"Error","code":"rate_limit_exceeded","description":"slow down"}`, []string{`{"type":7}`, `7`}},
	"elevenlabs": {faketts.NewElevenLabs, func(url string, workers int) (tts.Synthesizer, error) {
		return opened(elevenlabs.New(elevenlabs.Options{Key: key, URL: url, Workers: workers}))
	}, ttstest.Suite{Speed: true, Voices: true, Words: true}, `"close_context":true`, `{"message":"slow down","error":"max_active_conversations","code":1008}`, []string{`{"audio":7}`, `7`}},
	"cartesia": {faketts.NewCartesia, func(url string, workers int) (tts.Synthesizer, error) {
		return opened(cartesia.New(cartesia.Options{Key: key, URL: url, Workers: workers}))
	}, ttstest.Suite{Speed: true, Voices: true, Words: true}, `"cancel":true`, `{"type":"error","title":"Too many","message":"slow down","error_code":"concurrency_limited","status_code":429}`, []string{`{"type":7}`, `7`}},
}

func opened[E tts.Synthesizer](e E, err error) (tts.Synthesizer, error) { return e, err }

// each runs a test for every service.
func each(t *testing.T, test func(t *testing.T, open func(script func(n int) faketts.Trouble) engine)) {
	for name, s := range services {
		t.Run(name, func(t *testing.T) {
			test(t, func(script func(n int) faketts.Trouble) engine {
				fake := s.fake(t, script)
				e, err := s.open(fake.URL, 0)
				require.NoError(t, err)
				t.Cleanup(func() { require.NoError(t, tts.Close(e)) })
				return engine{e, fake}
			})
		})
	}
}

func first(trouble faketts.Trouble) func(n int) faketts.Trouble {
	return func(n int) faketts.Trouble {
		if n == 0 {
			return trouble
		}
		return faketts.Trouble{}
	}
}

func list(pieces ...string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for _, p := range pieces {
			if !yield(p) {
				return
			}
		}
	}
}

// say returns the audio of a text.
func say(ctx context.Context, e tts.Synthesizer, text string) (audio []byte, err error) {
	for c, err := range tts.Stream(ctx, e, list(text), tts.Config{CallSID: "CA1"}) {
		if err != nil {
			return audio, err
		}
		audio = append(audio, c.Audio...)
	}
	return audio, nil
}

const text = "Good morning to all of you."

func TestSuites(t *testing.T) {
	for name, s := range services {
		s.suite.New = func(t testing.TB) tts.Synthesizer {
			e, err := s.open(s.fake(t, func(n int) faketts.Trouble { return faketts.Trouble{Strange: n%2 == 1} }).URL, 0)
			require.NoError(t, err)
			return e
		}
		t.Run(name, s.suite.Run)
	}
}

// TestAudioIsWhole: no byte of it is missing, doubled or in another order.
func TestAudioIsWhole(t *testing.T) {
	each(t, func(t *testing.T, open func(func(int) faketts.Trouble) engine) {
		e := open(nil)
		got, err := say(t.Context(), e.speaks, text)
		require.NoError(t, err)
		want, _ := ttstest.Audio(text)
		assert.Equal(t, want, got)
	})
}

// TestOneConnection: utterances in a row share one, also after an interruption.
func TestOneConnection(t *testing.T) {
	for _, stale := range []bool{false, true} {
		each(t, func(t *testing.T, open func(func(int) faketts.Trouble) engine) {
			e := open(func(n int) faketts.Trouble {
				if n == 1 {
					return faketts.Trouble{After: 300 * time.Millisecond, Hang: true, Stale: stale}
				}
				return faketts.Trouble{}
			})
			require.NoError(t, tts.Prewarm(t.Context(), e.speaks))
			require.NoError(t, tts.Check(t.Context(), e.speaks))
			require.True(t, tts.StatusOf(e.speaks).Ready)
			want, err := say(t.Context(), e.speaks, text)
			require.NoError(t, err)
			for _, err := range e.speaks.Synthesize(t.Context(), text, tts.Config{CallSID: "CA1"}) {
				require.NoError(t, err)
				break
			}
			service := services[strings.Split(t.Name(), "/")[1]]
			require.Eventually(t, func() bool { return strings.Contains(strings.Join(e.fake.Messages(), "\n"), service.stop) }, patience, time.Millisecond)
			require.Eventually(t, func() bool {
				got, err := say(t.Context(), e.speaks, text)
				return assert.NoError(t, err) && assert.Equal(t, want, got, "nothing of the utterance before is in it") && e.fake.Connections() <= 3
			}, patience, time.Millisecond)
		})
	}
}

// TestStopping: the connection of an utterance that was stopped is used again.
func TestStopping(t *testing.T) {
	each(t, func(t *testing.T, open func(func(int) faketts.Trouble) engine) {
		e := open(first(faketts.Trouble{After: 300 * time.Millisecond, Hang: true}))
		for _, err := range e.speaks.Synthesize(t.Context(), text, tts.Config{}) {
			require.NoError(t, err)
			break
		}
		require.Eventually(t, func() bool { // when the service has stopped
			before := e.fake.Connections()
			for c, err := range e.speaks.Synthesize(t.Context(), text, tts.Config{}) {
				require.NoError(t, err)
				_ = c
			}
			return e.fake.Connections() == before
		}, patience, 10*time.Millisecond)
	})
}

// TestFailures: each is a typed error that tells no secret, and the next utterance is said.
func TestFailures(t *testing.T) {
	each(t, func(t *testing.T, open func(func(int) faketts.Trouble) engine) {
		named := strings.Split(t.Name(), "/")[1]
		service := services[named]
		const half = 500 * time.Millisecond
		for name, test := range map[string]struct {
			trouble faketts.Trouble
			kind    error
			text    string
		}{
			"key refused":          {faketts.Trouble{Status: 401}, tts.ErrAuth, "401"},
			"key forbidden":        {faketts.Trouble{Status: 403}, tts.ErrAuth, "403"},
			"not paid":             {faketts.Trouble{Status: 402}, tts.ErrQuota, "402"},
			"too many":             {faketts.Trouble{Status: 429, Header: http.Header{"Retry-After": {"3"}}}, tts.ErrOverloaded, "429"},
			"unknown voice":        {faketts.Trouble{Status: 400}, tts.ErrRefused, "400"},
			"redirect":             {faketts.Trouble{Status: 307, Header: http.Header{"Location": {"http://127.0.0.1:1/" + key}}}, tts.ErrRefused, "307"},
			"overloaded message":   {faketts.Trouble{After: half, Message: service.error}, tts.ErrOverloaded, "slow down"},
			"closed normally":      {faketts.Trouble{After: half, Close: 1000}, tts.ErrUnavailable, "1000"},
			"closed going away":    {faketts.Trouble{After: half, Close: 1001, Reason: "deploy"}, tts.ErrUnavailable, "deploy"},
			"closed with an error": {faketts.Trouble{Close: 1011, Reason: "oops " + key}, tts.ErrUnavailable, "1011"},
			"closed for the key":   {faketts.Trouble{Close: 1008, Reason: "invalid_api_key " + key}, tts.ErrAuth, "1008"},
			"closed for money":     {faketts.Trouble{Close: 1008, Reason: "quota_exceeded"}, tts.ErrQuota, "1008"},
			"closed for load":      {faketts.Trouble{Close: 1008, Reason: "too_many_concurrent_requests"}, tts.ErrOverloaded, "1008"},
			"closed for a rule":    {faketts.Trouble{Close: 1008, Reason: "oops"}, tts.ErrRefused, "1008"},
			"cut":                  {faketts.Trouble{After: half, Cut: true}, tts.ErrUnavailable, ""},
			"cut at once":          {faketts.Trouble{Cut: true}, tts.ErrUnavailable, ""},
			"nonsense":             {faketts.Trouble{After: half, Message: "<html>", Repeat: 3}, tts.ErrUnavailable, "not as documented"},
			"half a message":       {faketts.Trouble{After: half, Message: `{"type":"`, Repeat: 3}, tts.ErrUnavailable, "not as documented"},
			"messages of numbers":  {faketts.Trouble{After: half, Message: service.noise[1], Repeat: 3}, tts.ErrUnavailable, "not as documented"},
			"a message too long":   {faketts.Trouble{After: half, Message: strings.Repeat("x", 5<<20)}, tts.ErrUnavailable, ""},
			"too little":           {faketts.Trouble{After: 100 * time.Millisecond, End: true}, tts.ErrBadAudio, ""},
			"too much":             {faketts.Trouble{Extra: 30 * time.Second}, tts.ErrBadAudio, "more than the text can take"},
		} {
			if name == "a message too long" && named != "aura" { // the network's matter
				continue
			}
			t.Run(name, func(t *testing.T) {
				e := open(nil)
				trouble := test.trouble
				e.fake.Script(func(n int) faketts.Trouble { return trouble })
				_, err := say(t.Context(), e.speaks, text)
				if name == "too little" && errors.Is(err, tts.ErrUnavailable) { // its end came before that of the text
					test.kind = tts.ErrUnavailable
				}
				require.ErrorIs(t, err, test.kind)
				var typed *tts.Error
				require.ErrorAs(t, err, &typed)
				assert.ErrorContains(t, err, test.text)
				for _, text := range []string{err.Error(), fmt.Sprintf("%+v", typed), fmt.Sprintf("%#v", typed)} {
					assert.NotContains(t, text, key)
					assert.NotContains(t, text, "Good morning", "what is said is in no error")
				}
				if trouble.Header.Get("Retry-After") != "" {
					assert.Equal(t, 3*time.Second, typed.RetryAfter)
				}
				e.fake.Script(nil)
				got, err := say(t.Context(), e.speaks, text)
				require.NoError(t, err)
				want, _ := ttstest.Audio(text)
				require.Equal(t, want, got)
			})
		}
	})
}

// TestSurvived: what does not matter does not end an utterance.
func TestSurvived(t *testing.T) {
	each(t, func(t *testing.T, open func(func(int) faketts.Trouble) engine) {
		service := services[strings.Split(t.Name(), "/")[1]]
		for _, trouble := range []faketts.Trouble{
			{Message: "<html>", Repeat: 2}, {Message: service.noise[0]}, {Message: `{"type":"something new","context_id":"%s","contextId":"%s","done":false}`, Repeat: 500},
		} {
			e := open(first(trouble))
			got, err := say(t.Context(), e.speaks, text)
			require.NoError(t, err, trouble)
			want, _ := ttstest.Audio(text)
			require.Equal(t, want, got)
		}
	})
}

// TestFailsOver: a service that stops in mid-utterance, or falls silent, gives way to the
// next engine, which goes on where it stopped.
func TestFailsOver(t *testing.T) {
	each(t, func(t *testing.T, open func(func(int) faketts.Trouble) engine) {
		words := services[strings.Split(t.Name(), "/")[1]].suite.Words
		for _, trouble := range []faketts.Trouble{{After: 900 * time.Millisecond, Cut: true}, {After: 900 * time.Millisecond, Hang: true}, {Hang: true}} {
			e := open(func(int) faketts.Trouble { return trouble })
			backup := &ttstest.Fake{}
			o := tts.FailoverOptions{FirstAudio: 300 * time.Millisecond, Stall: 300 * time.Millisecond}
			survived := error(nil)
			audio := 0
			for c, err := range tts.Failover(o, e.speaks, backup).Stream(t.Context(), list(text), tts.Config{}) {
				require.NoError(t, err)
				audio += len(c.Audio)
				if c.Survived != nil {
					survived = c.Survived
				}
			}
			require.Error(t, survived)
			require.NotEmpty(t, backup.Texts())
			require.NotZero(t, audio)
			if trouble.After > 0 && words {
				require.Less(t, len(backup.Texts()[0]), len(text), "what was said is not said again")
			}
		}
	})
}

// TestConnectionThatDiedWaiting: the service may have closed it, which shows when it is used.
func TestConnectionThatDiedWaiting(t *testing.T) {
	each(t, func(t *testing.T, open func(func(int) faketts.Trouble) engine) {
		e := open(func(n int) faketts.Trouble {
			if n == 1 {
				return faketts.Trouble{Cut: true}
			}
			return faketts.Trouble{}
		})
		want, err := say(t.Context(), e.speaks, text)
		require.NoError(t, err)
		got, err := say(t.Context(), e.speaks, text)
		require.NoError(t, err)
		require.Equal(t, want, got)
		require.Equal(t, 2, e.fake.Connections())
	})
}

// TestClosed: utterances under way and later ones end with ErrClosed.
func TestClosed(t *testing.T) {
	each(t, func(t *testing.T, open func(func(int) faketts.Trouble) engine) {
		e := open(func(int) faketts.Trouble { return faketts.Trouble{After: 300 * time.Millisecond, Hang: true} })
		var got error
		for c, err := range e.speaks.Synthesize(t.Context(), text, tts.Config{}) {
			if got = err; len(c.Audio) > 0 {
				require.NoError(t, tts.Close(e.speaks))
			}
		}
		require.ErrorIs(t, got, tts.ErrClosed)
		_, err := say(t.Context(), e.speaks, text)
		require.ErrorIs(t, err, tts.ErrClosed)
		require.ErrorIs(t, tts.Prewarm(t.Context(), e.speaks), tts.ErrClosed)
		require.NoError(t, tts.Close(e.speaks))
	})
}

// TestBadText is refused before it is sent.
func TestBadText(t *testing.T) {
	each(t, func(t *testing.T, open func(func(int) faketts.Trouble) engine) {
		e := open(nil)
		for _, bad := range []string{"", "...", strings.Repeat("a ", 6000)} {
			_, err := say(t.Context(), e.speaks, bad)
			require.ErrorIs(t, err, tts.ErrBadText)
		}
		_, err := say(t.Context(), e.speaks, "One \xff\x00\u202e<break/> {\"a\":1} \"two\"\n.")
		require.NoError(t, err)
		require.Len(t, e.fake.Texts(), 1)
		require.Contains(t, e.fake.Texts()[0], `{"a":1} "two"`)
	})
}

// TestPieces: an utterance in pieces is complete, and its words are in their pieces.
func TestPieces(t *testing.T) {
	each(t, func(t *testing.T, open func(func(int) faketts.Trouble) engine) {
		e := open(nil)
		pieces := []string{"Good morning.", "Your code is B 12,", "and that is all."}
		var audio []byte
		last := 0
		for c, err := range tts.Stream(t.Context(), e.speaks, list(pieces...), tts.Config{}) {
			require.NoError(t, err)
			require.GreaterOrEqual(t, c.Piece, last)
			last = c.Piece
			audio = append(audio, c.Audio...)
		}
		var want []byte
		for _, p := range e.fake.Texts() {
			part, _ := ttstest.Audio(p)
			want = append(want, part...)
		}
		require.Len(t, e.fake.Texts(), len(pieces))
		require.Equal(t, want, audio)
	})
}

// TestWorkers: there are never more utterances, nor connections, than workers.
func TestWorkers(t *testing.T) {
	for name, s := range services {
		t.Run(name, func(t *testing.T) {
			fake := s.fake(t, func(int) faketts.Trouble { return faketts.Trouble{After: 200 * time.Millisecond, Hang: true} })
			e, err := s.open(fake.URL, 2)
			require.NoError(t, err)
			defer tts.Close(e)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			begun, ended := make(chan struct{}, 2), make(chan struct{}, 2)
			for range 2 {
				go func() {
					defer func() { ended <- struct{}{} }()
					for range e.Synthesize(ctx, text, tts.Config{}) {
						select {
						case begun <- struct{}{}:
						default:
						}
					}
				}()
			}
			require.Eventually(t, func() bool { return tts.StatusOf(e).Busy == 2 }, patience, time.Millisecond)
			late, stop := context.WithTimeout(ctx, 50*time.Millisecond)
			defer stop()
			_, err = say(late, e, text)
			require.Error(t, err)
			require.LessOrEqual(t, fake.Connections(), 2)
			cancel()
			<-ended
			<-ended
		})
	}
}

// TestOptions: what cannot work is refused at construction, all at once, and options tell no
// secret however they are printed.
func TestOptions(t *testing.T) {
	for name, s := range services {
		t.Run(name, func(t *testing.T) {
			for _, address := range []string{"ftp://x", "x", "http://%zz", "wss://"} {
				_, err := s.open(address, -1)
				require.ErrorContains(t, err, "Options.URL", address)
				require.ErrorContains(t, err, "Options.Workers", address)
			}
			e, err := s.open("wss://user:"+key+"@example.com/?token="+key, 0)
			require.NoError(t, err)
			defer tts.Close(e)
			require.NotContains(t, fmt.Sprintf("%+v %#v %v", e, e, tts.StatusOf(e)), key)
		})
	}
}

// TestAnswersThatAreNoHandshake may quote the key.
func TestAnswersThatAreNoHandshake(t *testing.T) {
	for name, s := range services {
		t.Run(name, func(t *testing.T) {
			for _, answer := range []string{key + "\r\n\r\n", "HTTP/1.1 " + key + "\r\n\r\n", "HTTP/1.1 101 ok\r\n" + key + "\r\n\r\n", "HTTP/1.1 101 ok\r\nUpgrade: " + key + "\r\n\r\n",
				"HTTP/1.1 401 no\r\nDg-Error: " + key + "\r\n\r\n", "\r"} {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if conn, _, err := http.NewResponseController(w).Hijack(); assert.NoError(t, err) {
						io.WriteString(conn, answer)
						conn.Close()
					}
				}))
				u, err := url.Parse(server.URL)
				require.NoError(t, err)
				u.User = url.UserPassword("user", key)
				e, err := s.open("ws"+strings.TrimPrefix(u.String(), "http"), 0)
				require.NoError(t, err)
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // it is tried again after a pause
				for _, err := range []error{tts.Prewarm(ctx, e)} {
					for ; err != nil; err = errors.Unwrap(err) {
						require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), key, answer)
					}
				}
				cancel()
				require.NoError(t, tts.Close(e))
				server.Close()
			}
		})
	}
}
