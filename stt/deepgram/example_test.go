package deepgram_test

import (
	"context"
	"log"
	"os"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/deepgram"
	"agentos.dev/dialtone/stt/openai"
	"agentos.dev/dialtone/voice"
)

// The service hears the calls, and while it is away a Whisper server of one's own.
func Example() {
	service, err := deepgram.New(deepgram.Options{Key: os.Getenv("DEEPGRAM_API_KEY")})
	if err != nil {
		log.Fatal(err)
	}
	defer service.Close()
	local, err := openai.New(openai.Options{BaseURL: "http://localhost:8000/v1", Dialect: openai.Speaches})
	if err != nil {
		log.Fatal(err)
	}
	defer local.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := service.Prewarm(ctx); err != nil {
		log.Println(err) // found before the first call, which the other engine would take
	}
	_ = voice.Config{STT: stt.Failover(stt.FailoverOptions{}, service, local)}
}
