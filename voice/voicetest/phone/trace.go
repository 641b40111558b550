package phone

import (
	"context"
	"errors"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/tts"
)

const (
	// maxFollowed is how many playbacks of a call are followed at a time.
	maxFollowed = 32
	// followEvery is how often it is told how much was heard of one.
	followEvery = 150 * time.Millisecond
	// lastWords is how long the server may take to tell how a call's last playback ended.
	lastWords = 2 * time.Second
)

// Trace returns hooks for the server that the phone calls, if it runs in this process, to be
// joined to its own: with them the page shows what the server understands, what it says, how
// much of that was heard, and why its policy let a call through or not. Ask for it before the
// first call.
func (p *Phone) Trace() *voice.Trace {
	p.mu.Lock()
	p.traced = true
	p.mu.Unlock()
	return &voice.Trace{
		Decision: func(call voice.Info, d policy.Decision) {
			s := p.find(call.SID)
			if s == nil || d.Verdict == policy.Allow {
				return
			}
			text := "The policy decided: " + d.Verdict.String() + ", " + string(d.Reason)
			if d.Detail != "" {
				text += " (" + d.Detail + ")"
			}
			s.note(text)
		},
		Signature: func(r signature.Result) {
			if r.Reason != "" {
				p.everyone("A request was refused by its signature: " + string(r.Reason))
			}
		},
		STTEvent: func(call voice.Info, e stt.Event) {
			if s := p.find(call.SID); s != nil && (e.Kind == stt.Interim || e.Kind == stt.Final) && e.Transcript.Text != "" {
				s.said(e.Transcript.Text, e.Kind == stt.Final)
			}
		},
		STTError: func(call voice.Info, kind string) {
			if s := p.find(call.SID); s != nil {
				s.note("The recogniser failed: " + kind)
			}
		},
		Playback: func(call voice.Info, playback *voice.Playback) {
			if s := p.find(call.SID); s != nil {
				s.followPlayback(playback)
			}
		},
	}
}

func (p *Phone) isTraced() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.traced
}

// everyone tells all calls what cannot be told of one.
func (p *Phone) everyone(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.calls {
		s.note(text)
	}
}

// answer is what the service says, as far as it is known.
type answer struct {
	Text, Heard, State string
	Seconds            float64 // that were heard
}

// number returns the number of the next turn.
func (s *session) number() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.numbers++
	return s.numbers
}

// answer tells what is known of an answer: its text, what was heard of it, and whether it is
// playing, heard, interrupted, failed or just said.
func (s *session) answer(id int, a answer) {
	s.tell(map[string]any{"type": "answer", "id": id, "at": s.now(), "text": cut(a.Text), "heard": cut(a.Heard), "state": a.State, "seconds": a.Seconds})
}

// said tells what was understood of the caller; what is not final is replaced by what follows.
func (s *session) said(text string, final bool) {
	s.mu.Lock()
	if s.interim == 0 {
		s.numbers++
		s.interim = s.numbers
	}
	id := s.interim
	if final {
		s.interim = 0
	}
	s.mu.Unlock()
	s.tell(map[string]any{"type": "said", "id": id, "at": s.now(), "text": cut(text), "final": final})
}

// spoke tells that the caller begins to speak, or has spoken for some milliseconds.
func (s *session) spoke(begins bool, ms int) {
	s.tell(map[string]any{"type": "spoke", "on": begins, "ms": ms})
}

// followPlayback tells how much is heard of a playback until it is over.
func (s *session) followPlayback(playback *voice.Playback) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.followed >= maxFollowed {
		return
	}
	s.followed++
	s.numbers++
	id := s.numbers
	s.following.Go(func() {
		defer func() {
			s.mu.Lock()
			s.followed--
			s.mu.Unlock()
		}()
		tick := time.NewTicker(followEvery)
		defer tick.Stop()
		var last answer
		for {
			a := answer{Text: playback.Text(), Heard: playback.HeardText(), State: "playing"}
			if a != last {
				s.answer(id, a)
			}
			last = a
			select {
			case <-tick.C:
				continue
			case <-s.deaf:
			case <-playback.Done():
			}
			s.answer(id, outcome(playback))
			return
		}
	})
}

// outcome is how a playback ended.
func outcome(playback *voice.Playback) answer {
	a := answer{Text: playback.Text(), Heard: playback.HeardText(), Seconds: playback.Heard().Seconds()}
	now, cancel := context.WithCancel(context.Background())
	cancel()
	var failure *tts.Error
	switch err := playback.Wait(now); {
	case err == nil:
		a.State = "heard"
	case errors.As(err, &failure):
		a.State = "failed"
	default:
		a.State = "interrupted"
	}
	return a
}

// followers waits for the ends of a call's playbacks, which the server tells soon after the
// call's.
func (s *session) followers() {
	late := time.AfterFunc(lastWords, func() { close(s.deaf) })
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.following.Wait()
	late.Stop()
}
