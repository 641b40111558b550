package cartesia_test

import (
	"log"
	"os"
	"time"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts/cartesia"
)

// The service speaks as many utterances at once as the account may have.
func Example() {
	engine, err := cartesia.New(cartesia.Options{
		Key:     os.Getenv("CARTESIA_API_KEY"),
		Voice:   "a0e99841-438c-4a64-b679-ae501e7d6091",
		Workers: 15,
		MaxWait: time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	_ = voice.Config{TTS: engine}
}
