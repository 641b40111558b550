package live

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
)

// What both connections hear, in the audio that both are given, counts once.
func TestOverlapIsTheNextConnections(t *testing.T) {
	r := &relay{}
	final := func(text string, start, end time.Duration) stt.Event {
		return stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: text, Start: start, End: end, Words: []stt.Word{{Text: text, Start: start, End: end}}}}
	}
	old, next := &leg{until: 10 * time.Second}, &leg{offset: 10 * time.Second}
	r.pass(old, final("one", time.Second, 2*time.Second))
	r.pass(old, final("t", 10*time.Second, 10*time.Second+100*time.Millisecond))
	r.pass(old, final("unknown", 0, 0))
	r.pass(next, final("two", 100*time.Millisecond, time.Second))
	var texts []string
	for range 3 {
		ev, err := r.Recv(t.Context())
		require.NoError(t, err)
		texts = append(texts, ev.Transcript.Text)
		assert.Equal(t, ev.Transcript.Start, ev.Transcript.Words[0].Start)
		if ev.Transcript.Text == "two" {
			assert.Equal(t, 10*time.Second+100*time.Millisecond, ev.Transcript.Start)
			assert.Equal(t, 11*time.Second, ev.Transcript.End)
		}
	}
	assert.Equal(t, []string{"one", "unknown", "two"}, texts)
}
