package voice

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

// does has the caller do things, each after a time.
type does struct {
	after time.Duration
	event Event
}

func starts(after time.Duration) does {
	return does{after, Event{Event: stt.Event{Kind: stt.Turn, Turn: stt.TurnChange{State: stt.TurnStart}}}}
}

// sounds is what may be speech, or noise.
func sounds(after time.Duration) does {
	return does{after, Event{Event: stt.Event{Kind: stt.SpeechStart}}}
}

func says(after time.Duration, text string) does {
	return does{after, Event{Event: stt.Event{Kind: stt.Turn, Turn: stt.TurnChange{State: stt.TurnEnd}, Transcript: stt.Transcript{Text: text}}}}
}

func presses(after time.Duration, key string) does { return does{after, Event{Digit: key}} }

var errDeaf = errors.New("the recogniser has gone")

// deaf is that speech recognition fails.
func deaf(after time.Duration) does { return does{after, Event{failure: errDeaf}} }

func TestAsk(t *testing.T) {
	const s = time.Second
	const question = "How many people?" // takes about 1.1 s
	for name, test := range map[string]struct {
		q      Question
		caller []does
		want   string
		err    error
		said   []string      // by the engine
		took   time.Duration // at least, and less than 150 ms more
	}{
		"speech":                       {caller: []does{starts(3 * s), says(s, "two")}, want: "two", said: []string{question}, took: 4 * s},
		"speech in the prompt":         {caller: []does{starts(300 * time.Millisecond), says(s, "two")}, want: "two", said: []string{question}, took: 1300 * time.Millisecond},
		"a long answer":                {caller: []does{starts(3 * s), says(60*s, "two")}, want: "two", took: 63 * s},
		"noise, and then speech":       {caller: []does{starts(300 * time.Millisecond), says(s, ""), starts(4 * s), says(s, "two")}, want: "two", said: []string{question}, took: 6300 * time.Millisecond},
		"a noise without a turn":       {q: Question{Times: 1}, caller: []does{sounds(300 * time.Millisecond), sounds(4 * s)}, err: ErrNoAnswer, said: []string{question}, took: 6 * s},
		"a noise, and then speech":     {caller: []does{sounds(3 * s), starts(s), says(4*s, "two")}, want: "two", said: []string{question}, took: 8 * s},
		"one key":                      {q: Question{Digits: 1}, caller: []does{presses(2*s, "2")}, want: "2", took: 2 * s},
		"one key in the prompt":        {q: Question{Digits: 1}, caller: []does{presses(100*time.Millisecond, "2")}, want: "2", took: 100 * time.Millisecond},
		"keys and the end":             {caller: []does{presses(2*s, "1"), presses(s, "2"), presses(s, "#")}, want: "12", took: 4 * s},
		"keys and a time":              {caller: []does{presses(2*s, "1"), presses(s, "2")}, want: "12", took: 6 * s},
		"keys and a time of one's own": {q: Question{Between: s}, caller: []does{presses(2*s, "1"), presses(2*s, "2")}, want: "1", took: 3 * s},
		"another end":                  {q: Question{End: "*"}, caller: []does{presses(2*s, "1"), presses(s, "#"), presses(s, "*")}, want: "1#", took: 4 * s},
		"no end":                       {q: Question{End: "none", Digits: 2}, caller: []does{presses(2*s, "#"), presses(s, "#")}, want: "##", took: 3 * s},
		"keys and then speech":         {caller: []does{presses(2*s, "1"), starts(s), says(s, "two"), presses(s/2, "3"), presses(0, "#")}, want: "13", took: 4500 * time.Millisecond},
		"nothing":                      {err: ErrNoAnswer, said: []string{question, question}},
		"nothing, once":                {q: Question{Times: 1, Silence: s}, err: ErrNoAnswer, said: []string{question}},
		"nothing, and other words":     {q: Question{Again: "Please tell me how many."}, caller: []does{says(8*s, "two")}, want: "two", said: []string{question, "Please tell me how many."}, took: 8 * s},
		"only the end":                 {caller: []does{presses(2*s, "#"), presses(2*s, "#")}, err: ErrNoAnswer, said: []string{question, question}, took: 4 * s},
		"no speech":                    {q: Question{NoSpeech: true}, caller: []does{starts(300 * time.Millisecond), says(2*s, "two"), presses(s, "2"), presses(s, "#")}, want: "2", said: []string{question}, took: 4300 * time.Millisecond},
		"no keys":                      {q: Question{NoKeys: true}, caller: []does{presses(300*time.Millisecond, "2"), presses(0, "#"), says(2*s, "two")}, want: "two", said: []string{question}, took: 2300 * time.Millisecond},
		"speech waits":                 {q: Question{SpeechWaits: true}, caller: []does{starts(300 * time.Millisecond), says(2*s, "two"), starts(s), says(s, "three")}, want: "three", said: []string{question}, took: 4300 * time.Millisecond},
		"keys wait":                    {q: Question{KeysWait: true, Digits: 1}, caller: []does{presses(300*time.Millisecond, "1"), presses(2*s, "2")}, want: "2", said: []string{question}, took: 2300 * time.Millisecond},
		"deaf, and keys":               {q: Question{Digits: 1}, caller: []does{starts(2 * s), deaf(s), presses(2*s, "2")}, want: "2", took: 5 * s},
		"deaf, and no keys":            {q: Question{NoKeys: true}, caller: []does{deaf(2 * s)}, err: errDeaf, took: 2 * s},
		"played":                       {q: Question{Audio: make([]byte, 16000), Digits: 1}, caller: []does{presses(5*s, "2")}, want: "2", said: nil, took: 5 * s},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &ttstest.Fake{}
			inCall(t, fake, 0, func(t *testing.T, call *Call, c *caller) {
				call.expect = func(stt.Expectation) error { return nil }
				call.inbox.put(Event{Event: stt.Event{Kind: stt.Turn, Turn: stt.TurnChange{State: stt.TurnEnd}, Transcript: stt.Transcript{Text: "said before"}, At: time.Now().Add(-s)}})
				if test.q.Prompt = question; test.q.Audio != nil {
					test.q.Prompt = ""
				}
				go func() {
					for _, d := range test.caller {
						time.Sleep(d.after)
						if d.event.At = time.Now(); d.event.failure != nil {
							call.inbox.fail(d.event.failure)
						} else {
							call.inbox.put(d.event)
						}
					}
				}()
				began := time.Now()
				answer, err := call.Ask(t.Context(), test.q)
				took := time.Since(began)
				require.ErrorIs(t, err, test.err)
				require.Equal(t, test.want, answer.Text())
				if test.said != nil {
					require.Equal(t, test.said, fake.Texts())
				}
				if test.took > 0 {
					require.GreaterOrEqual(t, took, test.took)
					require.Less(t, took, test.took+150*time.Millisecond)
				}
				time.Sleep(2 * time.Minute)
				synctest.Wait()
			})
		})
	}
}

