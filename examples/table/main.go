// Command table books a table in words.
package main

import (
	"context"
	"log"
	"log/slog"
	"net/http"
	"os"

	"agentos.dev/dialtone/stt/pocketsphinx"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts/local"
)

func main() {
	hears, err := pocketsphinx.New(pocketsphinx.Options{Phrases: []string{"two", "three", "four", "five", "six", "seven", "eight", "nine"}})
	if err != nil {
		log.Fatal(err)
	}
	speaks, err := local.New(local.Options{})
	if err != nil {
		log.Fatal(err)
	}
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{os.Getenv("TWILIO_AUTH_TOKEN")},
		PublicURL:  os.Getenv("PUBLIC_URL"), // as https://calls.example.com
		STT:        hears,
		TTS:        speaks,
		Handler:    voice.HandlerFunc(book),
		Logger:     slog.Default(),
	})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/api/voice/", srv)
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
}

func book(ctx context.Context, call *voice.Call) error {
	people, err := call.Ask(ctx, voice.Question{Prompt: "Welcome to the Lantern. For how many people? Please say or press a number.", Digits: 1})
	if err != nil {
		return err
	}
	hour, err := call.Ask(ctx, voice.Question{Prompt: "And at what hour this evening?", Digits: 1})
	if err != nil {
		return err
	}
	_, err = call.Say(ctx, "Your table for "+people.Text()+" at "+hour.Text()+" is booked. Goodbye.")
	return err // hangs up when that has been heard
}
