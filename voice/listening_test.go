package voice_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

const agent = "+14155550123"

// eachHears returns an engine whose first stream hears one text, its second another, and so
// on.
func eachHears(texts ...string) stt.Engine {
	var opened atomic.Int32
	return stt.EngineFunc(func(ctx context.Context, c stt.Config) (stt.Stream, error) {
		n := int(opened.Add(1) - 1)
		return stt.Segmented(&stttest.Recognizer{Texts: []string{texts[n%len(texts)]}}, stt.Segmentation{}).Open(ctx, c)
	})
}

// listens is a host whose calls are put through to an agent and listened to.
func listens(t testing.TB, config voice.Config, tracks twiml.Track, then ...twiml.Verb) (*voice.Server, http.Handler) {
	srv, mux := newHost(t, config)
	if then == nil {
		then = []twiml.Verb{&twiml.Dial{Number: agent}, &twiml.Say{Text: "goodbye"}}
	}
	mux.Handle("POST /menu", srv.Admitted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		document, err := srv.Listening(r, tracks, then...)
		if err != nil {
			twiml.Respond(w, append([]twiml.Verb{&twiml.Say{Text: err.Error()}}, then...)...)
			return
		}
		twiml.Respond(w, document.Verbs...)
	})))
	return srv, mux
}

// talking has the agent talk for as long as the caller does.
var talking = voicetest.Leg("", voicetest.Rings(0), voicetest.Talks(time.Hour))

// TestListening: two people talk, and each is heard as himself, while the host's TwiML runs.
// The end of listening is not that of the call, which is counted once, when Twilio says so.
func TestListening(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]func(context.Context) error{
		"until the end":     func(ctx context.Context) error { <-ctx.Done(); return nil },
		"and no longer":     func(context.Context) error { return nil },
		"and fails":         func(context.Context) error { return errors.New("no more") },
		"and panics":        func(context.Context) error { panic("no more") },
		"and tries to talk": func(context.Context) error { return voice.ErrListening },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l ledger
			var lines line
			said := make(chan stt.Transcript, 4)
			listener := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				n := 0
				for transcript, err := range call.Transcripts(ctx) {
					if err != nil {
						return err
					}
					if transcript.Final {
						said <- transcript
						if n++; n == 2 {
							break
						}
					}
				}
				return after(ctx)
			})
			var log bytes.Buffer
			srv, h := listens(t, voice.Config{Listener: listener, STT: eachHears("I have a question", "ask me"), Policy: &lines, Trace: l.trace(), Logger: slog.New(slog.NewTextHandler(&log, nil))}, twiml.BothTracks)
			tw := menuTwilio(t, h)
			call := tw.Dial(caller, callee, talking)
			leg, err := call.Joined()
			require.NoError(t, err)
			require.NoError(t, call.Speak("testdata/book_a_room.wav"))
			require.NoError(t, leg.Speak("testdata/book_a_room.wav"))
			texts := map[string]string{}
			for range 2 {
				transcript := next(t, said)
				texts[transcript.Track] = transcript.Text
			}
			require.Equal(t, map[string]string{"inbound": "I have a question", "outbound": "ask me"}, texts)
			if name == "until the end" {
				require.Equal(t, 1, srv.Stats().ActiveCalls)
			} else {
				l.ends(t, 1)
				require.Empty(t, l.finished)
				require.Zero(t, lines.released.Load(), "the call is up")
			}
			require.Equal(t, "in-progress", call.Status())
			leg.HangUp()
			require.NoError(t, call.Wait(t.Context()))
			require.Equal(t, []string{"goodbye"}, call.Said(), "the host's TwiML went on")
			require.NoError(t, tw.Close())
			l.ends(t, 1)
			require.NoError(t, srv.Shutdown(t.Context()))
			require.Equal(t, []string{"completed"}, l.finished)
			require.EqualValues(t, 1, lines.released.Load())
			require.Equal(t, 1, l.decided)
			require.Empty(t, l.cut)
			require.Empty(t, call.Warnings(), "nothing was sent to the stream")
		})
	}
}

