package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

const (
	maxChannels = 64

	// A writer that cannot seek back leaves a size that no real file has: 0, or
	// 0xffffffff (ffmpeg), or a little under 1<<31 (sox).
	unknownSize = 0x7ffff000 - 128

	// Other writers leave other sizes. When at least this much audio is missing at the end
	// of the file, the size was never true; a file that was cut off lacks less.
	unknownSeconds = 3600
)

// WAVReader reads the samples of a WAV file (RIFF WAVE, also with a
// WAVE_FORMAT_EXTENSIBLE header). It reads forwards only, buffers little and never
// allocates by a size that the file states. It is made by [NewWAVReader]; the zero
// value is not usable.
type WAVReader struct {
	format Format
	r      io.Reader
	offset int64
	second int64 // bytes in a second of audio
	left   int64 // bytes of the data chunk still to read; negative: to the end of the file
	buf    []byte
	err    error // what every further read returns
}

// NewWAVReader reads the header, up to the first sample. The error is a
// [*WAVError].
func NewWAVReader(r io.Reader) (*WAVReader, error) {
	w := &WAVReader{r: r}
	var riff [12]byte
	if err := w.fill(riff[:], "RIFF header"); err != nil {
		return nil, err
	}
	if string(riff[:4]) != "RIFF" || string(riff[8:]) != "WAVE" {
		return nil, &WAVError{Reason: "not a RIFF WAVE file"}
	}
	haveFormat := false
	for {
		var chunk [8]byte
		if err := w.fill(chunk[:], "chunk header"); err != nil {
			return nil, err
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch id := string(chunk[:4]); {
		case id == "data" && !haveFormat:
			return nil, w.fail("data before the format", nil)
		case id == "data":
			w.left = size
			if size == 0 || size >= unknownSize {
				w.left = -1
			}
			w.buf = make([]byte, 1024/w.frame()*w.frame())
			return w, nil
		case id == "fmt " && !haveFormat:
			if err := w.readFormat(size); err != nil {
				return nil, err
			}
			haveFormat = true
		default:
			if err := w.skip(size + size&1); err != nil {
				return nil, err
			}
		}
	}
}

// Format returns the format of the file.
func (w *WAVReader) Format() Format { return w.format }

// Read decodes the next samples, channels interleaved, to 16-bit PCM and returns
// their number. It reads whole frames only, so dst needs room for at least one
// sample of each channel. At the end of the sound it returns 0 and io.EOF.
//
// A file shorter than its header states yields its samples, then a [*WAVError] that
// wraps io.ErrUnexpectedEOF. The sound ends with the file, without that error, if the
// header leaves the size open, as streaming writers do, or if an hour or more of audio
// is missing. An error of the reader, such as a broken download, is returned in every
// case.
func (w *WAVReader) Read(dst []int16) (n int, err error) {
	raw, err := w.next(len(dst) / w.format.Channels)
	w.decode(dst, raw)
	return len(raw) / w.format.Encoding.Size(), err
}

// frame returns the size of one sample of each channel.
func (w *WAVReader) frame() int { return w.format.Encoding.Size() * w.format.Channels }

// next returns at most the given number of raw frames. With an error there are none.
func (w *WAVReader) next(frames int) ([]byte, error) {
	if w.err != nil {
		return nil, w.err
	}
	size := w.frame()
	raw := w.buf[:min(frames*size, len(w.buf))]
	if w.left >= 0 {
		raw = raw[:min(int64(len(raw)), w.left/int64(size)*int64(size))]
		if w.left < int64(size) {
			return nil, io.EOF
		}
	}
	if len(raw) == 0 {
		return nil, io.ErrShortBuffer
	}
	n, err := w.readFull(raw)
	w.offset += int64(n)
	if w.left >= 0 {
		w.left -= int64(n)
	}
	switch {
	case err == nil:
	case err == io.EOF && (w.left < 0 || w.left >= unknownSeconds*w.second):
		w.err = io.EOF
	default:
		w.err = w.fail("the sound is cut short", err)
	}
	if n < size {
		return nil, w.err
	}
	return raw[:n/size*size], nil // what there is; the error comes with the next read
}

// readFull is io.ReadFull, but distinguishes the end of the file from a reader's own
// io.ErrUnexpectedEOF.
func (w *WAVReader) readFull(b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var more int
		more, err = w.r.Read(b[n:])
		n += more
	}
	if n == len(b) {
		return n, nil
	}
	return n, err
}

