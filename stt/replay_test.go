package stt_test

import (
	"bytes"
	"context"
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

// yesEngine hears a "yes" in every utterance.
func yesEngine() (*stttest.Recognizer, stt.Engine) {
	rec := &stttest.Recognizer{Texts: []string{"yes"}}
	return rec, stt.Segmented(rec, stt.Segmentation{})
}

// stream opens a stream of Failover over the engines.
func stream(t *testing.T, engines ...stt.Engine) *stttest.Call {
	t.Helper()
	s, err := stttest.Open(t.Context(), stt.Failover(stt.FailoverOptions{}, engines...), stt.Config{})
	require.NoError(t, err)
	return s
}

// finish flushes and closes a stream, and returns its events.
func finish(t *testing.T, s *stttest.Call) []stt.Event {
	t.Helper()
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	return rest(t, s)
}

func count(events []stt.Event, kind stt.Kind) (n int) {
	for _, k := range kinds(events) {
		if k == kind {
			n++
		}
	}
	return n
}

// Two engines die in the same word. The third hears it once, whole, as if it had
// been the first, and what the caller waited is told.
func TestASecondFailover(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		alone, engine := yesEngine()
		s, err := stttest.Open(t.Context(), engine, stt.Config{})
		require.NoError(t, err)
		play(t, s, audio)
		want := finish(t, s)

		first, second := &stttest.Engine{}, &stttest.Engine{}
		rec, third := yesEngine()
		s = stream(t, first, second, third)
		one, _ := first.Stream(t.Context(), 0)
		one.Put(stt.Event{Kind: stt.SpeechStart, Transcript: stt.Transcript{Start: 440 * time.Millisecond, End: 440 * time.Millisecond}})
		play(t, s, audio[:5600]) // 0.7 s, in the word
		one.Fail(errDown)
		play(t, s, audio[5600:6400])
		two, _ := second.Stream(t.Context(), 0)
		two.Fail(errDown)
		play(t, s, audio[6400:])
		got := finish(t, s)

		require.Equal(t, []string{"yes"}, texts(got))
		require.Len(t, rec.Utterances(), 1)
		assert.Equal(t, alone.Utterances()[0].Audio, rec.Utterances()[0].Audio, "cut as it would have been without a failure")
		assert.Equal(t, 2, count(got, stt.Degraded))
		assert.Equal(t, 1, count(got, stt.SpeechStart), "it began once")
		assert.Equal(t, 1, count(got, stt.UtteranceEnd))
		for i, ev := range want {
			if ev.Kind == stt.Final {
				final := got[slices.Index(kinds(got), stt.Final)]
				assert.Equal(t, ev.Transcript, final.Transcript, "on the call's clock")
				assert.InDelta(t, want[i].Timing.Latency, final.Timing.Latency, float64(25*time.Millisecond))
			}
		}
	})
}

// An engine that hears the end of a word early, and dies after its final
// transcript: the rest of the word is no utterance, and the utterance ends.
func TestFailoverAfterAFinal(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		first := &stttest.Engine{}
		rec, second := yesEngine()
		s := stream(t, first, second)
		one, _ := first.Stream(t.Context(), 0)
		play(t, s, audio)
		one.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "first", Start: 450 * time.Millisecond, End: 650 * time.Millisecond}})
		one.Fail(errDown)
		synctest.Wait()
		play(t, s, codec.Format{}.AppendSilence(nil, 8000))
		assert.Empty(t, rec.Utterances())
		play(t, s, audio)
		got := finish(t, s)
		assert.Equal(t, []string{"first", "yes"}, texts(got))
		assert.Equal(t, 2, count(got, stt.UtteranceEnd))
	})
}

