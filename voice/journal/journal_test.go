package journal

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
)

const sid = "CA0123456789abcdef0123456789abcdef"

var about = About{SID: sid, AccountSID: "AC00000000000000000000000000000000", From: "+14155550100", To: "+14155550199", PublicURL: "https://calls.example.com"}

func newRecorder(t *testing.T, o Options) *Recorder {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	r, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

// only returns the one file of a recorder that has been closed.
func only(t *testing.T, r *Recorder) string {
	t.Helper()
	require.NoError(t, r.Close())
	names, err := Files(r.o.Dir, "")
	require.NoError(t, err)
	require.Len(t, names, 1)
	return names[0]
}

func mediaMessage(track string, n, timestamp int, audio []byte) []byte {
	return fmt.Appendf(nil, `{"event":"media","sequenceNumber":"%d","media":{"track":"%s","chunk":"%d","timestamp":"%d","payload":"%s"},"streamSid":"MZ1"}`,
		n+1, track, n, timestamp, base64.StdEncoding.EncodeToString(audio))
}

func sent(audio []byte) []byte {
	return fmt.Appendf(nil, `{"event":"media","streamSid":"MZ1","media":{"payload":"%s"}}`, base64.StdEncoding.EncodeToString(audio))
}

// script records a call with everything in it.
func script(c *Call) {
	c.Request(Request{
		Method: "POST", Path: "/api/voice/twilio/inbound?from=%2B14155550100", Status: 200, ContentType: "text/xml",
		Form: map[string][]string{
			"From": {"+14155550100"}, "To": {"+14155550199"}, "Called": {"(415) 555-0199"}, "Caller": {"sip:4155550100@pbx.example.com"},
			"CallSid": {sid}, "CallToken": {"abc"}, "Digits": {"4711#"}, "SpeechResult": {"my number is 415 555 0100"}, "CallStatus": {"ringing"},
		},
		Reply: `<Response><Say>Call 4155550123</Say><Dial><Number sendDigits="12#">+14155550177</Number></Dial>` +
			`<Connect><Stream url="wss://calls.example.com/api/voice/twilio/stream/s3cr3t-tok.en"/></Connect></Response>`,
	})
	s := c.Open(Open{Leg: 1, Wire: WireMedia})
	s.Message(false, []byte(`{"event":"start","start":{"streamSid":"MZ1","customParameters":{"who":"+14155550100"}}}`))
	s.Message(false, mediaMessage("inbound", 1, 0, []byte{1, 2, 3}))
	s.Message(false, []byte("{\"event\":\"dtmf\",\n\"dtmf\":{\"digit\":\"7\"}}"))
	s.Message(false, []byte("no JSON: +14155550100"))
	s.Message(true, sent([]byte{9, 8, 7, 6}))
	s.Message(true, []byte(`{"event":"mark","streamSid":"MZ1","mark":{"name":"dialtone-1"}}`))
	s.Ear(Ear{Frame: 1, Speaking: true, Last: 400_000, Speech: 20_000})
	s.Heard(Heard{Frame: 1, Kind: "final", Text: "call me at 4155550100", Track: "inbound", Start: 20_000, End: 900_000, Confidence: new(0.5)})
	s.Did(Action{What: "say", Text: "You are number 3."})
	s.Did(Action{What: "transfer", Detail: "<Response><Dial>+14155550166</Dial></Response>", Error: "no"})
	s.End(End{Reason: "hung_up"})
	s.End(End{Reason: "returned"})
	c.Finished("completed")
}

// TestWhatIsLeftOut: by default neither numbers nor keys, words, audio or tokens are in a file.
func TestWhatIsLeftOut(t *testing.T) {
	r := newRecorder(t, Options{})
	script(r.Call(about))
	name := only(t, r)
	file, err := os.ReadFile(name)
	require.NoError(t, err)
	for _, leak := range []string{"4155550", "415) 555", "4711", "s3cr3t", `"digit":"7"`, "my number", "call me", "You are", "AQID", "CQgH", `"abc"`, "12#"} {
		require.NotContains(t, string(file), leak)
	}
	require.Contains(t, string(file), "+12025550100")
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	record, err := ReadFile(name)
	require.NoError(t, err)
	require.False(t, record.Torn)
	require.Equal(t, "+12025550100", record.From)
	require.Equal(t, "+12025550101", record.To)
	request := record.Lines[0].Request
	require.Equal(t, []string{"+12025550100"}, request.Form["From"])
	require.Equal(t, []string{"0000#"}, request.Form["Digits"])
	require.Equal(t, []string{"xx xxxxxx xx 000 000 0000"}, request.Form["SpeechResult"])
	require.Equal(t, []string{"ringing"}, request.Form["CallStatus"])
	require.Contains(t, request.Reply, `/twilio/stream/{token}"`)
	require.Contains(t, request.Path, "from=%2B12025550100", "the caller, as in the form")
	require.ErrorIs(t, record.WriteWAV(&bytes.Buffer{}), ErrNoAudio)
}

// TestWhatIsKept: all of it, if the host says so, but for tokens.
func TestWhatIsKept(t *testing.T) {
	r := newRecorder(t, Options{Audio: true, Speech: true, Numbers: true, Digits: true})
	script(r.Call(about))
	name := only(t, r)
	file, err := os.ReadFile(name)
	require.NoError(t, err)
	for _, kept := range []string{"+14155550100", "4711#", `"digit":"7"`, "my number is 415 555 0100", "You are number 3.", "AQID", "CQgHBg=="} {
		require.Contains(t, string(file), kept)
	}
	require.NotContains(t, string(file), "s3cr3t")

	record, err := ReadFile(name)
	require.NoError(t, err)
	var kinds []Kind
	for i, l := range record.Lines {
		kinds = append(kinds, l.Kind)
		require.Equal(t, i+2, l.Number)
	}
	require.Equal(t, []Kind{KindRequest, KindOpen, KindIn, KindIn, KindIn, KindIn, KindOut, KindOut, KindEar, KindHeard, KindDid, KindDid, KindEnd, KindFinished}, kinds)
	require.Equal(t, "no JSON: +14155550100", record.Lines[5].Text)
	require.Equal(t, "completed", record.Lines[13].Status)
	require.Equal(t, Ear{Frame: 1, Speaking: true, Last: 400_000, Speech: 20_000}, *record.Lines[8].Ear)
	require.EqualValues(t, 1, record.Lines[9].Heard.Frame)
	require.InDelta(t, 0.5, *record.Lines[9].Heard.Confidence, 0)
}

// TestCutAtEveryByte: whatever of a file has come to the disk, its whole lines are read.
func TestCutAtEveryByte(t *testing.T) {
	r := newRecorder(t, Options{Audio: true, Speech: true})
	script(r.Call(about))
	file, err := os.ReadFile(only(t, r))
	require.NoError(t, err)
	whole, err := Read(bytes.NewReader(file))
	require.NoError(t, err)
	for n := range len(file) + 1 {
		record, err := Read(bytes.NewReader(file[:n]))
		lines := bytes.Count(file[:n], []byte("\n"))
		if n < len(file) && file[n] == '\n' { // all of the line but its end
			lines++
		}
		if lines == 0 {
			var wrong *ParseError
			require.ErrorAs(t, err, &wrong)
			require.ErrorIs(t, err, ErrNoJournal)
			continue
		}
		require.NoError(t, err, "%d bytes", n)
		require.Equal(t, whole.Lines[:lines-1], append([]Line{}, record.Lines...), "%d bytes", n)
		if cut := n > 0 && file[n-1] != '\n' && file[min(n, len(file)-1)] != '\n'; cut {
			require.True(t, record.Torn, "%d bytes", n)
		}
	}
}

// TestBadFiles: what is wrong with a file is told with the line.
func TestBadFiles(t *testing.T) {
	const head = `{"dialtone_journal":1,"call":"CA0123456789abcdef0123456789abcdef"}` + "\n"
	for name, test := range map[string]struct {
		file string
		line int
		want error
	}{
		"empty":               {"", 1, ErrNoJournal},
		"another file":        {"<html>\n", 1, ErrNoJournal},
		"JSON":                {"{}\n", 1, ErrNoJournal},
		"of no call":          {`{"dialtone_journal":1,"call":"../x"}` + "\n", 1, ErrNoJournal},
		"version":             {`{"dialtone_journal":2}` + "\n", 1, ErrVersion},
		"no kind":             {head + `{"t":1}` + "\n", 2, errLine},
		"no request":          {head + `{"t":1,"k":"request"}` + "\n", 2, errLine},
		"no stream":           {head + `{"t":1,"k":"open","open":{"wire":"media"}}` + "\n", 2, errLine},
		"no ear":              {head + `{"t":1,"k":"ear","s":1}` + "\n", 2, errLine},
		"negative stream":     {head + `{"t":1,"k":"open","s":-1,"open":{"wire":"media"}}` + "\n", 2, errLine},
		"time before":         {head + `{"t":-1,"k":"finished"}` + "\n", 2, errTime},
		"time too late":       {head + `{"t":1,"k":"finished"}` + "\n" + `{"t":9223372036854775807,"k":"finished"}` + "\n", 3, errTime},
		"a line is too long":  {head + strings.Repeat(" ", maxLine) + "\n", 2, errLineLong},
		"a line in the midst": {head + `{"t":1,"k":"fin` + "\n" + `{"t":1,"k":"finished"}` + "\n", 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(strings.NewReader(test.file))
			var wrong *ParseError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, test.line, wrong.Line)
			if test.want != nil {
				require.ErrorIs(t, err, test.want)
			}
		})
	}
	record, err := Read(strings.NewReader(head + `{"t":1,"k":"news","x":{}}` + "\n"))
	require.NoError(t, err, "a kind that is not known")
	require.Equal(t, Kind("news"), record.Lines[0].Kind)
}

