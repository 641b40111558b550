package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"agentos.dev/dialtone/voice/voicetest"
)

// caller makes a call take its steps.
type caller struct {
	call     *voicetest.Call
	dir      string        // of recordings
	patience time.Duration // for what is expected
	heard    int           // bytes of audio that were expected so far
}

// errNotCome is why an expectation fails.
var errNotCome = errors.New("it has not come in time")

// take takes a step.
func (c *caller) take(ctx context.Context, s *step) error {
	if err := c.do(ctx, s); err != nil {
		if s.line > 0 {
			return fmt.Errorf("line %d: %s: %w", s.line, s, err)
		}
		return fmt.Errorf("%s: %w", s, err)
	}
	return nil
}

func (c *caller) do(ctx context.Context, s *step) error {
	switch s.verb {
	case "speak":
		name := s.arg
		if !filepath.IsAbs(name) {
			name = filepath.Join(c.dir, name)
		}
		return c.call.Speak(name)
	case "listen":
		return c.call.Listen(s.d)
	case "digits":
		return c.call.Digits(s.arg)
	case "answer":
		return c.call.Answer(s.arg)
	case "says":
		return c.call.Says(s.arg)
	case "hangup":
		c.call.HangUp()
		return nil
	case "wait":
		return c.call.Wait(ctx)
	case "expect end":
		ctx, cancel := context.WithTimeout(ctx, c.patience)
		defer cancel()
		return c.call.Wait(ctx)
	case "expect status":
		return c.until(ctx, func() bool { return c.call.Status() == s.arg }, func() string { return c.call.Status() })
	case "expect said":
		said := func() string { return strings.Join(c.call.Said(), " ") }
		return c.until(ctx, func() bool { return within(said(), s.arg) }, said)
	case "expect words":
		said := func() string { return strings.Join(c.call.Words(), " ") }
		return c.until(ctx, func() bool { return within(said(), s.arg) }, said)
	case "expect audio":
		want := c.heard + int(s.d*8000/time.Second)
		err := c.until(ctx, func() bool { return sound(c.call.Heard()) >= want }, func() string {
			return time.Duration(int64(sound(c.call.Heard())-c.heard) * int64(time.Second) / 8000).String()
		})
		c.heard = sound(c.call.Heard())
		return err
	}
	return fmt.Errorf("%q %w", s.verb, errNoStep)
}

// within reports whether words are in a text, whatever their case and the marks between.
func within(text, words string) bool {
	plain := func(s string) string {
		return " " + strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
			return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || r > 127)
		}), " ") + " "
	}
	return strings.Contains(plain(text), plain(words))
}

// sound returns how many bytes of audio are not silence.
func sound(mulaw []byte) (n int) {
	for _, b := range mulaw {
		if b != 0xff && b != 0x7f {
			n++
		}
	}
	return n
}

// until waits until something is so.
func (c *caller) until(ctx context.Context, so func() bool, got func() string) error {
	giveUp := time.NewTimer(c.patience)
	defer giveUp.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !so() {
		select {
		case <-look.C:
		case <-giveUp.C:
			return fmt.Errorf("%w: got %q", errNotCome, got())
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// settled waits until a call that its steps have left is over, and returns how it went.
func (c *caller) settled(ctx context.Context) error {
	c.call.HangUp()
	err := c.call.Wait(ctx)
	for _, w := range c.call.Warnings() {
		err = errors.Join(err, w)
	}
	return err
}
