package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const stepHelp = `
  speak FILE.wav      say a recording
  listen 2s           say nothing for so long
  digits 12#          press keys
  answer TEXT         answer a Gather or Record in words
  says TEXT           say words over ConversationRelay
  expect said TEXT    the service has a Say with these words, within the patience
  expect words TEXT   the service says these words over ConversationRelay
  expect audio 1s     so much more sound has come than before the last such step
  expect end          the service ends the call
  expect status busy  the call's status is this
  wait                until the call ends
  hangup              hang up

A script has calls, each with steps below it. A line that begins with # is a comment, and
so is what comes behind # with blanks around it:

  call greeting from +14155550100 to +14155550199
    listen 1s
    expect audio 500ms
    hangup
`

// step is one step of a call.
type step struct {
	line int    // of the script; 0 of an argument
	verb string // such as "listen" or "expect audio"
	arg  string
	d    time.Duration
}

func (s *step) String() string { return strings.TrimSpace(s.verb + " " + s.arg) }

// scenario is a call of a script.
type scenario struct {
	name, from, to string
	steps          []step
	dir            string // of files
}

// scriptError is what is wrong with a script.
type scriptError struct {
	line int
	err  error
}

func (e *scriptError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }
func (e *scriptError) Unwrap() error { return e.err }

const (
	maxScript = 1 << 20 // bytes
	maxStep   = 24 * time.Hour
)

var (
	errNoStep   = errors.New("is not a step")
	errArgument = errors.New("lacks what is behind the step, or has too much")
	errDuration = errors.New("has no duration as 2s or 500ms")
	errKeys     = errors.New("has other keys than 0 to 9, * and #")
	errCall     = errors.New("is not as: call NAME [from NUMBER] [to NUMBER]")
	errNoCall   = errors.New("comes before the first call")
	errScript   = errors.New("the script is larger than 1 MiB")
)

// parseStep reads a step.
func parseStep(text string) (step, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return step{}, fmt.Errorf("%q %w", text, errNoStep)
	}
	s := step{verb: fields[0]}
	rest := fields[1:]
	if s.verb == "expect" {
		if len(rest) == 0 {
			return step{}, fmt.Errorf("%q %w", text, errArgument)
		}
		s.verb, rest = "expect "+rest[0], rest[1:]
	}
	s.arg = strings.Join(rest, " ")
	switch s.verb {
	case "speak", "answer", "says", "expect said", "expect words", "expect status":
		if s.arg == "" {
			return step{}, fmt.Errorf("%q %w", text, errArgument)
		}
	case "listen", "expect audio":
		d, err := time.ParseDuration(s.arg)
		if err != nil || d <= 0 || d > maxStep {
			return step{}, fmt.Errorf("%q %w", text, errDuration)
		}
		s.d = d
	case "digits":
		if s.arg == "" || strings.Trim(s.arg, "0123456789*#") != "" {
			return step{}, fmt.Errorf("%q %w", text, errKeys)
		}
	case "wait", "hangup", "expect end":
		if s.arg != "" {
			return step{}, fmt.Errorf("%q %w", text, errArgument)
		}
	default:
		return step{}, fmt.Errorf("%q %w", text, errNoStep)
	}
	return s, nil
}

// parseScript reads a script.
func parseScript(r io.Reader) ([]scenario, error) {
	limited := &io.LimitedReader{R: r, N: maxScript + 1}
	in := bufio.NewScanner(limited)
	in.Buffer(nil, maxScript)
	var all []scenario
	for n := 1; in.Scan(); n++ {
		text, _, _ := strings.Cut(strings.TrimSpace(in.Text()), " # ")
		fields := strings.Fields(text)
		if len(fields) == 0 || text[0] == '#' {
			continue
		}
		if fields[0] == "call" {
			s, err := parseCall(fields[1:])
			if err != nil {
				return nil, &scriptError{n, fmt.Errorf("%q %w", text, err)}
			}
			all = append(all, s)
			continue
		}
		s, err := parseStep(text)
		if err == nil && len(all) == 0 {
			err = fmt.Errorf("%q %w", text, errNoCall)
		}
		if err != nil {
			return nil, &scriptError{n, err}
		}
		s.line = n
		last := &all[len(all)-1]
		last.steps = append(last.steps, s)
	}
	if limited.N <= 0 || errors.Is(in.Err(), bufio.ErrTooLong) {
		return nil, errScript
	}
	return all, in.Err()
}

func parseCall(fields []string) (s scenario, err error) {
	if len(fields) == 0 || len(fields)%2 == 0 {
		return s, errCall
	}
	s.name = fields[0]
	for i := 1; i < len(fields); i += 2 {
		switch fields[i] {
		case "from":
			s.from = fields[i+1]
		case "to":
			s.to = fields[i+1]
		default:
			return s, errCall
		}
	}
	return s, nil
}

// readScript reads a script by its name.
func readScript(name string) ([]scenario, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, misused("%v", err)
	}
	defer f.Close()
	all, err := parseScript(f)
	if err != nil {
		return nil, misused("%s: %v", name, err)
	}
	if len(all) == 0 {
		return nil, misused("%s: there is no call in it", name)
	}
	for i := range all {
		all[i].dir = filepath.Dir(name)
	}
	return all, nil
}
