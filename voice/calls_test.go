package voice_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestFiftyCallsAtOnce checks that every call hears its own transcripts.
func TestFiftyCallsAtOnce(t *testing.T) {
	const calls = 50
	// The engine hears in each call the number that the call comes from.
	engine := stt.EngineFunc(func(ctx context.Context, c stt.Config) (stt.Stream, error) {
		return stt.Segmented(&stttest.Recognizer{Texts: []string{"this is " + c.CallSID}, Delay: 20 * time.Millisecond}, stt.Segmentation{}).Open(ctx, c)
	})
	var mu sync.Mutex
	got := make(map[string]string) // by caller
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		for transcript, err := range call.Transcripts(ctx) {
			if err != nil {
				return err
			}
			if transcript.Text != "this is "+call.SID {
				return fmt.Errorf("%s heard %q", call.SID, transcript.Text)
			}
			mu.Lock()
			got[call.From] = call.SID
			mu.Unlock()
			return nil
		}
		return errors.New("no transcript")
	})
	var l ledger
	_, mux := newHost(t, voice.Config{Handler: handler, STT: engine, Trace: l.trace()})
	// A quarter of the pace is within what the race detector leaves of a slow machine.
	tw := voicetest.New(t, mux, voicetest.Config{Pace: 0.25})
	speech := mulaw(t, "testdata/book_a_room.wav")

	var wg sync.WaitGroup
	sids := make([]string, calls)
	for i := range calls {
		wg.Go(func() {
			call := tw.Dial(fmt.Sprintf("+14155550%03d", i), callee)
			call.SpeakAudio(speech)
			call.Wait(context.Background())
			assert.Empty(t, call.Warnings())
			sids[i] = call.SID
		})
	}
	wg.Wait()
	for _, reason := range l.ends(t, calls) {
		require.Equal(t, voice.ReasonReturned, reason)
	}
	for i := range calls {
		require.Equal(t, sids[i], got[fmt.Sprintf("+14155550%03d", i)])
	}
}

func TestShutdownWaitsForCalls(t *testing.T) {
	var l ledger
	srv, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace()})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	require.Eventually(t, func() bool { return srv.Stats().ActiveCalls == 1 }, patience, time.Millisecond)

	done := make(chan error, 1)
	go func() { done <- srv.Shutdown(context.Background()) }()
	require.Eventually(t, func() bool { return srv.Stats().Draining }, patience, time.Millisecond)
	require.Equal(t, "draining", srv.Health(t.Context()).Status)
	late := tw.Dial("+14155550101", callee)
	late.Wait(t.Context())
	require.Empty(t, late.Warnings())
	require.Equal(t, "busy", late.Status(), "a draining server takes no new call, and none is billed")
	require.Equal(t, "in-progress", call.Status())

	call.HangUp()
	require.NoError(t, next(t, done))
	require.Equal(t, []voice.Reason{voice.ReasonHungUp}, l.ends(t, 1))
}

// TestShutdownTakesTheCallThatWasPromised stops a server between the webhook of a
// call and its stream.
func TestShutdownTakesTheCallThatWasPromised(t *testing.T) {
	var l ledger
	srv, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace()})
	draining := make(chan struct{})
	tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/stream/") && l.starts() > 0 {
			<-draining
		}
		mux.ServeHTTP(w, r)
	}))
	call := tw.Dial(caller, callee)
	require.Eventually(t, func() bool { return srv.Stats().ActiveCalls == 1 }, patience, time.Millisecond)
	promised := tw.Dial("+14155550101", callee)
	streamURL(t, promised)

	done := make(chan error, 1)
	go func() { done <- srv.Shutdown(context.Background()) }()
	require.Eventually(t, func() bool { return srv.Stats().Draining }, patience, time.Millisecond)
	close(draining)
	require.Eventually(t, func() bool { return srv.Stats().ActiveCalls == 2 }, patience, time.Millisecond)
	call.HangUp()
	promised.HangUp()
	require.NoError(t, next(t, done))
	require.Equal(t, []voice.Reason{voice.ReasonHungUp, voice.ReasonHungUp}, l.ends(t, 2))
}

