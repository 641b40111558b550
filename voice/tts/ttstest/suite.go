package ttstest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/voice/tts"
)

// Suite tests an engine. Its fields describe the engine's abilities. New must be set.
type Suite struct {
	// New returns an engine that can say any English text: in front of a fake server,
	// for most. The suite closes it if it can be closed.
	New func(t testing.TB) tts.Synthesizer
	// Words is set for an engine with word times. Another one may not yield any.
	Words bool
	// Speed is set for an engine that heeds Config.Speed.
	Speed bool
	// Voices is set for an engine that refuses a voice that it does not have.
	Voices bool

	patience time.Duration // bounds every wait; 0 = 30 s
}

func (s Suite) limit() time.Duration {
	if s.patience == 0 {
		return 30 * time.Second
	}
	return s.patience
}

// Run tests the engine against everything that a [tts.Synthesizer] promises.
func (s Suite) Run(t *testing.T) {
	for _, c := range s.checks() {
		t.Run(c.name, func(t *testing.T) {
			e := s.New(t)
			if err := c.check(e); err != nil {
				t.Error(err)
			}
			if err := tts.Close(e); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("nothing is left", func(t *testing.T) {
		e := s.New(t)
		for range tts.Stream(t.Context(), e, pieces(texts...), tts.Config{}) {
		}
		if err := tts.Close(e); err != nil {
			t.Error(err)
		}
		if err := s.left(0); err != nil {
			t.Error(err)
		}
	})
}

// check is a test that an engine passes.
type check struct {
	name  string
	check func(e tts.Synthesizer) error
}

func (s Suite) checks() []check {
	return []check{
		{"audio", s.audio},
		{"words", s.words},
		{"text without words", s.nothing},
		{"leaving the loop", s.leave},
		{"a context that ends", s.cancel},
		{"a context that has ended", s.late},
		{"memory", s.memory},
		{"many at once", s.many},
		{"pieces", s.pieces},
		{"pieces that come late", s.slow},
		{"speed", s.speed},
		{"voices", s.voices},
	}
}

// texts are the texts that the engine has to say.
var texts = []string{
	"Good morning.",
	"Your table for two is booked,",
	"and the total is twenty four dollars and fifty cents.",
	"Is there anything else that I can do for you today?",
}

func pieces(list ...string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, p := range list {
			if !yield(p) {
				return
			}
		}
	}
}

// said is an engine's audio of a text.
type said struct {
	audio    []byte
	encoding codec.Encoding
	rate     int
	words    []tts.Word
	chunks   int
}

func (s said) length() time.Duration {
	size := 1
	if s.encoding == codec.PCM16 {
		size = 2
	}
	rate := s.rate
	if rate == 0 {
		rate = codec.Rate
	}
	return time.Duration(len(s.audio)/size) * time.Second / time.Duration(rate)
}

// listen collects the chunks, and checks the promises that hold for all of them.
func listen(chunks iter.Seq2[tts.Chunk, error]) (s said, err error) {
	for c, e := range chunks {
		if err != nil {
			return s, fmt.Errorf("something comes after the error %v", err)
		}
		if e != nil {
			err = e
			continue
		}
		s.chunks++
		if len(c.Audio) > 0 {
			if len(s.audio) > 0 && (c.Encoding != s.encoding || c.Rate != s.rate) {
				return s, fmt.Errorf("format changes from %v at %d Hz to %v at %d Hz", s.encoding, s.rate, c.Encoding, c.Rate)
			}
			s.encoding, s.rate = c.Encoding, c.Rate
		}
		s.audio, s.words = append(s.audio, c.Audio...), append(s.words, c.Words...)
	}
	return s, err
}

func (s Suite) audio(e tts.Synthesizer) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.limit())
	defer cancel()
	for _, text := range texts {
		got, err := listen(e.Synthesize(ctx, text, tts.Config{CallSID: "CA1"}))
		if err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		if got.encoding != codec.Mulaw && got.encoding != codec.PCM16 || got.rate != 0 && (got.rate < 8000 || got.rate > 48000) {
			return fmt.Errorf("audio is %v at %d Hz", got.encoding, got.rate)
		}
		if got.encoding == codec.PCM16 && len(got.audio)%2 != 0 {
			return errors.New("the audio ends with half a sample")
		}
		if strings.HasPrefix(string(got.audio), "RIFF") {
			return errors.New("the audio begins with a WAV header")
		}
		letters := time.Duration(utf8.RuneCountInString(text))
		if d := got.length(); d < letters*15*time.Millisecond || d > time.Second+letters*250*time.Millisecond {
			return fmt.Errorf("%q takes %v", text, d)
		}
	}
	return nil
}

