// Package process runs the programs that engines are made of: with nothing of the
// host's environment, in a group of their own, bounded, and gone with their owner.
package process

import (
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// Command is a program and how it is run.
type Command struct {
	Args  []string   // the program's path, and its arguments
	Env   []string   // all of its environment, as in os/exec; nil = PATH and a UTF-8 locale
	Files []*os.File // its descriptors from 3 on, which End closes, and Start when it fails
	// CPU bounds the processor time that it may take, in whole seconds, on Linux: a
	// program that runs wild ends even if its owner was killed. 0 = not bounded.
	CPU time.Duration
}

// Process is a program that runs. Its input and output are pipes, so it ends at the
// latest when the host is gone and it reads or writes. What it says on standard error
// is dropped.
type Process struct {
	In  *os.File // may be closed by the owner
	Out *os.File
	cmd *exec.Cmd

	mu    sync.Mutex
	files []*os.File // that End closes

	exited chan struct{}
	err    error // valid once exited is closed
}

// Start runs a program.
func Start(c Command) (_ *Process, err error) {
	defer func() {
		if err != nil {
			closeAll(c.Files)
		}
	}()
	inRead, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer inRead.Close()
	out, outWrite, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, err
	}
	defer outWrite.Close()
	cmd := exec.Command(c.Args[0], c.Args[1:]...)
	cmd.Env = c.Env
	if cmd.Env == nil {
		cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"}
	}
	cmd.Stdin, cmd.Stdout, cmd.ExtraFiles = inRead, outWrite, c.Files
	cmd.SysProcAttr = ownGroup()
	if err := cmd.Start(); err != nil {
		in.Close()
		out.Close()
		return nil, err
	}
	if c.CPU > 0 {
		limit(cmd.Process.Pid, uint64(max(1, c.CPU/time.Second)))
	}
	p := &Process{In: in, Out: out, files: slices.Clone(c.Files), cmd: cmd, exited: make(chan struct{})}
	go p.wait()
	return p, nil
}

func (p *Process) wait() {
	defer close(p.exited)
	p.err = p.cmd.Wait()
}

// Exited is closed when the program has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Err returns how the program ended, nil for success. Exited has to be closed.
func (p *Process) Err() error {
	<-p.exited
	return p.err
}

// Kill kills the program, if it still runs, and does not wait for its end.
func (p *Process) Kill() {
	select {
	case <-p.exited: // its number may be another's by now
	default:
		kill(p.cmd.Process)
	}
}

// End kills the program, if it still runs, waits for its end, and closes the pipes.
// It may be called more than once, and by any goroutine.
func (p *Process) End() {
	p.Kill()
	<-p.exited
	p.In.Close()
	p.Out.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	closeAll(p.files)
}

// Keep returns a file of the Command's, which End leaves open: it is the caller's.
func (p *Process) Keep(i int) *os.File {
	p.mu.Lock()
	defer p.mu.Unlock()
	f := p.files[i]
	p.files[i] = nil
	return f
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close() // which a nil one survives
	}
}
