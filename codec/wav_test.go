package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
)

func sine(n, rate int, hz, amplitude float64) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(math.Round(amplitude * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return s
}

// riff builds a WAV file from chunks, without padding beyond what the chunks bring.
func riff(chunks ...string) string {
	body := "WAVE" + strings.Join(chunks, "")
	return "RIFF" + le32(len(body)) + body
}

func le16(v int) string { return string(binary.LittleEndian.AppendUint16(nil, uint16(v))) }
func le32(v int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(v))) }

func part(id, data string) string { return id + le32(len(data)) + data }

func fmtChunk(tag, channels, rate, bits int, extra string) string {
	align := channels * bits / 8
	return part("fmt ", le16(tag)+le16(channels)+le32(rate)+le32(rate*align)+le16(align)+le16(bits)+extra)
}

func extensible(tag int) string {
	return le16(22) + le16(16) + le32(4) + le16(tag) + string(guidTail)
}

// readAll reads a WAV file to its end in odd portions.
func readAll(r io.Reader) (Format, []int16, error) {
	w, err := NewWAVReader(r)
	if err != nil {
		return Format{}, nil, err
	}
	var all []int16
	buf := make([]int16, 7*max(1, w.Format().Channels))
	for {
		n, err := w.Read(buf)
		all = append(all, buf[:n]...)
		if err == io.EOF {
			return w.Format(), all, nil
		}
		if err != nil {
			return w.Format(), all, err
		}
	}
}

