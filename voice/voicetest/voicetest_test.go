package voicetest_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

func TestManyCallsAtOnceStayApart(t *testing.T) {
	h := newHost(t, answer(echoTwiML))
	tw := voicetest.New(t, h)
	var all sync.WaitGroup
	const calls = 10 // as many as a slow machine runs in real time
	for n := range calls {
		all.Go(func() {
			tone := make([]int16, 4000)
			for i := range tone {
				tone[i] = int16(8000 * math.Sin(2*math.Pi*float64(200+20*n)*float64(i)/8000))
			}
			audio := codec.AppendEncodeMulaw(nil, tone)
			call := tw.Dial(fmt.Sprintf("+141555501%02d", n), us)
			call.SpeakAudio(audio)
			call.Hears(audio, 30*time.Second)
			call.HangUp()
			if w := call.Warnings(); len(w) > 0 {
				t.Error(w)
			}
		})
	}
	all.Wait()
	require.Equal(t, calls, len(h.to("/status")))
	require.Zero(t, tw.Calls())
}

func TestTLS(t *testing.T) {
	secure := make(chan bool, 2)
	h := newHost(t, answer(echoTwiML))
	tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		secure <- r.TLS != nil && r.Header.Get("X-Forwarded-Proto") == ""
		h.ServeHTTP(w, r)
	}), voicetest.Config{TLS: true, Pace: 10, PublicURL: "https://calls.example.com:8443/prefix/"})
	call := tw.Dial(alice, us)
	require.True(t, <-secure)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, 31904, call.Warnings()[0].Code, "the stream's URL has another port")
	require.True(t, strings.HasPrefix(tw.URL(), "https://127.0.0.1:"))
	require.Equal(t, "/prefix/api/voice/twilio/inbound", h.to("/inbound")[0].path)
}

func TestARunningServer(t *testing.T) {
	t.Parallel()
	h := newHost(t, answer(echoTwiML))
	server := httptest.NewServer(h)
	defer server.Close()
	tw, err := voicetest.Start(voicetest.Config{Target: server.URL})
	require.NoError(t, err)
	call := tw.Dial(alice, us)
	require.NoError(t, call.SpeakAudio(make([]byte, 1600)))
	require.NoError(t, tw.Close(), "hangs up")
	require.Equal(t, 1, len(h.to("/status")))
	require.Equal(t, "no-answer", tw.Dial(alice, us).Status(), "after Close nobody calls")
}

func TestAServerThatIsDown(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	tw, err := voicetest.Start(voicetest.Config{Target: server.URL})
	require.NoError(t, err)
	defer tw.Close()
	call := tw.Dial(alice, us)
	require.ErrorContains(t, call.Wait(t.Context()), "11200")
	require.ErrorContains(t, call.Speak("testdata/book_a_room.wav"), "connection refused")
}

func TestEveryMistakeInTheConfigIsReported(t *testing.T) {
	_, err := voicetest.Start(voicetest.Config{PublicURL: "calls.example.com", Pace: -1})
	for _, want := range []string{"Handler", "PublicURL", "Pace"} {
		require.ErrorContains(t, err, want)
	}
	_, err = voicetest.Start(voicetest.Config{Target: "127.0.0.1:80", InboundPath: "in", StatusPath: "status", FallbackPath: "fallback"})
	for _, want := range []string{"Target", `"in"`, `"status"`, `"fallback"`} {
		require.ErrorContains(t, err, want)
	}
	_, err = voicetest.Start(voicetest.Config{Handler: http.HandlerFunc(nil)})
	require.ErrorContains(t, err, "Handler is a nil http.HandlerFunc")
}

// spy is a testing.TB that notes its failures and stops the test function at a Fatal.
type spy struct {
	testing.TB
	fatal   string
	cleanup []func()
}

type stopped struct{}

func (s *spy) Helper()           {}
func (s *spy) Cleanup(f func())  { s.cleanup = append(s.cleanup, f) }
func (s *spy) Error(args ...any) { s.fatal += fmt.Sprint(args...) }
func (s *spy) Fatal(args ...any) { s.fatal += fmt.Sprint(args...); panic(stopped{}) }

// hurried is a spy whose test binary reaches its -timeout soon.
type hurried struct {
	*spy
	left time.Duration
}

func (h hurried) Deadline() (time.Time, bool) { return time.Now().Add(h.left), true }

// failure runs a test of a host and returns the text of its failures.
func failure(t *testing.T, h http.Handler, test func(*voicetest.Twilio)) string {
	s := &spy{TB: t}
	return s.failure(s, h, test)
}

func (s *spy) failure(tb testing.TB, h http.Handler, test func(*voicetest.Twilio)) string {
	func() {
		defer func() {
			if r := recover(); r != nil && r != any(stopped{}) {
				panic(r)
			}
		}()
		test(voicetest.New(tb, h, voicetest.Config{Pace: 10}))
	}()
	for _, f := range s.cleanup {
		f()
	}
	return s.fatal
}