func TestShutdownEndsCallsWhenItsTimeIsUp(t *testing.T) {
	var l ledger
	srv, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace()})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	require.Eventually(t, func() bool { return srv.Stats().ActiveCalls == 1 }, patience, time.Millisecond)

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, srv.Shutdown(ctx), context.DeadlineExceeded)
	require.Equal(t, []voice.Reason{voice.ReasonShutdown}, l.ends(t, 1))
	require.NoError(t, call.Wait(t.Context()))
}

func TestCallerInterrupts(t *testing.T) {
	t.Parallel()
	speech := mulaw(t, "testdata/book_a_room.wav")
	long := make([]byte, 10*8000) // ten seconds of a loud buzz
	for i := range long {
		long[i] = byte(0x80 + i%2*0x80)
	}
	heard := make(chan time.Duration, 1)
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		playback, err := call.Play(ctx, long)
		if err != nil {
			return err
		}
		for event := range call.Events(ctx) {
			if event.BargeIn.Step == voice.BargeInConfirmed {
				if !errors.Is(playback.Wait(ctx), voice.ErrInterrupted) {
					return errors.New("the playback was not interrupted")
				}
				heard <- playback.Heard()
			}
		}
		return nil
	})
	_, mux := newHost(t, voice.Config{Handler: handler, STT: hears("stop")})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	call.SpeakAudio(speech)
	require.Less(t, next(t, heard), 10*time.Second)
	require.Eventually(t, func() bool { return call.Stats().Clears >= 2 }, patience, time.Millisecond, "a pause, and the end of it")
	before := len(call.Heard())
	call.Listen(200 * time.Millisecond)
	require.Equal(t, before, len(call.Heard()), "the caller still hears what was interrupted")
	call.HangUp()
	require.Empty(t, call.Warnings())
}

func TestTurnsReachTheHandler(t *testing.T) {
	t.Parallel()
	turns := make(chan []string, 1)
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		var heard []string
		for event := range call.Events(ctx) {
			if event.Kind == stt.Turn && event.Turn.State != stt.TurnResumed {
				heard = append(heard, strings.TrimSpace(event.Turn.State.String()+" "+event.Transcript.Text))
			}
			if event.Turn.State == stt.TurnEnd {
				break
			}
		}
		turns <- heard
		return nil
	})
	_, mux := newHost(t, voice.Config{Handler: handler, STT: hears("book a room")})
	call := voicetest.New(t, mux).Dial(caller, callee)
	call.SpeakAudio(mulaw(t, "testdata/book_a_room.wav"))
	heard := next(t, turns)
	require.Equal(t, "turn_start", heard[0])
	require.Equal(t, "turn_end book a room", heard[len(heard)-1])
	require.NoError(t, call.Wait(t.Context()))
}

func TestHostSaysWhatItExpects(t *testing.T) {
	t.Parallel()
	rec, told := &stttest.Recognizer{Texts: []string{"seven four two nine"}}, make(chan error, 1)
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		told <- call.Expect(stt.Expectation{Digits: 4})
		<-ctx.Done()
		return nil
	})
	_, mux := newHost(t, voice.Config{Handler: handler, STT: stt.Segmented(rec, stt.Segmentation{})})
	call := voicetest.New(t, mux).Dial(caller, callee)
	require.NoError(t, next(t, told))
	call.SpeakAudio(mulaw(t, "testdata/book_a_room.wav"))
	call.HangUp()
	require.Eventually(t, func() bool { return len(rec.Utterances()) > 0 }, patience, time.Millisecond)
	require.Equal(t, 4, rec.Utterances()[0].Config.Expected.Digits)

	_, mux = newHost(t, voice.Config{Handler: handler})
	call = voicetest.New(t, mux).Dial(caller, callee)
	require.NoError(t, next(t, told), "without a recogniser nobody is told")
	call.HangUp()
}

