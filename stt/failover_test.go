package stt_test

import (
	"context"
	"io"
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

var errDown = &stt.Error{Engine: "first", Op: "read", Kind: stt.ErrUnavailable, Status: 1011}

func TestFailoverReplaysTheUtterance(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		first, rec := &stttest.Engine{}, &stttest.Recognizer{Texts: []string{"second"}}
		engine := stt.Failover(stt.FailoverOptions{}, first, stt.Segmented(rec, stt.Segmentation{}))
		s, err := stttest.Open(t.Context(), engine, stt.Config{})
		require.NoError(t, err)
		one, err := first.Stream(t.Context(), 0)
		require.NoError(t, err)

		play(t, s, audio) // heard by the first
		one.Say("first")
		synctest.Wait()
		play(t, s, audio[:len(audio)*2/3]) // in the middle of this it dies
		one.Fail(errDown)
		play(t, s, audio[len(audio)*2/3:])
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())

		events := rest(t, s)
		assert.Equal(t, []string{"first", "second"}, texts(events))
		var degraded int
		for _, ev := range events {
			switch {
			case ev.Kind == stt.Degraded:
				degraded++
				require.ErrorIs(t, ev.Err, stt.ErrUnavailable)
			case ev.Kind == stt.Final && ev.Transcript.Text == "second":
				begin := codec.Format{}.Duration(len(audio))
				assert.InDelta(t, begin+440*time.Millisecond, ev.Transcript.Start, float64(100*time.Millisecond), "on the call's clock")
				assert.True(t, ev.Timing.Valid)
				assert.Less(t, ev.Timing.Latency, 700*time.Millisecond)
			}
		}
		assert.Equal(t, 1, degraded)
		assert.True(t, one.Closed())
		asked := rec.Utterances()
		require.Len(t, asked, 1)
	})
}

func TestFailoverOfALostUtterance(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		broken := &stttest.Recognizer{Fail: func(int) error { return errDown }}
		good := &stttest.Recognizer{Texts: []string{"yes"}}
		engine := stt.Failover(stt.FailoverOptions{}, stt.Segmented(broken, stt.Segmentation{}), stt.Segmented(good, stt.Segmentation{}))
		s, err := stttest.Open(t.Context(), engine, stt.Config{})
		require.NoError(t, err)
		for range 3 {
			play(t, s, audio)
		}
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		assert.Equal(t, []string{"yes", "yes", "yes"}, texts(rest(t, s)))
		assert.Len(t, broken.Utterances(), 2, "once, and once more; then the call stays with the second")
	})
}

func TestFailoverOfASilentEngine(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		good := &stttest.Recognizer{Texts: []string{"yes"}}
		dead := stt.EngineFunc(func(ctx context.Context, c stt.Config) (stt.Stream, error) {
			s, err := (&stttest.Engine{}).Open(ctx, c)
			return deaf{s}, err
		})
		s, err := stttest.Open(t.Context(), stt.Failover(stt.FailoverOptions{}, dead, stt.Segmented(good, stt.Segmentation{})), stt.Config{})
		require.NoError(t, err)
		play(t, s, audio)
		play(t, s, codec.Format{}.AppendSilence(nil, 6*8000))
		require.NoError(t, s.Close())
		events := rest(t, s)
		assert.Equal(t, []string{"yes"}, texts(events))
		require.Equal(t, stt.Degraded, events[0].Kind)
		assert.Equal(t, "timeout", stt.Reason(events[0].Err))
		timing := events[slices.Index(kinds(events), stt.Final)].Timing
		assert.True(t, timing.Valid)
		assert.InDelta(t, 280*time.Millisecond+2*2*time.Second, timing.Latency, float64(25*time.Millisecond), "from when the caller stopped, not from the replay")
	})
}

// deaf never finishes a flush.
type deaf struct{ stt.Stream }