// TestListeningSaysNothing: what would be silence is an error.
func TestListeningSaysNothing(t *testing.T) {
	t.Parallel()
	errs := make(chan error, 8)
	listener := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		_, err := call.Play(ctx, make([]byte, 160))
		errs <- err
		_, err = call.Say(ctx, "hello")
		errs <- err
		_, err = call.Ask(ctx, voice.Question{Prompt: "hello?"})
		errs <- err
		_, err = call.Digits(ctx, 1, "")
		errs <- err
		errs <- call.Interrupt()
		<-ctx.Done()
		_, err = call.Play(ctx, nil)
		errs <- err
		return nil
	})
	_, h := listens(t, voice.Config{Listener: listener, STT: hears("x")}, twiml.BothTracks)
	call := menuTwilio(t, h).Dial(caller, callee, talking)
	for range 5 {
		require.ErrorIs(t, next(t, errs), voice.ErrListening)
	}
	call.HangUp()
	require.ErrorIs(t, next(t, errs), voice.ErrListening)
	require.Empty(t, call.Warnings())
}

// TestListeningIsRefused where its TwiML is built, if it cannot work.
func TestListeningIsRefused(t *testing.T) {
	pause := &twiml.Pause{Length: time.Second}
	for name, test := range map[string]struct {
		config voice.Config
		tracks twiml.Track
		then   []twiml.Verb
		want   string
	}{
		"nobody listens":   {voice.Config{Handler: waiting}, twiml.BothTracks, []twiml.Verb{pause}, voice.ErrNoListener.Error()},
		"no verbs":         {voice.Config{Listener: waiting, STT: hears()}, twiml.BothTracks, []twiml.Verb{}, "the call would end at once"},
		"no track":         {voice.Config{Listener: waiting, STT: hears()}, "all", []twiml.Verb{pause}, "track"},
		"a nil verb":       {voice.Config{Listener: waiting, STT: hears()}, "", []twiml.Verb{pause, (*twiml.Say)(nil)}, "verb 1 is nil"},
		"TwiML that fails": {voice.Config{Listener: waiting, STT: hears()}, "", []twiml.Verb{&twiml.Dial{}}, "Dial"},
	} {
		t.Run(name, func(t *testing.T) {
			srv, mux := newHost(t, test.config)
			errs := make(chan error, 1)
			mux.Handle("POST /menu", srv.Admitted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, err := srv.Listening(r, test.tracks, test.then...)
				errs <- err
				twiml.Respond(w, &twiml.Hangup{})
			})))
			menuTwilio(t, mux).Dial(caller, callee)
			require.ErrorContains(t, next(t, errs), test.want)
		})
	}
	srv, _ := newHost(t, voice.Config{Listener: waiting, STT: hears()})
	_, err := srv.Listening(&http.Request{}, twiml.BothTracks, pause)
	require.ErrorContains(t, err, "has not come through Admitted or Verified")
	other, mux := newHost(t, voice.Config{Listener: waiting, STT: hears()})
	errs := make(chan error, 1)
	mux.Handle("POST /menu", other.Verified(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := srv.Listening(r, twiml.BothTracks, pause)
		errs <- err
		twiml.Respond(w, &twiml.Hangup{})
	})))
	menuTwilio(t, mux).Dial(caller, callee)
	require.ErrorContains(t, next(t, errs), "has not come through Admitted or Verified", "of this server")

	_, err = voice.New(voice.Config{AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, Listener: waiting})
	require.ErrorContains(t, err, "voice: Listener hears nothing without STT")
}

// TestListeningWithoutAPlace: the call goes on.
func TestListeningWithoutAPlace(t *testing.T) {
	t.Parallel()
	_, h := listens(t, voice.Config{Listener: waiting, STT: hears(), MaxStreams: 1}, twiml.InboundTrack)
	tw := menuTwilio(t, h)
	first := tw.Dial(caller, callee, talking)
	_, err := first.Joined()
	require.NoError(t, err)
	second := tw.Dial(caller, callee, talking)
	_, err = second.Joined()
	require.NoError(t, err)
	require.Equal(t, []string{voice.ErrNoPlace.Error()}, second.Said())
	first.HangUp()
	second.HangUp()
}

