package voice_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/voicetest"
)

// yields returns a stream of tokens, and then err if there is one.
func yields(err error, list ...string) func(func(string, error) bool) {
	return func(yield func(string, error) bool) {
		for _, token := range list {
			if !yield(token, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

const long = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen."

// barge has the caller interrupt a long text behind one of its words.
func barge(behind string) scene {
	return scene{
		handler: func(ctx context.Context, call *voice.Call, s *stage) error {
			p, err := call.Say(ctx, long)
			if err != nil {
				return err
			}
			for e := range call.Events(ctx) {
				if e.Kind == stt.SpeechStart {
					if err := call.Interrupt(); err != nil {
						return err
					}
					break
				}
			}
			s.tell(errorText(p.Wait(ctx)))
			s.tell(p.HeardText())
			for t := range call.Transcripts(ctx) {
				if t.Final {
					s.tell(t.Text)
					_, err := call.Say(ctx, "Yes, "+t.Text+".")
					if err != nil {
						return err
					}
				}
			}
			return nil
		},
		play: func(s *stage) {
			if behind != "" {
				if s.mode == voicetest.Relay {
					s.call.HearsText(behind, patience)
				} else {
					s.call.Listen(time.Second)
				}
			}
			s.call.Says("stop")
			s.wants(voice.ErrInterrupted.Error())
			heard := next(s.T, s.told)
			require.True(s, strings.HasPrefix(long, heard), heard)
			require.NotEqual(s, long, heard)
			if s.mode == voicetest.Relay && behind != "" {
				require.Contains(s, strings.ToLower(heard), behind)
			}
			s.wants("stop")
			s.call.HearsText("yes, stop", patience)
		},
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// ask asks a question and tells the answer.
func ask(q voice.Question) func(context.Context, *voice.Call, *stage) error {
	return func(ctx context.Context, call *voice.Call, s *stage) error {
		a, err := call.Ask(ctx, q)
		if err != nil {
			s.tell(err.Error())
			return nil
		}
		s.tell("answer " + a.Text())
		return nil
	}
}

// TestModesSpeech: what is said by either side, over either connection.
func TestModesSpeech(t *testing.T) {
	t.Parallel()
	perform(t, map[string]scene{
		"greeting": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				p, err := call.Say(ctx, "Welcome to the hotel.")
				s.said(ctx, p, err)
				return nil
			},
			play: func(s *stage) {
				s.call.HearsText("welcome to the hotel", patience)
				s.wants("heard Welcome to the hotel.")
				s.over(voice.ReasonReturned, "completed")
			},
		},
		"answer": {play: func(s *stage) { s.call.Says("rooms"); s.call.HearsText("you said rooms", patience) }},
		"two answers": {play: func(s *stage) {
			s.call.Says("one")
			s.call.HearsText("you said one", patience)
			s.call.Says("two")
			s.call.HearsText("you said two", patience)
		}},
		"said in a row":   {play: func(s *stage) { s.call.Says("one"); s.call.Says("two"); s.call.HearsText("you said two", patience) }},
		"other alphabets": {play: func(s *stage) { s.call.Says("grüße"); s.call.HearsText("you said grüße", patience) }},
		"steps of a turn": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				list := slices.DeleteFunc(kinds(ctx, call), func(k string) bool { return k == "turn_eager" })
				slices.Sort(list[:2]) // which of the two is first is not promised
				s.tell(strings.Join(list, " "))
				return nil
			},
			play: func(s *stage) { s.call.Says("yes"); s.wants("speech_start turn_start final turn_end") },
		},
		"text of a turn": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				for e := range call.Events(ctx) {
					if e.Turn.State == stt.TurnEnd {
						s.tell(e.Transcript.Text)
						return nil
					}
				}
				return nil
			},
			play: func(s *stage) { s.call.Says("two rooms"); s.wants("two rooms") },
		},
		"expect": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				s.tell(errorText(call.Expect(stt.Expectation{Digits: 4})))
				return nil
			},
			play: func(s *stage) { s.wants("") },
		},
		"two texts in order": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				one, err := call.Say(ctx, "First this.")
				if err != nil {
					return err
				}
				two, err := call.Say(ctx, "Then that.")
				s.said(ctx, one, nil)
				s.said(ctx, two, err)
				return nil
			},
			play: func(s *stage) {
				s.call.HearsText("first this", patience)
				s.call.HearsText("then that", patience)
				s.wants("heard First this.", "heard Then that.")
			},
		},
		"farewell": { // is heard after the handler has returned
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				for _, text := range []string{"Thank you.", "Good bye."} {
					if _, err := call.Say(ctx, text); err != nil {
						return err
					}
				}
				return nil
			},
			play: func(s *stage) { s.call.HearsText("good bye", patience); s.over(voice.ReasonReturned, "completed") },
		},
		"tokens": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				p, err := call.SayTokens(ctx, yields(nil, "Your ", "tab", "le is", " booked. See", " you", " soon."))
				s.said(ctx, p, err)
				return nil
			},
			play: func(s *stage) { s.wants("heard Your table is booked. See you soon.") },
		},
		"tokens that fail": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				p, err := call.SayTokens(ctx, yields(errors.New("the model has gone"), "Hello there. ", "I am"))
				s.said(ctx, p, err)
				p, err = call.Say(ctx, "Still here.")
				s.said(ctx, p, err)
				return nil
			},
			play: func(s *stage) { s.wants("the model has gone", "heard Still here.") },
		},
		"tokens that panic": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				p, err := call.SayTokens(ctx, func(func(string, error) bool) { panic("tokens") })
				if err == nil {
					err = p.Wait(ctx)
				}
				s.tell(tts.Reason(err))
				p, err = call.Say(ctx, "Still here.")
				s.said(ctx, p, err)
				return nil
			},
			play: func(s *stage) { s.wants("panic", "heard Still here.") },
		},
		"no words": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				p, err := call.Say(ctx, " ... ")
				if err == nil {
					err = p.Wait(ctx)
				}
				s.tell(tts.Reason(err))
				return nil
			},
			play: func(s *stage) { s.wants(tts.Reason(&tts.Error{Kind: tts.ErrBadText})) },
		},
		"too much text": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				_, err := call.Say(ctx, strings.Repeat("word ", 100_000))
				s.tell(tts.Reason(err))
				return nil
			},
			play: func(s *stage) { s.wants(tts.Reason(&tts.Error{Kind: tts.ErrBadText})) },
		},
		"context that is done": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				done, cancel := context.WithCancel(ctx)
				cancel()
				_, err := call.Say(done, "Nobody hears this.")
				s.tell(errorText(err))
				return nil
			},
			play: func(s *stage) { s.wants(context.Canceled.Error()) },
		},
		"barge-in at once":       barge(""),
		"barge-in early":         barge("two"),
		"barge-in in the middle": barge("six"),
		"interrupted by the server": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				p, err := call.Say(ctx, long)
				if err != nil {
					return err
				}
				waits(ctx, func() bool { return strings.Contains(p.HeardText(), "two") })
				if err := call.Interrupt(); err != nil {
					return err
				}
				s.tell(errorText(p.Wait(ctx)))
				s.tell(p.HeardText())
				p, err = call.Say(ctx, "Here is a person.")
				s.said(ctx, p, err)
				return nil
			},
			play: func(s *stage) {
				s.wants(voice.ErrInterrupted.Error())
				heard := next(s.T, s.told)
				require.True(s, strings.HasPrefix(long, heard) && heard != long, heard)
				s.call.HearsText("here is a person", patience)
				s.wants("heard Here is a person.")
			},
		},
		"interrupted with nothing to stop": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				s.tell(errorText(call.Interrupt()))
				p, err := call.Say(ctx, "Hello.")
				s.said(ctx, p, err)
				s.tell(errorText(call.Interrupt()))
				return nil
			},
			play: func(s *stage) { s.wants("", "heard Hello.", "") },
		},
		"interrupted with texts that wait": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				var list []*voice.Playback
				for range 3 {
					p, err := call.Say(ctx, long)
					if err != nil {
						return err
					}
					list = append(list, p)
				}
				if err := call.Interrupt(); err != nil {
					return err
				}
				for _, p := range list {
					s.tell(errorText(p.Wait(ctx)))
				}
				p, err := call.Say(ctx, "Hello.")
				s.said(ctx, p, err)
				return nil
			},
			play: func(s *stage) {
				e := voice.ErrInterrupted.Error()
				s.wants(e, e, e, "heard Hello.")
			},
		},
		"interrupted while tokens come": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				come := make(chan string, 1)
				come <- "Hello there my friend and "
				making, cancel := context.WithCancel(ctx)
				defer cancel()
				p, err := call.SayTokens(ctx, func(yield func(string, error) bool) {
					for {
						select {
						case token := <-come:
							if !yield(token, nil) {
								return
							}
						case <-making.Done():
							return
						}
					}
				})
				if err != nil {
					return err
				}
				if s.mode == voicetest.Relay { // a stream waits for the clause
					waits(ctx, func() bool { return strings.Contains(p.HeardText(), "there") })
				}
				if err := call.Interrupt(); err != nil {
					return err
				}
				s.tell(errorText(p.Wait(ctx)))
				p, err = call.Say(ctx, "Good bye.")
				s.said(ctx, p, err)
				return nil
			},
			play: func(s *stage) { s.wants(voice.ErrInterrupted.Error(), "heard Good bye.") },
		},
		"ask, answered in words": {
			handler: ask(voice.Question{Prompt: "Which city?"}),
			play:    func(s *stage) { s.call.HearsText("which city", patience); s.call.Says("york"); s.wants("answer york") },
		},
		"ask, interrupted": {
			handler: ask(voice.Question{Prompt: long}),
			play:    func(s *stage) { s.call.Says("york"); s.wants("answer york") },
		},
		"ask, answered by keys": {
			handler: ask(voice.Question{Prompt: "Your number?", Digits: 3}),
			play:    func(s *stage) { s.call.HearsText("your number", patience); s.call.Digits("123"); s.wants("answer 123") },
		},
		"ask, keys interrupt": {
			handler: ask(voice.Question{Prompt: long, Digits: 2}),
			play:    func(s *stage) { s.call.Digits("12"); s.wants("answer 12") },
		},
		"ask, keys and an end": {
			handler: ask(voice.Question{Prompt: "Your number?"}),
			play:    func(s *stage) { s.call.Digits("1234#"); s.wants("answer 1234") },
		},
		"ask, keys and a pause": {
			handler: ask(voice.Question{Prompt: "Your number?", Between: 200 * time.Millisecond}),
			play:    func(s *stage) { s.call.Digits("77"); s.wants("answer 77") },
		},
		"ask, nothing comes": {
			handler: ask(voice.Question{Prompt: "Hello?", Silence: 200 * time.Millisecond, Times: 1}),
			play:    func(s *stage) { s.wants(voice.ErrNoAnswer.Error()) },
		},
		"ask again": {
			handler: ask(voice.Question{Prompt: "Hello?", Again: "Once more.", Silence: time.Second}),
			play:    func(s *stage) { s.call.HearsText("once more", patience); s.call.Says("yes"); s.wants("answer yes") },
		},
		"ask for keys alone": {
			handler: ask(voice.Question{Prompt: "Your number?", NoSpeech: true, Digits: 1}),
			play: func(s *stage) {
				s.call.HearsText("your number", patience)
				s.call.Says("what")
				s.call.Digits("5")
				s.wants("answer 5")
			},
		},
		"ask nothing at all": {
			handler: ask(voice.Question{NoSpeech: true, NoKeys: true}),
			play:    func(s *stage) { s.wants("voice: ask: neither speech nor keys are an answer") },
		},
		"keys": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				digits, err := call.Digits(ctx, 4, "")
				s.tell(digits + errorText(err))
				return nil
			},
			play: func(s *stage) { s.call.Digits("12*#"); s.wants("12*#") },
		},
		"keys and an end": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				digits, err := call.Digits(ctx, 10, "#")
				s.tell(digits + errorText(err))
				return nil
			},
			play: func(s *stage) { s.call.Digits("42#"); s.wants("42") },
		},
		"keys that do not come": {
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
				defer cancel()
				digits, err := call.Digits(ctx, 4, "")
				s.tell(digits + errorText(err))
				return nil
			},
			play: func(s *stage) { s.wants(context.DeadlineExceeded.Error()) },
		},
		"not to be interrupted": {
			config: func(c *voice.Config) { c.Interruption.By = twiml.InterruptNone },
			handler: func(ctx context.Context, call *voice.Call, s *stage) error {
				p, err := call.Say(ctx, "This has to be said.")
				s.said(ctx, p, err)
				return nil
			},
			play: func(s *stage) { s.call.Says("stop"); s.wants("heard This has to be said.") },
		},
	})
}

// waits returns when something is so, or ctx is done.
func waits(ctx context.Context, so func() bool) {
	for !so() && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
}