func TestWAVEncodings(t *testing.T) {
	f32 := func(v float32) string { return le32(int(math.Float32bits(v))) }
	for name, c := range map[string]struct {
		file string
		want Format
		pcm  []int16
	}{
		"PCM16":         {riff(fmtChunk(1, 1, 8000, 16, ""), part("data", "\x01\x00\xff\xff\x00\x80")), Format{PCM16, 8000, 1}, []int16{1, -1, -32768}},
		"PCM8":          {riff(fmtChunk(1, 1, 11025, 8, ""), part("data", "\x80\x00\xff")), Format{PCM8, 11025, 1}, []int16{0, -32768, 32512}},
		"PCM24":         {riff(fmtChunk(1, 1, 48000, 24, ""), part("data", "\xee\x34\x12\xff\xff\xff")), Format{PCM24, 48000, 1}, []int16{0x1234, -1}},
		"PCM32":         {riff(fmtChunk(1, 1, 48000, 32, ""), part("data", "\xee\xee\x34\x12")), Format{PCM32, 48000, 1}, []int16{0x1234}},
		"float32":       {riff(fmtChunk(3, 1, 16000, 32, ""), part("data", f32(0.5)+f32(-1)+f32(1)+f32(2)+f32(-9)+f32(float32(math.NaN())))), Format{Float32, 16000, 1}, []int16{16384, -32768, 32767, 32767, -32768, 0}},
		"mu-law":        {riff(fmtChunk(7, 1, 8000, 8, le16(0)), part("fact", le32(2)), part("data", "\x00\xff")), Format{Mulaw, 8000, 1}, []int16{-32124, 0}},
		"A-law":         {riff(fmtChunk(6, 1, 8000, 8, le16(0)), part("data", "\xaa\x2a")), Format{Alaw, 8000, 1}, []int16{32256, -32256}},
		"stereo":        {riff(fmtChunk(1, 2, 44100, 16, ""), part("data", "\x01\x00\x02\x00\x03\x00\x04\x00")), Format{PCM16, 44100, 2}, []int16{1, 2, 3, 4}},
		"extensible":    {riff(fmtChunk(0xfffe, 1, 8000, 16, extensible(1)), part("data", "\x05\x00")), Format{PCM16, 8000, 1}, []int16{5}},
		"extensible u":  {riff(fmtChunk(0xfffe, 1, 8000, 8, extensible(7)), part("data", "\x80")), Format{Mulaw, 8000, 1}, []int16{32124}},
		"other chunks":  {riff(part("LIST", "INFOabc")+"\x00", part("bext", "12"), fmtChunk(1, 1, 8000, 16, ""), part("fact", "1234"), part("odd ", "x")+"\x00", part("data", "\x05\x00"), part("LIST", "later")), Format{PCM16, 8000, 1}, []int16{5}},
		"no sound":      {riff(fmtChunk(1, 1, 8000, 16, ""), part("data", "")), Format{PCM16, 8000, 1}, nil},
		"half a sample": {riff(fmtChunk(1, 1, 8000, 16, ""), part("data", "\x05\x00\x06")), Format{PCM16, 8000, 1}, []int16{5}},
		"size unknown":  {riff(fmtChunk(1, 1, 8000, 16, ""), "data\xff\xff\xff\xff", "\x05\x00\x06\x00\x07"), Format{PCM16, 8000, 1}, []int16{5, 6}},
		"an hour more":  {riff(fmtChunk(1, 1, 8000, 16, ""), "data"+le32(4+3600*16000), "\x05\x00\x06\x00"), Format{PCM16, 8000, 1}, []int16{5, 6}},
		"256 MiB":       {riff(fmtChunk(7, 1, 8000, 8, le16(0)), "data"+le32(1<<28), "\x00\xff"), Format{Mulaw, 8000, 1}, []int16{-32124, 0}},
		"1<<31 - 1":     {riff(fmtChunk(1, 2, 48000, 16, ""), "data\xff\xff\xff\x7f", "\x05\x00\x06\x00\x07"), Format{PCM16, 48000, 2}, []int16{5, 6}},
		"nothing came":  {riff(fmtChunk(1, 1, 8000, 16, ""), "data\xff\xff\xff\x7f"), Format{PCM16, 8000, 1}, nil},
		"align in bits": {riff(part("fmt ", le16(1)+le16(2)+le32(8000)+le32(32000)+le16(32)+le16(16)), part("data", "\x05\x00\x06\x00")), Format{PCM16, 8000, 2}, []int16{5, 6}},
		"mu-law, bits":  {riff(part("fmt ", le16(7)+le16(1)+le32(8000)+le32(8000)+le16(8)+le16(8)), part("data", "\x00\xff")), Format{Mulaw, 8000, 1}, []int16{-32124, 0}},
		"size zero":     {riff(fmtChunk(1, 1, 8000, 16, ""), "data\x00\x00\x00\x00", "\x05\x00\x06\x00"), Format{PCM16, 8000, 1}, []int16{5, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, r := range []io.Reader{strings.NewReader(c.file), iotest.OneByteReader(strings.NewReader(c.file)), iotest.DataErrReader(strings.NewReader(c.file))} {
				format, pcm, err := readAll(r)
				require.NoError(t, err)
				require.Equal(t, c.want, format)
				require.Equal(t, c.pcm, pcm)
			}
		})
	}
}

