package stt_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/vad"
)

const frameBytes = 160 // 20 ms of mu-law

// speech returns a recording as mu-law: about half a second of "yes" with
// silence around it.
func speech(t testing.TB) []byte {
	t.Helper()
	f, err := os.Open("vad/testdata/flite_slt_0.8k.ulaw.wav")
	require.NoError(t, err)
	defer f.Close()
	audio, err := codec.ReadMulaw(f)
	require.NoError(t, err)
	return audio
}

// play sends audio frame by frame, in real time inside a synctest bubble.
func play(t testing.TB, s stt.Stream, audio []byte) {
	t.Helper()
	for ; len(audio) > 0; audio = audio[min(frameBytes, len(audio)):] {
		require.NoError(t, s.Send(audio[:min(frameBytes, len(audio))]))
		time.Sleep(20 * time.Millisecond)
	}
}

// rest returns all events of a closed stream.
func rest(t testing.TB, s *stttest.Call) (events []stt.Event) {
	t.Helper()
	for {
		ev, err := s.Next(t.Context())
		if err == io.EOF {
			return events
		}
		require.NoError(t, err)
		events = append(events, ev)
	}
}

func kinds(events []stt.Event) (kinds []stt.Kind) {
	for _, ev := range events {
		kinds = append(kinds, ev.Kind)
	}
	return kinds
}

func texts(events []stt.Event) (texts []string) {
	for _, ev := range events {
		if ev.Kind == stt.Final {
			texts = append(texts, ev.Transcript.Text)
		}
	}
	return texts
}

func TestSegmentedTimes(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		const delay = 100 * time.Millisecond
		rec := &stttest.Recognizer{Texts: []string{"yes", "no"}, Delay: delay}
		s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{}), stt.Config{CallSID: "CA1"})
		require.NoError(t, err)
		play(t, s, audio)
		play(t, s, audio)
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		events := rest(t, s)
		assert.Equal(t, []stt.Kind{stt.SpeechStart, stt.Final, stt.UtteranceEnd, stt.SpeechStart, stt.Final, stt.UtteranceEnd}, kinds(events))
		assert.Equal(t, []string{"yes", "no"}, texts(events))

		// The voiced part lies between 0.4 and 0.9 s of the recording.
		length := codec.Format{}.Duration(len(audio))
		for i, final := range []stt.Event{events[1], events[4]} {
			begin := time.Duration(i) * length
			assert.InDelta(t, begin+440*time.Millisecond, final.Transcript.Start, float64(80*time.Millisecond))
			assert.InDelta(t, begin+850*time.Millisecond, final.Transcript.End, float64(180*time.Millisecond))
			assert.True(t, final.Transcript.Final)
			assert.True(t, final.Timing.Valid)
			assert.InDelta(t, 280*time.Millisecond+delay, final.Timing.Latency, float64(25*time.Millisecond))
			assert.Equal(t, delay, final.Timing.Recognition)
			assert.Zero(t, final.Timing.Queue)
		}
		asked := rec.Utterances()
		require.Len(t, asked, 2)
		assert.Equal(t, "CA1", asked[0].Config.CallSID)
		assert.Less(t, len(asked[0].Audio), len(audio), "cut to the speech")
	})
}

func TestSegmentedFillsUpWithSilenceAndDoesNotWait(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		for _, f := range []codec.Format{{}, {Encoding: codec.PCM16}} {
			rec := &stttest.Recognizer{Texts: []string{"yes"}}
			s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{MinAudio: 3 * time.Second}), stt.Config{Format: f})
			require.NoError(t, err)
			in := audio
			if f.Encoding == codec.PCM16 {
				in = pcm16(audio)
			}
			began := time.Now()
			play(t, s, in)
			require.NoError(t, s.Flush(t.Context()))
			require.NoError(t, s.Close())
			assert.Less(t, time.Since(began), 3*time.Second)
			require.Len(t, texts(rest(t, s)), 1)
			sent := rec.Utterances()[0].Audio
			assert.Equal(t, 3*time.Second, f.Duration(len(sent)))
			assert.Equal(t, f.AppendSilence(nil, 800), sent[len(sent)-f.Bytes(100*time.Millisecond):])
		}
	})
}

func pcm16(mulaw []byte) (out []byte) {
	for _, v := range codec.AppendDecodeMulaw(nil, mulaw) {
		out = append(out, byte(v), byte(uint16(v)>>8))
	}
	return out
}

