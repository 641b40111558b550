package openai_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/openai"
)

// A server of one's own hears a recording. As voice.Config.STT the same engine
// hears calls.
func Example() {
	engine, err := openai.New(openai.Options{BaseURL: "http://localhost:8000/v1", Dialect: openai.Speaches})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()

	recording, err := os.Open("booking.wav")
	if err != nil {
		log.Fatal(err)
	}
	defer recording.Close()
	audio, err := codec.ReadMulaw(recording)
	if err != nil {
		log.Fatal(err)
	}
	heard, err := engine.Recognize(context.Background(), audio, stt.Config{Language: "en"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(heard.Text)
}
