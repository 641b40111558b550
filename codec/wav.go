package codec

import "fmt"

// Encoding is how a WAV file stores a sample.
type Encoding int

// The encodings that can be read. Mulaw and PCM16 can also be written.
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

// WAVFormat describes the sound in a WAV file. The zero value is that of Twilio's
// own audio: mu-law, 8000 Hz, mono.
type WAVFormat struct {
	Encoding Encoding
	Rate     int // in Hz; 0 means 8000
	Channels int // interleaved; 0 means 1
}

// String describes the format, as "mu-law, 8000 Hz, mono" does.
func (f WAVFormat) String() string {
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

func (f WAVFormat) withDefaults() WAVFormat {
	if f.Rate == 0 {
		f.Rate = Rate
	}
	if f.Channels == 0 {
		f.Channels = 1
	}
	return f
}

// WAVError says why a file is not a WAV file that can be read.
type WAVError struct {
	Offset int64  // where in the file
	Reason string // what is wrong there
	Err    error  // the reader's error, or nil
}

// Error names the offset, the reason and the reader's error.
func (e *WAVError) Error() string {
	s := fmt.Sprintf("codec: bad WAV at byte %d: %s", e.Offset, e.Reason)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the reader's error: io.ErrUnexpectedEOF in a truncated file.
func (e *WAVError) Unwrap() error { return e.Err }
