package main

import (
	"context"
	"fmt"
	"io"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/openai"
	"agentos.dev/dialtone/stt/pocketsphinx"
)

// newEngine opens the configured speech engine and waits until it can work. It
// returns nil for STT=off.
func newEngine(ctx context.Context, c config) (stt.Engine, error) {
	var engine stt.Engine
	var err error
	switch c.stt {
	case "pocketsphinx":
		if engine, err = pocketsphinx.New(pocketsphinx.Options{Phrases: c.phrases}); err != nil {
			return nil, fmt.Errorf("%w\nor choose another engine with STT=openai STT_URL=..., or none with STT=off", err)
		}
	case "openai":
		if engine, err = openai.New(openai.Options{BaseURL: c.sttURL, Key: c.sttKey, Model: c.sttModel}); err != nil {
			return nil, err
		}
	default:
		return nil, nil
	}
	if warm, ok := engine.(stt.Prewarmer); ok {
		if err := warm.Prewarm(ctx); err != nil {
			closeEngine(engine)
			return nil, err
		}
	}
	return engine, nil
}

// closeEngine lets go of what the engine holds.
func closeEngine(engine stt.Engine) {
	if closer, ok := engine.(io.Closer); ok {
		closer.Close()
	}
}
