package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/assemblyai"
	"agentos.dev/dialtone/stt/deepgram"
	"agentos.dev/dialtone/stt/openai"
	"agentos.dev/dialtone/stt/openairealtime"
	"agentos.dev/dialtone/stt/pocketsphinx"
	"agentos.dev/dialtone/stt/vad"
	"agentos.dev/dialtone/stt/vosk"
)

// engines are the speech engines that STT can name.
var engines = []string{"pocketsphinx", "openai", "openairealtime", "deepgram", "assemblyai", "vosk", "off"}

// newEngine opens the configured speech engine and waits until it can work. A
// service that is down now is no reason not to start: a restart during its outage
// would lose the calls too. It returns nil for STT=off.
func newEngine(ctx context.Context, c config, log *slog.Logger) (stt.Engine, error) {
	engine, err := openEngine(c, log)
	if err != nil || engine == nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, warmTime)
	defer cancel()
	if err := stt.Prewarm(ctx, engine); err != nil {
		var failure *stt.Error
		if !errors.As(err, &failure) || !failure.Retryable() {
			stt.Close(engine)
			return nil, err
		}
		log.Warn("speech engine is not ready, starting without it", "error", err)
	}
	return engine, nil
}

// warmTime is how long the start waits for the speech engine.
const warmTime = 20 * time.Second

func openEngine(c config, log *slog.Logger) (stt.Engine, error) {
	switch c.stt {
	case "pocketsphinx":
		engine, err := pocketsphinx.New(pocketsphinx.Options{Phrases: c.phrases, Workers: c.sttWorkers, Segmentation: c.segmentation(), Logger: log})
		if err != nil {
			return nil, fmt.Errorf("%w\nor choose another engine with STT=openai STT_URL=..., or none with STT=off", err)
		}
		return engine, nil
	case "openai":
		return opened(openai.New(openai.Options{BaseURL: c.sttURL, Key: c.sttKey, Model: c.sttModel, Workers: c.sttWorkers, Segmentation: c.segmentation()}))
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

// segmentation says where engines that hear utterances cut the calls.
func (c *config) segmentation() stt.Segmentation {
	return stt.Segmentation{VAD: vad.Options{Threshold: float32(c.vadThreshold), HangOver: c.vadSilence}}
}

// opened keeps a nil engine from becoming an interface that is not nil.
func opened[E stt.Engine](engine E, err error) (stt.Engine, error) {
	if err != nil {
		return nil, err
	}
	return engine, nil
}

// readVAD reads where utterances begin and end.
func (c *config) readVAD(e *env) {
	if text := e.text("VAD_THRESHOLD"); text != "" {
		var err error
		if c.vadThreshold, err = strconv.ParseFloat(text, 32); err != nil || !(c.vadThreshold > 0 && c.vadThreshold < 1) {
			e.wrong("VAD_THRESHOLD", "%s is not a number between 0 and 1", shown(text))
		}
	}
	if e.text("VAD_SILENCE") == "" {
		return
	}
	if c.vadSilence = e.duration("VAD_SILENCE"); !e.told("VAD_SILENCE") && (c.vadSilence < 60*time.Millisecond || c.vadSilence > 5*time.Second) {
		e.wrong("VAD_SILENCE", "%v is not between 60ms and 5s", c.vadSilence)
	}
}