func TestFailuresSayWhy(t *testing.T) {
	echo := newHost(t, answer(echoTwiML))
	room := read(t, "testdata/book_a_room.wav")
	for name, tc := range map[string]struct {
		host http.Handler
		test func(*voicetest.Twilio)
		want string
	}{
		"refused": {reply(403, "", ""), func(tw *voicetest.Twilio) { tw.Dial(alice, us).Speak("testdata/book_a_room.wav") },
			"nobody to speak to: twilio 11200: https://calls.example.com/api/voice/twilio/inbound was answered 403"},
		"no file":   {echo, func(tw *voicetest.Twilio) { tw.Dial(alice, us).Speak("testdata/none.wav") }, "no such file"},
		"no WAV":    {echo, func(tw *voicetest.Twilio) { tw.Dial(alice, us).Speak("testdata/README.md") }, "testdata/README.md"},
		"no key":    {echo, func(tw *voicetest.Twilio) { tw.Dial(alice, us).Digits("12a") }, "no such key"},
		"no gather": {newHost(t, answer("<Response/>")), func(tw *voicetest.Twilio) { tw.Dial(alice, us).Digits("12") }, `nobody listened to "12": the call ended, completed`},
		"no speech": {newHost(t, answer(`<Response><Gather timeout="1"/></Response>`)), func(tw *voicetest.Twilio) { tw.Dial(alice, us).Answer("yes") }, `nobody listened to "yes"`},
		"silence": {echo, func(tw *voicetest.Twilio) {
			call := tw.Dial(alice, us, voicetest.Unsigned(voicetest.Handshake))
			call.Wait(t.Context())
			call.Hears(room, 0)
		}, "nothing at all; the call is over"},
		"other audio": {echo, func(tw *voicetest.Twilio) {
			call := tw.Dial(alice, us)
			call.Speak("testdata/book_a_room.wav")
			call.Hears(room[:8000], 5*time.Second)
			call.Hears(room[:8000], 0)
		}, "did not hear"},
		"no stream": {newHost(t, answer("<Response/>")), func(tw *voicetest.Twilio) { tw.Dial(alice, us).Listen(time.Second) }, "nobody to listen to"},
		"no audio":  {echo, func(tw *voicetest.Twilio) { tw.Dial(alice, us).Hears(nil, 0) }, "no audio"},
		"goes on": {echo, func(tw *voicetest.Twilio) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			tw.Dial(alice, us).Wait(ctx)
		}, "has not ended: context canceled"},
		"nobody called": {echo, func(tw *voicetest.Twilio) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			tw.Picked(ctx)
		}, "no outbound call"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, failure(t, tc.host, tc.test), tc.want)
		})
	}
}

// TestNothingWaitsForEver: a host that does nothing fails its test, with a reason, before
// go test kills the binary without one.
func TestNothingWaitsForEver(t *testing.T) {
	still := newHost(t, answer(`<Response><Say>Wait</Say><Pause length="36000"/></Response>`))
	closes := rawHost(func(conn *websocket.Conn, _ string) { // closes the stream when the caller begins to speak
		for {
			if _, data, err := conn.Read(context.Background()); err != nil || strings.Contains(string(data), `"payload":"AAAA`) {
				conn.Close(websocket.StatusNormalClosure, "")
				return
			}
		}
	})
	thenStill := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/inbound") {
			reply(200, "text/xml", strings.Replace(echoTwiML, "</Response>", `<Pause length="36000"/></Response>`, 1))(w, r)
			return
		}
		closes.ServeHTTP(w, r)
	})
	for name, tc := range map[string]struct {
		host http.Handler
		test func(*voicetest.Twilio)
		want string
	}{
		"Speak":      {still, func(tw *voicetest.Twilio) { tw.Dial(alice, us).Speak("testdata/book_a_room.wav") }, "nobody to speak to"},
		"SpeakAudio": {thenStill, func(tw *voicetest.Twilio) { tw.Dial(alice, us).SpeakAudio(make([]byte, 1<<20)) }, "nobody takes the rest"},
		"Listen":     {still, func(tw *voicetest.Twilio) { tw.Dial(alice, us).Listen(time.Second) }, "nobody to listen to"},
		"Digits":     {still, func(tw *voicetest.Twilio) { tw.Dial(alice, us).Digits("1") }, `nobody listened to "1"`},
		"Answer":     {still, func(tw *voicetest.Twilio) { tw.Dial(alice, us).Answer("yes") }, `nobody listened to "yes"`},
		"Wait":       {still, func(tw *voicetest.Twilio) { tw.Dial(alice, us).Wait(t.Context()) }, "has not ended"},
		"Picked":     {still, func(tw *voicetest.Twilio) { tw.Picked(t.Context()) }, "no outbound call"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &spy{TB: t}
			left := 400 * time.Millisecond
			if name == "SpeakAudio" {
				left = 6 * time.Second // time for a stream to open and close on a slow machine
			}
			failed := s.failure(hurried{s, left}, tc.host, tc.test)
			require.Contains(t, failed, tc.want)
			require.Contains(t, failed, "nearly up")
			if name != "Picked" {
				require.Contains(t, failed, "the call is in-progress, last: ")
			}
		})
	}
}

