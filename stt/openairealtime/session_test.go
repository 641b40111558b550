package openairealtime

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Two flushes at once have two answers, and are done when the transcripts that
// they wait for have come.
func TestFlushesAtOnce(t *testing.T) {
	s := &session{items: map[string]*item{}}
	s.Flush()
	s.Flush()
	flushed := 0
	for _, message := range []string{
		`{"type":"input_audio_buffer.committed","item_id":"a"}`,
		`{"type":"error","error":{"type":"invalid_request_error","code":"input_audio_buffer_commit_empty"}}`,
	} {
		flushed += s.Handle([]byte(message)).Flushed
	}
	assert.Zero(t, flushed)
	flushed += s.Handle([]byte(`{"type":"conversation.item.input_audio_transcription.completed","item_id":"a","transcript":"yes"}`)).Flushed
	assert.Equal(t, 2, flushed)
	assert.Zero(t, s.Handle([]byte(`{"type":"session.updated"}`)).Flushed)
}
