package tts

import (
	"errors"
	"fmt"
	"iter"
	"time"
	"unicode"

	"agentos.dev/dialtone/codec"
)

// Mulaw returns the chunks with their audio as a call carries it: mu-law at 8000 Hz,
// without the delay of a resampler. Audio that cannot be converted ends them with
// [ErrBadAudio]: an unknown or changing format, half a sample, a WAV file.
func Mulaw(chunks iter.Seq2[Chunk, error]) iter.Seq2[Chunk, error] {
	return func(yield func(Chunk, error) bool) {
		var v converter
		v.convert(chunks, yield)
	}
}

// converter makes mu-law of one utterance after the other.
type converter struct {
	encoding  codec.Encoding
	rate      int // 0 = nothing has come
	began     bool
	carry     []byte // the beginning of a sample
	resampler *codec.Resampler
	at        int // the resampler's rate
	pcm, low  []int16
	out       []byte
	samples   int // that came
	made      int // that were yielded
	skip      int // of the resampler's delay, still to be left out
}

func (v *converter) convert(chunks iter.Seq2[Chunk, error], yield func(Chunk, error) bool) {
	v.rate, v.began, v.carry, v.samples, v.made = 0, false, v.carry[:0], 0, 0
	for c, err := range chunks {
		if err == nil {
			err = v.add(&c)
		}
		if err != nil {
			yield(Chunk{}, err)
			return
		}
		if !yield(c, nil) {
			return
		}
	}
	if len(v.carry) > 0 {
		yield(Chunk{}, badAudio("it ends within a sample"))
		return
	}
	if tail := v.tail(); len(tail) > 0 {
		yield(Chunk{Audio: tail}, nil)
	}
}

func badAudio(format string, args ...any) error {
	return &Error{Op: "synthesize", Kind: ErrBadAudio, Err: fmt.Errorf(format, args...)}
}

// add converts the audio of c.
func (v *converter) add(c *Chunk) error {
	if len(c.Audio) == 0 {
		c.Encoding, c.Rate = codec.Mulaw, 0
		return nil
	}
	rate := c.Rate
	if rate == 0 {
		rate = codec.Rate
	}
	if v.rate == 0 {
		if err := v.begin(c.Encoding, rate); err != nil {
			return err
		}
	} else if c.Encoding != v.encoding || rate != v.rate {
		return badAudio("its format changes from %v at %d Hz to %v at %d Hz", v.encoding, v.rate, c.Encoding, rate)
	}
	audio := c.Audio
	c.Encoding, c.Rate = codec.Mulaw, 0
	if !v.began {
		v.carry = append(v.carry, audio...)
		if len(v.carry) < 4 {
			c.Audio = nil
			return nil
		}
		if string(v.carry[:4]) == "RIFF" {
			return badAudio("it is a WAV file and was to be bare samples")
		}
		v.began = true
		audio, v.carry = v.carry, nil
	}
	if v.encoding == codec.Mulaw && v.resampler == nil {
		c.Audio = audio
		v.samples += len(audio)
		v.made += len(audio)
		return nil
	}
	c.Audio = v.encode(v.decode(audio))
	return nil
}

func (v *converter) begin(encoding codec.Encoding, rate int) error {
	if encoding != codec.Mulaw && encoding != codec.PCM16 {
		return badAudio("its encoding is %v", encoding)
	}
	if rate > 48000 {
		return badAudio("its sample rate is %d Hz", rate)
	}
	v.encoding, v.rate, v.skip = encoding, rate, 0
	if rate == codec.Rate {
		v.resampler, v.at = nil, 0
		return nil
	}
	if v.at != rate {
		r, err := codec.NewResampler(rate, codec.Rate)
		if err != nil {
			return &Error{Op: "synthesize", Kind: ErrBadAudio, Err: err}
		}
		v.resampler, v.at = r, rate
	}
	v.resampler.Reset()
	v.skip = int((int64(v.resampler.Latency())*codec.Rate + int64(time.Second)/2) / int64(time.Second))
	return nil
}

// decode returns the whole samples of audio and keeps the half one.
func (v *converter) decode(audio []byte) []int16 {
	if v.encoding == codec.Mulaw {
		v.pcm = codec.AppendDecodeMulaw(v.pcm[:0], audio)
		return v.pcm
	}
	v.pcm = v.pcm[:0]
	if len(v.carry) == 1 && len(audio) > 0 {
		v.pcm = append(v.pcm, int16(uint16(v.carry[0])|uint16(audio[0])<<8))
		audio, v.carry = audio[1:], v.carry[:0]
	}
	if n := len(audio) / 2; n > 0 {
		at := len(v.pcm)
		if cap(v.pcm) < at+n {
			v.pcm = append(make([]int16, 0, at+n), v.pcm...)
		}
		v.pcm = v.pcm[:at+n]
		codec.DecodePCM(v.pcm[at:], audio)
		audio = audio[2*n:]
	}
	v.carry = append(v.carry, audio...)
	return v.pcm
}

func (v *converter) encode(pcm []int16) []byte {
	v.samples += len(pcm)
	if v.resampler != nil {
		v.low = v.resampler.Resample(v.low[:0], pcm)
		late := min(v.skip, len(v.low))
		v.skip -= late
		pcm = v.low[late:]
	}
	v.out = codec.AppendEncodeMulaw(v.out[:0], pcm)
	v.made += len(v.out)
	return v.out
}

// tail returns the samples that the resampler still holds: as many as are missing.
func (v *converter) tail() []byte {
	if v.resampler == nil || v.rate == 0 {
		return nil
	}
	want := int((int64(v.samples)*codec.Rate + int64(v.rate) - 1) / int64(v.rate))
	var silence [256]int16
	var out []byte
	for v.made < want {
		v.low = v.resampler.Resample(v.low[:0], silence[:])
		late := min(v.skip, len(v.low))
		v.skip -= late
		part := v.low[late:]
		part = part[:min(len(part), want-v.made)]
		out = codec.AppendEncodeMulaw(out, part)
		v.made += len(part)
	}
	return out
}

// duration returns how long n bytes of mu-law last.
func duration(n int) time.Duration { return time.Duration(n) * time.Second / codec.Rate }

var (
	errNoAudio = errors.New("there is none")
	errTooMuch = errors.New("there is more than the text can take")
)

// shortest and longest bound the time in which text can be said.
func shortest(text string, speed float64) time.Duration {
	return time.Duration(float64(letters(text)) * float64(8*time.Millisecond) / max(speed, 1))
}

func longest(text string, speed float64) time.Duration {
	if speed <= 0 || speed > 1 {
		speed = 1
	}
	return time.Duration((10*float64(time.Second) + float64(letters(text))*float64(500*time.Millisecond)) / speed)
}

// letters counts the letters and digits of text.
func letters(text string) int {
	n := 0
	for _, r := range text {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			n++
		}
	}
	return n
}
