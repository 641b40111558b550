package vosk_test

import (
	"context"
	"log"
	"time"

	"agentos.dev/dialtone/stt/vosk"
	"agentos.dev/dialtone/voice"
)

func Example() {
	engine, err := vosk.New(vosk.Options{URL: "ws://localhost:2700"})
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := engine.Prewarm(ctx); err != nil {
		log.Println(err) // found before the first call; a service that is away may be back by then
	}
	_ = voice.Config{STT: engine}
}