func TestSegmentedSurvivesWhatRecognizersDo(t *testing.T) {
	audio := speech(t)
	unavailable := &stt.Error{Engine: "x", Op: "recognize", Kind: stt.ErrUnavailable, Status: 503}
	for name, test := range map[string]struct {
		fail  func(n int) error
		delay time.Duration
		kinds []stt.Kind // after SpeechStart, for the first of two utterances
		asked int        // for both
	}{
		"once unavailable": {func(n int) error {
			if n == 0 {
				return unavailable
			}
			return nil
		}, 0, []stt.Kind{stt.Final, stt.UtteranceEnd}, 3},
		"unavailable": {func(n int) error { return unavailable }, 0, []stt.Kind{stt.Degraded, stt.UtteranceEnd}, 4},
		"refused": {func(n int) error { return &stt.Error{Op: "recognize", Kind: stt.ErrRefused, Status: 400} },
			0, []stt.Kind{stt.Degraded, stt.UtteranceEnd}, 2},
		"retry after": {func(n int) error {
			if n == 0 {
				return &stt.Error{Op: "recognize", Kind: stt.ErrOverloaded, Status: 429, RetryAfter: time.Second}
			}
			return nil
		}, 0, []stt.Kind{stt.Final, stt.UtteranceEnd}, 3},
		"retry after too long": {func(n int) error {
			return &stt.Error{Op: "recognize", Kind: stt.ErrOverloaded, Status: 429, RetryAfter: time.Minute}
		}, 0, []stt.Kind{stt.Degraded, stt.UtteranceEnd}, 2},
		"panics": {func(n int) error { panic("ouch") }, 0, []stt.Kind{stt.Degraded, stt.UtteranceEnd}, 4},
		"hangs":  {nil, time.Hour, []stt.Kind{stt.Degraded, stt.UtteranceEnd}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rec := &stttest.Recognizer{Texts: []string{"yes"}, Fail: test.fail, Delay: test.delay}
				s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{}), stt.Config{})
				require.NoError(t, err)
				play(t, s, audio)
				play(t, s, audio)
				require.NoError(t, s.Flush(t.Context()))
				require.NoError(t, s.Close())
				events := rest(t, s)
				assert.Equal(t, test.asked, len(rec.Utterances()))
				ends := 0
				for i, ev := range events {
					if ev.Kind == stt.UtteranceEnd {
						if ends++; ends == 1 {
							assert.Equal(t, test.kinds, kinds(events[i-1:i+1]))
						}
					}
				}
				assert.Equal(t, 2, ends)
			})
		})
	}
}

func TestReasons(t *testing.T) {
	for want, err := range map[string]error{
		"timeout":      fmt.Errorf("x: %w", context.DeadlineExceeded),
		"canceled":     context.Canceled,
		"unavailable":  &stt.Error{Kind: stt.StatusKind(503)},
		"rate_limited": &stt.Error{Kind: stt.StatusKind(429)},
		"auth":         &stt.Error{Kind: stt.StatusKind(401)},
		"bad_audio":    &stt.Error{Kind: stt.StatusKind(415)},
		"panic":        stt.ErrPanic,
		"other":        errors.New("x"),
	} {
		assert.Equal(t, want, stt.Reason(err))
	}
	assert.Equal(t, "stt/x: open: credentials refused: status 401 E1: no", (&stt.Error{
		Engine: "x", Op: "open", Kind: stt.ErrAuth, Status: 401, Code: "E1", Err: errors.New("no")}).Error())
}

func TestSegmentedGivesUpTheOldestOfTooMuch(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		rec := &stttest.Recognizer{Texts: []string{"1", "2", "3", "4", "5", "6"}, Delay: 30 * time.Second}
		s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{Timeout: time.Minute, Backlog: time.Second}), stt.Config{})
		require.NoError(t, err)
		for range 6 {
			play(t, s, audio)
		}
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		lost := 0
		events := rest(t, s)
		for _, ev := range events {
			if ev.Kind == stt.Degraded {
				require.ErrorIs(t, ev.Err, stt.ErrOverrun)
				lost++
			}
		}
		assert.Equal(t, 6, lost+len(texts(events)))
		assert.Positive(t, lost)
	})
}

// TestQueueAndRecognition: a slow recogniser and a long queue are told apart.
func TestQueueAndRecognition(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		const delay = 3 * time.Second
		rec := &stttest.Recognizer{Texts: []string{"yes"}, Delay: delay}
		pool := stt.NewPool(rec, stt.PoolOptions{MaxWait: time.Minute})
		engine := stt.Segmented(pool, stt.Segmentation{Timeout: time.Minute})
		open := func() *stttest.Call {
			s, err := stttest.Open(t.Context(), engine, stt.Config{})
			require.NoError(t, err)
			return s
		}
		finish := func(s *stttest.Call) (timings []stt.Timing) {
			require.NoError(t, s.Flush(t.Context()))
			require.NoError(t, s.Close())
			for _, ev := range rest(t, s) {
				if ev.Kind == stt.Final {
					timings = append(timings, ev.Timing)
				}
			}
			return timings
		}
		length := codec.Format{}.Duration(len(audio))
		twice := open()
		play(t, twice, audio)
		play(t, twice, audio)
		got := finish(twice)
		require.Len(t, got, 2)
		assert.Zero(t, got[0].Queue)
		assert.InDelta(t, delay-length, got[1].Queue, float64(25*time.Millisecond), "for the utterance before")
		assert.Equal(t, delay, got[1].Recognition)
		assert.InDelta(t, 280*time.Millisecond+got[1].Queue+got[1].Recognition, got[1].Latency, float64(25*time.Millisecond))

		one, two := open(), open()
		var wg sync.WaitGroup
		for _, s := range []*stttest.Call{one, two} {
			wg.Go(func() { play(t, s, audio) })
		}
		wg.Wait()
		queues := []time.Duration{finish(one)[0].Queue, finish(two)[0].Queue}
		assert.ElementsMatch(t, []time.Duration{0, delay}, queues, "for a worker")
	})
}

