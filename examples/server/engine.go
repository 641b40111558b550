package main

import (
	"context"
	"fmt"
	"io"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/assemblyai"
	"agentos.dev/dialtone/stt/deepgram"
	"agentos.dev/dialtone/stt/openai"
	"agentos.dev/dialtone/stt/openairealtime"
	"agentos.dev/dialtone/stt/pocketsphinx"
	"agentos.dev/dialtone/stt/vosk"
)

// engines are the speech engines that STT can name.
var engines = []string{"pocketsphinx", "openai", "openairealtime", "deepgram", "assemblyai", "vosk", "off"}

// newEngine opens the configured speech engine and waits until it can work. It
// returns nil for STT=off.
func newEngine(ctx context.Context, c config) (stt.Engine, error) {
	engine, err := openEngine(c)
	if err != nil || engine == nil {
		return nil, err
	}
	if warm, ok := engine.(stt.Prewarmer); ok {
		if err := warm.Prewarm(ctx); err != nil {
			closeEngine(engine)
			return nil, err
		}
	}
	return engine, nil
}

func openEngine(c config) (stt.Engine, error) {
	switch c.stt {
	case "pocketsphinx":
		engine, err := pocketsphinx.New(pocketsphinx.Options{Phrases: c.phrases})
		if err != nil {
			return nil, fmt.Errorf("%w\nor choose another engine with STT=openai STT_URL=..., or none with STT=off", err)
		}
		return engine, nil
	case "openai":
		return opened(openai.New(openai.Options{BaseURL: c.sttURL, Key: c.sttKey, Model: c.sttModel}))
	case "openairealtime":
		return opened(openairealtime.New(openairealtime.Options{URL: c.sttURL, Key: c.sttKey, Model: c.sttModel}))
	case "deepgram":
		return opened(deepgram.New(deepgram.Options{URL: c.sttURL, Key: c.sttKey, Model: c.sttModel}))
	case "assemblyai":
		return opened(assemblyai.New(assemblyai.Options{URL: c.sttURL, Key: c.sttKey, Model: c.sttModel}))
	case "vosk":
		return opened(vosk.New(vosk.Options{URL: c.sttURL}))
	}
	return nil, nil
}

// opened keeps a nil engine from becoming an interface that is not nil.
func opened[E stt.Engine](engine E, err error) (stt.Engine, error) {
	if err != nil {
		return nil, err
	}
	return engine, nil
}

// closeEngine lets go of what the engine holds.
func closeEngine(engine stt.Engine) {
	if closer, ok := engine.(io.Closer); ok {
		closer.Close()
	}
}