func TestFarewellIsHeardBeforeTheHangUp(t *testing.T) {
	t.Parallel()
	farewell := mulaw(t, "testdata/noted.wav")
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		_, err := call.Play(ctx, farewell)
		return err // hangs up
	})
	_, mux := newHost(t, voice.Config{Handler: handler})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, len(farewell), len(call.Heard()))
}

// TestPlayThatIsRefusedIsNotHeard: a host whose Play was refused plays the same
// again, which the caller must not hear twice.
func TestPlayThatIsRefusedIsNotHeard(t *testing.T) {
	t.Parallel()
	taken := make(chan int, 1)
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		var last *voice.Playback
		for n := 0; ; n++ {
			playback, err := call.Play(ctx, []byte{0})
			if errors.Is(err, mediastream.ErrQueueFull) {
				if err := last.Wait(ctx); err != nil {
					return err
				}
				taken <- n + 1
				_, err = call.Play(ctx, []byte{0})
				return err
			}
			if err != nil {
				return err
			}
			last = playback
		}
	})
	_, mux := newHost(t, voice.Config{Handler: handler})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, next(t, taken), len(call.Heard()))
}

func TestDigits(t *testing.T) {
	got := make(chan string, 2)
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		for range 2 {
			digits, err := call.Digits(ctx, 4, "#")
			if err != nil {
				return err
			}
			got <- digits
		}
		return nil
	})
	_, mux := newHost(t, voice.Config{Handler: handler})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	call.Digits("12#3456")
	require.Equal(t, "12", next(t, got))
	require.Equal(t, "3456", next(t, got))
	call.Wait(t.Context())
}

func TestCallStaysUpWhenSpeechRecognitionFails(t *testing.T) {
	engine := &stttest.Engine{}
	failed, digits := make(chan error, 1), make(chan string, 1)
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		for _, err := range call.Transcripts(ctx) {
			failed <- err
		}
		pressed, err := call.Digits(ctx, 1, "")
		digits <- pressed
		return err
	})
	var l ledger
	_, mux := newHost(t, voice.Config{Handler: handler, STT: engine, Trace: l.trace()})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	stream, err := engine.Stream(t.Context(), 0)
	require.NoError(t, err)
	stream.Fail(&stt.Error{Op: "read", Kind: stt.ErrUnavailable})
	require.ErrorIs(t, next(t, failed), stt.ErrUnavailable)
	call.Digits("7")
	require.Equal(t, "7", next(t, digits))
	require.Equal(t, []voice.Reason{voice.ReasonReturned}, l.ends(t, 1))
}

func TestLastWordsReachTheHandler(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		for transcript := range call.Transcripts(ctx) {
			got <- transcript.Text
		}
		return nil
	})
	_, mux := newHost(t, voice.Config{Handler: handler, STT: hears("bye")})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	audio := mulaw(t, "testdata/book_a_room.wav")
	call.SpeakAudio(audio[:len(audio)*2/3]) // hangs up in the middle of a word
	call.HangUp()
	require.Equal(t, "bye", next(t, got))
}

func TestStatusCallbackOfACallThatHadNoStream(t *testing.T) {
	var l ledger
	_, mux := newHost(t, voice.Config{Handler: waiting, Trace: l.trace()})
	tw := voicetest.New(t, mux)
	path := "/api/voice/twilio/status"
	for i, status := range []string{"ringing", "busy", "busy", "completed"} {
		form := url.Values{"CallSid": {"CA00000000000000000000000000000001"}, "CallStatus": {status}}
		response := post(t, tw, path, signature.Sign(voicetest.AuthToken, voicetest.PublicURL+path, form), form)
		require.Equal(t, http.StatusNoContent, response.StatusCode, i)
	}
	require.Equal(t, []string{"busy"}, l.finished)
}

