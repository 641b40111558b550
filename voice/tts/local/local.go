// Package local speaks with the programs installed on this machine, without a network:
// English with Flite, and other languages with eSpeak NG, which also replaces a missing
// Flite. It is the default for a program that names no engine:
//
//	apt-get install flite espeak-ng
package local

import (
	"context"
	"errors"
	"iter"
	"strings"

	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/espeak"
	"agentos.dev/dialtone/voice/tts/flite"
)

// Options configure an Engine. The zero value works.
type Options struct {
	// Language is the language of a Config without one, in BCP 47; empty = "en-US".
	Language string
	// Workers is the number of pieces that each engine makes at once; 0 = two per core, at
	// least four.
	Workers int
	Flite   flite.Options // Workers is Options'
	Espeak  espeak.Options
}

// Engine speaks with Flite and eSpeak NG. All methods are safe for concurrent use. It
// is made by [New]; the zero value is not usable.
type Engine struct {
	speaker tts.Streamer
	engines []tts.Synthesizer
}

// Available returns nil when one of the programs is installed, and otherwise an error
// that names their Debian packages and is [tts.ErrUnavailable].
func Available() error {
	f, e := flite.Available(), espeak.Available()
	if f == nil || e == nil {
		return nil
	}
	return errors.Join(f, e)
}

// New starts the workers of the installed programs. When none is installed, the error
// is [tts.ErrUnavailable] and names the Debian packages. Close the engine after use.
func New(o Options) (*Engine, error) {
	if o.Language == "" {
		o.Language = "en-US"
	}
	if err := Available(); err != nil {
		return nil, err
	}
	e := &Engine{}
	o.Flite.Workers, o.Espeak.Workers, o.Espeak.Language = o.Workers, o.Workers, o.Language
	var errs []error
	if flite.Available() == nil && english(o.Language) {
		f, err := flite.New(o.Flite)
		if errs = append(errs, err); err == nil {
			e.engines = append(e.engines, f)
		}
	}
	if espeak.Available() == nil {
		s, err := espeak.New(o.Espeak)
		if errs = append(errs, err); err == nil {
			e.engines = append(e.engines, s)
		}
	}
	if err := errors.Join(errs...); err != nil {
		e.Close()
		return nil, err
	}
	if len(e.engines) == 0 { // Flite alone, for another language
		return nil, espeak.Available()
	}
	e.speaker = tts.Failover(tts.FailoverOptions{}, e.engines...)
	return e, nil
}

func english(language string) bool {
	primary, _, _ := strings.Cut(strings.ToLower(language), "-")
	return primary == "en"
}

// Synthesize implements tts.Synthesizer. The audio is mu-law at 8000 Hz.
func (e *Engine) Synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return e.speaker.Synthesize(ctx, text, c)
}

// Unwrap returns the failover of the engines, for [tts.Failover] and [tts.Speak].
func (e *Engine) Unwrap() tts.Synthesizer { return e.speaker }

// Check returns nil when one of the engines works.
func (e *Engine) Check(ctx context.Context) error { return tts.Check(ctx, e.speaker) }

// Prewarm says a word with each engine.
func (e *Engine) Prewarm(ctx context.Context) error { return tts.Prewarm(ctx, e.speaker) }

// Status returns the status of the engine that speaks next.
func (e *Engine) Status() tts.Status { return tts.StatusOf(e.speaker) }

// Close ends the workers.
func (e *Engine) Close() error {
	var errs []error
	for _, s := range e.engines {
		errs = append(errs, tts.Close(s))
	}
	return errors.Join(errs...)
}
