package voice

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

// tokens yields tokens, one every pause, and then err if there is one.
func tokens(pause time.Duration, err error, list ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, token := range list {
			if time.Sleep(pause); !yield(token, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

// TestSayTokensBeginsWithTheFirstClause while the rest is still to come.
func TestSayTokensBeginsWithTheFirstClause(t *testing.T) {
	fake := &ttstest.Fake{}
	inCall(t, fake, 0, func(t *testing.T, call *Call, c *caller) {
		playback, err := call.SayTokens(t.Context(), tokens(time.Second, nil, "Your table", " is booked. ", "See", " you", " at eight."))
		require.NoError(t, err)
		time.Sleep(3500 * time.Millisecond)
		require.Equal(t, []string{"Your table is booked."}, fake.Texts(), "the third token is here")
		require.Equal(t, "Your table is booked.", playback.HeardText())
		require.NoError(t, playback.Wait(t.Context()))
		require.Equal(t, "Your table is booked. See you at eight.", playback.HeardText())
		require.Equal(t, []string{"Your table is booked.", "See you at eight."}, fake.Texts())
	})
}

// TestPlaybacksKeepTheirOrder whatever they are made of.
func TestPlaybacksKeepTheirOrder(t *testing.T) {
	inCall(t, &ttstest.Fake{}, 0, func(t *testing.T, call *Call, c *caller) {
		over := make(chan string, 5)
		beep := make([]byte, 4000)
		one, err := call.Play(t.Context(), beep)
		require.NoError(t, err)
		two, err := call.SayTokens(t.Context(), tokens(200*time.Millisecond, nil, "One. ", "Two. ", "Three."))
		require.NoError(t, err)
		three, err := call.Play(t.Context(), beep)
		require.NoError(t, err)
		four, err := call.Say(t.Context(), "Four.")
		require.NoError(t, err)
		five, err := call.Play(t.Context(), nil)
		require.NoError(t, err)
		for name, p := range map[string]*Playback{"one": one, "two": two, "three": three, "four": four, "five": five} {
			go func() {
				require.NoError(t, p.Wait(t.Context()))
				over <- name
			}()
		}
		require.Equal(t, 5, call.player.unheard())
		call.player.wait(t.Context(), 0)
		synctest.Wait()
		require.Equal(t, []string{"one", "two", "three"}, []string{<-over, <-over, <-over})
		audio := 2 * len(beep)
		for _, text := range []string{"One.", "Two.", "Three.", "Four."} {
			said, _ := ttstest.Audio(text)
			audio += len(said)
		}
		require.EqualValues(t, audio, c.heardNow())
		require.Equal(t, 500*time.Millisecond, three.Heard())
		require.Empty(t, three.HeardText())
	})
}

// TestSayFails: whatever is wrong with the text, the tokens or the synthesiser, the
// playback tells what, when what was said before has been heard, and the call goes on.
func TestSayFails(t *testing.T) {
	broken := errors.New("the model has gone")
	once := func(f ttstest.Fault) func(int, string) ttstest.Fault {
		return func(n int, text string) ttstest.Fault {
			if strings.Contains(text, "Four") {
				return ttstest.Fault{}
			}
			return f
		}
	}
	hello := tokens(0, nil, "Hello there, who is calling?")
	for name, test := range map[string]struct {
		tokens iter.Seq2[string, error]
		fake   *ttstest.Fake
		kind   error
		heard  string
	}{
		"empty":          {tokens: tokens(0, nil), kind: tts.ErrBadText},
		"spaces":         {tokens: tokens(0, nil, " \n", "\t"), kind: tts.ErrBadText},
		"control":        {tokens: tokens(0, nil, "\x00\x07\x1b"), kind: tts.ErrBadText},
		"emoji":          {tokens: tokens(0, nil, "\U0001F600"), kind: tts.ErrBadText},
		"invalid UTF-8":  {tokens: tokens(0, nil, "\xff\xfe"), kind: tts.ErrBadText},
		"SSML":           {tokens: tokens(0, nil, `<speak>Hello <break time="1s"/>there.</speak>`), heard: `<speak>Hello <break time="1s"/>there.</speak>`},
		"megabytes":      {tokens: tokens(0, nil, "Hello. ", strings.Repeat("x", 1<<20)), kind: tts.ErrBadText, heard: "Hello."},
		"broken tokens":  {tokens: tokens(0, broken, "Hello. ", "Who is"), kind: broken, heard: "Hello."},
		"panic":          {tokens: func(func(string, error) bool) { panic("tokens") }, kind: tts.ErrPanic},
		"hangs":          {tokens: hello, fake: &ttstest.Fake{Fault: once(ttstest.Fault{Hang: true})}, kind: tts.ErrTimeout},
		"hangs later":    {tokens: hello, fake: &ttstest.Fake{Fault: once(ttstest.Fault{Hang: true, After: 500 * time.Millisecond})}, kind: tts.ErrTimeout},
		"hangs deaf":     {tokens: hello, fake: &ttstest.Fake{Fault: once(ttstest.Fault{Hang: true, Deaf: true})}, kind: tts.ErrTimeout},
		"too little":     {tokens: hello, fake: &ttstest.Fake{Fault: once(ttstest.Fault{Stop: true})}, kind: tts.ErrBadAudio},
		"too much":       {tokens: hello, fake: &ttstest.Fake{Fault: once(ttstest.Fault{Extra: 5 * time.Minute})}, kind: tts.ErrBadAudio},
		"half a sample":  {tokens: hello, fake: &ttstest.Fake{PCM: true, Fault: once(ttstest.Fault{Odd: true})}, kind: tts.ErrBadAudio},
		"another rate":   {tokens: hello, fake: &ttstest.Fake{PCM: true, Fault: once(ttstest.Fault{Rate: 1})}, kind: tts.ErrBadAudio},
		"engine's panic": {tokens: hello, fake: &ttstest.Fake{Fault: once(ttstest.Fault{Panic: true})}, kind: tts.ErrPanic},
		"engine's error": {tokens: hello, fake: &ttstest.Fake{Fault: once(ttstest.Fault{Err: &tts.Error{Op: "synthesize", Kind: tts.ErrRefused}})}, kind: tts.ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			if test.fake == nil {
				test.fake = &ttstest.Fake{}
			}
			inCall(t, tts.Failover(tts.FailoverOptions{Retries: -1}, test.fake), 0, func(t *testing.T, call *Call, c *caller) {
				playback, err := call.SayTokens(t.Context(), test.tokens)
				require.NoError(t, err)
				err = playback.Wait(t.Context())
				if test.kind == nil {
					require.NoError(t, err)
				} else {
					require.ErrorIs(t, err, test.kind)
				}
				if test.heard != "" {
					require.Equal(t, test.heard, playback.HeardText())
				}
				next, err := call.Say(t.Context(), "Four.")
				require.NoError(t, err)
				require.NoError(t, next.Wait(t.Context()))
				require.Equal(t, "Four.", next.HeardText())
			})
		})
	}
}

func TestSayThatCannotBe(t *testing.T) {
	inCall(t, nil, 0, func(t *testing.T, call *Call, c *caller) {
		_, err := call.Say(t.Context(), "Hello.")
		require.ErrorIs(t, err, ErrNoTTS)
	})
	inCall(t, &ttstest.Fake{}, 0, func(t *testing.T, call *Call, c *caller) {
		_, err := call.Say(t.Context(), strings.Repeat("x", maxText+1))
		require.ErrorIs(t, err, tts.ErrBadText)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = call.Say(ctx, "Hello.")
		require.ErrorIs(t, err, context.Canceled)
		call.over.Store(true)
		_, err = call.Say(t.Context(), "Hello.")
		require.ErrorIs(t, err, ErrCallEnded)
	})
}

// TestSayWithAContextThatEnds: no more is said, and what was said is told.
func TestSayWithAContextThatEnds(t *testing.T) {
	inCall(t, &ttstest.Fake{}, 0, func(t *testing.T, call *Call, c *caller) {
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		playback, err := call.Say(ctx, "One. Two. Three. Four. Five. Six. Seven. Eight. Nine. Ten. Eleven. Twelve. Thirteen. Fourteen.")
		require.NoError(t, err)
		require.ErrorIs(t, playback.Wait(t.Context()), context.DeadlineExceeded)
		require.Regexp(t, `^One\. Two\. .*\.$`, playback.HeardText())
		require.Less(t, playback.Heard(), 3*time.Second)
	})
}

// TestInterruptLeavesWhatHangsBehind: neither tokens nor a synthesiser that does not end
// keep the next words back.
func TestInterruptLeavesWhatHangsBehind(t *testing.T) {
	inCall(t, &ttstest.Fake{}, 0, func(t *testing.T, call *Call, c *caller) {
		hangs := func(yield func(string, error) bool) {
			yield("Wait. ", nil)
			time.Sleep(time.Hour)
		}
		playback, err := call.SayTokens(t.Context(), hangs)
		require.NoError(t, err)
		time.Sleep(time.Minute)
		require.Equal(t, "Wait.", playback.HeardText())
		behind, err := call.Play(t.Context(), make([]byte, 800))
		require.NoError(t, err)
		require.NoError(t, call.Interrupt())
		require.ErrorIs(t, behind.Wait(t.Context()), ErrInterrupted)
		require.Zero(t, behind.Heard())
		next, err := call.Say(t.Context(), "Here I am.")
		require.NoError(t, err)
		began := time.Now()
		require.NoError(t, next.Wait(t.Context()))
		require.Less(t, time.Since(began), 5*time.Second)
	})
}

// TestSayWithoutWordTimes goes by the length of the audio.
func TestSayWithoutWordTimes(t *testing.T) {
	inCall(t, &ttstest.Fake{Silent: true}, 0, func(t *testing.T, call *Call, c *caller) {
		text := "Your table for four is booked under the name of Miller at a quarter past seven."
		playback, err := call.Say(t.Context(), text)
		require.NoError(t, err)
		time.Sleep(3 * time.Second)
		heard := len(strings.Fields(playback.HeardText()))
		words := wordsIn([]string{text}, c.heardNow())
		require.LessOrEqual(t, heard, words+1)
		require.NotZero(t, heard)
		require.NoError(t, playback.Wait(t.Context()))
		require.Equal(t, text, playback.HeardText())
	})
}

// TestPlayBehindSpeechIsBounded, as what a connection queues.
func TestPlayBehindSpeechIsBounded(t *testing.T) {
	inCall(t, &ttstest.Fake{}, 0, func(t *testing.T, call *Call, c *caller) {
		_, err := call.SayTokens(t.Context(), tokens(time.Minute, nil, "Hello."))
		require.NoError(t, err)
		last, err := call.Play(t.Context(), make([]byte, maxWaiting))
		require.NoError(t, err)
		_, err = call.Play(t.Context(), []byte{0})
		require.Error(t, err)
		require.NoError(t, last.Wait(t.Context()))
		require.Zero(t, call.player.waiting)
	})
}

// TestPlaybacksAreTold: whoever follows the playbacks of a call knows their text as it comes,
// and what was heard of it.
func TestPlaybacksAreTold(t *testing.T) {
	inCall(t, &ttstest.Fake{}, 0, func(t *testing.T, call *Call, c *caller) {
		var told []*Playback
		call.queued = func(p *Playback) { told = append(told, p) }
		beep, err := call.Play(t.Context(), make([]byte, 4000))
		require.NoError(t, err)
		said, err := call.SayTokens(t.Context(), tokens(time.Second, nil, "Your table", " is booked. ", "See you at eight."))
		require.NoError(t, err)
		require.Equal(t, []*Playback{beep, said}, told)
		require.Empty(t, beep.Text())
		time.Sleep(2500 * time.Millisecond)
		require.Equal(t, "Your table is booked. ", said.Text())
		require.NoError(t, call.Interrupt())
		require.Equal(t, "Your table is booked. ", said.Text())
		require.NotEqual(t, said.Text(), said.HeardText())
		_, err = call.Say(t.Context(), "Hello.")
		require.NoError(t, err)
		require.Len(t, told, 3)
		require.NoError(t, told[2].Wait(t.Context()))
		require.Equal(t, "Hello.", told[2].HeardText())
	})
}

// TestSpokenTellsHowATextWasSaid: whole, after failures that were survived, not at all, or
// until the caller interrupted.
func TestSpokenTellsHowATextWasSaid(t *testing.T) {
	for name, test := range map[string]struct {
		fault     ttstest.Fault
		interrupt bool
		want      Spoken
		err       error
	}{
		"whole":             {want: Spoken{}},
		"survived":          {fault: ttstest.Fault{After: 200 * time.Millisecond, Err: &tts.Error{Kind: tts.ErrUnavailable}}, want: Spoken{Survived: []string{"unavailable"}}},
		"refused":           {fault: ttstest.Fault{Err: &tts.Error{Kind: tts.ErrAuth}}, want: Spoken{Failed: "auth"}, err: tts.ErrAuth},
		"its own canceling": {fault: ttstest.Fault{Err: context.Canceled}, want: Spoken{Survived: []string{"unavailable"}}},
		"interrupted":       {interrupt: true, want: Spoken{Interrupted: true}, err: ErrInterrupted},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &ttstest.Fake{Fault: func(n int, _ string) ttstest.Fault {
				if n == 0 {
					return test.fault
				}
				return ttstest.Fault{}
			}}
			inCall(t, fake, 0, func(t *testing.T, call *Call, c *caller) {
				spoken := make(chan Spoken, 1)
				trace := (&Trace{Spoken: func(_ Info, s Spoken) { spoken <- s }}).complete()
				call.player.told = (&liveCall{Call: call, server: &Server{config: Config{Trace: trace}}}).spoke
				playback, err := call.Say(t.Context(), "Your table is booked. See you at eight.")
				require.NoError(t, err)
				if test.interrupt {
					time.Sleep(time.Second)
					require.NoError(t, call.Interrupt())
				}
				require.ErrorIs(t, playback.Wait(t.Context()), test.err)
				got := <-spoken
				require.Equal(t, test.want.Failed == "", got.Length > 0)
				got.Length = 0
				require.Equal(t, test.want, got)
			})
		})
	}
}
