package elevenlabs_test

import (
	"log"
	"os"
	"time"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts/elevenlabs"
)

// A voice of the account's own, steadier than its settings are.
func Example() {
	engine, err := elevenlabs.New(elevenlabs.Options{
		Key:        os.Getenv("ELEVENLABS_API_KEY"),
		Voice:      "21m00Tcm4TlvDq8ikWAM",
		Stability:  0.8,
		Similarity: 0.75,
		Workers:    15,
		MaxWait:    time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	_ = voice.Config{TTS: engine}
}