func (deaf) Flush(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

func TestFailoverLeavesAnEngineThatHeardOnlyNoise(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		quiet, second := &stttest.Engine{}, &stttest.Engine{}
		s, err := stttest.Open(t.Context(), stt.Failover(stt.FailoverOptions{}, quiet, second), stt.Config{})
		require.NoError(t, err)
		play(t, s, audio)
		play(t, s, codec.Format{}.AppendSilence(nil, 6*8000))
		one, err := quiet.Stream(t.Context(), 0)
		require.NoError(t, err)
		assert.Equal(t, 1, one.Flushes(), "it was asked whether it lives")
		require.NoError(t, s.Close())
		assert.Empty(t, rest(t, s))
	})
}

func TestFailoverEndsWithTheLastError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &stttest.Engine{}, &stttest.Engine{}
		s, err := stttest.Open(t.Context(), stt.Failover(stt.FailoverOptions{}, first, second), stt.Config{})
		require.NoError(t, err)
		one, err := first.Stream(t.Context(), 0)
		require.NoError(t, err)
		one.Fail(errDown)
		two, err := second.Stream(t.Context(), 0)
		require.NoError(t, err)
		last := &stt.Error{Engine: "second", Kind: stt.ErrQuota}
		two.Fail(last)
		synctest.Wait()
		require.ErrorIs(t, s.Send(nil), stt.ErrQuota)
		require.ErrorIs(t, s.Flush(t.Context()), stt.ErrQuota)
		for range 2 {
			ev, err := s.Next(t.Context())
			require.NoError(t, err)
			assert.Equal(t, stt.Degraded, ev.Kind)
		}
		_, err = s.Next(t.Context())
		require.ErrorIs(t, err, stt.ErrQuota)
		require.NoError(t, s.Close())
	})
}

func TestFailoverBreakerIsSharedByCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &stttest.Engine{OpenError: errDown}, &stttest.Engine{}
		engine := stt.Failover(stt.FailoverOptions{Breaker: stt.BreakerOptions{Failures: 2, Cooldown: time.Minute}}, first, second)
		call := func() {
			s, err := stttest.Open(t.Context(), engine, stt.Config{})
			require.NoError(t, err)
			require.NoError(t, s.Close())
		}
		call()
		call()
		first.OpenError = nil
		call() // the breaker is open: the first is not asked
		third, err := second.Stream(t.Context(), 2)
		require.NoError(t, err)
		assert.True(t, third.Closed())
		time.Sleep(time.Minute)
		s, err := stttest.Open(t.Context(), engine, stt.Config{}) // the probe
		require.NoError(t, err)
		probe, err := first.Stream(t.Context(), 0)
		require.NoError(t, err)
		probe.Say("back")
		synctest.Wait()
		require.NoError(t, s.Close())
		call()
		again, err := first.Stream(t.Context(), 1)
		require.NoError(t, err)
		assert.True(t, again.Closed())
	})
}

func TestFailoverForgetsSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := &stttest.Engine{}, &stttest.Engine{}
		s, err := stttest.Open(t.Context(), stt.Failover(stt.FailoverOptions{}, first, second), stt.Config{})
		require.NoError(t, err)
		play(t, s, codec.Format{}.AppendSilence(nil, 60*8000))
		one, _ := first.Stream(t.Context(), 0)
		one.Fail(errDown)
		two, err := second.Stream(t.Context(), 0)
		require.NoError(t, err)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		assert.Less(t, len(two.Audio()), 8000, "of the minute of silence")
		require.NoError(t, s.Close())
	})
}

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &stttest.Recognizer{Fail: func(n int) error {
			if n < 5 {
				return errDown
			}
			return nil
		}}
		b := stt.NewBreaker(stt.BreakerOptions{})
		ask := func() error {
			if !b.Allow() {
				return stt.ErrUnavailable
			}
			_, err := rec.Recognize(t.Context(), nil, stt.Config{})
			b.Done(err)
			return err
		}
		for range 10 {
			require.ErrorIs(t, ask(), stt.ErrUnavailable)
		}
		assert.Len(t, rec.Utterances(), 5)
		assert.True(t, b.Open())
		time.Sleep(30 * time.Second)
		assert.True(t, b.Allow())
		assert.False(t, b.Allow(), "one probe at a time")
		b.Done(context.Canceled)
		require.NoError(t, ask())
		assert.False(t, b.Open())
		b.Done(&stt.Error{Kind: stt.ErrAuth})
		assert.True(t, b.Open(), "at once")
		time.Sleep(30 * time.Second)
		assert.True(t, b.Allow())
		b.Done(errDown)
		assert.True(t, b.Open(), "the probe failed")
	})
}

