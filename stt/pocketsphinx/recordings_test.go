package pocketsphinx

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/wer"
)

// recording is a telephone recording of stt/vad/testdata and its text in the manifest.
type recording struct {
	File  string
	Text  string
	audio []byte
}

const recordings = "../vad/testdata/"

// load returns the recordings at 8 kHz mu-law that the manifest lists.
func load(t testing.TB) []recording {
	t.Helper()
	manifest, err := os.ReadFile(recordings + "manifest.json")
	require.NoError(t, err)
	var rs []recording
	require.NoError(t, json.Unmarshal(manifest, &rs))
	kept := rs[:0]
	for _, r := range rs {
		if !strings.HasSuffix(r.File, ".8k.ulaw.wav") {
			continue
		}
		f, err := os.Open(recordings + r.File)
		require.NoError(t, err)
		r.audio, err = codec.ReadMulaw(f)
		f.Close()
		require.NoError(t, err)
		kept = append(kept, r)
	}
	require.NotEmpty(t, kept)
	return kept
}

// phrases returns the texts of the recordings and, for the two speakers that
// pause for longer than the hang-over, the parts between their pauses.
func phrases(rs []recording) []string {
	all := []string{
		"and so my fellow americans", "ask not", "and so my fellow americans ask not", "what your country can do for you", "ask what you can do for your country",
		"one zero zero zero one", "nine oh two one oh", "zero one eight zero three",
	}
	for _, r := range rs {
		if r.Text != "" {
			all = append(all, r.Text)
		}
	}
	return all
}

// newEngine returns an engine that the end of the test closes. Its timeouts are an hour
// unless o sets them, so that a slow machine fails no test. Without PocketSphinx it
// skips the test.
func newEngine(t testing.TB, o Options) *Engine {
	t.Helper()
	o.Timeout = cmp.Or(o.Timeout, time.Hour)
	o.MaxWait = cmp.Or(o.MaxWait, time.Hour)
	o.Segmentation.Timeout = cmp.Or(o.Segmentation.Timeout, time.Hour)
	o.Segmentation.Backlog = cmp.Or(o.Segmentation.Backlog, time.Hour)
	apt.Need(t, "pocketsphinx_batch", "pocketsphinx")
	if err := Available(); err != nil {
		t.Fatal(err)
	}
	e, err := New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return e
}

// hear sends audio to a stream in frames of 20 ms and returns its finals.
func hear(t testing.TB, e stt.Engine, audio []byte) []stt.Event {
	t.Helper()
	return slices.DeleteFunc(events(t, e, audio), func(ev stt.Event) bool { return ev.Kind != stt.Final })
}

// events sends audio to a stream in frames of 20 ms and returns all of its events.
func events(t testing.TB, e stt.Engine, audio []byte) []stt.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	s, err := stttest.Open(ctx, e, stt.Config{})
	require.NoError(t, err)
	for ; len(audio) > 0; audio = audio[min(160, len(audio)):] {
		require.NoError(t, s.Send(audio[:min(160, len(audio))]))
	}
	require.NoError(t, s.Flush(ctx))
	require.NoError(t, s.Close())
	var all []stt.Event
	for {
		ev, err := s.Next(ctx)
		if err == io.EOF {
			return all
		}
		require.NoError(t, err)
		require.NoError(t, ev.Err)
		all = append(all, ev)
	}
}

// TestRecordings recognises every recording word for word, and no words in those without
// speech. Without the transform for the telephone channel it makes more errors.
func TestRecordings(t *testing.T) {
	rs := load(t)
	rate := func(wideband bool) float64 {
		e := newEngine(t, Options{Phrases: phrases(rs), Wideband: wideband})
		var errors wer.Errors
		exact := 0
		for _, r := range rs {
			var got []string
			for _, ev := range hear(t, e, r.audio) {
				got = append(got, ev.Transcript.Text)
			}
			text := strings.Join(got, " ")
			errors = errors.Add(wer.Compare(r.Text, text))
			if text == r.Text {
				exact++
			} else if !wideband {
				t.Errorf("%s:\n got %q\nwant %q", r.File, got, r.Text)
			}
		}
		t.Logf("transform %v: word error rate %.1f %%, %d of %d recordings exact", !wideband, 100*errors.Rate(), exact, len(rs))
		return errors.Rate()
	}
	with, without := rate(false), rate(true)
	if with >= without {
		t.Errorf("word error rate %.3f with the transform, %.3f without", with, without)
	}
}