func TestMountedElsewhere(t *testing.T) {
	srv, _ := newHost(t, voice.Config{Handler: waiting, Path: "/phone"})
	mux := http.NewServeMux()
	mux.Handle("/app/", http.StripPrefix("/app", srv))
	tw := voicetest.New(t, mux, voicetest.Config{InboundPath: "/app/phone/twilio/inbound", StatusPath: "/app/phone/twilio/status"})
	call := tw.Dial(caller, callee)
	require.Contains(t, streamURL(t, call), "wss://calls.example.com/app/phone/twilio/stream/")
	require.Eventually(t, func() bool { return srv.Stats().ActiveCalls == 1 }, patience, time.Millisecond)
	call.HangUp()
	require.Empty(t, call.Warnings())
}

// sick is an engine that knows it does not work.
type sick struct{ stttest.Engine }

func (*sick) Check(context.Context) error { return errors.New("no model") }

// mad is an engine that does not even know that.
type mad struct{ stttest.Engine }

func (*mad) Check(context.Context) error { panic("what model?") }

func TestHealth(t *testing.T) {
	for engine, want := range map[stt.Engine]string{hears(): "ok", &sick{}: "degraded", &mad{}: "degraded"} {
		srv, mux := newHost(t, voice.Config{Handler: waiting, STT: engine})
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/voice/health", nil))
		body, err := io.ReadAll(w.Body)
		require.NoError(t, err)
		var health voice.Health
		require.NoError(t, json.Unmarshal(body, &health))
		require.Equal(t, want, health.Status, string(body))
		require.Equal(t, want == "ok", w.Code == http.StatusOK)
		require.Equal(t, voice.DefaultMaxStreams, srv.Stats().MaxStreams)
	}
}

// TestForwardedCall: the policy scores who forwarded it.
func TestForwardedCall(t *testing.T) {
	got := make(chan string, 2)
	handler := voice.HandlerFunc(func(_ context.Context, call *voice.Call) error {
		got <- call.ForwardedFrom
		return nil
	})
	_, mux := newHost(t, voice.Config{Handler: handler, Policy: policy.Func(func(_ context.Context, c policy.Call) policy.Decision {
		got <- c.ForwardedFrom
		return policy.Decision{Verdict: policy.Allow}
	})})
	tw := voicetest.New(t, mux)
	tw.Dial(caller, callee, voicetest.Param("ForwardedFrom", "+19005550100")).Wait(t.Context())
	require.Equal(t, "+19005550100", next(t, got))
	require.Equal(t, "+19005550100", next(t, got))
}

func TestRecordedCall(t *testing.T) {
	_, mux := newHost(t, voice.Config{Handler: waiting, Before: []twiml.Verb{&twiml.Start{Nouns: []twiml.StartNoun{&twiml.Recording{}}}}})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	streamURL(t, call)
	require.Contains(t, call.TwiML().String(), "<Start><Recording/></Start><Connect>")
	call.HangUp()
}

// TestPlacedCallStreams has the server place a call that a machine answers.
func TestPlacedCallStreams(t *testing.T) {
	got := make(chan voice.Info, 1)
	handler := voice.HandlerFunc(func(_ context.Context, call *voice.Call) error {
		got <- call.Info
		return nil // hangs up
	})
	_, mux := newHost(t, voice.Config{Handler: handler})
	tw := voicetest.New(t, mux)
	sid, err := restClient(t, tw).Create(t.Context(), twiliorest.Outbound{
		From: callee, To: caller, URL: voicetest.PublicURL + "/api/voice/twilio/inbound", MachineDetection: "Enable",
	})
	require.NoError(t, err)
	info := next(t, got)
	require.Equal(t, sid, info.SID)
	require.Equal(t, "outbound-api", info.Direction)
	require.Equal(t, caller, info.To)

	tw.Dial(caller, callee, voicetest.Param("AnsweredBy", "machine_start")).Wait(t.Context())
	require.Equal(t, "machine_start", next(t, got).AnsweredBy)
}
