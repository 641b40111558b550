package flite_test

import (
	"log"
	"time"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts/flite"
)

// A woman's voice, of at most eight processes.
func Example() {
	engine, err := flite.New(flite.Options{Voice: "slt", Workers: 8, MaxWait: time.Second})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	_ = voice.Config{TTS: engine}
}
