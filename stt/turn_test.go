package stt_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// turning is an engine that reports turns.
type turning struct{ *stttest.Engine }

func (turning) Traits() stt.Traits { return stt.Traits{Turns: true} }

// steps returns a call's steps of turns, as `turn_end "yes"`.
func steps(t *testing.T, c *stttest.Call) (steps []string) {
	t.Helper()
	require.NoError(t, stttest.CheckTurns(c.Turns()))
	for _, ev := range c.Turns() {
		step := ev.Turn.State.String()
		if !math.IsNaN(ev.Turn.Confidence) {
			step += fmt.Sprintf(" %.1f", ev.Turn.Confidence)
		}
		if text := ev.Transcript.Text; text != "" {
			step += fmt.Sprintf(" %q", text)
		}
		steps = append(steps, step)
	}
	return steps
}

func step(state stt.TurnState, confidence float64, text string) stt.Event {
	return stt.Event{Kind: stt.Turn, Turn: stt.TurnChange{State: state, Confidence: confidence}, Transcript: stt.Transcript{Text: text}}
}

func silence(d time.Duration) []byte { return slices.Repeat([]byte{0xff}, codec.Format{}.Bytes(d)) }

// Without an engine that reports turns the session does, by silence and by the text: a
// caller who has not finished his sentence is waited for, and one who says yes or no
// is answered sooner.
func TestTurnsByEar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &stttest.Recognizer{Texts: []string{"a room and", "breakfast", "yes"}, Delay: 100 * time.Millisecond}
		s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{}), stt.Config{})
		require.NoError(t, err)
		play(t, s, speech(t)) // with half a second of silence after the word
		play(t, s, silence(800*time.Millisecond))
		require.Equal(t, []string{"turn_start", `turn_eager "a room and"`}, steps(t, s))
		play(t, s, speech(t))
		play(t, s, silence(time.Second))
		want := []string{"turn_start", `turn_eager "a room and"`, `turn_resumed "a room and"`, `turn_eager "a room and breakfast"`, `turn_end "a room and breakfast"`}
		require.Equal(t, want, steps(t, s))
		turns := s.Turns()
		end := turns[len(turns)-1].Transcript
		assert.InDelta(t, 0.44, turns[0].Transcript.Start.Seconds(), 0.1)
		assert.InDelta(t, 0.44, end.Start.Seconds(), 0.1, "the bounds of a turn are those of its speech")
		assert.InDelta(t, 1.35+0.8+0.85, end.End.Seconds(), 0.15)
		assert.True(t, end.Final)
		require.NoError(t, s.Expect(stt.Expectation{YesNo: true}))
		play(t, s, speech(t)) // ends half a second after "yes"
		require.Equal(t, append(want, "turn_start", `turn_eager "yes"`, `turn_end "yes"`), steps(t, s))
		require.NoError(t, s.Close())
	})
}

// What is not final in time holds no turn open, and a final that comes after the end of
// its turn is of one as well: all that was said is in the texts of the ends.
func TestTurnOfALateFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &stttest.Recognizer{Texts: []string{"yes"}, Delay: 4 * time.Second}
		s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{}), stt.Config{})
		require.NoError(t, err)
		play(t, s, speech(t))
		play(t, s, silence(3*time.Second))
		require.Equal(t, []string{"turn_start", "turn_end"}, steps(t, s))
		play(t, s, silence(3*time.Second))
		require.Equal(t, []string{"turn_start", "turn_end", "turn_start", `turn_end "yes"`}, steps(t, s))
		require.NoError(t, s.Close())
	})
}

// A Flush is an end: at the end of a call, the turn is over.
func TestFlushEndsTheTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := stttest.Open(t.Context(), stt.Segmented(&stttest.Recognizer{Texts: []string{"a room and"}}, stt.Segmentation{}), stt.Config{})
		require.NoError(t, err)
		play(t, s, speech(t)[:6400])
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		got := steps(t, s)
		require.Equal(t, `turn_end "a room and"`, got[len(got)-1])
	})
}