func (w *WAVReader) decode(dst []int16, raw []byte) {
	switch w.format.Encoding {
	case Mulaw:
		DecodeMulaw(dst, raw)
	case Alaw:
		DecodeAlaw(dst, raw)
	case PCM16:
		DecodePCM(dst, raw)
	case PCM8:
		for i, b := range raw {
			dst[i] = int16(b^0x80) << 8
		}
	case PCM24:
		for i := 0; 3*i < len(raw); i++ {
			dst[i] = int16(binary.LittleEndian.Uint16(raw[3*i+1:]))
		}
	case PCM32:
		for i := 0; 4*i < len(raw); i++ {
			dst[i] = int16(binary.LittleEndian.Uint16(raw[4*i+2:]))
		}
	case Float32:
		for i := 0; 4*i < len(raw); i++ {
			dst[i] = floatToPCM(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
		}
	}
}

// floatToPCM converts a sample in [-1, 1). Larger ones are clipped, NaN is 0.
func floatToPCM(f float32) int16 {
	x := float64(f) * 32768
	switch {
	case x != x: // not a number
		return 0
	case x >= 32767:
		return 32767
	case x <= -32768:
		return -32768
	}
	return int16(math.RoundToEven(x))
}

// guidTail holds the bytes behind the format tag in the subformat GUID of
// WAVE_FORMAT_EXTENSIBLE.
var guidTail = []byte("\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71")

func (w *WAVReader) readFormat(size int64) error {
	if size < 16 {
		return w.fail("format chunk too short", nil)
	}
	var b [40]byte
	head := b[:min(size, int64(len(b)))]
	if err := w.fill(head, "format chunk"); err != nil {
		return err
	}
	tag := binary.LittleEndian.Uint16(b[0:])
	channels := int(binary.LittleEndian.Uint16(b[2:]))
	rate := binary.LittleEndian.Uint32(b[4:])
	align := int(binary.LittleEndian.Uint16(b[12:]))
	bits := int(binary.LittleEndian.Uint16(b[14:]))
	if tag == 0xfffe { // WAVE_FORMAT_EXTENSIBLE: the tag begins the subformat GUID
		if size < 40 || !bytes.Equal(b[26:40], guidTail) {
			return w.fail("unknown extensible format", nil)
		}
		tag = binary.LittleEndian.Uint16(b[24:])
	}
	encoding, ok := findEncoding(tag, bits)
	switch {
	case !ok:
		return w.fail(fmt.Sprintf("format tag %d with %d bits is not supported", tag, bits), nil)
	case channels < 1 || channels > maxChannels:
		return w.fail(fmt.Sprintf("%d channels", channels), nil)
	case rate < 1 || rate > 1<<20:
		return w.fail(fmt.Sprintf("sample rate %d Hz", rate), nil)
	case align != channels*encoding.Size() && align != 8*channels*encoding.Size(): // some writers state bits
		return w.fail(fmt.Sprintf("block size %d for %d channels of %v", align, channels, encoding), nil)
	}
	w.format = Format{Encoding: encoding, Rate: int(rate), Channels: channels}
	w.second = int64(rate) * int64(w.frame())
	return w.skip(size - int64(len(head)) + size&1)
}

func findEncoding(tag uint16, bits int) (Encoding, bool) {
	for e, d := range encodings {
		if d.tag == tag && 8*d.size == bits {
			return Encoding(e), true
		}
	}
	return 0, false
}

// fill reads all of b, which holds what, from the header.
func (w *WAVReader) fill(b []byte, what string) error {
	n, err := io.ReadFull(w.r, b)
	if err != nil {
		return w.fail("no "+what, err)
	}
	w.offset += int64(n)
	return nil
}

func (w *WAVReader) skip(n int64) error {
	done, err := io.CopyN(io.Discard, w.r, n)
	if err != nil {
		return w.fail("chunk cut short", err)
	}
	w.offset += done
	return nil
}

// fail returns a [*WAVError] at the present offset. In it the end of the file is unexpected.
func (w *WAVReader) fail(reason string, err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &WAVError{Offset: w.offset, Reason: reason, Err: err}
}
