// Package flite speaks English on this machine, without a network, with CMU Flite as
// Debian packages it:
//
//	apt-get install flite
//
// A sentence takes 2 to 50 ms of one core, and the times of its words are known. Each
// piece of text has a process of its own, started before it is needed: one caller's
// text cannot reach another, and is in no command line.
package flite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/internal/program"
)

const name = "flite"

// Options configure an Engine. The zero value works.
type Options struct {
	// Voice is the name of a voice that `flite -lv` lists; empty = "rms", which is
	// understood best over a telephone. "slt" is a woman's; "kal16" takes a tenth of the
	// time.
	Voice string
	// Workers is the number of pieces made at once; 0 = two per core, at least four. Each
	// waits as a process of about 5 MB.
	Workers int
	// MaxWait is the longest that a piece waits for a worker; 0 = 2 s.
	MaxWait time.Duration
	// Timeout is the longest that a piece takes before its process is killed; 0 = 4 s.
	Timeout time.Duration
	// Binary is the path of flite; empty = found in PATH.
	Binary string
}

// Engine speaks with Flite. All methods are safe for concurrent use. It is made by
// [New]; the zero value is not usable.
type Engine struct {
	o       Options
	voices  []string
	program *program.Program
}

// Available returns nil when the Debian package is installed, and otherwise an error
// that names it and is [tts.ErrUnavailable].
func Available() error {
	_, err := program.Find(name, "", "flite")
	return err
}

// New starts the workers. Without the Debian package it returns an error that is
// [tts.ErrUnavailable] and names it. Close the engine after use.
func New(o Options) (*Engine, error) {
	if o.Voice == "" {
		o.Voice = "rms"
	}
	err := errors.Join(option.Count("flite: Options.Workers", o.Workers), option.Duration("flite: Options.MaxWait", o.MaxWait), option.Duration("flite: Options.Timeout", o.Timeout))
	if err != nil {
		return nil, err
	}
	if o.Binary, err = program.Find(name, o.Binary, "flite"); err != nil {
		return nil, err
	}
	list, err := program.Output(name, o.Binary, "-lv")
	if err != nil {
		return nil, err
	}
	e := &Engine{o: o, voices: parseVoices(list)}
	if !slices.Contains(e.voices, o.Voice) {
		return nil, fmt.Errorf("flite: Options.Voice is %q: this flite has %s", o.Voice, strings.Join(e.voices, ", "))
	}
	e.program, err = program.New(program.Options{Engine: name, Workers: o.Workers, MaxWait: o.MaxWait, Timeout: o.Timeout,
		Args: e.args(tts.Config{}), Say: e.say})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// parseVoices returns the names of the voices that are built in. Only those may be
// asked for: flite takes any other name for a file or a URL.
func parseVoices(list string) []string {
	_, names, _ := strings.Cut(list, ":")
	return slices.DeleteFunc(strings.Fields(names), func(v string) bool {
		return v == "awb_time" // says nothing but the time
	})
}

// args are the program's for a piece of text. It prints the phones.
func (e *Engine) args(c tts.Config) []string {
	args := []string{e.o.Binary, "-voice", cmp.Or(c.Voice, e.o.Voice)}
	if c.Speed > 0 && c.Speed != 1 {
		args = append(args, "--setf", "duration_stretch="+strconv.FormatFloat(1/c.Speed, 'f', 3, 64))
	}
	return append(args, "-psdur", "-f", "/dev/stdin", "-o", "/dev/fd/3")
}

// Synthesize implements tts.Synthesizer. The audio is PCM at the voice's rate, 8000 or
// 16000 Hz; a Config's Language has to be English.
func (e *Engine) Synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return e.program.Synthesize(ctx, text, c)
}

// Check returns an error when no process can be started any more.
func (e *Engine) Check(ctx context.Context) error { return e.program.Check(ctx) }

// Prewarm says a word.
func (e *Engine) Prewarm(ctx context.Context) error { return e.program.Prewarm(ctx) }

// Status implements tts.Reporter.
func (e *Engine) Status() tts.Status { return e.program.Status(e.o.Voice) }

// Close ends the workers; pieces under way fail with [tts.ErrClosed].
func (e *Engine) Close() error { return e.program.Close() }

// longestText is the number of bytes of the longest text that is said at once.
const longestText = 2000

func (e *Engine) say(ctx context.Context, text string, c tts.Config, yield func(tts.Chunk, error) bool) error {
	refused := func(kind error, format string, args ...any) error {
		return &tts.Error{Engine: name, Op: "synthesize", Kind: kind, Err: fmt.Errorf(format, args...)}
	}
	if language, _, _ := strings.Cut(strings.ToLower(c.Language), "-"); language != "" && language != "en" {
		return refused(tts.ErrRefused, "it speaks English, not %q", c.Language)
	}
	if c.Voice != "" && !slices.Contains(e.voices, c.Voice) {
		return refused(tts.ErrRefused, "it has no voice %q", c.Voice)
	}
	words := readable(text)
	if len(words) == 0 || len(text) > longestText {
		return refused(tts.ErrBadText, "%d bytes with %d words that it can read: want 1 to %d bytes", len(text), len(words), longestText)
	}
	var special []string
	if c.Voice != "" && c.Voice != e.o.Voice || c.Speed > 0 && c.Speed != 1 {
		special = e.args(c)
	}
	sound, printed, err := e.program.Make(ctx, plain(words), special)
	if err != nil {
		return err
	}
	phones := parsePhones(string(printed))
	skip := lead(phones) // the silence before the first word
	return e.program.Play(ctx, sound, skip, times(words, phones, skip), yield)
}
