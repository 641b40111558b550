// Package espeak speaks more than a hundred languages on this machine, without a
// network, with eSpeak NG as Debian packages it:
//
//	apt-get install espeak-ng
//
// It sounds like a machine, and it is fast: a sentence takes 5 ms of one core. It has
// no word times: only its library reports them. Each piece of text has a process of its
// own, started before it is needed: one caller's text cannot reach another, and is in
// no command line.
package espeak

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/internal/program"
)

const name = "espeak"

// Options configure an Engine. The zero value works.
type Options struct {
	// Voice is a language or a name that `espeak-ng --voices` lists; empty = one for
	// Language.
	Voice string
	// Language is the voice's language, in BCP 47; empty = "en-US".
	Language string
	// Workers is the number of pieces made at once; 0 = two per core, at least four. Each
	// waits as a process of about 4 MB.
	Workers int
	// MaxWait is the longest that a piece waits for a worker; 0 = 2 s.
	MaxWait time.Duration
	// Timeout is the longest that a process may be silent before it is killed; 0 = 4 s.
	Timeout time.Duration
	// Binary is the path of espeak-ng; empty = found in PATH.
	Binary string
}

// Engine speaks with eSpeak NG. All methods are safe for concurrent use. It is made by
// [New]; the zero value is not usable.
type Engine struct {
	o       Options
	own     string            // what espeak-ng calls the voice of Options
	voices  map[string]string // the same for all, by lower-case name or language
	program *program.Program
}

// Available returns nil when the Debian package is installed, and otherwise an error
// that names it and is [tts.ErrUnavailable].
func Available() error {
	_, err := program.Find(name, "", "espeak-ng")
	return err
}

// New starts the workers. Without the Debian package it returns an error that is
// [tts.ErrUnavailable] and names it. Close the engine after use.
func New(o Options) (*Engine, error) {
	err := errors.Join(option.Count("espeak: Options.Workers", o.Workers), option.Duration("espeak: Options.MaxWait", o.MaxWait), option.Duration("espeak: Options.Timeout", o.Timeout))
	if err != nil {
		return nil, err
	}
	if o.Binary, err = program.Find(name, o.Binary, "espeak-ng"); err != nil {
		return nil, err
	}
	list, err := program.Output(name, o.Binary, "--voices")
	if err != nil {
		return nil, err
	}
	e := &Engine{o: o, voices: parseVoices(list)}
	if e.own, err = e.voice(tts.Config{Voice: o.Voice, Language: cmp.Or(o.Language, "en-US")}); err != nil {
		return nil, fmt.Errorf("espeak: %w: see espeak-ng --voices", err)
	}
	e.program, err = program.New(program.Options{Engine: name, Workers: o.Workers, MaxWait: o.MaxWait, Timeout: o.Timeout,
		Args: e.args(e.own, 1), Say: e.say})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// parseVoices returns the voices by language and name. It reads lines as " 5  af  --/M
// Afrikaans  gmw/af (other 5)". Voices for MBROLA need that as well and are left out.
func parseVoices(list string) map[string]string {
	all := make(map[string]string)
	add := func(key, voice string) {
		if key = strings.ToLower(key); all[key] == "" {
			all[key] = voice
		}
	}
	var others [][2]string
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) < 5 || fields[0] == "Pty" || strings.HasPrefix(fields[4], "mb/") || strings.HasPrefix(fields[4], "!") {
			continue
		}
		add(fields[1], fields[1])
		add(fields[3], fields[1])
		for other := range strings.SplitSeq(strings.Join(fields[5:], " "), "(") {
			if language, _, ok := strings.Cut(other, " "); ok {
				others = append(others, [2]string{language, fields[1]})
			}
		}
	}
	for _, o := range others { // after the languages' own
		add(o[0], o[1])
	}
	return all
}

// voice returns the voice for a piece.
func (e *Engine) voice(c tts.Config) (string, error) {
	if c.Voice != "" {
		if v := e.voices[strings.ToLower(c.Voice)]; v != "" {
			return v, nil
		}
		return "", fmt.Errorf("it has no voice %q", c.Voice)
	}
	if c.Language == "" {
		return e.own, nil
	}
	tag := strings.ToLower(c.Language)
	if base, _, _ := strings.Cut(e.own, "-"); base == tag {
		return e.own, nil
	}
	for {
		if v := e.voices[tag]; v != "" {
			return v, nil
		}
		cut := strings.LastIndexByte(tag, '-')
		if cut < 0 {
			return "", fmt.Errorf("it does not speak %q", c.Language)
		}
		tag = tag[:cut]
	}
}

// pace is the words a minute of a voice's own speed.
const pace = 175

// args are the program's for a piece of text.
func (e *Engine) args(voice string, speed float64) []string {
	return []string{e.o.Binary, "--stdin", "-w", "/dev/fd/3", "-b", "1", "-v", voice, "-s", strconv.Itoa(int(pace * speed))}
}

// Synthesize implements tts.Synthesizer. The audio is PCM at 22050 Hz; the voice is
// Config's, or one for its Language.
func (e *Engine) Synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return e.program.Synthesize(ctx, text, c)
}

// Check returns an error when no process can be started any more.
func (e *Engine) Check(ctx context.Context) error { return e.program.Check(ctx) }

// Prewarm says a word.
func (e *Engine) Prewarm(ctx context.Context) error { return e.program.Prewarm(ctx) }

// Status implements tts.Reporter.
func (e *Engine) Status() tts.Status { return e.program.Status(e.own) }

// Close ends the workers; pieces under way fail with [tts.ErrClosed].
func (e *Engine) Close() error { return e.program.Close() }

// longestText is the number of bytes of the longest text that is said at once.
const longestText = 5000

// plain returns text without the characters that espeak-ng takes for commands: control
// characters, phonemes in double brackets, tags. It is empty if there is nothing to
// say.
func plain(text string) string {
	some := false
	s := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			some = true
		case unicode.IsControl(r) || strings.ContainsRune("[]<>{}|\\", r) || r == unicode.ReplacementChar:
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	if !some {
		return ""
	}
	return s
}

func (e *Engine) say(ctx context.Context, text string, c tts.Config, yield func(tts.Chunk, error) bool) error {
	voice, err := e.voice(c)
	if err != nil {
		return &tts.Error{Engine: name, Op: "synthesize", Kind: tts.ErrRefused, Err: err}
	}
	text = plain(text)
	if text == "" || len(text) > longestText {
		return &tts.Error{Engine: name, Op: "synthesize", Kind: tts.ErrBadText, Err: fmt.Errorf("%d bytes: want 1 to %d, with a letter or a digit", len(text), longestText)}
	}
	var special []string
	if speed := cmp.Or(c.Speed, 1); voice != e.own || speed != 1 {
		special = e.args(voice, speed)
	}
	sound, _, err := e.program.Make(ctx, text, special)
	if err != nil {
		return err
	}
	return e.program.Play(ctx, sound, 0, nil, yield)
}