func TestMeasure(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		inner := &stttest.Engine{}
		s, err := stttest.Open(t.Context(), inner, stt.Config{})
		require.NoError(t, err)
		one, err := inner.Stream(t.Context(), 0)
		require.NoError(t, err)
		final := func(start, end time.Duration) stt.Timing {
			one.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "yes", Start: start, End: end}})
			ev, err := s.Next(t.Context())
			require.NoError(t, err)
			return ev.Timing
		}
		assert.False(t, final(0, time.Second).Valid, "before any speech")
		play(t, s, audio) // speech to about 0.85 s, then silence
		length := codec.Format{}.Duration(len(audio))
		late := length - 850*time.Millisecond

		got := final(0, 0)
		assert.True(t, got.Valid)
		assert.InDelta(t, late, got.Latency, float64(180*time.Millisecond), "from the last voiced sample")
		got = final(0, 700*time.Millisecond)
		assert.InDelta(t, length-700*time.Millisecond, got.Latency, float64(45*time.Millisecond), "from the last word, which is earlier")
		assert.False(t, final(length-50*time.Millisecond, length).Valid, "belongs to no speech")
		require.NoError(t, s.Close())
		_, err = s.Next(t.Context())
		require.ErrorIs(t, err, io.EOF)
	})
}

// A caller who says nothing shows nothing of a recogniser that was not asked: its
// breaker still lets one call at a time try.
func TestFlushOfNothingIsNoSignOfLife(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		opened := 0
		down := stt.Segmented(&stttest.Recognizer{Fail: func(int) error { return errDown }}, stt.Segmentation{})
		first := stt.EngineFunc(func(ctx context.Context, c stt.Config) (stt.Stream, error) {
			opened++
			return down.Open(ctx, c)
		})
		_, second := yesEngine()
		engine := stt.Failover(stt.FailoverOptions{Breaker: stt.BreakerOptions{Failures: 1, Cooldown: time.Minute}}, first, second)
		open := func() *stttest.Call {
			s, err := stttest.Open(t.Context(), engine, stt.Config{})
			require.NoError(t, err)
			return s
		}
		s := open()
		play(t, s, audio)
		require.Equal(t, []string{"yes"}, texts(finish(t, s)))
		time.Sleep(time.Minute)
		s = open()
		play(t, s, codec.Format{}.AppendSilence(nil, 8000))
		finish(t, s)
		require.Equal(t, 2, opened)

		one, two := open(), open()
		require.Equal(t, 3, opened)
		play(t, two, audio)
		require.Equal(t, []string{"yes"}, texts(finish(t, two)))
		finish(t, one)
	})
}

// prewarmer is an engine whose Prewarm is a function.
type prewarmer struct {
	stt.Engine
	prewarm func() error
}

func (p prewarmer) Prewarm(context.Context) error { return p.prewarm() }

func TestFailoverPrewarm(t *testing.T) {
	panics := prewarmer{&stttest.Engine{}, func() error { panic("ouch") }}
	works := prewarmer{&stttest.Engine{}, func() error { return nil }}
	prewarm := func(engines ...stt.Engine) error {
		return stt.Failover(stt.FailoverOptions{}, engines...).(stt.Prewarmer).Prewarm(t.Context())
	}
	require.NoError(t, prewarm(panics, works))
	require.ErrorIs(t, prewarm(panics, panics), stt.ErrPanic)
}
