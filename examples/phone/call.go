package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice/voicetest"
)

// call is the command for one call.
func (p *program) call(ctx context.Context, args []string) (err error) {
	var s service
	f := p.flags("call", &s)
	script := f.String("script", "", "file whose first call has the steps")
	patience := f.Duration("patience", 30*time.Second, "how long to wait for what is expected")
	wav := f.String("wav", "", "file for what the caller heard, as WAV")
	quiet := f.Bool("q", false, "do not tell what happens")
	if err := parse(f, args); err != nil {
		return err
	}
	if f.NArg() == 0 {
		return misused("which URL? call -h lists the flags")
	}
	to, err := s.target(p, f.Arg(0))
	if err != nil {
		return err
	}
	what, given := scenario{from: s.from, to: s.to}, f.Args()[1:]
	if *script != "" {
		if len(given) > 0 {
			return misused("steps and a -script do not go together")
		}
		all, err := readScript(*script)
		if err != nil {
			return err
		}
		what.steps, what.dir = all[0].steps, all[0].dir
		what.from, what.to = or(all[0].from, s.from), or(all[0].to, s.to)
	}
	for _, text := range given {
		one, err := parseStep(text)
		if err != nil {
			return misused("%v", err)
		}
		what.steps = append(what.steps, one)
	}
	config := s.config(to)
	if !*quiet {
		var printing sync.Mutex // it is called from several goroutines
		config.Trace = func(e voicetest.Event) {
			printing.Lock()
			defer printing.Unlock()
			fmt.Fprintln(p.stdout, e)
		}
	}
	tw, err := voicetest.Start(config)
	if err != nil {
		return misused("%v", err)
	}
	defer func() { err = errors.Join(err, tw.Close()) }()
	call := tw.Dial(what.from, what.to, to.options()...)
	c := &caller{call: call, dir: what.dir, patience: *patience}
	if what.steps != nil {
		for i := range what.steps {
			if err = c.take(ctx, &what.steps[i]); err != nil {
				break
			}
		}
	} else {
		err = p.typed(ctx, c)
	}
	err = errors.Join(err, c.settled(ctx))
	if *wav != "" {
		err = errors.Join(err, writeWAV(*wav, call.Heard()))
	}
	return err
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// typed takes the steps of the standard input. A wrong one is told, and the call goes on.
func (p *program) typed(ctx context.Context, c *caller) error {
	lines := make(chan string)
	done := make(chan struct{})
	defer close(done)
	go func() { // ends with the process, if nobody types
		defer close(lines)
		in := bufio.NewScanner(p.stdin)
		for in.Scan() {
			select {
			case lines <- in.Text():
			case <-done:
				return
			}
		}
	}()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.call.Wait(ctx)
	}()
	for {
		select {
		case text, ok := <-lines:
			if !ok {
				return nil
			}
			if text = strings.TrimSpace(text); text == "" {
				continue
			}
			one, err := parseStep(text)
			if err == nil {
				err = c.take(ctx, &one)
			}
			if err != nil {
				fmt.Fprintln(p.stderr, err)
			}
		case <-ended:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// writeWAV writes mu-law as a WAV file.
func writeWAV(name string, mulaw []byte) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	out, err := codec.NewWAVWriter(file, codec.Format{})
	if err == nil {
		_, err = out.Write(mulaw)
		err = errors.Join(err, out.Close())
	}
	return errors.Join(err, file.Close())
}