func (s Suite) words(e tts.Synthesizer) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.limit())
	defer cancel()
	for _, text := range texts {
		got, err := listen(e.Synthesize(ctx, text, tts.Config{}))
		if err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		if err := s.timed(got, text); err != nil {
			return err
		}
	}
	return nil
}

// timed checks the word times of one text or of the pieces of an utterance.
func (s Suite) timed(got said, pieces ...string) error {
	if !s.Words {
		if len(got.words) > 0 {
			return fmt.Errorf("word times of an engine without them: %v", got.words)
		}
		return nil
	}
	var heard []string
	piece, to, end := 0, 0, time.Duration(0)
	for _, w := range got.words {
		if w.Piece < piece || w.Piece >= len(pieces) {
			return fmt.Errorf("word %+v belongs to no piece", w)
		}
		if w.Piece > piece {
			piece, to = w.Piece, 0
		}
		text := pieces[piece]
		if w.From < to || w.From >= w.To || w.To > len(text) {
			return fmt.Errorf("word %+v is not in %q, or not in order", w, text)
		}
		if w.Start < end-50*time.Millisecond || w.End < w.Start || w.End > got.length()+50*time.Millisecond {
			return fmt.Errorf("word %+v is not said in its order, or beyond the audio of %v", w, got.length())
		}
		to, end = w.To, w.End
		heard = append(heard, strings.Trim(text[w.From:w.To], ".,?! "))
	}
	if want := strings.Fields(strings.Map(func(r rune) rune {
		if strings.ContainsRune(".,?!", r) {
			return -1
		}
		return r
	}, strings.Join(pieces, " "))); strings.Join(heard, " ") != strings.Join(want, " ") {
		return fmt.Errorf("times of the words %q, said %q", heard, want)
	}
	return nil
}

func (s Suite) nothing(e tts.Synthesizer) error {
	for _, text := range []string{"", " ", "...", "\n"} {
		if got, err := listen(e.Synthesize(context.Background(), text, tts.Config{})); !errors.Is(err, tts.ErrBadText) || len(got.audio) > 0 {
			return fmt.Errorf("%q: %d bytes of audio and the error %v, want ErrBadText", text, len(got.audio), err)
		}
	}
	return nil
}

// long is a text that takes a while to say.
var long = strings.Repeat("This goes on and on, and it does not end soon. ", 12)

func (s Suite) leave(e tts.Synthesizer) error {
	if _, err := listen(e.Synthesize(context.Background(), texts[0], tts.Config{})); err != nil {
		return err
	}
	before := len(leak.Module(waits...))
	for range 3 {
		for _, err := range e.Synthesize(context.Background(), long, tts.Config{}) {
			if err != nil {
				return err
			}
			break
		}
	}
	if _, err := listen(e.Synthesize(context.Background(), texts[0], tts.Config{})); err != nil {
		return fmt.Errorf("after loops were left: %w", err)
	}
	return s.left(before, waits...)
}

// waits are on the stacks of what waits for the next text: a process that was started
// before it is needed, and the ends of a connection that is kept.
var waits = []string{"internal/process.(*Process).wait", "internal/wire.(*Link).read", "faketts.(*Live).ServeHTTP"}

// left checks that no more goroutines of the engine are left than there were.
func (s Suite) left(before int, but ...string) error {
	deadline := time.Now().Add(s.limit())
	for {
		left := leak.Module(but...)
		if len(left) <= before {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d goroutines are left:\n%s", len(left), strings.Join(left, "\n\n"))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (s Suite) cancel(e tts.Synthesizer) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		for _, err := range e.Synthesize(ctx, long, tts.Config{}) {
			if err != nil {
				done <- err
				return
			}
			cancel()
		}
		done <- nil
	}()
	select {
	case err := <-done:
		if err != nil && !errors.Is(err, context.Canceled) {
			return fmt.Errorf("the error of a canceled context is %w", err)
		}
	case <-time.After(s.limit()):
		return errors.New("a canceled context does not end the loop")
	}
	return nil
}

func (s Suite) late(e tts.Synthesizer) error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if got, err := listen(e.Synthesize(ctx, texts[0], tts.Config{})); !errors.Is(err, context.Canceled) || len(got.audio) > 0 {
		return fmt.Errorf("%d bytes of audio and the error %v of a context that is canceled", len(got.audio), err)
	}
	return nil
}

