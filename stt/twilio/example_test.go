package twilio_test

import (
	"log"
	"net/http"
	"os"

	"agentos.dev/dialtone/stt/twilio"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
)

// Twilio transcribes each call from before its stream opens, and sends the text to
// the engine.
func Example() {
	var answer voice.HandlerFunc // the host's
	const base = "https://calls.example.com"
	engine := twilio.New(twilio.Options{})
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{os.Getenv("TWILIO_AUTH_TOKEN")},
		PublicURL:  base,
		STT:        engine,
		Handler:    answer,
		Before: []twiml.Verb{&twiml.Start{Nouns: []twiml.StartNoun{&twiml.Transcription{
			StatusCallbackURL: base + "/transcription",
			Track:             twiml.InboundTrack,
			PartialResults:    twiml.True,
		}}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	mux.Handle("POST /transcription", srv.Verified(engine))
}
