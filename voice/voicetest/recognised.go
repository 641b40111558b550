package voicetest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice/journal"
)

// Recognised returns an engine for the host of a [Replay]. In each call it repeats what was
// recognised when the call was recorded, at the same place and time of the stream's audio,
// and reports as much speech; the audio itself does not count. In a call without a record it
// hears nothing.
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
	start   time.Duration // of the stream, in the record
	events  []journal.Line
	counted bool // the record says behind which audio events came
	ears    []*journal.Ear
}

// Traits implements stt.Describer.
func (*recognised) Traits() stt.Traits { return stt.Traits{Session: true} }

// Open implements stt.Engine.
func (e *recognised) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	e.mu.Lock()
	var next script
	if left := e.calls[c.CallSID]; len(left) > 0 {
		next, e.calls[c.CallSID] = left[0], left[1:]
	}
	e.mu.Unlock()
	s := &recalled{script: next, emit: c.Emit, began: time.Now(), wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	if s.emit == nil {
		s.emit = func(stt.Event) {}
	}
	go s.run(ctx)
	if len(next.ears) > 0 {
		return recalledEar{s}, nil
	}
	return s, nil
}

// recalled is a stream. An event that came between two pieces of audio comes between them
// again: at its time if that lies there, and before the later one is taken otherwise.
type recalled struct {
	script
	emit  func(stt.Event)
	began time.Time
	once  sync.Once
	wake  chan struct{} // of run, by Send and Flush
	stop  chan struct{}
	done  chan struct{} // closed when everything was heard

	order sync.Mutex // of emitting; held before mu

	mu      sync.Mutex
	emitted int       // events
	pieces  int64     // of audio that have come
	came    time.Time // the last one
	flushed bool      // nothing more comes
}

// settles is how long the server has to take in a piece of audio before it is told what came
// behind that.
const settles = time.Millisecond

// run emits the events whose time has come.
func (s *recalled) run(ctx context.Context) {
	defer close(s.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		s.tell(func(wait time.Duration, _ int64) bool { return wait <= 0 })
		wait, left := s.next()
		if !left {
			return
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-s.wake:
		case <-s.stop:
			return
		case <-ctx.Done():
			return
		}
	}
}

// notYet is the time until an event that waits for audio.
const notYet = time.Hour

// next returns in which time the next event is due; false if there is none.
func (s *recalled) next() (wait time.Duration, left bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.emitted == len(s.events) {
		return 0, false
	}
	l := &s.events[s.emitted]
	wait = time.Until(s.began.Add(l.At - s.start))
	switch {
	case !s.counted || s.flushed || l.Heard.Frame < s.pieces:
	case l.Heard.Frame > s.pieces:
		wait = notYet
	case s.pieces > 0:
		wait = max(wait, time.Until(s.came.Add(settles)))
	}
	return wait, true
}

// tell emits the next events as long as they are to be told: by in which time they are due,
// and behind which piece of audio they came.
func (s *recalled) tell(now func(wait time.Duration, behind int64) bool) {
	s.order.Lock()
	defer s.order.Unlock()
	for {
		wait, left := s.next()
		if !left || !now(wait, s.events[s.emitted].Heard.Frame) {
			return
		}
		s.mu.Lock()
		l := s.events[s.emitted]
		s.emitted++
		s.mu.Unlock()
		s.emit(eventOf(l.Heard))
	}
}

// Send implements stt.Stream.
func (s *recalled) Send([]byte) error {
	s.mu.Lock()
	s.pieces++
	s.came = time.Now()
	pieces := s.pieces
	s.mu.Unlock()
	if s.counted {
		s.tell(func(_ time.Duration, behind int64) bool { return behind < pieces })
	}
	s.kick()
	return nil
}

// kick has run look at what is due.
func (s *recalled) kick() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Flush implements stt.Stream.
func (s *recalled) Flush(ctx context.Context) error {
	s.mu.Lock()
	s.flushed = true
	s.mu.Unlock()
	s.kick()
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

// recalledEar is a stream of which the record says what of its audio was speech.
type recalledEar struct{ *recalled }

// near is how many pieces of audio an answer holds for that was not asked for in the record.
const near = 64

// Voiced implements stt.Ear. What was never asked is answered by whether the caller spoke.
func (s recalledEar) Voiced(last time.Duration) (speech time.Duration, speaking bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, _ := slices.BinarySearchFunc(s.ears, s.pieces+1, func(e *journal.Ear, frame int64) int { return cmp.Compare(e.Frame, frame) })
	if n > 0 {
		speaking = s.ears[n-1].Speaking
	}
	if last <= 0 {
		return 0, speaking
	}
	if speaking {
		speech = last
	}
	apart := int64(near)
	for _, e := range s.ears {
		if e.Last != last.Microseconds() {
			continue
		}
		if d := max(e.Frame-s.pieces, s.pieces-e.Frame); d < apart {
			apart, speech = d, micros(e.Speech)
		}
	}
	return speech, speaking
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
				switch {
				case l.Stream != open.Stream:
				case l.Kind == journal.KindHeard && l.Heard.Track == track:
					s.events = append(s.events, l)
					s.counted = s.counted || l.Heard.Frame > 0
				case l.Kind == journal.KindEar:
					s.ears = append(s.ears, l.Ear)
				}
			}
			slices.SortStableFunc(s.ears, func(a, b *journal.Ear) int { return cmp.Compare(a.Frame, b.Frame) })
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
