package pocketsphinx_test

import (
	"context"
	"log"
	"time"

	"agentos.dev/dialtone/stt/pocketsphinx"
	"agentos.dev/dialtone/voice"
)

// The phrases are all that is heard: a caller who says something else has said
// nothing.
func Example() {
	engine, err := pocketsphinx.New(pocketsphinx.Options{
		Phrases:        []string{"book a room", "speak to an agent", "dialtone"},
		Pronunciations: map[string]string{"dialtone": "D AY AH L T OW N"},
	})
	if err != nil {
		log.Fatal(err) // names the Debian packages or the words that are missing
	}
	defer engine.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := engine.Prewarm(ctx); err != nil { // or the first caller would wait
		log.Fatal(err)
	}
	_ = voice.Config{STT: engine}
}
