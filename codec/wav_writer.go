package codec

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
)

// WAVWriter writes a WAV file as the sound arrives. Where the destination can seek (an
// *os.File can), Close puts the final sizes into the header; elsewhere (an HTTP
// response) the header has the size for unknown, 0xffffffff. It is made by
// [NewWAVWriter]; the zero value is not usable.
type WAVWriter struct {
	w       io.Writer
	format  Format
	start   int64 // where in the destination the file begins
	written int64 // bytes of sound
	scratch []byte
	closed  bool
}

// NewWAVWriter writes the header of a file of the given format, whose encoding
// must be [Mulaw] or [PCM16].
func NewWAVWriter(w io.Writer, format Format) (*WAVWriter, error) {
	f := format.withDefaults()
	if f.Encoding != Mulaw && f.Encoding != PCM16 {
		return nil, fmt.Errorf("codec: cannot write WAV files of encoding %v", f.Encoding)
	}
	if f.Rate < 1 || f.Rate > 1<<20 || f.Channels < 1 || f.Channels > maxChannels {
		return nil, fmt.Errorf("codec: cannot write a WAV file of %d channels at %d Hz", f.Channels, f.Rate)
	}
	ww := &WAVWriter{w: w, format: f}
	if s, ok := w.(io.Seeker); ok {
		at, err := s.Seek(0, io.SeekCurrent)
		if a, ok := w.(io.WriterAt); ok && err == nil {
			_, err = a.WriteAt(nil, at)
		}
		if err != nil { // a pipe, a terminal, or a file opened to append
			ww.w = struct{ io.Writer }{w}
		}
		ww.start = at
	}
	if _, err := ww.w.Write(ww.header(-1)); err != nil {
		return nil, fmt.Errorf("codec: writing WAV header: %w", err)
	}
	return ww, nil
}

// Write adds sound that is already in the file's encoding: mu-law codes or
// little-endian 16-bit samples.
func (w *WAVWriter) Write(p []byte) (int, error) {
	if w.closed {
		return 0, fmt.Errorf("codec: writing WAV: %w", io.ErrClosedPipe)
	}
	n, err := w.w.Write(p)
	w.written += int64(n)
	return n, err
}

// WritePCM adds samples, channels interleaved, and encodes them.
func (w *WAVWriter) WritePCM(samples []int16) error {
	for len(samples) > 0 {
		n := min(len(samples), 4096)
		if w.format.Encoding == Mulaw {
			w.scratch = AppendEncodeMulaw(w.scratch[:0], samples[:n])
		} else {
			w.scratch = AppendPCM(w.scratch[:0], samples[:n])
		}
		if _, err := w.Write(w.scratch); err != nil {
			return err
		}
		samples = samples[n:]
	}
	return nil
}

// Close ends the file; it does not close the destination. A second Close does
// nothing.
func (w *WAVWriter) Close() error {
	if w.closed {
		return nil
	}
	w.closed = true
	if w.written%2 == 1 { // chunks are padded to even length
		if _, err := w.w.Write([]byte{0}); err != nil {
			return fmt.Errorf("codec: ending WAV: %w", err)
		}
	}
	s, ok := w.w.(io.Seeker)
	if !ok {
		return nil
	}
	if _, err := s.Seek(w.start, io.SeekStart); err != nil {
		return fmt.Errorf("codec: ending WAV: %w", err)
	}
	if _, err := w.w.Write(w.header(w.written)); err != nil {
		return fmt.Errorf("codec: ending WAV: %w", err)
	}
	if _, err := s.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("codec: ending WAV: %w", err)
	}
	return nil
}

// AppendWAV appends a whole WAV file to dst: audio, which is in the format's encoding, behind a
// header with its size. Its error is that of [NewWAVWriter].
func AppendWAV(dst []byte, format Format, audio []byte) ([]byte, error) {
	w, err := NewWAVWriter(io.Discard, format)
	if err != nil {
		return dst, err
	}
	dst = append(append(dst, w.header(int64(len(audio)))...), audio...)
	if len(audio)%2 == 1 { // chunks are padded to even length
		dst = append(dst, 0)
	}
	return dst, nil
}

// header returns the header for that much sound; negative means unknown. PCM has
// the classic 44 bytes; mu-law needs the longer format and a fact chunk, 58 bytes.
func (w *WAVWriter) header(size int64) []byte {
	le, f := binary.LittleEndian, w.format
	e := encodings[f.Encoding]
	align := e.size * f.Channels

	format := le.AppendUint16(nil, e.tag)
	format = le.AppendUint16(format, uint16(f.Channels))
	format = le.AppendUint32(format, uint32(f.Rate))
	format = le.AppendUint32(format, uint32(f.Rate*align))
	format = le.AppendUint16(format, uint16(align))
	format = le.AppendUint16(format, uint16(8*e.size))
	var fact []byte
	if f.Encoding != PCM16 {
		format = le.AppendUint16(format, 0) // no extension
		fact = chunk("fact", le.AppendUint32(nil, clampSize(size, size/int64(align))))
	}
	body := slices.Concat([]byte("WAVE"), chunk("fmt ", format), fact, []byte("data"))
	body = le.AppendUint32(body, clampSize(size, size))
	return append(le.AppendUint32([]byte("RIFF"), clampSize(size, int64(len(body))+size+size%2)), body...)
}

func chunk(id string, data []byte) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte(id), uint32(len(data))), data...)
}

// clampSize returns the size for a header field: all ones when the sound's size
// is unknown or the field cannot hold it.
func clampSize(sound, size int64) uint32 {
	if sound < 0 || size > math.MaxUint32 {
		return math.MaxUint32
	}
	return uint32(size)
}
