package tts_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

// tokens yields the parts, then err if it is not nil.
func tokens(err error, parts ...string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, p := range parts {
			if !yield(p, nil) {
				return
			}
		}
		if err != nil {
			yield("", err)
		}
	}
}

// collect returns the audio of a speech and its error.
func collect(ctx context.Context, s *tts.Speech) (audio []byte, err error) {
	for c, e := range s.Audio(ctx) {
		if e != nil {
			return audio, e
		}
		audio = append(audio, c.Audio...)
	}
	return audio, nil
}

// want returns the audio of a fake for pieces.
func want(pieces ...string) []byte {
	var all []byte
	for _, p := range pieces {
		audio, _ := ttstest.Audio(p)
		all = append(all, audio...)
	}
	return all
}

func TestSpeak(t *testing.T) {
	fake := &ttstest.Fake{}
	s := tts.Speak(fake, tokens(nil, "Your **table**", " is booked", ", the total is $4.50. Bye", "! 😀"), tts.Options{Config: tts.Config{Voice: "x", CallSID: "CA1"}})
	audio, err := collect(t.Context(), s)
	require.NoError(t, err)
	pieces := []string{"Your table is booked,", "the total is four dollars and fifty cents.", "Bye!"}
	assert.Equal(t, pieces, fake.Texts())
	assert.Equal(t, tts.Config{Voice: "x", CallSID: "CA1"}, fake.Asked()[0].Config)
	assert.Equal(t, want(pieces...), audio)
	assert.Equal(t, "Your **table** is booked, the total is $4.50. Bye! 😀", s.Source())

	// What was heard is told in the characters of the source.
	at := map[string]time.Duration{}
	begin := time.Duration(0)
	for _, p := range pieces {
		a, words := ttstest.Audio(p)
		for _, w := range words {
			at[p[w.From:w.To]] = begin + w.End
		}
		begin += time.Duration(len(a)) * time.Second / codec.Rate
	}
	for word, text := range map[string]string{
		"Your": "Your", "table": "Your **table**", "booked": "Your **table** is booked,", "is": "Your **table** is booked, the total is",
		"four": "Your **table** is booked, the total is", "fifty": "Your **table** is booked, the total is", "cents": "Your **table** is booked, the total is $4.50.",
	} {
		assert.Equal(t, text, s.Heard(at[word]), word)
	}
	assert.Equal(t, "", s.Heard(0))
	assert.Equal(t, "", s.Heard(at["Your"]-time.Millisecond))
	assert.Equal(t, s.Source(), s.Heard(s.Length()))
	assert.Equal(t, s.Source(), s.Heard(time.Hour))
}

// The first clause is heard while the model still makes the rest.
func TestFirstClauseLeaves(t *testing.T) {
	rest := make(chan struct{})
	s := tts.Speak(&ttstest.Fake{PCM: true}, func(yield func(string, error) bool) {
		if yield("Certainly, ", nil) && yield("I ", nil) {
			<-rest
			yield("will.", nil)
		}
	}, tts.Options{})
	audio := 0
	for c, err := range s.Audio(t.Context()) {
		require.NoError(t, err)
		if audio == 0 {
			assert.Equal(t, "", s.Heard(0))
			close(rest)
		}
		audio += len(c.Audio)
	}
	assert.Equal(t, len(want("Certainly,", "I will.")), audio)
}

func TestBadText(t *testing.T) {
	for _, text := range []string{"", " ", "\n", "😀", "```\ncode\n```", "\xff\xfe", "\x00\x01", "https://example.com", "<break/>", "..."} {
		fake := &ttstest.Fake{}
		audio, err := collect(t.Context(), tts.Speak(fake, tts.Text(text), tts.Options{}))
		assert.ErrorIs(t, err, tts.ErrBadText, "%q", text)
		assert.Empty(t, audio)
		assert.Empty(t, fake.Asked())
	}
	for text, spoken := range map[string]string{"a\x00b \xff\x1b[31mc": "a b c.", "<speak>Hi <break time='1s'/>you</speak>": "Hi, you."} {
		fake := &ttstest.Fake{}
		_, err := collect(t.Context(), tts.Speak(fake, tts.Text(text), tts.Options{}))
		require.NoError(t, err)
		assert.Equal(t, spoken, strings.Join(fake.Texts(), " "))
	}
}

// A stream that breaks off: what was complete is said, and its error is returned.
func TestBrokenTokens(t *testing.T) {
	broken := errors.New("model gone")
	for _, test := range []struct {
		source string
		pieces []string
	}{
		{"I have a table. I can offer the ", []string{"I have a table."}},
		{"I have a table at seven, and an", []string{"I have a table at seven,"}},
		{"I ha", nil},
		{"", nil},
	} {
		fake := &ttstest.Fake{}
		audio, err := collect(t.Context(), tts.Speak(fake, tokens(broken, test.source), tts.Options{}))
		assert.ErrorIs(t, err, broken, test.source)
		assert.NotErrorIs(t, err, tts.ErrBadText)
		assert.Equal(t, want(test.pieces...), audio, test.source)
	}
	_, err := collect(t.Context(), tts.Speak(&ttstest.Fake{}, func(func(string, error) bool) { panic("model") }, tts.Options{}))
	assert.ErrorIs(t, err, tts.ErrPanic)
	_, err = collect(t.Context(), tts.Speak(&ttstest.Fake{}, func(yield func(string, error) bool) { // as t.FailNow does
		yield("Hello. ", nil)
		runtime.Goexit()
	}, tts.Options{}))
	assert.ErrorIs(t, err, tts.ErrPanic)
}