// TestBounds: a file does not grow beyond its bound, and says so; its end is written.
func TestBounds(t *testing.T) {
	r := newRecorder(t, Options{Audio: true, MaxBytes: minBytes})
	c := r.Call(about)
	s := c.Open(Open{Wire: WireMedia})
	for n := range 1000 {
		s.Message(false, mediaMessage("inbound", n+1, 20*n, make([]byte, 160)))
	}
	s.End(End{Reason: "hung_up"})
	c.Finished("completed")
	name := only(t, r)
	info, err := os.Stat(name)
	require.NoError(t, err)
	require.LessOrEqual(t, info.Size(), int64(minBytes))
	record, err := ReadFile(name)
	require.NoError(t, err)
	kept, ends, full := 0, 0, 0
	for _, l := range record.Lines {
		switch l.Kind {
		case KindIn:
			kept++
		case KindEnd, KindFinished:
			ends++
		case KindFull:
			full++
		}
	}
	require.Equal(t, 2, ends)
	require.Equal(t, 1, full)
	require.Equal(t, 1000, kept+record.Dropped())
	require.EqualValues(t, 1000-kept, r.Stats().Dropped)
}

// TestSlowDisk: who records waits for no disk; what does not fit is counted in the file.
func TestSlowDisk(t *testing.T) {
	r := newRecorder(t, Options{Audio: true, Buffer: minBuffer})
	c := r.Call(about)
	s := c.Open(Open{Wire: WireMedia})
	require.NoError(t, r.Flush(context.Background()))
	r.flushing.Lock() // the disk stands still
	const all = 1000
	for n := range all {
		s.Message(false, mediaMessage("inbound", n+1, 20*n, make([]byte, 160)))
	}
	r.flushing.Unlock()
	require.NoError(t, r.Flush(context.Background()))
	s.End(End{Reason: "hung_up"})
	record, err := ReadFile(only(t, r))
	require.NoError(t, err)
	kept := 0
	for _, l := range record.Lines {
		if l.Kind == KindIn {
			kept++
		}
	}
	require.Less(t, kept, all)
	require.Equal(t, all, kept+record.Dropped())
	require.Equal(t, KindDropped, record.Lines[len(record.Lines)-2].Kind, "before the line behind it")
}

