package tts

import (
	"context"
	"io"
)

// Checker is implemented by engines that can check whether they work.
type Checker interface {
	// Check returns nil when the engine can speak now. It is cheap enough for a health
	// check every few seconds.
	Check(ctx context.Context) error
}

// Prewarmer is implemented by engines whose first word is slow otherwise.
type Prewarmer interface {
	// Prewarm starts processes and opens connections, and returns when the next piece
	// will be as fast as any.
	Prewarm(ctx context.Context) error
}

// Normalizer is implemented by engines that know how numbers, dates and
// abbreviations are said in the language of the text.
type Normalizer interface {
	// Normalizes reports whether the engine wants such text as it is written.
	Normalizes() bool
}

// Reporter is implemented by engines that know their own load.
type Reporter interface {
	Status() Status
}

// Status describes an engine at one moment, for health pages and gauges.
type Status struct {
	Engine  string // "flite", "openai", ...
	Model   string // the voice or the model
	Ready   bool
	Workers int // pieces that can be made at once; 0 = not bounded
	Busy    int // being made now
	Queued  int // waiting for a worker
}

// Check returns the error of a [Checker] that cannot speak now. Other engines are taken
// to work.
func Check(ctx context.Context, s Synthesizer) error {
	if c, ok := s.(Checker); ok {
		return c.Check(ctx)
	}
	return nil
}

// Prewarm warms a [Prewarmer]. For other engines it does nothing.
func Prewarm(ctx context.Context, s Synthesizer) error {
	if p, ok := s.(Prewarmer); ok {
		return p.Prewarm(ctx)
	}
	return nil
}

// Normalizes reports whether s wants numbers, dates and abbreviations as they are
// written.
func Normalizes(s Synthesizer) bool {
	n, ok := s.(Normalizer)
	return ok && n.Normalizes()
}

// StatusOf returns the status of a [Reporter]. Other engines are ready.
func StatusOf(s Synthesizer) Status {
	if r, ok := s.(Reporter); ok {
		return r.Status()
	}
	return Status{Ready: true}
}

// Close closes s if it is an io.Closer. Pieces under way fail with [ErrClosed].
func Close(s Synthesizer) error {
	if c, ok := s.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// abilities gives a wrapper the abilities of the engine inside.
type abilities struct{ inner Synthesizer }

// Check implements Checker.
func (a abilities) Check(ctx context.Context) error { return Check(ctx, a.inner) }

// Prewarm implements Prewarmer.
func (a abilities) Prewarm(ctx context.Context) error { return Prewarm(ctx, a.inner) }

// Normalizes implements Normalizer.
func (a abilities) Normalizes() bool { return Normalizes(a.inner) }

// Status implements Reporter.
func (a abilities) Status() Status { return StatusOf(a.inner) }
