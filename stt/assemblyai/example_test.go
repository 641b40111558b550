package assemblyai_test

import (
	"context"
	"log"
	"os"
	"time"

	"agentos.dev/dialtone/stt/assemblyai"
	"agentos.dev/dialtone/voice"
)

func Example() {
	engine, err := assemblyai.New(assemblyai.Options{Key: os.Getenv("ASSEMBLYAI_API_KEY"), FormatTurns: true})
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