// TestOldestAreRemoved: a directory holds so many files, and those of calls that are up.
func TestOldestAreRemoved(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "notes.jsonl")
	require.NoError(t, os.WriteFile(foreign, nil, 0o600))
	r := newRecorder(t, Options{Dir: dir, MaxFiles: 3})
	other := about
	for i := range 6 {
		other.SID = fmt.Sprintf("CA%032x", i)
		r.Call(other).Finished("completed")
		require.NoError(t, r.Flush(context.Background()))
		if i > 0 { // the first stays up
			r.Call(other).last = r.Call(other).last.Add(-time.Hour)
			require.NoError(t, r.Flush(context.Background()))
		}
	}
	names, err := Files(dir, "")
	require.NoError(t, err)
	require.Len(t, names, 3)
	require.Contains(t, names[0], fmt.Sprintf("CA%032x", 0))
	require.Contains(t, names[2], fmt.Sprintf("CA%032x", 5))
	require.FileExists(t, foreign)
}

// TestFilesAreClosed: when a call is over, and when nothing has come for a while.
func TestFilesAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t, Options{})
		c := r.Call(about)
		s := c.Open(Open{Wire: WireMedia})
		time.Sleep(time.Hour)
		require.Equal(t, 1, r.Stats().Open, "its stream is up")
		s.End(End{Reason: "hung_up"})
		time.Sleep(time.Minute)
		require.Equal(t, 1, r.Stats().Open, "it may go on")
		c.Finished("completed")
		time.Sleep(finished - time.Second)
		require.Same(t, c, r.Call(about), "late callbacks are of it")
		time.Sleep(2 * time.Second)
		require.Zero(t, r.Stats().Open)
		require.NotSame(t, c, r.Call(about))
		time.Sleep(unfinished + time.Second)
		require.Zero(t, r.Stats().Open)
		require.NoError(t, r.Close())
		names, err := Files(r.o.Dir, sid)
		require.NoError(t, err)
		require.Len(t, names, 2)
	})
}

