package stt_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// TestFailoverOfRandomEngines: however engines die, each utterance is heard once,
// in order and at its time, and what begins ends.
func TestFailoverOfRandomEngines(t *testing.T) {
	audio := speech(t)
	calls := 12
	if testing.Short() {
		calls = 3
	}
	for seed := range calls {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &random{rng: rand.New(rand.NewPCG(uint64(seed), 7))}
				begins, events := r.call(t, audio)
				for _, kind := range []stt.Kind{stt.SpeechStart, stt.Final, stt.UtteranceEnd} {
					assert.Equal(t, len(begins), count(events, kind), "%v in %v", kind, kinds(events))
				}
				for _, ev := range events {
					if ev.Kind == stt.Final && len(begins) > 0 {
						assert.InDelta(t, begins[0]+440*time.Millisecond, ev.Transcript.Start, float64(150*time.Millisecond))
						assert.InDelta(t, begins[0]+900*time.Millisecond, ev.Transcript.End, float64(150*time.Millisecond))
						begins = begins[1:]
					}
				}
			})
		})
	}
}

// random makes calls and engines. It is used from several goroutines.
type random struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func (r *random) below(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rng.IntN(n)
}

// call plays utterances, and returns when each began and what was heard.
func (r *random) call(t *testing.T, audio []byte) (begins []time.Duration, events []stt.Event) {
	engines := []stt.Engine{r.recognizer(0)} // the last one always works
	for range 1 + r.below(3) {
		engines = append([]stt.Engine{r.engine()}, engines...)
	}
	o := stt.FailoverOptions{Reconnects: r.below(3), Keep: time.Minute}
	s, err := stttest.Open(t.Context(), stt.Failover(o, engines...), stt.Config{})
	require.NoError(t, err)
	say := func(audio []byte) time.Duration {
		play(t, s, audio)
		return codec.Format{}.Duration(len(audio))
	}
	flush := func() { // an engine that is dead while nobody speaks goes unnoticed
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := s.Flush(ctx); err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
	}
	clock := time.Duration(0)
	for range 6 {
		begins = append(begins, clock)
		clock += say(audio)
		clock += say(codec.Format{}.AppendSilence(nil, frameBytes*r.below(200)))
		if r.below(4) == 0 {
			flush()
		}
	}
	say(codec.Format{}.AppendSilence(nil, 40*8000)) // in which all that is dead is noticed
	flush()
	require.NoError(t, s.Close())
	return begins, rest(t, s)
}

// engine returns one that fails now and then.
func (r *random) engine() stt.Engine {
	dies := stt.EngineFunc(func(ctx context.Context, c stt.Config) (stt.Stream, error) {
		if r.below(10) == 0 {
			return nil, errDown
		}
		d := &dying{emit: c.Emit, left: r.below(24 * 8000), silent: r.below(2) == 0, sends: r.below(2) == 0, timeless: r.below(2) == 0,
			dead: make(chan struct{}), closed: make(chan struct{})}
		c.Emit = d.pass
		var err error
		d.Stream, err = r.recognizer(0).Open(ctx, c)
		return d, err
	})
	switch r.below(4) {
	case 0:
		return r.recognizer(30)
	case 1:
		return stt.Failover(stt.FailoverOptions{Reconnects: 1, Keep: time.Minute}, dies)
	case 2:
		return via{dies}
	}
	return dies
}

// via passes calls on to another engine.
type via struct{ stt.Engine }

func (v via) Traits() stt.Traits { return stt.Traits{Engine: v.Engine} }

// recognizer returns one that fails to recognise so many utterances of a hundred.
func (r *random) recognizer(fails int) stt.Engine {
	return stt.Segmented(stt.RecognizerFunc(func(context.Context, []byte, stt.Config) (stt.Transcript, error) {
		time.Sleep(time.Duration(r.below(900)) * time.Millisecond)
		if r.below(100) < fails {
			return stt.Transcript{}, &stt.Error{Op: "recognize", Kind: stt.ErrRefused}
		}
		return stt.Transcript{Text: "yes"}, nil
	}), stt.Segmentation{})
}

// dying is a stream that dies after left bytes: silently, in Send or by an event.
type dying struct {
	stt.Stream
	emit                    func(stt.Event)
	left                    int
	silent, sends, timeless bool
	dead, closed            chan struct{}
	closing                 sync.Once
}

func (d *dying) isDead() bool {
	select {
	case <-d.dead:
		return true
	default:
		return false
	}
}

func (d *dying) Send(frame []byte) error {
	if d.left -= len(frame); d.left <= 0 && !d.isDead() {
		close(d.dead)
		if !d.silent && !d.sends {
			d.emit(stt.Event{Kind: stt.Ended, Err: errDown})
		}
	}
	switch {
	case !d.isDead():
		return d.Stream.Send(frame)
	case d.sends && !d.silent:
		return errDown
	}
	return nil
}

func (d *dying) pass(ev stt.Event) {
	if d.isDead() {
		return
	}
	if d.timeless {
		ev.Transcript.Start, ev.Transcript.End = 0, 0
	}
	d.emit(ev)
}

func (d *dying) Flush(ctx context.Context) error {
	if !d.isDead() {
		return d.Stream.Flush(ctx)
	}
	if !d.silent {
		return errDown
	}
	select {
	case <-d.closed:
		return stt.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *dying) Close() error {
	d.closing.Do(func() { close(d.closed) })
	return d.Stream.Close()
}