func TestBadWAV(t *testing.T) {
	pcm := fmtChunk(1, 1, 8000, 16, "")
	for name, c := range map[string]struct {
		file   string
		offset int64
		reason string
		cut    bool
	}{
		"empty":                   {"", 0, "no RIFF header", true},
		"MP3":                     {"ID3\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00", 0, "not a RIFF WAVE file", false},
		"AVI":                     {"RIFF\x00\x00\x00\x00AVI LIST", 0, "not a RIFF WAVE file", false},
		"only a header":           {riff(), 12, "no chunk header", true},
		"no data":                 {riff(pcm), 36, "no chunk header", true},
		"data first":              {riff(part("data", "1234"), pcm), 20, "data before the format", false},
		"short format":            {riff(part("fmt ", "1234")), 20, "format chunk too short", false},
		"cut format":              {riff(pcm)[:24], 20, "no format chunk", true},
		"ADPCM":                   {riff(fmtChunk(2, 1, 8000, 4, "")), 36, "format tag 2 with 4 bits is not supported", false},
		"float64":                 {riff(fmtChunk(3, 1, 8000, 64, "")), 36, "format tag 3 with 64 bits is not supported", false},
		"no channels":             {riff(fmtChunk(1, 0, 8000, 16, "")), 36, "0 channels", false},
		"many channels":           {riff(fmtChunk(1, 65535, 8000, 16, "")), 36, "65535 channels", false},
		"no rate":                 {riff(fmtChunk(1, 1, 0, 16, "")), 36, "sample rate 0 Hz", false},
		"wrong block size":        {riff(part("fmt ", le16(1)+le16(2)+le32(8000)+le32(16000)+le16(2)+le16(16))), 36, "block size 2 for 2 channels of 16-bit PCM", false},
		"strange GUID":            {riff(fmtChunk(0xfffe, 1, 8000, 16, le16(22)+strings.Repeat("x", 22))), 60, "unknown extensible format", false},
		"endless chunk":           {riff("LIST\xff\xff\xff\xff", "abc"), 20, "chunk cut short", true},
		"cut sound":               {riff(pcm, "data\x10\x00\x00\x00", "123456"), 50, "the sound is cut short", true},
		"an hour less one sample": {riff(pcm, "data"+le32(4+3600*16000-2), "1234"), 48, "the sound is cut short", true},
		"align of nothing":        {riff(part("fmt ", le16(1)+le16(2)+le32(8000)+le32(32000)+le16(16)+le16(16))), 36, "block size 16 for 2 channels of 16-bit PCM", false},
		"cut in a sample":         {riff(pcm, "data\x10\x00\x00\x00", "12345"), 49, "the sound is cut short", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readAll(strings.NewReader(c.file))
			var bad *WAVError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, c.offset, bad.Offset)
			require.Equal(t, c.reason, bad.Reason)
			require.Equal(t, c.cut, errors.Is(err, io.ErrUnexpectedEOF), "%v", err)
			require.True(t, strings.HasPrefix(err.Error(), fmt.Sprintf("codec: bad WAV at byte %d: ", c.offset)), "%v", err)
			_, err = ReadMulaw(strings.NewReader(c.file))
			require.ErrorAs(t, err, &bad)
		})
	}
	_, err := ReadMulaw(strings.NewReader(riff(fmtChunk(1, 1, 7999, 16, ""), part("data", "1234"))))
	require.ErrorContains(t, err, "7999 Hz")

	lost := errors.New("connection lost")
	_, err = ReadMulaw(io.MultiReader(strings.NewReader(riff(pcm, "data\x10\x00\x00\x00", "12")), iotest.ErrReader(lost)))
	require.ErrorIs(t, err, lost)

	w, err := NewWAVReader(strings.NewReader(riff(fmtChunk(1, 2, 8000, 16, ""), part("data", "1234"))))
	require.NoError(t, err)
	_, err = w.Read(make([]int16, 1))
	require.ErrorIs(t, err, io.ErrShortBuffer)
}

// TestBrokenDownloads: a connection that breaks off is told of, whatever the header says
// of the size.
func TestBrokenDownloads(t *testing.T) {
	for _, size := range []string{"\xff\xff\xff\xff", "\x00\x00\x00\x00", "\x00\x00\x00\x10", "\x10\x00\x00\x00"} {
		header := riff(fmtChunk(1, 1, 8000, 16, ""), "data"+size)
		for _, sound := range []string{"", "1", "1234", "12345"} {
			_, err := ReadMulaw(io.MultiReader(strings.NewReader(header+sound), iotest.ErrReader(io.ErrUnexpectedEOF)))
			var bad *WAVError
			require.ErrorAs(t, err, &bad, "%q %q", size, sound)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			require.EqualValues(t, len(header)+len(sound), bad.Offset)
		}
	}
}

