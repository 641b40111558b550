package voice

import (
	"fmt"
	"sync"
	"time"

	"agentos.dev/dialtone/stt"
)

// Silence sets after how long a caller counts as silent: he says nothing and presses nothing
// after he has heard, by Twilio's marks, all that the server said. [Event].Silent reports
// SilentOnce, then SilentTwice, then SilentForGood. If the handler says something in between
// ("Are you still there?"), the next time counts from the end of that. The caller's words and
// keys begin the count anew, and a turn that he is in stops the clock. The clock does not run
// before the server has said something in the call, nor after a turn or key of the caller
// until he has heard the answer.
type Silence struct {
	Once  time.Duration // 0 = 5 s; also the default of Question.Silence
	Twice time.Duration // after SilentOnce; 0 = as Once
	Gone  time.Duration // after SilentTwice; 0 = as Twice
}

// Silent is how often the caller has been silent: see [Silence].
type Silent uint8

// Steps of a caller who is silent.
const (
	SilentOnce    Silent = iota + 1 // ask again, or whether he is there
	SilentTwice                     // say that the call will end
	SilentForGood                   // end it
)

const usualSilence = 5 * time.Second

// check returns what is wrong.
func (s *Silence) check() error {
	for _, d := range []time.Duration{s.Once, s.Twice, s.Gone} {
		if d < 0 || d > time.Hour {
			return fmt.Errorf("want times of 0 to 1h: %v", *s)
		}
	}
	return nil
}

// complete returns a copy with defaults.
func (s Silence) complete() Silence {
	if s.Once == 0 {
		s.Once = usualSilence
	}
	if s.Twice == 0 {
		s.Twice = s.Once
	}
	if s.Gone == 0 {
		s.Gone = s.Twice
	}
	return s
}

// stillness is the clock of a caller's silence. A nil one reports nothing.
type stillness struct {
	tell  func(Silent)
	after [3]time.Duration

	mu      sync.Mutex
	waits   bool // for the caller, who has heard all that was said
	speaks  bool // he is in a turn
	asked   int  // Asks under way, which have a clock of their own
	count   Silent
	timer   *time.Timer
	version int // of the timer
	closed  bool
}

func newStillness(s Silence, tell func(Silent)) *stillness {
	return &stillness{tell: tell, after: [3]time.Duration{s.Once, s.Twice, s.Gone}}
}

// set sets the clock anew.
func (s *stillness) set(change func()) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.start()
}

// start sets the clock by what is so. The lock is held.
func (s *stillness) start() {
	if s.version++; s.timer != nil {
		s.timer.Stop()
	}
	if !s.waits || s.speaks || s.asked > 0 || s.closed || s.count == SilentForGood {
		return
	}
	version := s.version
	s.timer = time.AfterFunc(s.after[s.count], func() {
		s.mu.Lock()
		due := s.version == version
		if due {
			s.count++
		}
		count := s.count
		s.mu.Unlock()
		if due { // what the handler does of it sets the clock
			s.tell(count)
			s.set(func() {})
		}
	})
}

// finished notes that all that was said has been heard, and talks that something is said.
func (s *stillness) finished() { s.set(func() { s.waits = true }) }
func (s *stillness) talks()    { s.set(func() { s.waits = false }) }

// heard takes what the caller says.
func (s *stillness) heard(e stt.Event) {
	switch {
	case e.Kind != stt.Turn:
	case e.Turn.State != stt.TurnEnd:
		s.set(func() { s.speaks = true })
	case e.Transcript.Text != "":
		s.set(func() { s.speaks, s.waits, s.count = false, false, 0 })
	default: // it was noise
		s.set(func() { s.speaks = false })
	}
}

// pressed notes that the caller has pressed a key.
func (s *stillness) pressed() { s.set(func() { s.waits, s.count = false, 0 }) }

// once returns how long the caller may be silent at first.
func (s *stillness) once() time.Duration {
	if s == nil {
		return usualSilence
	}
	return s.after[0]
}

// asks notes that a question begins, or is over.
func (s *stillness) asks(n int) { s.set(func() { s.asked += n }) }

func (s *stillness) close() { s.set(func() { s.closed = true }) }