// Whatever an engine tells, the steps follow on each other.
func TestStepsOfAnEngine(t *testing.T) {
	const start, eager, resumed, end = stt.TurnStart, stt.TurnEager, stt.TurnResumed, stt.TurnEnd
	for name, c := range map[string]struct {
		told []stt.Event
		want []string
	}{
		"as it should be":        {[]stt.Event{step(start, 0.1, ""), step(eager, 0.5, "a"), step(resumed, 0.2, ""), step(end, 0.9, "")}, []string{"turn_start", `turn_eager 0.5 "a"`, "turn_resumed", "turn_end 0.9"}},
		"repeated":               {[]stt.Event{step(start, 0, ""), step(start, 0, ""), step(eager, 0.5, ""), step(eager, 0.5, ""), step(end, 1, ""), step(end, 1, "")}, []string{"turn_start", "turn_eager 0.5", "turn_end 1.0"}},
		"a start resumes":        {[]stt.Event{step(start, 0, ""), step(eager, 0.5, ""), step(start, 0, "")}, []string{"turn_start", "turn_eager 0.5", "turn_resumed"}},
		"no start":               {[]stt.Event{step(eager, 0.5, "a"), step(end, 1, "")}, []string{"turn_start", `turn_eager 0.5 "a"`, "turn_end 1.0"}},
		"an end of nothing":      {[]stt.Event{step(end, 1, ""), step(resumed, 0, ""), step(eager, 1, "")}, nil},
		"a confidence of none":   {[]stt.Event{step(start, 0, ""), step(end, 7, "")}, []string{"turn_start", "turn_end"}},
		"a step that is unknown": {[]stt.Event{step(start, 0, ""), step(0, 0, ""), step(9, 0, ""), step(end, 1, "")}, []string{"turn_start", "turn_end 1.0"}},
	} {
		t.Run(name, func(t *testing.T) {
			engine := turning{&stttest.Engine{}}
			s, err := stttest.Open(t.Context(), engine, stt.Config{})
			require.NoError(t, err)
			defer s.Close()
			one, err := engine.Stream(t.Context(), 0)
			require.NoError(t, err)
			for _, ev := range c.told {
				one.Put(ev)
			}
			require.Equal(t, c.want, steps(t, s))
		})
	}
}

// The text of an end is all that is final of the turn, and that of a turn that may be
// over has besides what is not.
func TestTextsOfAnEnginesTurn(t *testing.T) {
	engine := turning{&stttest.Engine{}}
	s, err := stttest.Open(t.Context(), engine, stt.Config{})
	require.NoError(t, err)
	defer s.Close()
	one, err := engine.Stream(t.Context(), 0)
	require.NoError(t, err)
	one.Put(step(stt.TurnStart, 0, ""))
	one.Say("a room")
	one.Put(step(stt.TurnEager, 0.4, "for two"))
	one.Say("for two")
	one.Put(step(stt.TurnEnd, 0.9, ""))
	one.Say("please") // outside of any turn
	require.NoError(t, s.Flush(t.Context()))
	require.Equal(t, []string{"turn_start", `turn_eager 0.4 "a room for two"`, `turn_end 0.9 "a room for two"`, "turn_start", `turn_eager "please"`, `turn_end "please"`}, steps(t, s))
}

// A turn outlives its engine: the next one goes on with it, whether it reports turns
// or not.
func TestTurnsAcrossEngines(t *testing.T) {
	for _, second := range []string{"tells turns", "tells none", "tells nothing of this one"} {
		tells := second != "tells none"
		synctest.Test(t, func(t *testing.T) {
			first, other := turning{&stttest.Engine{}}, &stttest.Engine{}
			var next stt.Engine = other
			if tells {
				next = turning{other}
			}
			s := stream(t, first, next)
			one, err := first.Stream(t.Context(), 0)
			require.NoError(t, err)
			play(t, s, speech(t))
			one.Put(step(stt.TurnStart, 0, ""))
			one.Put(step(stt.TurnEager, 0.4, "yes"))
			one.Fail(errors.New("gone"))
			two, err := other.Stream(t.Context(), 0)
			require.NoError(t, err)
			time.Sleep(time.Second) // the second engine hears the speech again
			want := []string{"turn_start", `turn_eager 0.4 "yes"`}
			if second == "tells turns" {
				two.Put(step(stt.TurnStart, 0, "")) // of the replay
				two.Say("yes")
				two.Put(step(stt.TurnEnd, 0.8, ""))
				want = append(want, "turn_resumed", `turn_end 0.8 "yes"`)
			} else {
				two.Say("yes")
				play(t, s, silence(time.Second))
				want = append(want, `turn_end "yes"`)
			}
			require.Equal(t, want, steps(t, s), second)
			require.NoError(t, s.Close())
		})
	}
}

