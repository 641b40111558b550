package openai_test

import (
	"context"
	"log"
	"time"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/openai"
)

// A server of one's own speaks OpenAI's protocol. What every call says is made once, before
// the first.
func Example() {
	engine, err := openai.New(openai.Options{
		BaseURL:      "http://localhost:8880/v1",
		Instructions: "Speak calmly, as on a telephone.",
		Workers:      4,
		MaxWait:      time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()

	const greeting = "Harbour Dental, good morning."
	cache := tts.NewCache(32 << 20)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := cache.Load(ctx, engine, tts.Options{}, greeting); err != nil {
		log.Println(err) // the first call tries again
	}
	log.Println(cache.Size(), "bytes of speech")
	_ = voice.Config{TTS: cache.Of(engine)}
}
