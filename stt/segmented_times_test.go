package stt_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// Times beyond an utterance's audio, as in the silence that it was filled up with,
// are its end: what the caller says meanwhile is not answered by it.
func TestSegmentedTimesBeyondTheAudio(t *testing.T) {
	rec := stt.RecognizerFunc(func(context.Context, []byte, stt.Config) (stt.Transcript, error) {
		words := []stt.Word{{Text: "yes", Start: -time.Hour, End: 2900 * time.Millisecond}, {Text: "no", Start: time.Hour, End: time.Hour}}
		return stt.Transcript{Text: "yes no", Start: -time.Hour, End: time.Hour, Words: words}, nil
	})
	s, err := stttest.Open(t.Context(), stt.Segmented(rec, stt.Segmentation{MinAudio: 3 * time.Second}), stt.Config{})
	require.NoError(t, err)
	audio := speech(t)
	require.NoError(t, s.Send(audio))
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	length := codec.Format{}.Duration(len(audio))
	for _, ev := range rest(t, s) {
		if ev.Kind == stt.Final {
			assert.Less(t, ev.Transcript.Start, ev.Transcript.End)
			assert.LessOrEqual(t, ev.Transcript.End, length)
			for _, w := range ev.Transcript.Words {
				assert.GreaterOrEqual(t, w.Start, time.Duration(0))
				assert.LessOrEqual(t, w.End, length)
			}
			return
		}
	}
	t.Fatal("no final")
}
