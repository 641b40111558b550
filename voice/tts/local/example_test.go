package local_test

import (
	"log"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts/espeak"
	"agentos.dev/dialtone/voice/tts/flite"
	"agentos.dev/dialtone/voice/tts/local"
)

// Flite speaks English, and eSpeak NG every other language, or all where Flite is not
// installed.
func Example() {
	engine, err := local.New(local.Options{
		Language: "en-GB",
		Workers:  8,
		Flite:    flite.Options{Voice: "slt"},
		Espeak:   espeak.Options{Binary: "/usr/bin/espeak-ng"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()
	_ = voice.Config{TTS: engine, Language: "en-GB"}
}
