// Package ttstest helps to test text-to-speech: a synthesiser whose audio is known
// beforehand, and [Suite], the tests that every engine of dialtone passes.
package ttstest

import (
	"context"
	"hash/fnv"
	"iter"
	"math"
	"strings"
	"sync"
	"time"
	"unicode"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice/tts"
)

// Fake says text in tones: the audio of a word depends on the word alone, so that a
// test knows from [Audio] what a caller must hear. The zero value has word times.
// Set the fields before use.
type Fake struct {
	Silent bool // no word times
	PCM    bool // says it as PCM16 at 16000 Hz, not as mu-law at 8000 Hz
	// Delay is the time to each piece's first audio.
	Delay time.Duration
	// Chunk is the audio of a chunk; 0 = 100 ms.
	Chunk time.Duration
	// Fault, if not nil, returns the fault of each piece, which are counted from 0.
	Fault func(n int, text string) Fault

	mu    sync.Mutex
	asked []Asked
}

// Asked is a request to a [Fake].
type Asked struct {
	Text   string
	Config tts.Config
}

// Fault is the failure of a piece. The zero value is none.
type Fault struct {
	After  time.Duration // of audio that comes before
	Err    error         // is yielded
	Hang   bool          // nothing comes any more, until ctx is done
	Deaf   bool          // with Hang: ctx does not matter, until the test ends
	Panic  bool
	Stop   bool // the audio ends
	Extra  time.Duration
	Odd    bool // the audio ends with half a sample
	Rate   int  // the audio is said to have this rate
	Header bool // a WAV header comes first
}

// Asked returns the requests so far.
func (f *Fake) Asked() []Asked {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]Asked(nil), f.asked...)
}

// Texts returns the texts that the fake was asked to say so far.
func (f *Fake) Texts() []string {
	var texts []string
	for _, a := range f.Asked() {
		texts = append(texts, a.Text)
	}
	return texts
}

// Status implements tts.Reporter.
func (f *Fake) Status() tts.Status { return tts.Status{Engine: "ttstest", Ready: true} }

// Synthesize implements tts.Synthesizer.
func (f *Fake) Synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return func(yield func(tts.Chunk, error) bool) {
		f.mu.Lock()
		n := len(f.asked)
		f.asked = append(f.asked, Asked{text, c})
		f.mu.Unlock()
		var fault Fault
		if f.Fault != nil {
			fault = f.Fault(n, text)
		}
		if err := f.say(ctx, text, fault, yield); err != nil {
			yield(tts.Chunk{}, err)
		}
	}
}

func (f *Fake) say(ctx context.Context, text string, fault Fault, yield func(tts.Chunk, error) bool) error {
	audio, words := Audio(text)
	if len(words) == 0 {
		return &tts.Error{Engine: "ttstest", Op: "synthesize", Kind: tts.ErrBadText}
	}
	if err := wait(ctx, f.Delay); err != nil {
		return err
	}
	if f.Silent {
		words = nil
	}
	failing := fault.Err != nil || fault.Hang || fault.Panic || fault.Stop
	if failing {
		audio = audio[:min(len(audio), samples(fault.After))]
	}
	audio = append(audio, codecSilence(samples(fault.Extra))...)
	size := samples(100 * time.Millisecond)
	if f.Chunk > 0 {
		size = samples(f.Chunk)
	}
	if fault.Header {
		audio = append([]byte("RIFF\x00\x00\x00\x00WAVEfmt "), audio...)
	}
	for at := 0; at < len(audio); at += size {
		part := audio[at:min(at+size, len(audio))]
		chunk := tts.Chunk{Audio: part, Rate: fault.Rate}
		if f.PCM {
			chunk = tts.Chunk{Audio: wide(part), Encoding: codec.PCM16, Rate: 16000}
			if fault.Rate != 0 {
				chunk.Rate = fault.Rate
			}
			if fault.Odd && at+size >= len(audio) {
				chunk.Audio = chunk.Audio[:len(chunk.Audio)-1]
			}
		}
		for len(words) > 0 && samples(words[0].Start) < at+size {
			chunk.Words, words = append(chunk.Words, words[0]), words[1:]
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if !yield(chunk, nil) {
			return nil
		}
	}
	switch {
	case fault.Panic:
		panic("ttstest: as the test asked")
	case fault.Hang && fault.Deaf:
		time.Sleep(time.Minute)
	case fault.Hang:
		<-ctx.Done()
		return ctx.Err()
	}
	return fault.Err
}

func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// samples returns how many samples of 8000 Hz last d.
func samples(d time.Duration) int { return int(d * codec.Rate / time.Second) }

// codecSilence returns n samples of mu-law silence.
func codecSilence(n int) []byte {
	s := make([]byte, n)
	for i := range s {
		s[i] = 0xFF
	}
	return s
}

// wide returns mu-law as PCM16 at twice the rate.
func wide(mulaw []byte) []byte {
	pcm := make([]int16, 0, 2*len(mulaw))
	for _, v := range codec.AppendDecodeMulaw(nil, mulaw) {
		pcm = append(pcm, v, v)
	}
	return codec.AppendPCM(nil, pcm)
}

// Audio returns how a [Fake] says text, as mu-law at 8000 Hz, and when it says each
// word: 60 ms for each character and 40 ms of silence behind it, and 150 ms where
// punctuation is. Words are what stands between spaces and has a letter or a digit.
func Audio(text string) ([]byte, []tts.Word) {
	audio := codecSilence(samples(40 * time.Millisecond))
	var words []tts.Word
	at := 0
	for field := range strings.FieldsSeq(text) {
		from := at + strings.Index(text[at:], field)
		at = from + len(field)
		word := strings.TrimFunc(field, func(r rune) bool { return !spokenRune(r) })
		if word == "" {
			continue
		}
		from += strings.Index(field, word)
		start := length(audio)
		audio = append(audio, tone(word)...)
		words = append(words, tts.Word{From: from, To: from + len(word), Start: start, End: length(audio)})
		pause := 40 * time.Millisecond
		if !strings.HasSuffix(field, word) {
			pause = 150 * time.Millisecond
		}
		audio = append(audio, codecSilence(samples(pause))...)
	}
	return audio, words
}

func spokenRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

func length(audio []byte) time.Duration { return time.Duration(len(audio)) * time.Second / codec.Rate }

// tone returns the audio of a word.
func tone(word string) []byte {
	h := fnv.New32a()
	h.Write([]byte(strings.ToLower(word)))
	hertz := 200 + float64(h.Sum32()%1600)
	pcm := make([]int16, samples(time.Duration(len([]rune(word)))*60*time.Millisecond))
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(2*math.Pi*hertz*float64(i)/codec.Rate))
	}
	return codec.AppendEncodeMulaw(nil, pcm)
}
