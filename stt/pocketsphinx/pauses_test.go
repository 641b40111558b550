package pocketsphinx

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCallersMayPause hears the recordings with nothing but their whole texts as
// phrases. Two of the speakers pause in the middle for longer than the silence
// that ends an utterance.
func TestCallersMayPause(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short: it recognises minutes of speech")
	}
	rs := load(t)
	var phrases []string
	for _, r := range rs {
		if r.Text != "" {
			phrases = append(phrases, r.Text)
		}
	}
	e := newEngine(t, Options{Phrases: phrases})
	for _, r := range rs {
		var got []string
		for _, ev := range hear(t, e, r.audio) {
			got = append(got, ev.Transcript.Text)
			require.Less(t, ev.Transcript.Start, ev.Transcript.End)
			require.LessOrEqual(t, ev.Transcript.End, time.Duration(len(r.audio))*time.Second/8000)
		}
		if strings.Join(got, " | ") != r.Text {
			t.Errorf("%s:\n got %q\nwant %q", r.File, got, r.Text)
		}
	}
}
