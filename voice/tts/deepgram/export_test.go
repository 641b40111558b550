package deepgram

import (
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/internal/live"
)

// Handle has sessions take a message of the service, before and after they were stopped.
func Handle(message []byte, flux bool) {
	s := newAura(tts.Config{}, nil)
	if flux {
		s = newFlux(tts.Config{}, nil)
	}
	s.Say("Hello.")
	for range 2 {
		s.Handle(live.Message{Data: message})
		s.Handle(live.Message{Data: message, Binary: true})
		s.Stop()
	}
}

// Interrupted has a Flux session that was interrupted take messages of the service. It reports
// whether the service is known to have stopped then.
func Interrupted(messages ...string) (stopped bool, err error) {
	s := newFlux(tts.Config{}, nil)
	s.Say("Hello.")
	s.Stop()
	for _, m := range messages {
		r := s.Handle(live.Message{Data: []byte(m)})
		if r.Err != nil {
			return stopped, r.Err
		}
		stopped = stopped || r.Stopped || r.Done
	}
	return stopped, nil
}
