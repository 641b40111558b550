package openairealtime_test

import (
	"context"
	"log"
	"os"
	"time"

	"agentos.dev/dialtone/stt/openairealtime"
	"agentos.dev/dialtone/voice"
)

func Example() {
	engine, err := openairealtime.New(openairealtime.Options{Key: os.Getenv("OPENAI_API_KEY")})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := engine.Prewarm(ctx); err != nil {
		log.Println(err) // found before the first call; a service that is away may be back by then
	}
	_ = voice.Config{STT: engine, Language: "en"}
}
