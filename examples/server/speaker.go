package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/cartesia"
	"agentos.dev/dialtone/voice/tts/deepgram"
	"agentos.dev/dialtone/voice/tts/elevenlabs"
	"agentos.dev/dialtone/voice/tts/espeak"
	"agentos.dev/dialtone/voice/tts/flite"
	"agentos.dev/dialtone/voice/tts/local"
	"agentos.dev/dialtone/voice/tts/openai"
)

// recorded is the TTS that says only what was recorded.
const recorded = "recordings"

// synthesizers are what TTS can name.
var synthesizers = []string{recorded, "local", "flite", "espeak", "openai", "deepgram", "elevenlabs", "cartesia"}

// newSpeaker opens the configured synthesiser and waits until it can work, as newEngine
// does. It returns nil for recordings.
func newSpeaker(ctx context.Context, c config, log *slog.Logger) (tts.Synthesizer, error) {
	if c.speaker != nil {
		return c.speaker, nil
	}
	speaker, err := openSpeaker(c)
	if err != nil || speaker == nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, warmTime)
	defer cancel()
	if err := tts.Prewarm(ctx, speaker); err != nil {
		var failure *tts.Error
		if !errors.As(err, &failure) || !failure.Retryable() {
			tts.Close(speaker)
			return nil, err
		}
		log.Warn("synthesiser is not ready, starting without it", "error", err)
	}
	return speaker, nil
}

func openSpeaker(c config) (tts.Synthesizer, error) {
	switch c.tts {
	case "local":
		return speaks(local.New(local.Options{}))
	case "flite":
		return speaks(flite.New(flite.Options{Voice: c.ttsVoice}))
	case "espeak":
		return speaks(espeak.New(espeak.Options{Voice: c.ttsVoice}))
	case "openai":
		return speaks(openai.New(openai.Options{BaseURL: c.ttsURL, Key: c.ttsKey, Model: c.ttsModel, Voice: c.ttsVoice}))
	case "deepgram":
		return speaks(deepgram.New(deepgram.Options{URL: c.ttsURL, Key: c.ttsKey, Voice: c.ttsVoice}))
	case "elevenlabs":
		return speaks(elevenlabs.New(elevenlabs.Options{URL: c.ttsURL, Key: c.ttsKey, Model: c.ttsModel, Voice: c.ttsVoice}))
	case "cartesia":
		return speaks(cartesia.New(cartesia.Options{URL: c.ttsURL, Key: c.ttsKey, Model: c.ttsModel, Voice: c.ttsVoice}))
	}
	return nil, nil
}

// speaks keeps a nil engine from becoming an interface that is not nil.
func speaks[E tts.Synthesizer](engine E, err error) (tts.Synthesizer, error) {
	if err != nil {
		return nil, err
	}
	return engine, nil
}

// checkSpeaker adds why the synthesiser cannot work. It starts no process.
func (c *config) checkSpeaker(m *mistakes) {
	var err error
	switch c.tts {
	case "local":
		err = local.Available()
	case "flite":
		err = flite.Available()
	case "espeak":
		err = espeak.Available()
	case "openai", "deepgram", "elevenlabs", "cartesia":
		speaker, err := openSpeaker(*c)
		m.adopt("TTS_URL", ofSpeaker(err))
		tts.Close(speaker)
		return
	}
	if err != nil {
		m.wrong("TTS", "%v; or choose another one with TTS=openai TTS_URL=..., or TTS=%s", err, recorded)
	}
}

// ofSpeaker names the options of a synthesiser apart from those of a speech engine.
func ofSpeaker(err error) error {
	if err == nil {
		return nil
	}
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	for i, err := range errs {
		errs[i] = errors.New(strings.Replace(err.Error(), ": Options.", ": TTS", 1))
	}
	return errors.Join(errs...)
}