// TestNothingIsRecorded: by a nil recorder, one that is closed, for what is no call, or too many.
func TestNothingIsRecorded(t *testing.T) {
	var none *Recorder
	script(none.Call(about))
	require.NoError(t, none.Flush(context.Background()))
	require.NoError(t, none.Close())
	require.Zero(t, none.Stats())
	require.Nil(t, none.Known(sid))

	r := newRecorder(t, Options{MaxFiles: 1})
	require.Nil(t, r.Call(About{SID: "../../etc/passwd"}))
	require.NotNil(t, r.Call(about))
	other := about
	other.SID = "CA" + strings.Repeat("f", 32)
	require.Nil(t, r.Call(other))
	require.EqualValues(t, 1, r.Stats().Refused)
	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	require.Nil(t, r.Call(other))
}

// TestDiskIsFull: what cannot be written is told once, and stops no call.
func TestDiskIsFull(t *testing.T) {
	r := newRecorder(t, Options{})
	c := r.Call(about)
	c.live = 1
	require.NoError(t, r.Flush(context.Background()))
	require.NoError(t, c.file.Close()) // as a disk that takes no more
	script(c)
	require.NoError(t, r.Flush(context.Background()))
	script(c)
	require.NotZero(t, r.Stats().Dropped)
	record, err := ReadFile(only(t, r))
	require.NoError(t, err)
	require.Empty(t, record.Lines)
}

// TestOptions: what cannot work is refused, all at once.
func TestOptions(t *testing.T) {
	_, err := New(Options{MaxBytes: 1, MaxFiles: -1, Buffer: 1})
	for _, part := range []string{"Dir", "MaxBytes", "MaxFiles", "Buffer"} {
		require.ErrorContains(t, err, part)
	}
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = New(Options{Dir: file})
	require.Error(t, err)
}

// TestAudioCostsNothing: a piece of audio is recorded without an allocation.
func TestAudioCostsNothing(t *testing.T) {
	r := newRecorder(t, Options{Audio: true, MaxBytes: 1 << 40, Buffer: 1 << 30})
	s := r.Call(about).Open(Open{Wire: WireMedia})
	message := mediaMessage("inbound", 1, 0, make([]byte, 160))
	c := s.call
	c.mu.Lock()
	c.buf, c.spare = make([]byte, 0, 8<<20), make([]byte, 0, 8<<20)
	c.mu.Unlock()
	r.flushing.Lock()
	defer r.flushing.Unlock()
	require.Zero(t, testing.AllocsPerRun(1000, func() { s.Message(false, message) }))
	var off *Stream
	require.Zero(t, testing.AllocsPerRun(1000, func() { off.Message(false, message) }))
}

// TestMerge: what two instances saw of a call is put on one timeline.
func TestMerge(t *testing.T) {
	begun := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	a := &Record{Header: Header{SID: sid, Begun: begun, Audio: true}, Lines: []Line{{At: time.Second, Kind: KindOpen, Stream: 1}, {At: 5 * time.Second, Kind: KindEnd, Stream: 1}}}
	b := &Record{Header: Header{SID: sid, Begun: begun.Add(2 * time.Second)}, Lines: []Line{{At: time.Second, Kind: KindOpen, Stream: 1}}}
	merged, err := Merge(b, a)
	require.NoError(t, err)
	require.Equal(t, []Line{
		{At: time.Second, Kind: KindOpen, Stream: 1}, {At: 3 * time.Second, Kind: KindOpen, Stream: 2}, {At: 5 * time.Second, Kind: KindEnd, Stream: 1},
	}, merged.Lines)
	require.False(t, merged.Audio)
	_, err = Merge(a, &Record{Header: Header{SID: "CA" + strings.Repeat("0", 32)}})
	require.ErrorIs(t, err, ErrOtherCall)
	_, err = Merge()
	require.ErrorIs(t, err, ErrOtherCall)
}