// TestPiecesOfAnyLength: samples that do not fill one of the detector's are kept.
func TestPiecesOfAnyLength(t *testing.T) {
	f := codec.Format{Encoding: codec.PCM16, Rate: 24000}
	var wide []byte
	for _, v := range codec.AppendDecodeMulaw(nil, speech(t)) {
		for range 3 {
			wide = append(wide, byte(v), byte(uint16(v)>>8))
		}
	}
	var want []stt.Event
	for _, piece := range []int{960, 2, 14, 1002} {
		s, err := stttest.Open(t.Context(), stt.Segmented(&stttest.Recognizer{Texts: []string{"yes"}}, stt.Segmentation{}), stt.Config{Format: f})
		require.NoError(t, err)
		for left := wide; len(left) > 0; left = left[min(piece, len(left)):] {
			require.NoError(t, s.Send(left[:min(piece, len(left))]))
		}
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		got := rest(t, s)
		for i := range got {
			got[i].At, got[i].Timing = time.Time{}, stt.Timing{}
		}
		if want == nil {
			want = got
		}
		require.Len(t, texts(got), 1)
		require.Equal(t, want, got, "pieces of %d bytes", piece)
	}
}

func TestSegmentedClose(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		rec := &stttest.Recognizer{Texts: []string{"yes"}, Delay: time.Hour}
		ctx, cancel := context.WithCancel(t.Context())
		s, err := stttest.Open(ctx, stt.Segmented(rec, stt.Segmentation{Timeout: 2 * time.Hour}), stt.Config{})
		require.NoError(t, err)
		play(t, s, audio)
		flushed, cancelFlush := context.WithTimeout(t.Context(), time.Second)
		defer cancelFlush()
		require.ErrorIs(t, s.Flush(flushed), context.DeadlineExceeded)
		waiting := make(chan error)
		go func() { waiting <- s.Flush(t.Context()) }()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-waiting, stt.ErrClosed)
		synctest.Wait()
		require.ErrorIs(t, s.Send(audio), stt.ErrClosed)
		require.ErrorIs(t, s.Flush(t.Context()), stt.ErrClosed)
		require.NoError(t, s.Close())
		require.NoError(t, s.Close())
		assert.Empty(t, texts(rest(t, s)))
	})
}

func TestSegmentedFormats(t *testing.T) {
	_, err := stttest.Open(t.Context(), stt.Segmented(&stttest.Recognizer{}, stt.Segmentation{}), stt.Config{Format: codec.Format{Rate: 11025}})
	require.ErrorIs(t, err, stt.ErrBadAudio)
	_, err = stttest.Open(t.Context(), stt.Segmented(&stttest.Recognizer{}, stt.Segmentation{}), stt.Config{Format: codec.Format{Encoding: 9}})
	require.ErrorIs(t, err, stt.ErrBadAudio)

	rec := &stttest.Recognizer{Texts: []string{"yes"}}
	s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{}), stt.Config{Format: codec.Format{Encoding: codec.PCM16, Rate: 16000}})
	require.NoError(t, err)
	var wide []byte
	for _, v := range codec.AppendDecodeMulaw(nil, speech(t)) {
		wide = append(wide, byte(v), byte(uint16(v)>>8), byte(v), byte(uint16(v)>>8))
	}
	for piece := wide; len(piece) > 0; piece = piece[min(1000, len(piece)):] {
		require.NoError(t, s.Send(piece[:min(1000, len(piece))]))
	}
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	require.Len(t, texts(rest(t, s)), 1)
}

func TestSendDoesNotAllocate(t *testing.T) {
	segmented := stt.Segmented(&stttest.Recognizer{}, stt.Segmentation{})
	for name, e := range map[string]stt.Engine{
		"segmented": segmented,
		"failover":  stt.Failover(stt.FailoverOptions{}, segmented, segmented),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := stttest.Open(t.Context(), e, stt.Config{})
			require.NoError(t, err)
			defer s.Close()
			frame := codec.Format{}.AppendSilence(nil, frameBytes)
			for range 100 {
				s.Send(frame)
			}
			assert.Zero(t, testing.AllocsPerRun(1000, func() { s.Send(frame) }))
		})
	}
}