// The same while the caller goes on: the utterance ends once, later.
func TestFailoverAfterAFinalInMidUtterance(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		first := &stttest.Engine{}
		_, second := yesEngine()
		s := stream(t, first, second)
		one, _ := first.Stream(t.Context(), 0)
		play(t, s, audio)
		play(t, s, audio[:5600])
		one.Say("first") // up to here, in the second word
		synctest.Wait()
		one.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "more", End: 1400 * time.Millisecond}})
		one.Fail(errDown)
		play(t, s, audio[5600:])
		got := finish(t, s)
		assert.Equal(t, 2, count(got, stt.UtteranceEnd), kinds(got))
	})
}

// An engine that does not tell times answers one utterance after the other.
func TestFailoverOfAnEngineWithoutTimes(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		first := &stttest.Engine{}
		rec, second := yesEngine()
		s := stream(t, first, second)
		one, _ := first.Stream(t.Context(), 0)
		play(t, s, audio)
		play(t, s, audio)
		one.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "first"}})
		one.Put(stt.Event{Kind: stt.UtteranceEnd})
		synctest.Wait()
		one.Fail(errDown)
		got := finish(t, s)
		assert.Equal(t, []string{"first", "yes"}, texts(got))
		assert.Len(t, rec.Utterances(), 1)
		assert.Equal(t, 2, count(got, stt.UtteranceEnd))
	})
}

// A failover within: its engine's connection is opened anew, and the engine is
// not left for that.
func TestFailoverWithinAFailover(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		first := &stttest.Engine{}
		rec, second := yesEngine()
		s := stream(t, stt.Failover(stt.FailoverOptions{Reconnects: 1}, first), second)
		one, _ := first.Stream(t.Context(), 0)
		play(t, s, audio[:5600])
		one.Fail(errDown)
		play(t, s, audio[5600:])
		again, err := first.Stream(t.Context(), 1)
		require.NoError(t, err)
		time.Sleep(time.Second)
		again.Say("again")
		synctest.Wait()
		play(t, s, audio[:5600])
		again.Fail(errDown) // too often in five seconds
		play(t, s, audio[5600:])
		got := finish(t, s)
		assert.Equal(t, []string{"again", "yes"}, texts(got))
		assert.Len(t, rec.Utterances(), 1)
	})
}

// What is held is bounded, whatever the caller says and the engine does not.
func TestFailoverHoldsSoMuch(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		first, second, third := &stttest.Engine{}, &stttest.Engine{}, &stttest.Engine{}
		s, err := stttest.Open(t.Context(), stt.Failover(stt.FailoverOptions{Keep: 3 * time.Second, Patience: time.Hour}, first, second, third), stt.Config{})
		require.NoError(t, err)
		for range 20 {
			play(t, s, audio)
		}
		one, _ := first.Stream(t.Context(), 0)
		one.Fail(errDown)
		two, _ := second.Stream(t.Context(), 0)
		time.Sleep(10 * time.Second)
		held := codec.Format{}.Duration(len(two.Audio()))
		assert.GreaterOrEqual(t, held, 3*time.Second)
		assert.Less(t, held, 4*time.Second)

		for range 4 { // the caller goes on during the next replay
			play(t, s, audio)
		}
		two.Fail(errDown)
		for range 8 {
			play(t, s, audio)
		}
		three, _ := third.Stream(t.Context(), 0)
		heard := three.Audio()
		all := bytes.Repeat(audio, 32)
		require.Less(t, len(heard), len(all))
		assert.True(t, bytes.Equal(all[len(all)-len(heard):], heard), "without a gap")
		require.NoError(t, s.Close())
	})
}

// A noise is not answered. The engine is asked about it when that interrupts
// nobody.
func TestFailoverDoesNotInterrupt(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		first, second := &stttest.Engine{}, &stttest.Engine{}
		s := stream(t, first, second)
		one, _ := first.Stream(t.Context(), 0)
		play(t, s, audio)
		play(t, s, audio[:4000])
		for range 12 { // the middle of the word, over and over: 2.4 s of speech
			play(t, s, audio[4000:5600])
			require.Zero(t, one.Flushes())
		}
		play(t, s, audio[5600:])
		play(t, s, codec.Format{}.AppendSilence(nil, 3*8000))
		assert.Positive(t, one.Flushes())
		require.NoError(t, s.Close())
	})
}