// memory: the audio is the loop's until it goes on.
func (s Suite) memory(e tts.Synthesizer) error {
	first, err := listen(e.Synthesize(context.Background(), texts[2], tts.Config{}))
	if err != nil {
		return err
	}
	second, err := listen(func(yield func(tts.Chunk, error) bool) {
		for c, err := range e.Synthesize(context.Background(), texts[2], tts.Config{}) {
			going := yield(c, err)
			for i := range c.Audio {
				c.Audio[i] = 0x55
			}
			for i := range c.Words {
				c.Words[i] = tts.Word{}
			}
			if !going {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	if len(first.words) != len(second.words) || second.length() < first.length()*8/10 || first.length() < second.length()*8/10 {
		return fmt.Errorf("saying the same twice takes %v and %v", first.length(), second.length())
	}
	return nil
}

// many: texts that are said at the same time do not disturb each other.
func (s Suite) many(e tts.Synthesizer) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.limit())
	defer cancel()
	var wg sync.WaitGroup
	errs := make([]error, 12)
	alone := make([]said, len(texts))
	for i, text := range texts {
		var err error
		if alone[i], err = listen(e.Synthesize(ctx, text, tts.Config{})); err != nil {
			return err
		}
	}
	for i := range errs {
		wg.Go(func() {
			n := i % len(texts)
			got, err := listen(e.Synthesize(ctx, texts[n], tts.Config{CallSID: fmt.Sprint("CA", i)}))
			if want := alone[n].length(); err == nil && (got.length() < want*8/10 || want < got.length()*8/10) {
				err = fmt.Errorf("%q takes %v among others and %v alone", texts[n], got.length(), want)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// pieces: an utterance in pieces.
func (s Suite) pieces(e tts.Synthesizer) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.limit())
	defer cancel()
	got, err := listen(tts.Stream(ctx, e, pieces(texts...), tts.Config{}))
	if err != nil {
		return err
	}
	letters := time.Duration(len(strings.Join(texts, " ")))
	if d := got.length(); d < letters*15*time.Millisecond || d > 4*time.Second+letters*250*time.Millisecond {
		return fmt.Errorf("%d pieces take %v", len(texts), d)
	}
	return s.timed(got, texts...)
}

// slow: the first piece is heard before the second is there.
func (s Suite) slow(e tts.Synthesizer) error {
	ctx, cancel := context.WithTimeout(context.Background(), s.limit())
	defer cancel()
	heard := make(chan struct{})
	var once sync.Once
	late := func(yield func(string) bool) {
		if !yield(texts[0]) {
			return
		}
		select {
		case <-heard:
			yield(texts[1])
		case <-ctx.Done():
		}
	}
	audio := 0
	for c, err := range tts.Stream(ctx, e, late, tts.Config{}) {
		if err != nil {
			return fmt.Errorf("a first piece, whose next comes when it is heard: %w", err)
		}
		if audio += len(c.Audio); audio > 0 {
			once.Do(func() { close(heard) })
		}
	}
	return ctx.Err()
}

func (s Suite) speed(e tts.Synthesizer) error {
	plain, err := listen(e.Synthesize(context.Background(), texts[2], tts.Config{}))
	if err != nil {
		return err
	}
	fast, err := listen(e.Synthesize(context.Background(), texts[2], tts.Config{Speed: 1.5}))
	if err != nil {
		return err
	}
	for _, speed := range []float64{-1, 0.01, 100, math.NaN()} {
		if _, err := listen(tts.Stream(context.Background(), e, pieces(texts[0]), tts.Config{Speed: speed})); !errors.Is(err, tts.ErrRefused) {
			return fmt.Errorf("speed %v: the error %v, want ErrRefused", speed, err)
		}
	}
	if s.Speed && (fast.length() > plain.length()*85/100 || fast.length() < plain.length()/2) {
		return fmt.Errorf("%v at 1.5 times the speed of %v", fast.length(), plain.length())
	}
	return nil
}

func (s Suite) voices(e tts.Synthesizer) error {
	if !s.Voices {
		return nil
	}
	for _, voice := range []string{"no such voice", "../../etc/passwd", "http://127.0.0.1/voice", "-o/tmp/x"} {
		if got, err := listen(e.Synthesize(context.Background(), texts[0], tts.Config{Voice: voice})); !errors.Is(err, tts.ErrRefused) || len(got.audio) > 0 {
			return fmt.Errorf("voice %q: %d bytes of audio and the error %v, want ErrRefused", voice, len(got.audio), err)
		}
	}
	return nil
}
