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
