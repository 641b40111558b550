// Package program is what the engines share that are a program on this machine: a
// process for each piece of text, started before it is needed.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"runtime"
	"time"

	"agentos.dev/dialtone/internal/process"
	"agentos.dev/dialtone/voice/tts"
)

// CPU bounds the processor time of a process. The slowest takes 15 ms for each second
// of speech.
const CPU = 10 * time.Second

// Find returns the path of a program, or an error that names the Debian package that
// brings it.
func Find(engine, binary, debian string) (string, error) {
	if binary == "" {
		binary = debian
	}
	path, err := exec.LookPath(binary)
	if err != nil {
		return "", &tts.Error{Engine: engine, Op: "open", Kind: tts.ErrUnavailable, Err: fmt.Errorf("%s not found: apt-get install %s", binary, debian)}
	}
	return path, nil
}

// Output returns what a program prints that lists what it has.
func Output(engine, path string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, args...).Output()
	if err != nil {
		return "", &tts.Error{Engine: engine, Op: "open", Kind: tts.ErrUnavailable, Err: err}
	}
	return string(out), nil
}

// Options describe an engine.
type Options struct {
	Engine  string        // its name
	Workers int           // how many pieces are made at once; 0 = two per core, at least four
	MaxWait time.Duration // the longest that a piece waits for a worker
	Timeout time.Duration // the longest that a process may be silent; 0 = 4 s
	// Start starts a process as most pieces need it.
	Start func() (*process.Process, error)
	// Say says a piece of text.
	Say func(ctx context.Context, text string, c tts.Config, yield func(tts.Chunk, error) bool) error
}

// Program is an engine's processes.
type Program struct {
	o      Options
	pool   *tts.Pool
	spares *process.Spares
}

// New starts the processes.
func New(o Options) (*Program, error) {
	if o.Workers <= 0 {
		o.Workers = max(4, 2*runtime.NumCPU())
	}
	if o.Timeout <= 0 {
		o.Timeout = 4 * time.Second
	}
	p := &Program{o: o}
	var err error
	if p.spares, err = process.NewSpares(o.Workers, o.Start); err != nil {
		return nil, p.Failed("start", err)
	}
	p.pool = tts.NewPool(tts.SynthesizerFunc(func(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
		return func(yield func(tts.Chunk, error) bool) {
			err := c.Validate()
			if err == nil {
				err = o.Say(ctx, text, c, yield)
			}
			if err != nil {
				yield(tts.Chunk{}, err)
			}
		}
	}), tts.PoolOptions{Workers: o.Workers, MaxWait: o.MaxWait})
	return p, nil
}

// Synthesize has a worker say text.
func (p *Program) Synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return p.pool.Synthesize(ctx, text, c)
}

// Run gives a process its text and then calls play, which reads the process's output.
// The process is one that was started before, or one that special starts if that is
// not nil. play reports whether the loop over the chunks was left.
func (p *Program) Run(ctx context.Context, special func() (*process.Process, error), text string, play func(*process.Process) (left bool, err error)) error {
	take := special
	if take == nil {
		take = func() (*process.Process, error) { return p.spares.Take(ctx) }
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	proc, err := take()
	if err != nil {
		return p.Failed("synthesize", err)
	}
	defer proc.End()
	defer context.AfterFunc(ctx, proc.End)()
	p.Patient(proc)
	_, err = io.WriteString(proc.In, text+"\n")
	proc.In.Close()
	left := false
	if err == nil {
		left, err = play(proc)
	}
	switch {
	case left:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		err = proc.Err()
	}
	if err != nil {
		return p.Failed("synthesize", err)
	}
	return nil
}

// Patient gives a process the time that it may be silent, from now on.
func (p *Program) Patient(proc *process.Process) {
	deadline := time.Now().Add(p.o.Timeout)
	proc.In.SetWriteDeadline(deadline)
	proc.Out.SetReadDeadline(deadline)
}

// Check returns an error when no process can be started any more.
func (p *Program) Check(ctx context.Context) error {
	proc, err := p.spares.Take(ctx)
	if err != nil {
		return p.Failed("check", err)
	}
	proc.End()
	return nil
}

// Prewarm says a word, which loads what the processes share.
func (p *Program) Prewarm(ctx context.Context) error {
	for _, err := range p.Synthesize(ctx, "Hello.", tts.Config{}) {
		if err != nil {
			return err
		}
	}
	return nil
}

// Status returns the load.
func (p *Program) Status(model string) tts.Status {
	s := p.pool.Status()
	s.Engine, s.Model = p.o.Engine, model
	return s
}

// Close ends the processes.
func (p *Program) Close() error {
	p.spares.Close()
	return nil
}

// Failed makes an error of what went wrong with a process.
func (p *Program) Failed(op string, err error) error {
	kind := tts.ErrUnavailable
	switch {
	case errors.Is(err, process.ErrClosed):
		kind = tts.ErrClosed
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, os.ErrDeadlineExceeded):
		kind = tts.ErrTimeout
	}
	return &tts.Error{Engine: p.o.Engine, Op: op, Kind: kind, Err: err}
}