// TestListeningAfterTransfer: who was answered by the bot is handed to a person, and goes on
// being heard, also when the bot has him back.
func TestListeningAfterTransfer(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]*board{"one instance": nil, "instances": newBoard()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var l ledger
			rest := &late{}
			heard := make(chan string, 4)
			errs := make(chan error, 4)
			handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				if call.Query == "again" {
					heard <- "again"
					return nil
				}
				document, err := call.Listening(twiml.BothTracks, &twiml.Dial{Number: agent}, &twiml.Redirect{URL: voicetest.PublicURL + "/api/voice/twilio/inbound?again"})
				if err == nil {
					err = call.Transfer(ctx, document)
				}
				errs <- err
				return err
			})
			listener := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				for transcript, err := range call.Transcripts(ctx) {
					if err != nil {
						return err
					}
					heard <- transcript.Track + " " + transcript.Text
				}
				heard <- context.Cause(ctx).Error()
				return nil
			})
			var hosts []http.Handler
			for range 3 {
				_, mux := newHost(t, voice.Config{Handler: handler, Listener: listener, STT: hears("so it goes"), CallControl: rest, Trace: l.trace(), Store: b.store(t)})
				if hosts = append(hosts, mux); b == nil {
					break
				}
			}
			var turn atomic.Int32
			tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				hosts[int(turn.Add(1))%len(hosts)].ServeHTTP(w, r)
			}))
			rest.Client = restClient(t, tw)
			call := tw.Dial(caller, callee, talking)
			require.NoError(t, next(t, errs))
			leg, err := call.Joined()
			require.NoError(t, err)
			require.NoError(t, leg.Speak("testdata/book_a_room.wav"))
			require.Equal(t, "outbound so it goes", next(t, heard))
			leg.HangUp()
			require.ElementsMatch(t, []string{"again", voice.ReasonHungUp.Error()}, []string{next(t, heard), next(t, heard)})
			call.HangUp()
			require.NoError(t, tw.Close())
			require.ElementsMatch(t, []voice.Reason{voice.ReasonTransfer, voice.ReasonHungUp, voice.ReasonReturned}, l.ends(t, 3))
			require.Eventually(t, func() bool { l.mu.Lock(); defer l.mu.Unlock(); return len(l.finished) == 1 }, patience, time.Millisecond)
		})
	}
}

// TestListeningAnew: TwiML that has the call listened to once more goes on with another
// handler.
func TestListeningAnew(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan string, 4), make(chan string, 4)
	listener := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		begun <- call.Query
		<-ctx.Done()
		ended <- call.Query + " " + context.Cause(ctx).Error()
		return nil
	})
	srv, h := listens(t, voice.Config{Listener: listener, STT: hears()}, twiml.InboundTrack, &twiml.Pause{Length: time.Second}, &twiml.Redirect{URL: voicetest.PublicURL + "/menu?anew"})
	call := menuTwilio(t, h).Dial(caller, callee)
	require.Equal(t, "", next(t, begun))
	require.Equal(t, " "+voice.ReasonMoved.Error(), next(t, ended))
	require.Equal(t, "anew", next(t, begun))
	require.Equal(t, 1, srv.Stats().ActiveCalls)
	call.HangUp()
}

