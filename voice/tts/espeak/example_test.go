package espeak_test

import (
	"log"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts/espeak"
)

// A German voice from a program that is not in PATH.
func Example() {
	engine, err := espeak.New(espeak.Options{Language: "de-DE", Binary: "/opt/espeak/bin/espeak-ng"})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	_ = voice.Config{TTS: engine}
}
