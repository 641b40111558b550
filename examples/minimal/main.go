// Command minimal answers calls and prints what the callers say.
package main

import (
	"context"
	"log"
	"log/slog"
	"net/http"
	"os"

	"agentos.dev/dialtone/stt/pocketsphinx"
	"agentos.dev/dialtone/voice"
)

func main() {
	engine, err := pocketsphinx.New(pocketsphinx.Options{Phrases: []string{"book a room", "speak to an agent"}})
	if err != nil {
		log.Fatal(err)
	}
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{os.Getenv("TWILIO_AUTH_TOKEN")},
		PublicURL:  os.Getenv("PUBLIC_URL"), // as https://calls.example.com
		STT:        engine,
		Handler:    voice.HandlerFunc(answer),
		Resume:     voice.ResumeAlone, // of one instance: calls go on after a restart
		Logger:     slog.Default(),    // says why a request was refused
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", mux))
}

func answer(ctx context.Context, call *voice.Call) error { // one goroutine per call
	for t, err := range call.Transcripts(ctx) {
		if err != nil {
			return err
		}
		log.Println(call.From, t.Text)
	}
	return nil // hangs up
}