// TestListeningOnOneEar: an engine that fails on one track leaves the other.
func TestListeningOnOneEar(t *testing.T) {
	t.Parallel()
	var opened atomic.Int32
	engine := stt.EngineFunc(func(ctx context.Context, c stt.Config) (stt.Stream, error) {
		if opened.Add(1) == 1 {
			return nil, errors.New("no licence for another")
		}
		return hears("still here").Open(ctx, c)
	})
	events := make(chan voice.Event, 64)
	listener := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		for e, err := range call.Events(ctx) {
			if err != nil {
				return err
			}
			if e.Kind == stt.Degraded || e.Kind == stt.Final {
				events <- e
			}
		}
		return nil
	})
	_, h := listens(t, voice.Config{Listener: listener, STT: engine}, twiml.BothTracks)
	call := menuTwilio(t, h).Dial(caller, callee, talking)
	leg, err := call.Joined()
	require.NoError(t, err)
	e := next(t, events)
	require.Equal(t, stt.Degraded, e.Kind)
	require.Equal(t, "inbound", e.Transcript.Track)
	require.NoError(t, leg.Speak("testdata/book_a_room.wav"))
	e = next(t, events)
	require.Equal(t, "still here", e.Transcript.Text)
	require.Equal(t, "outbound", e.Transcript.Track)
	call.HangUp()
}

// TestListeningToATrackWithGaps: of a side that says nothing no audio need come. What it said
// is recognised all the same when it stops, and has its time on the clock of both.
func TestListeningToATrackWithGaps(t *testing.T) {
	t.Parallel()
	said := make(chan stt.Transcript, 4)
	listener := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		for transcript := range call.Transcripts(ctx) {
			said <- transcript
		}
		return nil
	})
	_, h := listens(t, voice.Config{Listener: listener, STT: hears("here I am")}, twiml.BothTracks)
	soundless := voicetest.EditMessage(func(event string, m voicetest.Message) []voicetest.Message {
		if bytes.Contains(m.Data, []byte(`"track":"outbound"`)) && bytes.Contains(m.Data, bytes.Repeat([]byte{'/'}, 210)) {
			return nil
		}
		return []voicetest.Message{m}
	})
	call := menuTwilio(t, h).Dial(caller, callee, talking, soundless)
	leg, err := call.Joined()
	require.NoError(t, err)
	require.NoError(t, call.Listen(2*time.Second))
	require.NoError(t, leg.Speak("testdata/book_a_room.wav"))
	transcript := next(t, said)
	require.Equal(t, "outbound here I am", transcript.Track+" "+transcript.Text)
	require.Greater(t, transcript.Start, 1500*time.Millisecond)
	call.HangUp()
}

// TestListeningDrains: a server that hands its calls over keeps listening to the end.
func TestListeningDrains(t *testing.T) {
	t.Parallel()
	b := newBoard()
	rest := &late{}
	said := make(chan string, 1)
	listener := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		for transcript := range call.Transcripts(ctx) {
			said <- transcript.Text
		}
		return nil
	})
	srv, h := listens(t, voice.Config{Listener: listener, STT: hears("still here"), Store: b.store(t), CallControl: rest}, twiml.InboundTrack)
	tw := menuTwilio(t, h)
	rest.Client = restClient(t, tw)
	call := tw.Dial(caller, callee, talking)
	_, err := call.Joined()
	require.NoError(t, err)
	require.Eventually(t, func() bool { return srv.Stats().ActiveCalls == 1 }, patience, time.Millisecond)
	var down sync.WaitGroup
	down.Go(func() { require.NoError(t, srv.Shutdown(context.Background())) })
	require.Eventually(t, func() bool { return srv.Stats().Draining }, patience, time.Millisecond)
	require.NoError(t, call.Speak("testdata/book_a_room.wav"))
	require.Equal(t, "still here", next(t, said))
	call.HangUp()
	down.Wait()
}

// TestListeningGoesByPolicy: who may not call is not listened to.
func TestListeningGoesByPolicy(t *testing.T) {
	blocked, err := policy.NewNumbers(caller)
	require.NoError(t, err)
	_, h := listens(t, voice.Config{Listener: waiting, STT: hears(), Policy: policy.Blocked(blocked)}, twiml.BothTracks)
	call := menuTwilio(t, h).Dial(caller, callee)
	require.NoError(t, call.Wait(t.Context()))
	require.Empty(t, call.StreamURL())
}