// TestWAVErrorsStay: what follows an error in the midst of a sample is not sound, even
// if the reader goes on after it, as a connection with a deadline does.
func TestWAVErrorsStay(t *testing.T) {
	late := errors.New("deadline exceeded")
	header := riff(fmtChunk(1, 1, 8000, 16, ""), "data\x10\x00\x00\x00")
	file := &resuming{parts: []string{header, "\x01\x00\x02", "\x00\x03\x00"}, err: late}
	w, err := NewWAVReader(file)
	require.NoError(t, err)
	pcm := make([]int16, 8)
	n, err := w.Read(pcm)
	require.NoError(t, err)
	require.Equal(t, []int16{1}, pcm[:n])
	for range 2 {
		n, err = w.Read(pcm)
		require.Zero(t, n)
		require.ErrorIs(t, err, late)
		var bad *WAVError
		require.ErrorAs(t, err, &bad)
		require.EqualValues(t, len(header)+3, bad.Offset)
	}
}

// resuming gives the header, then an error after each part.
type resuming struct {
	parts []string
	err   error
}

func (r *resuming) Read(p []byte) (int, error) {
	if len(r.parts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.parts[0])
	if r.parts[0] = r.parts[0][n:]; r.parts[0] != "" {
		return n, nil
	}
	if r.parts = r.parts[1:]; len(r.parts) == 2 {
		return n, nil
	}
	return n, r.err
}

