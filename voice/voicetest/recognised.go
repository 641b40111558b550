package voicetest

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"sync"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice/journal"
)

// Recognised returns an engine that hears in each call what was recognised in it when it was
// recorded, at the same time of its stream, whatever the audio: for the host of a [Replay].
// In a call of which it has no record it hears nothing.
func Recognised(records ...*journal.Record) stt.Engine {
	e := &recognised{calls: make(map[string][]script, len(records))}
	for _, r := range records {
		e.calls[r.SID] = scripts(r)
	}
	return e
}

// recognised is the engine.
type recognised struct {
	mu    sync.Mutex
	calls map[string][]script // what streams of a call that are yet to be opened hear
}

// script is what is heard on a track of a stream.
type script struct {
	start  time.Duration // of the stream, in the record
	events []journal.Line
}

// Traits implements stt.Describer.
func (*recognised) Traits() stt.Traits { return stt.Traits{Session: true} }

// Open implements stt.Engine.
func (e *recognised) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	e.mu.Lock()
	var next script
	if left := e.calls[c.CallID]; len(left) > 0 {
		next, e.calls[c.CallID] = left[0], left[1:]
	}
	e.mu.Unlock()
	s := &recalled{emit: c.Emit, stop: make(chan struct{}), done: make(chan struct{})}
	if s.emit == nil {
		s.emit = func(stt.Event) {}
	}
	go s.run(ctx, time.Now(), next)
	return s, nil
}

// recalled is a stream.
type recalled struct {
	emit func(stt.Event)
	once sync.Once
	stop chan struct{}
	done chan struct{} // closed when everything was heard
}

// run emits the events at their times.
func (s *recalled) run(ctx context.Context, began time.Time, from script) {
	defer close(s.done)
	for _, l := range from.events {
		wait := time.NewTimer(time.Until(began.Add(l.At - from.start)))
		select {
		case <-wait.C:
		case <-s.stop:
			wait.Stop()
			return
		case <-ctx.Done():
			wait.Stop()
			return
		}
		s.emit(eventOf(l.Heard))
	}
}

// Send implements stt.Stream.
func (s *recalled) Send([]byte) error { return nil }

// Flush implements stt.Stream.
func (s *recalled) Flush(ctx context.Context) error {
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close implements stt.Stream.
func (s *recalled) Close() error {
	s.once.Do(func() { close(s.stop) })
	<-s.done
	return nil
}

// scripts returns what is heard in the tracks of a call's streams, in the order in which a
// server opens their recognisers.
func scripts(r *journal.Record) (all []script) {
	for _, open := range r.Lines {
		if open.Kind != journal.KindOpen || open.Open.Wire != journal.WireMedia {
			continue
		}
		begin, tracks := open.At, []string{"inbound"}
		for _, l := range r.Lines {
			var m struct {
				Event string
				Start struct{ Tracks []string }
			}
			if l.Kind != journal.KindIn || l.Stream != open.Stream || l.Message == nil || json.Unmarshal(l.Message, &m) != nil || m.Event != "start" {
				continue
			}
			if begin = l.At; open.Open.Listens {
				tracks = inOrderOf(m.Start.Tracks)
			}
			break
		}
		for _, track := range tracks {
			s := script{start: begin}
			for _, l := range r.Lines {
				if l.Kind == journal.KindHeard && l.Stream == open.Stream && l.Heard.Track == track {
					s.events = append(s.events, l)
				}
			}
			all = append(all, s)
		}
	}
	return all
}

// inOrderOf returns the tracks of a stream, the caller's first.
func inOrderOf(tracks []string) (sorted []string) {
	for _, track := range []string{"inbound", "outbound"} {
		for _, t := range tracks {
			if t == track {
				sorted = append(sorted, track)
				break
			}
		}
	}
	if sorted == nil {
		return []string{"inbound"}
	}
	return sorted
}

// eventOf returns what was recorded as the recogniser reported it.
func eventOf(h *journal.Heard) stt.Event {
	e := stt.Event{OnHold: h.OnHold, At: time.Now(), Transcript: stt.Transcript{
		Text: h.Text, Language: h.Language, Engine: h.Engine, Music: h.Music,
		Start: micros(h.Start), End: micros(h.End), Confidence: confidence(h.Confidence),
	}}
	for k := stt.SpeechStart; k <= stt.Ended; k++ {
		if k.String() == h.Kind {
			e.Kind = k
		}
	}
	e.Transcript.Final = e.Kind == stt.Final
	for state := stt.TurnStart; state <= stt.TurnEnd; state++ {
		if state.String() == h.Turn {
			e.Turn = stt.TurnChange{State: state, Confidence: confidence(h.TurnOver)}
		}
	}
	for _, w := range h.Words {
		e.Transcript.Words = append(e.Transcript.Words, stt.Word{Text: w.Text, Start: micros(w.Start), End: micros(w.End), Confidence: confidence(w.Confidence)})
	}
	if h.Latency > 0 {
		e.Timing = stt.Timing{Latency: micros(h.Latency), Valid: true}
	}
	if h.Error != "" {
		e.Err = errors.New(h.Error)
	}
	return e
}

func micros(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

func confidence(c *float64) float64 {
	if c == nil {
		return math.NaN()
	}
	return *c
}
