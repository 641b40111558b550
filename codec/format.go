package codec

import (
	"fmt"
	"slices"
	"time"
)

// Encoding is how a sample is stored.
type Encoding int

// The encodings. Calls carry Mulaw, and speech services take Mulaw and PCM16; WAVReader reads all,
// WAVWriter writes Mulaw and PCM16. PCM is little endian.
const (
	Mulaw   Encoding = iota // G.711 mu-law, one byte
	PCM16                   // signed 16-bit
	Alaw                    // G.711 A-law, one byte
	PCM8                    // unsigned 8-bit
	PCM24                   // signed 24-bit
	PCM32                   // signed 32-bit
	Float32                 // IEEE 754, full scale 1
)

var encodings = [...]struct {
	name string
	tag  uint16 // the format tag of mmreg.h
	size int    // bytes per sample
}{
	Mulaw:   {"mu-law", 7, 1},
	PCM16:   {"16-bit PCM", 1, 2},
	Alaw:    {"A-law", 6, 1},
	PCM8:    {"8-bit PCM", 1, 1},
	PCM24:   {"24-bit PCM", 1, 3},
	PCM32:   {"32-bit PCM", 1, 4},
	Float32: {"32-bit float", 3, 4},
}

// String returns the name of the encoding, such as "mu-law".
func (e Encoding) String() string {
	if e < 0 || int(e) >= len(encodings) {
		return fmt.Sprintf("Encoding(%d)", int(e))
	}
	return encodings[e].name
}

// Size returns the number of bytes that a sample takes, 0 for an unknown encoding.
func (e Encoding) Size() int {
	if e < 0 || int(e) >= len(encodings) {
		return 0
	}
	return encodings[e].size
}

// Format describes audio. The zero value is that of a Twilio call: mu-law, 8000 Hz, mono.
type Format struct {
	Encoding Encoding
	Rate     int // in Hz; 0 means 8000
	Channels int // interleaved; 0 means 1
}

// String describes the format, as "mu-law, 8000 Hz, mono" does.
func (f Format) String() string {
	f = f.withDefaults()
	channels := fmt.Sprintf("%d channels", f.Channels)
	switch f.Channels {
	case 1:
		channels = "mono"
	case 2:
		channels = "stereo"
	}
	return fmt.Sprintf("%v, %d Hz, %s", f.Encoding, f.Rate, channels)
}

func (f Format) withDefaults() Format {
	if f.Rate == 0 {
		f.Rate = Rate
	}
	if f.Channels == 0 {
		f.Channels = 1
	}
	return f
}

// SampleRate returns Rate, or 8000 if it is 0.
func (f Format) SampleRate() int { return f.withDefaults().Rate }

// frameSize returns the bytes of one sample of each channel.
func (f Format) frameSize() int { return f.Encoding.Size() * f.withDefaults().Channels }

// Duration returns how long n bytes of audio last; 0 for an unknown encoding.
func (f Format) Duration(n int) time.Duration {
	size := f.frameSize()
	if size == 0 {
		return 0
	}
	return time.Duration(int64(n/size) * int64(time.Second) / int64(f.SampleRate()))
}

// Bytes returns the length of d of audio, in whole samples of each channel.
func (f Format) Bytes(d time.Duration) int {
	return int(int64(d)*int64(f.SampleRate())/int64(time.Second)) * f.frameSize()
}

// AppendPCM appends the samples of audio to dst, of Mulaw, Alaw and PCM16; audio of another
// encoding has to be read by a [WAVReader]. A last odd byte of PCM16 is left out.
func (f Format) AppendPCM(dst []int16, audio []byte) []int16 {
	switch f.Encoding {
	case Mulaw:
		return AppendDecodeMulaw(dst, audio)
	case Alaw:
		return AppendDecodeAlaw(dst, audio)
	case PCM16:
		at, n := len(dst), len(audio)/2
		dst = slices.Grow(dst, n)[:at+n]
		DecodePCM(dst[at:], audio)
	}
	return dst
}

// AppendSilence appends n samples of silence to audio.
func (f Format) AppendSilence(audio []byte, n int) []byte {
	silence := byte(0)
	switch f.Encoding {
	case Mulaw:
		silence = 0xff
	case Alaw:
		silence = 0xd5
	case PCM8:
		silence = 0x80
	}
	for range n * f.Encoding.Size() {
		audio = append(audio, silence)
	}
	return audio
}
