package twilio_test

import (
	"log"
	"net/http"
	"os"

	"agentos.dev/dialtone/stt/twilio"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
)

// The number's voice URL is a webhook of the host, which starts the transcription
// and sends the call on to the voice server.
func Example() {
	const base = "https://calls.example.com"
	var answer voice.HandlerFunc // the host's
	tokens := []string{os.Getenv("TWILIO_AUTH_TOKEN")}
	engine := twilio.New(twilio.Options{})
	srv, err := voice.New(voice.Config{
		AuthTokens: tokens,
		PublicURL:  base,
		STT:        engine,
		Handler:    answer,
	})
	if err != nil {
		log.Fatal(err)
	}
	verify, err := signature.New(signature.Options{Tokens: tokens, PublicURL: base})
	if err != nil {
		log.Fatal(err)
	}
	start := func(w http.ResponseWriter, r *http.Request) {
		twiml.Respond(w,
			&twiml.Start{Nouns: []twiml.StartNoun{&twiml.Transcription{
				StatusCallbackURL: base + "/transcription",
				Track:             twiml.InboundTrack,
				PartialResults:    twiml.True,
			}}},
			&twiml.Redirect{URL: base + "/api/voice/twilio/inbound"},
		)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	mux.Handle("POST /start", verify.Middleware(http.HandlerFunc(start)))
	mux.Handle("POST /transcription", verify.Middleware(engine))
}