// TestAskTakesKeysThatCameBefore: callers who know a menu type ahead.
func TestAskTakesKeysThatCameBefore(t *testing.T) {
	inCall(t, &ttstest.Fake{}, 0, func(t *testing.T, call *Call, c *caller) {
		call.expect = func(stt.Expectation) error { return nil }
		for _, key := range []string{"1", "2"} {
			call.inbox.put(Event{Digit: key})
		}
		for _, want := range []string{"1", "2"} {
			answer, err := call.Ask(t.Context(), Question{Prompt: "Which?", Digits: 1})
			require.NoError(t, err)
			require.Equal(t, want, answer.Digits)
		}
		require.Zero(t, call.player.unheard())
	})
}

// TestAskLeavesOutTheEndOfTheAnswerBefore: callers press "#" also where the number of keys
// has ended the answer, and press it late.
func TestAskLeavesOutTheEndOfTheAnswerBefore(t *testing.T) {
	for name, q := range map[string]Question{"the number": {Digits: 2}, "the time": {}, "the end": {}} {
		t.Run(name, func(t *testing.T) {
			fake := &ttstest.Fake{}
			inCall(t, fake, 0, func(t *testing.T, call *Call, c *caller) {
				call.expect = func(stt.Expectation) error { return nil }
				press := func(keys string) {
					for _, key := range keys {
						call.inbox.put(Event{Digit: string(key)})
					}
				}
				if press("12"); name != "the time" {
					press("#")
				}
				answer, err := call.Ask(t.Context(), q)
				require.NoError(t, err)
				require.Equal(t, "12", answer.Digits)
				if name == "the time" {
					press("#")
				}
				press("34#")
				answer, err = call.Ask(t.Context(), Question{Prompt: "Which?", Times: 1})
				require.NoError(t, err)
				require.Equal(t, "34", answer.Digits)
				go func() {
					time.Sleep(200 * time.Millisecond)
					press("#")
				}()
				_, err = call.Ask(t.Context(), Question{Prompt: "And then?", Times: 1})
				require.ErrorIs(t, err, ErrNoAnswer)
				require.Equal(t, []string{"And then?"}, fake.Texts()[len(fake.Texts())-1:])
			})
		})
	}
}

func TestAskThatCannotBe(t *testing.T) {
	inCall(t, nil, 0, func(t *testing.T, call *Call, c *caller) {
		call.expect = func(stt.Expectation) error { return nil }
		for _, q := range []Question{{Times: -1}, {Digits: -1}, {Silence: -1}, {Between: -1}, {End: "##"}, {End: "x"}, {NoKeys: true, NoSpeech: true}} {
			_, err := call.Ask(t.Context(), q)
			require.ErrorContains(t, err, "voice: ask: ")
		}
		_, err := call.Ask(t.Context(), Question{Prompt: "Which?"})
		require.ErrorIs(t, err, ErrNoTTS)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = call.Ask(ctx, Question{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		call.inbox.close()
		_, err = call.Ask(t.Context(), Question{})
		require.ErrorIs(t, err, ErrCallEnded)
	})
	inCall(t, &ttstest.Fake{}, 0, func(t *testing.T, call *Call, c *caller) {
		call.expect = func(stt.Expectation) error { return nil }
		call.inbox.fail(errDeaf)
		_, err := call.Ask(t.Context(), Question{Prompt: "Which?", Times: 1}) // is told, and waits for keys
		require.ErrorIs(t, err, ErrNoAnswer)
		began := time.Now()
		_, err = call.Ask(t.Context(), Question{Prompt: "Which?", NoKeys: true})
		require.ErrorIs(t, err, errDeaf, "nothing can answer it")
		require.Equal(t, began, time.Now(), "the caller is not asked")
	})
	broken := &ttstest.Fake{Fault: func(int, string) ttstest.Fault {
		return ttstest.Fault{Err: &tts.Error{Op: "synthesize", Kind: tts.ErrAuth}}
	}}
	inCall(t, broken, 0, func(t *testing.T, call *Call, c *caller) {
		call.expect = func(stt.Expectation) error { return nil }
		_, err := call.Ask(t.Context(), Question{Prompt: "Which?"})
		require.ErrorIs(t, err, tts.ErrAuth, "the caller does not know the question")
	})
}