// An engine whose clock runs ahead has not heard what is not said yet.
func TestFailoverOfAnEngineAheadOfTime(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		first := &stttest.Engine{}
		_, second := yesEngine()
		s := stream(t, first, second)
		one, _ := first.Stream(t.Context(), 0)
		play(t, s, audio)
		one.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "first", End: time.Hour}})
		synctest.Wait()
		play(t, s, audio)
		one.Fail(errDown)
		assert.Equal(t, []string{"first", "yes"}, texts(finish(t, s)))
	})
}

// panicky panics where it says.
type panicky struct {
	stt.Stream
	where string
}

func (p panicky) Send(frame []byte) error {
	if p.where == "send" {
		panic("ouch")
	}
	return p.Stream.Send(frame)
}

func (p panicky) Flush(ctx context.Context) error {
	if p.where == "flush" {
		panic("ouch")
	}
	return p.Stream.Flush(ctx)
}

func TestFailoverSurvivesAPanic(t *testing.T) {
	audio := speech(t)
	for _, where := range []string{"open", "send", "flush"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, second := yesEngine()
				s := stream(t, stt.EngineFunc(func(ctx context.Context, c stt.Config) (stt.Stream, error) {
					if where == "open" {
						panic("ouch")
					}
					s, err := (&stttest.Engine{}).Open(ctx, c)
					return panicky{s, where}, err
				}), second)
				play(t, s, audio)
				got := finish(t, s)
				assert.Equal(t, []string{"yes"}, texts(got))
				if where != "open" {
					require.ErrorIs(t, got[0].Err, stt.ErrPanic)
				}
			})
		})
	}
}

// A Flush that waits for a replay ends with the stream.
func TestFailoverCloseEndsAFlush(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		first, second := &stttest.Engine{}, &stttest.Engine{}
		s := stream(t, first, second)
		play(t, s, audio)
		one, _ := first.Stream(t.Context(), 0)
		one.Fail(errDown)
		synctest.Wait()
		flushed := make(chan error)
		go func() { flushed <- s.Flush(context.Background()) }()
		synctest.Wait()
		go s.Close()
		require.ErrorIs(t, <-flushed, stt.ErrClosed)
	})
}

// An engine that does not tell when speech began: it did when this process heard
// it, and what is replayed does not begin again.
func TestFailoverTellsWhenSpeechBegan(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		first, second := &stttest.Engine{}, &stttest.Engine{}
		s := stream(t, first, second)
		one, _ := first.Stream(t.Context(), 0)
		play(t, s, audio[:5600]) // into the word
		one.Put(stt.Event{Kind: stt.SpeechStart})
		play(t, s, audio[5600:])
		one.Say("first")
		play(t, s, audio[:5600])
		one.Put(stt.Event{Kind: stt.SpeechStart})
		synctest.Wait()
		one.Fail(errDown)
		play(t, s, audio[5600:])
		two, _ := second.Stream(t.Context(), 0)
		two.Put(stt.Event{Kind: stt.SpeechStart})
		two.Say("second")
		synctest.Wait()
		play(t, s, audio)
		two.Put(stt.Event{Kind: stt.SpeechStart})
		two.Say("third")
		var starts []time.Duration
		for _, ev := range finish(t, s) {
			if ev.Kind == stt.SpeechStart {
				starts = append(starts, ev.Transcript.Start)
			}
		}
		require.Len(t, starts, 3)
		for i, at := range starts {
			begin := time.Duration(i) * codec.Format{}.Duration(len(audio))
			assert.InDelta(t, begin+440*time.Millisecond, at, float64(100*time.Millisecond))
		}
	})
}