// A thousand calls with an engine of 200 ms: every utterance has its transcript.
func TestThousandCalls(t *testing.T) {
	audio := speech(t)
	calls := 1000
	if testing.Short() {
		calls = 100
	}
	synctest.Test(t, func(t *testing.T) {
		rec := stt.RecognizerFunc(func(ctx context.Context, audio []byte, c stt.Config) (stt.Transcript, error) {
			time.Sleep(200 * time.Millisecond)
			return stt.Transcript{Text: c.CallSID}, nil
		})
		pool := stt.NewPool(rec, stt.PoolOptions{Workers: calls})
		engine := stt.Segmented(pool, stt.Segmentation{})
		var wg sync.WaitGroup
		for i := range calls {
			wg.Go(func() {
				id := fmt.Sprint("CA", i)
				s, err := stttest.Open(t.Context(), engine, stt.Config{CallSID: id})
				if !assert.NoError(t, err) {
					return
				}
				play(t, s, audio)
				assert.NoError(t, s.Flush(t.Context()))
				assert.NoError(t, s.Close())
				assert.Equal(t, []string{id}, texts(rest(t, s)))
			})
		}
		wg.Wait()
		assert.Zero(t, pool.Status().Busy)
	})
}

func TestPool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most int
		var order []string
		var mu sync.Mutex
		rec := stt.RecognizerFunc(func(ctx context.Context, audio []byte, c stt.Config) (stt.Transcript, error) {
			mu.Lock()
			running++
			most = max(most, running)
			order = append(order, c.CallSID)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			mu.Unlock()
			return stt.Transcript{}, nil
		})
		p := stt.NewPool(rec, stt.PoolOptions{Workers: 2, MaxWait: 2500 * time.Millisecond})
		require.NoError(t, p.Prewarm(t.Context()))
		order, most = nil, 0
		var wg sync.WaitGroup
		refused := 0
		for i := range 8 {
			wg.Go(func() {
				began := time.Now()
				_, err := p.Recognize(t.Context(), nil, stt.Config{CallSID: fmt.Sprint(i)})
				if err != nil {
					require.ErrorIs(t, err, stt.ErrOverloaded)
					assert.LessOrEqual(t, time.Since(began), 2500*time.Millisecond)
					mu.Lock()
					refused++
					mu.Unlock()
				}
			})
			time.Sleep(time.Millisecond)
		}
		assert.Equal(t, stt.Status{Ready: true, Workers: 2, Busy: 2, Queued: 6}, p.Status())
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := p.Recognize(ctx, nil, stt.Config{})
		require.ErrorIs(t, err, context.DeadlineExceeded)
		wg.Wait()
		assert.Equal(t, 2, most)
		assert.Equal(t, []string{"0", "1", "2", "3", "4", "5"}, order, "first come, first served")
		assert.Equal(t, 2, refused, "those that would have waited for three seconds")
		assert.Equal(t, stt.Status{Ready: true, Workers: 2}, p.Status())
	})
}

func TestPoolRefusesAtOnceWhatWouldWaitTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &stttest.Recognizer{Delay: time.Second}
		p := stt.NewPool(rec, stt.PoolOptions{MaxWait: 1500 * time.Millisecond})
		for range 20 { // it learns how long an utterance takes
			_, err := p.Recognize(t.Context(), nil, stt.Config{})
			require.NoError(t, err)
		}
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { p.Recognize(t.Context(), nil, stt.Config{}) })
		}
		synctest.Wait()
		began := time.Now()
		_, err := p.Recognize(t.Context(), nil, stt.Config{})
		require.ErrorIs(t, err, stt.ErrOverloaded)
		assert.Zero(t, time.Since(began))
		wg.Wait()
	})
}

// A long silence before an utterance ends does not hide when its speech ended.
func TestSegmentedTimesWithALongHangOver(t *testing.T) {
	audio := speech(t)
	synctest.Test(t, func(t *testing.T) {
		rec := &stttest.Recognizer{Texts: []string{"yes"}}
		s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{VAD: vad.Options{HangOver: 3 * time.Second}}), stt.Config{})
		require.NoError(t, err)
		play(t, s, audio)
		play(t, s, codec.Format{}.AppendSilence(nil, 4*8000))
		for _, ev := range finish(t, s) {
			if ev.Kind == stt.Final {
				assert.True(t, ev.Timing.Valid)
				assert.InDelta(t, 3*time.Second, ev.Timing.Latency, float64(25*time.Millisecond))
			}
		}
	})
}