// An engine that has a turn open is not asked to finish it in a pause that may be one
// of the turn; it is after eight seconds, and a turn that it forgets is over.
func TestEngineThatWaitsForTheEndOfATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := turning{&stttest.Engine{}}
		s := stream(t, engine, &stttest.Engine{})
		one, err := engine.Stream(t.Context(), 0)
		require.NoError(t, err)
		play(t, s, speech(t))
		one.Put(step(stt.TurnStart, 0, ""))
		play(t, s, silence(6*time.Second))
		require.Zero(t, one.Flushes())
		require.Equal(t, []string{"turn_start"}, steps(t, s))
		play(t, s, silence(6*time.Second))
		require.Equal(t, 1, one.Flushes())
		require.Equal(t, []string{"turn_start", "turn_end"}, steps(t, s))
		require.NoError(t, s.Close())

		s = stream(t, engine, &stttest.Engine{})
		one, err = engine.Stream(t.Context(), 1)
		require.NoError(t, err)
		play(t, s, speech(t))
		play(t, s, silence(6*time.Second))
		require.NotZero(t, one.Flushes(), "it has told of no turn")
		require.NoError(t, s.Close())
	})
}

// The ends that an engine tells take the place of the ear's: there is one end of a
// turn, however long the engine waits, and however soon it is.
func TestOneEndOfATurn(t *testing.T) {
	for name, wait := range map[string]time.Duration{"sooner than the ear": 20 * time.Millisecond, "later": 3 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				engine := turning{&stttest.Engine{}}
				s := stream(t, engine)
				one, err := engine.Stream(t.Context(), 0)
				require.NoError(t, err)
				play(t, s, speech(t)[:10_000]) // with 0.3 s of silence after the word
				one.Put(step(stt.TurnStart, 0, ""))
				one.Say("yes")
				play(t, s, silence(wait))
				require.Len(t, steps(t, s), 1)
				one.Put(step(stt.TurnEnd, 0.9, ""))
				play(t, s, silence(15*time.Second))
				require.Equal(t, []string{"turn_start", `turn_end 0.9 "yes"`}, steps(t, s))
				require.NoError(t, s.Close())
			})
		})
	}
}

// A stream that ends by itself, as no engine is left, leaves no turn open.
func TestTurnOfAStreamThatEnds(t *testing.T) {
	engine := turning{&stttest.Engine{}}
	s, err := stttest.Open(t.Context(), engine, stt.Config{})
	require.NoError(t, err)
	defer s.Close()
	one, err := engine.Stream(t.Context(), 0)
	require.NoError(t, err)
	one.Put(step(stt.TurnStart, 0, ""))
	one.Say("a room")
	one.Fail(errors.New("gone"))
	require.Equal(t, []string{"turn_start", `turn_end "a room"`}, steps(t, s))
}

// A text that grows after the turn may be over makes an answer to the shorter one void.
func TestTextAfterTheTurnMayBeOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		engine := &stttest.Engine{}
		s := stream(t, engine)
		one, err := engine.Stream(t.Context(), 0)
		require.NoError(t, err)
		play(t, s, speech(t)[:10_000]) // with 0.3 s of silence after the word
		one.Say("a room")
		one.Say("for two")
		play(t, s, silence(time.Second))
		require.Equal(t, []string{"turn_start", `turn_eager "a room"`, `turn_resumed "a room for two"`, `turn_eager "a room for two"`, `turn_end "a room for two"`}, steps(t, s))
		require.NoError(t, s.Close())
	})
}