// Tokens that hold nothing, as services send to keep a connection alive, end with ctx.
func TestEmptyTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s := tts.Speak(&ttstest.Fake{}, func(yield func(string, error) bool) {
			for yield("", nil) {
				time.Sleep(time.Second)
			}
		}, tts.Options{})
		_, err := collect(ctx, s)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// Whatever an engine does, there is a typed error.
func TestBadEngines(t *testing.T) {
	long := strings.Repeat("word ", 40) + "end."
	for name, test := range map[string]struct {
		fault ttstest.Fault
		pcm   bool
		kind  error
	}{
		"fails":          {ttstest.Fault{Err: &tts.Error{Kind: tts.ErrRefused}}, false, tts.ErrRefused},
		"fails in time":  {ttstest.Fault{After: time.Second, Err: &tts.Error{Kind: tts.ErrAuth}}, false, tts.ErrAuth},
		"unknown":        {ttstest.Fault{Err: errors.New("boom")}, false, nil},
		"panics":         {ttstest.Fault{Panic: true}, false, tts.ErrPanic},
		"hangs":          {ttstest.Fault{Hang: true}, false, tts.ErrTimeout},
		"hangs later":    {ttstest.Fault{Hang: true, After: time.Second}, false, tts.ErrTimeout},
		"hangs and deaf": {ttstest.Fault{Hang: true, Deaf: true}, false, tts.ErrTimeout},
		"nothing":        {ttstest.Fault{Stop: true}, false, tts.ErrBadAudio},
		"too little":     {ttstest.Fault{Stop: true, After: 500 * time.Millisecond}, false, tts.ErrBadAudio},
		"too much":       {ttstest.Fault{Extra: 10 * time.Minute}, false, tts.ErrBadAudio},
		"half a sample":  {ttstest.Fault{Odd: true}, true, tts.ErrBadAudio},
		"rate":           {ttstest.Fault{Rate: 1}, true, tts.ErrBadAudio},
		"high rate":      {ttstest.Fault{Rate: 192000}, true, tts.ErrBadAudio},
		"odd rate":       {ttstest.Fault{Rate: 12347}, true, tts.ErrBadAudio},
		"negative rate":  {ttstest.Fault{Rate: -8000}, true, tts.ErrBadAudio},
		"WAV":            {ttstest.Fault{Header: true}, false, tts.ErrBadAudio},
	} {
		synctest.Test(t, func(t *testing.T) {
			fake := &ttstest.Fake{PCM: test.pcm, Fault: func(n int, _ string) ttstest.Fault {
				if n == 0 {
					return ttstest.Fault{}
				}
				return test.fault
			}}
			s := tts.Speak(tts.Failover(tts.FailoverOptions{Retries: -1}, fake), tts.Text("Good morning to you. "+long), tts.Options{})
			audio, err := collect(t.Context(), s)
			require.Error(t, err, name)
			if test.kind != nil {
				require.ErrorIs(t, err, test.kind, name)
			}
			if first := want("Good morning to you."); test.pcm {
				assert.GreaterOrEqual(t, len(audio), len(first), name)
			} else {
				assert.True(t, bytes.HasPrefix(audio, first), name)
			}
			assert.Contains(t, s.Heard(s.Length()), "Good morning to you.", name)
			time.Sleep(2 * time.Minute) // so that the deaf one has ended
		})
	}
}

// A loop that is left, or whose context ends, leaves nothing.
func TestLeaveSpeech(t *testing.T) {
	for range 20 {
		fake := &ttstest.Fake{Delay: time.Millisecond}
		n := 0
		for range tts.Speak(fake, tts.Text(strings.Repeat("One two three. ", 100)), tts.Options{}).Audio(t.Context()) {
			if n++; n == 3 {
				break
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := tts.Speak(&ttstest.Fake{Fault: func(int, string) ttstest.Fault { return ttstest.Fault{Hang: true, After: 100 * time.Millisecond} }},
		tts.Text("One two three four."), tts.Options{})
	for _, err := range s.Audio(ctx) {
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
		cancel()
	}
}

// An engine that says numbers itself gets them as they are written.
func TestNormalizer(t *testing.T) {
	fake := &normalizer{}
	_, err := collect(t.Context(), tts.Speak(fake, tts.Text("**It** costs $4.50."), tts.Options{}))
	require.NoError(t, err)
	assert.Equal(t, []string{"It costs $4.50."}, fake.Texts())
	both := tts.Failover(tts.FailoverOptions{}, fake, &ttstest.Fake{})
	assert.False(t, tts.Normalizes(both))
	assert.True(t, tts.Normalizes(tts.NewPool(tts.NewCache(0).Of(fake), tts.PoolOptions{})))
}

type normalizer struct{ ttstest.Fake }

func (*normalizer) Normalizes() bool { return true }

// Speech is made ahead of the loop by a bounded amount.
func TestAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &ttstest.Fake{}
		made := 0
		counting := tts.SynthesizerFunc(func(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
			return func(yield func(tts.Chunk, error) bool) {
				fake.Synthesize(ctx, text, c)(func(c tts.Chunk, err error) bool {
					made += len(c.Audio)
					return yield(c, err)
				})
			}
		})
		taken := 0
		for c, err := range tts.Speak(counting, tts.Text(strings.Repeat("This is said and said again. ", 50)), tts.Options{}).Audio(t.Context()) {
			require.NoError(t, err)
			taken += len(c.Audio)
			assert.LessOrEqual(t, len(c.Audio), 1600)
			time.Sleep(time.Duration(len(c.Audio)) * time.Second / codec.Rate)
			synctest.Wait()
			assert.LessOrEqual(t, made-taken, 3*codec.Rate)
		}
		assert.Greater(t, taken, 60*codec.Rate)
	})
}
