package stt_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// Whatever engines hear, tell of turns and die of, and whatever the host expects: the
// steps of turns follow on each other; each text that is final is in the end of one
// turn; a turn is over some time after the last word, and before the stream is.
func TestTurnsOfRandomEngines(t *testing.T) {
	audio := speech(t)
	calls := 12
	if testing.Short() {
		calls = 3
	}
	for seed := range calls {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &random{rng: rand.New(rand.NewPCG(uint64(seed), 14))}
				events, length := r.talk(t, audio)
				require.NoError(t, stttest.CheckTurns(events))
				var finals, turns []string
				heard := 0 // of what a turn may begin with
				for i, ev := range events {
					switch {
					case ev.Kind == stt.Ended:
						assert.Equal(t, len(events)-1, i, "after it comes nothing")
					case ev.Kind == stt.Final:
						finals = append(finals, ev.Transcript.Text)
					case ev.Kind == stt.Turn:
						assert.LessOrEqual(t, time.Duration(0), ev.Transcript.Start)
						assert.LessOrEqual(t, ev.Transcript.Start, ev.Transcript.End, "%v", ev)
						assert.LessOrEqual(t, ev.Transcript.End, length)
						assert.LessOrEqual(t, len(ev.Transcript.Text), 2*stt.MaxText)
						if ev.Turn.State == stt.TurnEnd && ev.Transcript.Text != "" {
							turns = append(turns, ev.Transcript.Text)
						}
						heard++
					}
				}
				assert.Equal(t, strings.Join(finals, " "), strings.Join(turns, " "))
				assert.Equal(t, stt.TurnEnd, lastTurn(events))
				assert.Less(t, heard, 200)
			})
		})
	}
}

// lastTurn returns the last step of a turn.
func lastTurn(events []stt.Event) stt.TurnState {
	for _, ev := range slices.Backward(events) {
		if ev.Kind == stt.Turn {
			return ev.Turn.State
		}
	}
	return stt.TurnEnd
}

// talk makes a call of random engines, which may all die, and returns what it emitted
// and how long it was.
func (r *random) talk(t *testing.T, audio []byte) (events []stt.Event, length time.Duration) {
	engines := []stt.Engine{r.teller(r.engine())}
	for range r.below(3) {
		engines = append(engines, r.teller(r.engine()))
	}
	if r.below(2) == 0 {
		engines = append(engines, r.recognizer(10))
	}
	var mu sync.Mutex
	emit := func(ev stt.Event) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, ev)
	}
	s, err := stt.Open(t.Context(), stt.Failover(stt.FailoverOptions{Reconnects: r.below(3), Keep: time.Minute}, engines...), stt.Config{Emit: emit})
	if err != nil { // none could be opened
		return nil, 0
	}
	say := func(audio []byte) {
		for ; len(audio) >= frameBytes; audio = audio[frameBytes:] {
			s.Send(audio[:frameBytes]) // it may have ended
			time.Sleep(20 * time.Millisecond)
			length += 20 * time.Millisecond
		}
	}
	flush := func() {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		s.Flush(ctx)
	}
	for range 5 {
		say(audio)
		say(silence(20 * time.Millisecond * time.Duration(r.below(150))))
		switch r.below(4) {
		case 0:
			flush()
		case 1:
			s.(stt.Expecter).Expect(stt.Expectation{YesNo: r.below(2) == 0, Digits: r.below(5)})
		}
	}
	say(silence(40 * time.Second))
	mu.Lock()
	assert.Equal(t, stt.TurnEnd, lastTurn(events), "40 s of silence end a turn")
	mu.Unlock()
	flush()
	require.NoError(t, s.Close())
	return events, length
}

// teller is an engine that also tells steps of turns, in any order and with anything
// in them.
type teller struct {
	stt.Engine
	r *random
}

func (r *random) teller(e stt.Engine) stt.Engine {
	if r.below(3) == 0 {
		return e
	}
	return teller{e, r}
}

func (e teller) Traits() stt.Traits { return stt.Traits{Turns: true} }

func (e teller) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	emit := c.Emit
	c.Emit = func(ev stt.Event) {
		step := func() {
			told := stt.Event{Kind: stt.Turn, Turn: stt.TurnChange{State: stt.TurnState(e.r.below(7)), Confidence: float64(e.r.below(4)) - 1}}
			if e.r.below(4) == 0 {
				told.Turn.Confidence = math.NaN()
			}
			if e.r.below(3) == 0 {
				told.Transcript.Text = "perhaps"
			}
			emit(told)
		}
		for range e.r.below(3) {
			step()
		}
		emit(ev)
		for range e.r.below(3) {
			step()
		}
	}
	return e.Engine.Open(ctx, c)
}