// TestWAV: both sides are on one timeline, with silence between, and what was cleared is not
// heard.
func TestWAV(t *testing.T) {
	tone := func(n int) []byte { return bytes.Repeat([]byte{0x80}, n) } // the loudest
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(t, Options{Audio: true})
		s := r.Call(about).Open(Open{Wire: WireMedia})
		time.Sleep(time.Second)
		s.Message(false, []byte(`{"event":"start","start":{"streamSid":"MZ1"}}`))
		time.Sleep(time.Second)
		s.Message(false, mediaMessage("inbound", 1, 500, tone(800))) // 1.5 s to 1.6 s
		s.Message(true, sent(tone(8000)))                            // 2 s to 3 s, but cleared at 2.5 s
		s.Message(true, sent(tone(8000)))
		time.Sleep(500 * time.Millisecond)
		s.Message(true, []byte(`{"event":"clear","streamSid":"MZ1"}`))
		s.Message(true, sent(tone(80))) // 2.5 s
		record, err := ReadFile(only(t, r))
		require.NoError(t, err)
		var file bytes.Buffer
		require.NoError(t, record.WriteWAV(&file))
		in, err := codec.NewWAVReader(&file)
		require.NoError(t, err)
		require.Equal(t, 2, in.Format().Channels)
		var all []int16
		buf := make([]int16, 4096)
		for {
			n, err := in.Read(buf)
			all = append(all, buf[:n]...)
			if err != nil {
				break
			}
		}
		loud := func(channel int) (from, to, n int) {
			from = -1
			for i := channel; i < len(all); i += 2 {
				if all[i] != 0 {
					if from < 0 {
						from = i / 2
					}
					to = i/2 + 1
					n++
				}
			}
			return from, to, n
		}
		from, to, n := loud(0)
		require.Equal(t, []int{12000, 12800, 800}, []int{from, to, n})
		from, to, n = loud(1)
		require.Equal(t, []int{16000, 20080, 4080}, []int{from, to, n})
	})
}

// TestWAVIsBounded: no file makes a WAV that none can hold.
func TestWAVIsBounded(t *testing.T) {
	r := &Record{Lines: []Line{
		{At: 40 * time.Hour, Kind: KindOut, Stream: 1, Message: sent([]byte{1})},
	}}
	require.ErrorIs(t, r.WriteWAV(&bytes.Buffer{}), errTooLong)
	r.Lines[0].At = 0
	require.Error(t, r.WriteWAV(failing{}))
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("no") }

// FuzzRead: no file makes the reader fail otherwise than it says, or its record more than
// the file.
func FuzzRead(f *testing.F) {
	dir := f.TempDir()
	r, err := New(Options{Dir: dir, Audio: true})
	require.NoError(f, err)
	script(r.Call(about))
	require.NoError(f, r.Close())
	names, _ := Files(dir, "")
	file, err := os.ReadFile(names[0])
	require.NoError(f, err)
	f.Add(file)
	f.Add(file[:len(file)/2])
	f.Add([]byte(`{"dialtone_journal":1,"call":"CA0123456789abcdef0123456789abcdef"}` + "\n" + `{"t":5,"k":"in","s":1,"m":{"event":"media","media":{"timestamp":"9999999999","payload":"/w=="}}}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		record, err := Read(bytes.NewReader(file))
		if err != nil {
			var wrong *ParseError
			require.ErrorAs(t, err, &wrong)
			require.LessOrEqual(t, wrong.Offset, int64(len(file)))
			return
		}
		require.LessOrEqual(t, len(record.Lines), bytes.Count(file, []byte("\n"))+1)
		said, heard := record.tracks()
		for _, track := range [][]piece{said, heard} {
			end := int64(0)
			for _, p := range track {
				require.GreaterOrEqual(t, p.at, end)
				end = p.end()
			}
		}
	})
}

// FuzzMessage: whatever a peer sends, the file can be read.
func FuzzMessage(f *testing.F) {
	f.Add([]byte(`{"event":"media","media":{"payload":"AAAA"}}`), true)
	f.Add([]byte(`{"event":"media","media":{"payload":"AA\"AA"}}`), false)
	f.Add([]byte("{\"event\":\"media\",\n\"media\":{\"payload\":\"AAAA\"}}"), true)
	f.Add([]byte("\xff\x00"), false)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, message []byte, audio bool) {
		r, err := New(Options{Dir: dir, Audio: audio, MaxFiles: 1})
		require.NoError(t, err)
		s := r.Call(about).Open(Open{Wire: WireMedia})
		s.Message(false, message)
		s.Message(true, message)
		require.NoError(t, r.Close())
		names, err := Files(dir, "")
		require.NoError(t, err)
		_, err = ReadFile(names[0])
		require.NoError(t, err)
	})
}