// TestARefusedStreamIsTold: the error of Speak names the reason for which there is no stream.
func TestARefusedStreamIsTold(t *testing.T) {
	h := newHost(t, answer(echoTwiML))
	failed := failure(t, h, func(tw *voicetest.Twilio) {
		tw.Dial(alice, us, voicetest.Unsigned(voicetest.Handshake)).Speak("testdata/book_a_room.wav")
	})
	require.Contains(t, failed, "the call ended, completed; twilio 31920: the handshake of "+echoURL+" was answered 403")
}

func TestUnidirectionalStreams(t *testing.T) {
	t.Parallel()
	h := newHost(t, answer(`<Response><Start><Stream name="tap" track="both_tracks" url="wss://calls.example.com/echo/tap" statusCallback="https://calls.example.com/stream/status"/></Start>
		<Pause length="2"/><Stop><Stream name="tap"/></Stop><Pause length="1"/></Response>`))
	call := fast(t, h).Dial(alice, us)
	call.SpeakAudio(make([]byte, 8000))
	require.NoError(t, call.Wait(t.Context()))
	require.Contains(t, h.logged(), "stop")
	require.Equal(t, []mediastream.Track{mediastream.TrackInbound, mediastream.TrackOutbound}, h.started(t, 1)[0].Tracks)
	require.Equal(t, 31924, call.Warnings()[0].Code, "the host talks back")
	require.Empty(t, call.Heard())

	var events []string
	for _, r := range h.to("/stream/status") {
		events = append(events, r.form.Get("StreamEvent")+" "+r.form.Get("StreamName"))
	}
	require.ElementsMatch(t, []string{"stream-started tap", "stream-stopped tap"}, events)
}

func TestWhatIsWrongWithAStreamsURL(t *testing.T) {
	for url, code := range map[string]int{
		"ws://calls.example.com/echo":      31922,
		"https://calls.example.com/echo":   31922,
		"wss://calls.example.com/echo?a=b": 31920,
		"wss://other.example.com/echo":     31904,
		"wss://calls.example.com/none":     31920,
		"wss:///echo":                      31923,
		"wss://calls.example.com/%zz":      31923,
	} {
		h := newHost(t, answer(`<Response><Connect><Stream url="`+url+`"/></Connect><Say>next</Say></Response>`))
		call := fast(t, h).Dial(alice, us)
		require.NoError(t, call.Wait(t.Context()))
		require.Equal(t, []int{code}, codes(call), url)
		require.Equal(t, []string{"next"}, call.Said())
	}
}

func TestBargeInIsHeardAsTwilioPlaysIt(t *testing.T) {
	cleared := make(chan struct{})
	mux := http.NewServeMux()
	mux.Handle("/api/voice/twilio/inbound", reply(200, "text/xml", echoTwiML))
	mux.Handle("/api/voice/twilio/status", reply(204, "", ""))
	mux.HandleFunc("/echo/token", func(w http.ResponseWriter, r *http.Request) {
		conn, err := mediastream.Accept(w, r, &mediastream.Options{MaxRate: 1 << 20, Lead: time.Minute})
		if err != nil {
			return
		}
		defer conn.Close(1000, "")
		for e, err := range conn.Events(context.WithoutCancel(r.Context())) {
			switch {
			case err != nil:
				return
			case e.Type == mediastream.EventStart:
				conn.SendMedia(make([]byte, 8000*30))
				conn.SendMark("end")
			case e.Type == mediastream.EventDTMF:
				conn.Clear()
			case e.Type == mediastream.EventMark:
				close(cleared)
				return // hangs up
			}
		}
	})
	call := fast(t, mux).Dial(alice, us)
	require.Eventually(t, func() bool { return len(call.Heard()) > 0 }, 10*time.Second, time.Millisecond)
	call.Digits("1")
	<-cleared
	require.NoError(t, call.Wait(t.Context()))
	require.Less(t, len(call.Heard()), 8000*30)
	require.Equal(t, 1, call.Stats().Clears)
	require.Equal(t, 1, call.Stats().Marks)
	require.Empty(t, call.Warnings())
}

// TestConfigPrinted: no rendering shows the auth token.
func TestConfigPrinted(t *testing.T) {
	c := voicetest.Config{AuthToken: "topsecret"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		for _, v := range []any{c, &c} {
			text := fmt.Sprintf(verb, v)
			require.NotContains(t, text, "topsecret")
			require.NotContains(t, text, "746f70")
		}
	}
}
