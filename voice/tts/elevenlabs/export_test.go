package elevenlabs

import (
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/internal/live"
)

// Handle has a session take a message of the service, before and after it was stopped.
func Handle(message []byte) {
	s := newSession(&Options{}, tts.Config{})
	s.Say("Hello there.")
	for range 2 {
		s.Handle(live.Message{Data: message})
		s.Handle(live.Message{Data: message, Binary: true})
		s.Stop()
	}
}
