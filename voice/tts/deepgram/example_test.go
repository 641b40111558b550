package deepgram_test

import (
	"context"
	"log"
	"os"
	"time"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/deepgram"
	"agentos.dev/dialtone/voice/tts/local"
)

// The service speaks, and while it is away the machine's own voice.
func Example() {
	service, err := deepgram.New(deepgram.Options{
		Key:     os.Getenv("DEEPGRAM_API_KEY"),
		Voice:   "aura-2-thalia-en",
		Workers: 40, // as many connections as the account may have
		MaxWait: time.Second,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer service.Close()
	own, err := local.New(local.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer own.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := service.Prewarm(ctx); err != nil {
		log.Println(err) // found before the first call, which the other engine would take
	}
	_ = voice.Config{TTS: tts.Failover(tts.FailoverOptions{FirstAudio: time.Second}, service, own)}
}
