package stt

import (
	"fmt"
	"slices"
	"time"

	"agentos.dev/dialtone/codec"
)

// Encoding is how one sample of audio is written.
type Encoding uint8

const (
	Mulaw Encoding = iota // G.711 mu-law, one byte a sample: what a Twilio call carries
	PCM16                 // signed 16 bit, little endian
)

// String returns "mulaw" or "pcm16".
func (e Encoding) String() string {
	switch e {
	case Mulaw:
		return "mulaw"
	case PCM16:
		return "pcm16"
	}
	return fmt.Sprintf("Encoding(%d)", uint8(e))
}

// SampleSize returns the bytes of one sample.
func (e Encoding) SampleSize() int {
	if e == PCM16 {
		return 2
	}
	return 1
}

// Format is the form of mono audio. The zero value is mu-law at 8000 Hz.
type Format struct {
	Encoding   Encoding
	SampleRate int // samples a second; 0 = 8000
}

// Rate returns the sample rate, 8000 if none is set.
func (f Format) Rate() int {
	if f.SampleRate == 0 {
		return 8000
	}
	return f.SampleRate
}

// Duration returns how long n bytes of audio last.
func (f Format) Duration(n int) time.Duration {
	samples := int64(n / f.Encoding.SampleSize())
	return time.Duration(samples * int64(time.Second) / int64(f.Rate()))
}

// Bytes returns the length of d of audio, in whole samples.
func (f Format) Bytes(d time.Duration) int {
	return int(int64(d)*int64(f.Rate())/int64(time.Second)) * f.Encoding.SampleSize()
}

// Validate returns an [ErrBadAudio] error for an unknown encoding or a rate
// outside 8000 to 48000 Hz.
func (f Format) Validate() error {
	if f.Encoding > PCM16 {
		return &Error{Op: "open", Kind: ErrBadAudio, Err: fmt.Errorf("unknown encoding %v", f.Encoding)}
	}
	if r := f.Rate(); r < 8000 || r > 48000 {
		return &Error{Op: "open", Kind: ErrBadAudio, Err: fmt.Errorf("sample rate %d", r)}
	}
	return nil
}

// AppendPCM appends the samples of audio to dst and returns it. A last odd byte
// of PCM16 is left out.
func (f Format) AppendPCM(dst []int16, audio []byte) []int16 {
	if f.Encoding == Mulaw {
		return codec.AppendDecodeMulaw(dst, audio)
	}
	at, n := len(dst), len(audio)/2
	dst = slices.Grow(dst, n)[:at+n]
	codec.DecodePCM(dst[at:], audio)
	return dst
}

// AppendSilence appends n samples of silence to audio and returns it.
func (f Format) AppendSilence(audio []byte, n int) []byte {
	silence := byte(0xFF) // mu-law's zero
	if f.Encoding == PCM16 {
		silence, n = 0, 2*n
	}
	for range n {
		audio = append(audio, silence)
	}
	return audio
}
