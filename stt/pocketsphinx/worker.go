package pocketsphinx

import (
	"bufio"
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	child "agentos.dev/dialtone/internal/process"
	"agentos.dev/dialtone/stt"
)

// worker recognises one utterance at a time with two processes side by side:
// the decoder hears phrases, the phone loop hears any speech, and a phrase that
// fits far worse than that was not said.
type worker struct {
	decoder process
	phones  *process // nil in dictation
}

func (w *worker) processes() []*process {
	if w.phones == nil {
		return []*process{&w.decoder}
	}
	return []*process{&w.decoder, w.phones}
}

// start runs those of the worker's processes that do not run.
func (w *worker) start() error {
	for _, p := range w.processes() {
		if err := p.start(); err != nil {
			return err
		}
	}
	return nil
}

func (w *worker) stop() {
	for _, p := range w.processes() {
		p.stop()
	}
}

// words returns the decoder's hypothesis of a clip.
func (w *worker) words(ctx context.Context, c clip, deadline time.Time) (hypothesis, error) {
	w.decoder.send(c)
	words, err := w.decoder.receive(ctx, c, deadline)
	if w.phones != nil && errors.Is(err, stt.ErrTimeout) {
		w.phones.kill() // it has the same audio, and would be late for the next
	}
	return words, err
}

// process is a pocketsphinx_batch that answers requests line by line. One
// goroutine at a time starts, sends and receives; stop may be called by any.
type process struct {
	args []string

	mu      sync.Mutex
	child   *child.Process // nil before the first start and after kill
	lines   *bufio.Reader
	half    string // the beginning of a line whose rest is not here yet
	stopped bool
	err     error // why it could not be started
}

func (p *process) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return stt.ErrClosed
	}
	if p.child != nil {
		select {
		case <-p.child.Exited():
			p.drop()
		default:
			return nil
		}
	}
	c, err := child.Start(child.Command{Args: p.args, Env: environment()})
	if p.err = err; err == nil {
		p.child, p.lines, p.half = c, bufio.NewReader(c.Out), ""
	}
	return err
}

// environment returns the program's environment: the paths of programs and
// libraries. The rest of this process's may be secret, and /proc would show it.
func environment() []string {
	env := []string{"LC_ALL=C"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// send asks, starting the program if it has ended. Errors come to light in
// receive.
func (p *process) send(c clip) {
	if p.start() != nil {
		return
	}
	p.mu.Lock()
	asked := p.child
	p.mu.Unlock()
	if asked != nil {
		asked.In.SetWriteDeadline(time.Now().Add(time.Second))
		asked.In.WriteString(c.path + " 0 -1 " + c.id + "\n")
	}
}

// receive returns the answer to a clip that was sent. A program that has died is
// started and asked anew, once; one that is too late is killed and replaced.
func (p *process) receive(ctx context.Context, c clip, deadline time.Time) (hypothesis, error) {
	line, err := p.answer(ctx, c.id, deadline)
	if err == nil {
		return c.hypothesis(line)
	}
	switch {
	case ctx.Err() == context.Canceled:
		return hypothesis{}, ctx.Err() // the answer will come, and be skipped
	case ctx.Err() == nil && !errors.Is(err, os.ErrDeadlineExceeded):
		p.kill()
		p.send(c)
		if line, err = p.answer(ctx, c.id, deadline); err == nil {
			return c.hypothesis(line)
		}
	}
	p.kill()
	kind := stt.ErrUnavailable
	if errors.Is(err, os.ErrDeadlineExceeded) {
		kind = stt.ErrTimeout
	}
	if startErr := p.start(); startErr != nil {
		err = startErr
	}
	return hypothesis{}, &stt.Error{Engine: name, Op: "recognize", Kind: kind, Err: err}
}

// answer reads lines up to the one that begins with id.
func (p *process) answer(ctx context.Context, id string, deadline time.Time) (string, error) {
	p.mu.Lock()
	c, lines, err := p.child, p.lines, p.err
	p.mu.Unlock()
	if c == nil {
		if err == nil {
			err = stt.ErrClosed
		}
		return "", err
	}
	out := c.Out
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	out.SetReadDeadline(deadline)
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		out.SetReadDeadline(time.Unix(1, 0))
		close(ended)
	})
	defer func() {
		if !stop() {
			<-ended // or it would end the next request
		}
	}()
	for {
		part, err := lines.ReadSlice('\n')
		p.half += string(part)
		if errors.Is(err, bufio.ErrBufferFull) && len(p.half) < maxLine {
			continue
		}
		if err != nil {
			return "", err
		}
		line := p.half
		p.half = ""
		if found, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " "); found == id {
			return rest, nil
		}
	}
}

// maxLine is longer than any answer, in bytes.
const maxLine = 256 << 10

// kill ends the program, if it runs, and waits for it.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.child != nil {
		p.drop()
	}
}

// drop ends a program and forgets it. It is called with mu held.
func (p *process) drop() {
	p.child.End()
	p.child = nil
}

// stop ends the program for good.
func (p *process) stop() {
	p.mu.Lock()
	p.stopped = true
	p.mu.Unlock()
	p.kill()
}
