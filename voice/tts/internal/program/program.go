// Package program runs the engines that are programs on this machine: a process for
// each piece of text, started before it is needed, that writes its sound to a file. How
// long that takes to be played keeps no other piece waiting.
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

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/process"
	"agentos.dev/dialtone/internal/slots"
	"agentos.dev/dialtone/voice/tts"
)

// cpu bounds the processor time of a process. The slowest takes 15 ms for each second
// of speech.
const cpu = 10 * time.Second

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

// Output returns the output of a program that lists its voices.
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
	// Args are the program and its arguments as most pieces need them. It reads text, and
	// writes a WAV file to its descriptor 3.
	Args []string
	// Say says a piece of text.
	Say func(ctx context.Context, text string, c tts.Config, yield func(tts.Chunk, error) bool) error
}

// Program is an engine's processes.
type Program struct {
	o      Options
	slots  *slots.Slots
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
	if o.MaxWait <= 0 {
		o.MaxWait = 2 * time.Second
	}
	p := &Program{o: o, slots: slots.New(o.Workers, o.MaxWait)}
	var err error
	if p.spares, err = process.NewSpares(o.Workers, func() (*process.Process, error) { return start(o.Args) }); err != nil {
		return nil, p.Failed("start", err)
	}
	return p, nil
}

// start starts a process that waits for its text.
func start(args []string) (*process.Process, error) {
	sound, err := nameless()
	if err != nil {
		return nil, err
	}
	return process.Start(process.Command{Args: args, Files: []*os.File{sound}, CPU: cpu})
}

// Synthesize says text.
func (p *Program) Synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return func(yield func(tts.Chunk, error) bool) {
		err := c.Validate()
		if err == nil {
			err = p.o.Say(ctx, text, c, yield)
		}
		if err != nil {
			yield(tts.Chunk{}, err)
		}
	}
}

// Make has a process make the sound of text, and returns that and what it printed. The
// process is one that was started before, or one with the given arguments if there are any.
func (p *Program) Make(ctx context.Context, text string, args []string) (sound *os.File, printed []byte, err error) {
	release, err := p.slots.Acquire(ctx)
	if errors.Is(err, slots.ErrFull) {
		err = &tts.Error{Engine: p.o.Engine, Op: "queue", Kind: tts.ErrOverloaded, Err: err}
	}
	if err != nil {
		return nil, nil, err
	}
	defer release()
	var proc *process.Process
	if args != nil {
		proc, err = start(args)
	} else {
		proc, err = p.spares.Take(ctx)
	}
	if err != nil {
		return nil, nil, p.Failed("synthesize", err)
	}
	defer proc.End()
	defer context.AfterFunc(ctx, proc.End)()
	deadline := time.Now().Add(p.o.Timeout)
	proc.In.SetWriteDeadline(deadline)
	proc.Out.SetReadDeadline(deadline)
	_, err = io.WriteString(proc.In, text+"\n")
	proc.In.Close()
	if err == nil {
		printed, err = io.ReadAll(io.LimitReader(proc.Out, maxPrinted))
	}
	if err == nil {
		err = proc.Err()
	}
	switch {
	case ctx.Err() != nil:
		return nil, nil, ctx.Err()
	case err != nil:
		return nil, nil, p.Failed("synthesize", err)
	}
	return proc.Keep(0), printed, nil
}

// maxPrinted bounds what a program prints, in bytes.
const maxPrinted = 1 << 20

// Play yields the sound in a file from skip on, and closes it. The first chunk has the words.
func (p *Program) Play(ctx context.Context, sound *os.File, skip time.Duration, words []tts.Word, yield func(tts.Chunk, error) bool) error {
	defer sound.Close()
	wav, err := codec.NewWAVReader(io.NewSectionReader(sound, 0, 1<<30))
	if err != nil {
		return p.Failed("synthesize", err)
	}
	rate := wav.Format().Rate
	chunk := tts.Chunk{Encoding: codec.PCM16, Rate: rate, Words: words}
	late := int(skip.Seconds() * float64(rate))
	samples := make([]int16, 4096)
	for {
		n, err := wav.Read(samples)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) && n == 0: // the header says more than there is
			return nil
		case err != nil:
			return p.Failed("synthesize", err)
		}
		part := samples[min(late, n):n]
		late -= n - len(part)
		if chunk.Audio = codec.AppendPCM(chunk.Audio[:0], part); !yield(chunk, nil) {
			return nil
		}
		chunk.Words = nil
	}
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
	s := tts.Status{Engine: p.o.Engine, Model: model, Ready: true}
	s.Workers, s.Busy, s.Queued = p.slots.Load()
	return s
}

// Close ends the processes.
func (p *Program) Close() error {
	p.spares.Close()
	return nil
}

// Failed makes an error of a process's failure.
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