// TestWAVHeadersCannotMakeItAllocate reads files that promise gigabytes.
func TestWAVHeadersCannotMakeItAllocate(t *testing.T) {
	for _, file := range []string{
		riff(fmtChunk(1, 64, 96000, 32, ""), "data\x00\x00\x00\x70", "1234"),
		riff("fmt \xf0\xff\xff\xff", fmtChunk(1, 1, 8000, 16, "")[8:]),
		riff("LIST\xf0\xff\xff\x7f", "1234"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ReadMulaw(strings.NewReader(file))
		runtime.ReadMemStats(&after)
		require.Error(t, err)
		allocated := after.TotalAlloc - before.TotalAlloc
		require.Less(t, allocated, uint64(64<<10))
	}
}

// wavFile is a destination that can seek.
func wavFile(t *testing.T) *os.File {
	f, err := os.Create(filepath.Join(t.TempDir(), "sound.wav"))
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func TestWAVWriter(t *testing.T) {
	samples := sine(801, 8000, 440, 8000)
	for _, format := range []Format{{}, {Encoding: PCM16}, {PCM16, 16000, 1}, {Mulaw, 8000, 3}, {PCM16, 48000, 3}} {
		full := format.withDefaults()
		want := samples
		if full.Encoding == Mulaw {
			want = AppendDecodeMulaw(nil, AppendEncodeMulaw(nil, samples))
		}

		file, stream := wavFile(t), new(bytes.Buffer)
		for _, dst := range []io.Writer{file, stream} {
			w, err := NewWAVWriter(dst, format)
			require.NoError(t, err)
			require.NoError(t, w.WritePCM(samples[:300]))
			require.NoError(t, w.WritePCM(nil))
			require.NoError(t, w.WritePCM(samples[300:]))
			require.NoError(t, w.Close())
			require.NoError(t, w.Close())
			require.ErrorIs(t, w.WritePCM(samples), io.ErrClosedPipe)
		}
		onDisk, err := os.ReadFile(file.Name())
		require.NoError(t, err)
		require.Equal(t, len(onDisk)-8, int(binary.LittleEndian.Uint32(onDisk[4:])))
		require.Zero(t, len(onDisk)%2)
		require.Equal(t, uint32(math.MaxUint32), binary.LittleEndian.Uint32(stream.Bytes()[4:]))
		header := 44
		if full.Encoding == Mulaw {
			header = 58
			require.Equal(t, len(samples)/full.Channels, int(binary.LittleEndian.Uint32(onDisk[46:])))
		}
		require.Equal(t, len(samples)*full.Encoding.Size(), int(binary.LittleEndian.Uint32(onDisk[header-4:])))
		require.Equal(t, onDisk[header:], stream.Bytes()[header:], "the same sound")

		got, pcm, err := readAll(bytes.NewReader(onDisk))
		require.NoError(t, err)
		require.Equal(t, full, got)
		require.Equal(t, want, pcm)
		_, pcm, err = readAll(stream)
		require.NoError(t, err)
		require.Equal(t, want, pcm[:len(want)]) // a stream cannot tell the padding from sound
	}
}

// TestWAVWriterClosesOnce: a Close that failed is not made good by another, which would pad
// the file a second time.
func TestWAVWriterClosesOnce(t *testing.T) {
	dst := &broken{fails: 3}
	w, err := NewWAVWriter(dst, Format{Encoding: Mulaw})
	require.NoError(t, err)
	_, err = w.Write([]byte{1})
	require.NoError(t, err)
	require.Error(t, w.Close())
	require.NoError(t, w.Close())
	require.Equal(t, 3, dst.writes)
}

// broken is a destination of which one write fails.
type broken struct{ writes, fails int }

func (f *broken) Write(p []byte) (int, error) {
	if f.writes++; f.writes == f.fails {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestWAVWriterRefuses(t *testing.T) {
	for _, f := range []Format{{Encoding: Alaw}, {Encoding: Float32}, {Encoding: -1}, {Encoding: 99}, {Rate: -1}, {Channels: -1}, {Channels: 65}, {Rate: 1 << 21}} {
		_, err := NewWAVWriter(io.Discard, f)
		require.Error(t, err, "%+v", f)
	}
	full := errors.New("disk full")
	_, err := NewWAVWriter(failing{full}, Format{})
	require.ErrorIs(t, err, full)
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestWAVInTheMiddleOfAFile writes after what is there already.
func TestWAVInTheMiddleOfAFile(t *testing.T) {
	f := wavFile(t)
	_, err := f.WriteString("before")
	require.NoError(t, err)
	w, err := NewWAVWriter(f, Format{})
	require.NoError(t, err)
	_, err = w.Write([]byte{1, 2, 3})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	_, err = f.WriteString("after")
	require.NoError(t, err)
	b, err := os.ReadFile(f.Name())
	require.NoError(t, err)
	require.Equal(t, "before", string(b[:6]))
	require.Equal(t, "RIFF", string(b[6:10]))
	require.Equal(t, 54, int(binary.LittleEndian.Uint32(b[10:])))
	require.Equal(t, "\x01\x02\x03\x00after", string(b[6+58:]))
}

// TestWAVToAppendTo: what a file opened to append is given always lands at its end.
func TestWAVToAppendTo(t *testing.T) {
	name := wavFile(t).Name()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	w, err := NewWAVWriter(f, Format{})
	require.NoError(t, err)
	_, err = w.Write([]byte{1, 2})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	b, err := os.ReadFile(name)
	require.NoError(t, err)
	_, pcm, err := readAll(bytes.NewReader(b))
	require.NoError(t, err)
	require.Equal(t, AppendDecodeMulaw(nil, []byte{1, 2}), pcm)
}

// TestSpeechThroughAPipe: what a synthesizer writes where it cannot seek.
func TestSpeechThroughAPipe(t *testing.T) {
	out, err := exec.Command(apt.Need(t, "espeak-ng", "espeak-ng"), "--stdout", "hello").Output()
	require.NoError(t, err)
	format, pcm, err := readAll(bytes.NewReader(out))
	require.NoError(t, err)
	require.Equal(t, Format{PCM16, 22050, 1}, format)
	require.Len(t, pcm, (len(out)-44)/2)
}

// TestSoxAgrees has an independent program write what we read and read what we write.
func TestSoxAgrees(t *testing.T) {
	sox := apt.Need(t, "sox", "sox")
	run := func(args ...string) []byte {
		cmd := exec.Command(sox, append([]string{"-V1", "-D"}, args...)...)
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		require.NoError(t, err, stderr.String())
		return out
	}
	dir := t.TempDir()
	for _, c := range []struct {
		args string
		want Format
	}{
		{"-e mu-law -b 8 -r 8000 -c 1", Format{Mulaw, 8000, 1}},
		{"-e a-law -b 8 -r 8000 -c 2", Format{Alaw, 8000, 2}},
		{"-e unsigned-integer -b 8 -r 11025 -c 1", Format{PCM8, 11025, 1}},
		{"-e signed-integer -b 16 -r 44100 -c 2", Format{PCM16, 44100, 2}},
		{"-e signed-integer -b 24 -r 48000 -c 1", Format{PCM24, 48000, 1}},
		{"-e signed-integer -b 32 -r 22050 -c 1", Format{PCM32, 22050, 1}},
		{"-e floating-point -b 32 -r 16000 -c 1", Format{Float32, 16000, 1}},
		{"-e signed-integer -b 16 -r 16000 -c 6", Format{PCM16, 16000, 6}},
	} {
		path := filepath.Join(dir, "sound.wav")
		synth := strings.Fields("synth 0.25 sine 440 gain -6")
		run(append(append([]string{"-n"}, strings.Fields(c.args+" "+path)...), synth...)...)
		piped := run(append(append([]string{"-n"}, strings.Fields(c.args+" -t wav -")...), synth...)...)
		raw := run(strings.Fields(path + " -t raw -e signed-integer -b 16 -L -")...)
		want := make([]int16, len(raw)/2)
		DecodePCM(want, raw)

		file, err := os.ReadFile(path)
		require.NoError(t, err)
		for name, b := range map[string][]byte{"file": file, "pipe": piped} {
			format, pcm, err := readAll(bytes.NewReader(b))
			require.NoError(t, err, "%s %s", c.args, name)
			require.Equal(t, c.want, format)
			require.Len(t, pcm, len(want))
			for i := range want {
				require.InDelta(t, want[i], pcm[i], 1, "%s %s: sample %d", c.args, name, i) // sox rounds, we truncate
			}
		}
		codes, err := ReadMulaw(bytes.NewReader(file))
		require.NoError(t, err)
		require.Len(t, codes, 2000)
	}

	samples := sine(1001, 8000, 440, 20000)
	for _, format := range []Format{{}, {Encoding: PCM16}} {
		file, stream := wavFile(t), filepath.Join(dir, "stream.wav")
		var buf bytes.Buffer
		for _, dst := range []io.Writer{file, &buf} {
			w, err := NewWAVWriter(dst, format)
			require.NoError(t, err)
			require.NoError(t, w.WritePCM(samples))
			require.NoError(t, w.Close())
		}
		require.NoError(t, os.WriteFile(stream, buf.Bytes(), 0o600))
		_, want, err := readAll(bytes.NewReader(buf.Bytes()))
		require.NoError(t, err)
		for _, path := range []string{file.Name(), stream} {
			raw := run(strings.Fields("--ignore-length " + path + " -t raw -e signed-integer -b 16 -L -")...)
			require.Equal(t, AppendPCM(nil, want[:1001]), raw[:2002])
		}
		require.Equal(t, AppendPCM(nil, want[:1001]), run(strings.Fields(file.Name()+" -t raw -e signed-integer -b 16 -L -")...))
	}
}

func FuzzWAV(f *testing.F) {
	f.Add([]byte(riff(part("LIST", "INFOabc")+"\x00", fmtChunk(1, 2, 44100, 16, ""), part("data", "\x01\x00\x02\x00\x03\x00\x04\x00"))))
	f.Add([]byte(riff(fmtChunk(7, 1, 8000, 8, le16(0)), part("fact", le32(2)), part("data", "\x00\xff"))))
	f.Add([]byte(riff(fmtChunk(0xfffe, 1, 16000, 32, extensible(3)), part("data", "12345678"))))
	f.Fuzz(func(t *testing.T, file []byte) {
		format, pcm, err := readAll(bytes.NewReader(file))
		codes, err2 := ReadMulaw(bytes.NewReader(file))
		if err != nil {
			var bad *WAVError
			require.ErrorAs(t, err, &bad)
			require.ErrorAs(t, err2, &bad)
			return
		}
		if err2 == nil {
			frames := len(pcm) / format.Channels
			require.Equal(t, (frames*Rate+format.Rate-1)/format.Rate, len(codes))
		}
	})
}
