package openairealtime

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live/livetest"
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

// ready returns a session that is as configured.
func ready() *session {
	s := &session{c: stt.Config{Interim: true, Phrases: []string{"book a room", "yes"}}, items: map[string]*item{}}
	livetest.Take(s, `{"type":"session.created"}`, `{"type":"session.updated"}`)
	return s
}

func committed(id, previous string) string {
	return `{"type":"input_audio_buffer.committed","item_id":"` + id + `","previous_item_id":"` + previous + `"}`
}

func completed(id, text string) string {
	return `{"type":"conversation.item.input_audio_transcription.completed","item_id":"` + id + `","transcript":"` + text + `"}`
}

// Most errors are survived: those that concern the account or the age of the session
// are not, nor is any before the session is as it has to be.
func TestErrors(t *testing.T) {
	for message, kind := range map[string]error{
		`{"type":"error","error":{"type":"invalid_request_error","code":"invalid_api_key","message":"no"}}`:     stt.ErrAuth,
		`{"type":"error","error":{"type":"authentication_error","code":null,"message":"no"}}`:                   stt.ErrAuth,
		`{"type":"error","error":{"type":"insufficient_quota","code":"insufficient_quota","message":"no"}}`:     stt.ErrQuota,
		`{"type":"error","error":{"type":"invalid_request_error","code":"session_expired","message":"15 min"}}`: stt.ErrUnavailable,
	} {
		assert.ErrorIs(t, livetest.Take(ready(), message).Err, kind, message)
	}
	for message, kind := range map[string]error{
		`{"type":"error","error":{"type":"invalid_request_error","code":"invalid_value","message":"no","event_id":null}}`: stt.ErrRefused,
		`{"type":"error","error":{"type":"server_error","message":"oops"}}`:                                               stt.ErrUnavailable,
		`{"type":"error","error":{"type":"rate_limit_error","code":"rate_limit_exceeded","message":"slow"}}`:              stt.ErrOverloaded,
		`{"type":"error","error":"oops"}`: stt.ErrUnavailable,
	} {
		r := livetest.Take(ready(), message)
		require.NoError(t, r.Err, message)
		require.Len(t, r.Events, 1)
		var e *stt.Error
		require.ErrorAs(t, r.Events[0].Err, &e)
		assert.ErrorIs(t, e, kind, message)
		assert.True(t, e.Warning)

		early := &session{items: map[string]*item{}}
		assert.ErrorIs(t, livetest.Take(early, `{"type":"session.created"}`, message).Err, kind, "it will not be as configured")
	}
}

// A committed item that gets neither a transcript nor a failure is given up, and
// what waits behind it comes.
func TestItemWithoutATranscript(t *testing.T) {
	s := ready()
	assert.Empty(t, livetest.Heard(livetest.Take(s, committed("a", ""), committed("b", "a"), completed("b", "yes please"))))
	require.False(t, s.Due().IsZero())
	assert.Empty(t, s.Expire(s.Due().Add(-1)).Events)
	r := s.Expire(s.Due())
	assert.Equal(t, []string{"degraded", "utterance_end", "final yes please", "utterance_end"}, livetest.Heard(r))
	assert.ErrorIs(t, r.Events[0].Err, stt.ErrTimeout)
	assert.True(t, s.Due().IsZero())
	assert.Empty(t, livetest.Heard(livetest.Take(s, completed("a", "late"), committed("a", ""), completed("b", "yes please"))), "late, and repeated")
	assert.Empty(t, s.items)
}

// What is heard of an item whose commit, or start, or end, was not told counts.
func TestItemsOfWhichNotAllIsTold(t *testing.T) {
	s := ready()
	assert.Equal(t, []string{"final no", "utterance_end"}, livetest.Heard(livetest.Take(s, completed("a", "no"), committed("a", ""))))
	started := func(id string) string {
		return `{"type":"input_audio_buffer.speech_started","item_id":"` + id + `","audio_start_ms":1000}`
	}
	assert.Equal(t, []string{"speech_start"}, livetest.Heard(livetest.Take(s, started("b"), started("b"))))
	assert.True(t, s.Due().IsZero(), "the caller speaks")
	assert.Equal(t, []string{"speech_start"}, livetest.Heard(livetest.Take(s, started("c"))))
	require.False(t, s.Due().IsZero(), "and has begun anew: what was before is over")
	assert.Equal(t, []string{"degraded", "utterance_end"}, livetest.Heard(s.Expire(s.Due())))
	assert.Equal(t, []string{"interim hu", "final hullo", "utterance_end"},
		livetest.Heard(livetest.Take(s, `{"type":"conversation.item.input_audio_transcription.delta","item_id":"c","delta":"hu"}`, completed("c", "hullo"))))
	assert.True(t, s.Due().IsZero())

	// One that names an item which was never seen has its place.
	assert.Equal(t, []string{"final one", "utterance_end", "final two", "utterance_end"},
		livetest.Heard(livetest.Take(s, committed("e", "nobody"), committed("f", "e"), completed("f", "two"), completed("e", "one"))))
}

func TestMessagesOfItemsThatAreNone(t *testing.T) {
	const transcription = "conversation.item.input_audio_transcription."
	s := ready()
	for _, kind := range []string{"input_audio_buffer.speech_started", "input_audio_buffer.committed", transcription + "delta", transcription + "completed", transcription + "failed"} {
		r := livetest.Take(s, `{"type":"`+kind+`"}`)
		assert.ErrorIs(t, r.Unclear, stt.ErrUnavailable, kind)
		assert.NoError(t, r.Err)
	}
	for _, text := range []string{`null`, `7`, `{}`} {
		r := livetest.Take(s, committed("a"+text, ""), `{"type":"`+transcription+`completed","item_id":"a`+text+`","transcript":`+text+`}`)
		assert.Equal(t, []string{"degraded", "utterance_end"}, livetest.Heard(r), text)
		assert.ErrorIs(t, r.Events[0].Err, stt.ErrUnavailable)
	}
	r := livetest.Take(s, committed("b", ""), `{"type":"`+transcription+`failed","item_id":"b"}`)
	assert.Equal(t, []string{"degraded", "utterance_end"}, livetest.Heard(r))
	assert.ErrorIs(t, r.Events[0].Err, stt.ErrUnavailable)
	assert.Empty(t, livetest.Heard(livetest.Take(s, committed("c", ""), completed("c", ""))), "documented silence")
}

// A flush whose commit gets no answer, or is refused, fails.
func TestCommitWithoutAnAnswer(t *testing.T) {
	s := ready()
	s.Flush()
	require.False(t, s.Due().IsZero())
	r := s.Expire(s.Due())
	assert.ErrorIs(t, r.Failed, stt.ErrTimeout)
	assert.Zero(t, r.Flushed)
	assert.True(t, s.Due().IsZero())

	assert.Contains(t, string(s.Flush().Data), `"event_id":"commit"`)
	r = livetest.Take(s, `{"type":"error","error":{"type":"invalid_request_error","code":"no_such_thing","message":"no","event_id":"commit"}}`)
	assert.ErrorIs(t, r.Failed, stt.ErrRefused)
	assert.NoError(t, r.Err)

	s.Flush()
	r = livetest.Take(s, `{"type":"error","error":{"code":"input_audio_buffer_commit_empty","message":"too small"}}`)
	assert.Equal(t, 1, r.Flushed)
	assert.NoError(t, r.Failed)
}

// Transcripts are the caller's words, and the prompt is not.
func TestPromptComesBack(t *testing.T) {
	s := ready()
	assert.Empty(t, livetest.Heard(livetest.Take(s, committed("a", ""), completed("a", "Book a room, yes."))))
	assert.Equal(t, []string{"final Book a room.", "utterance_end"}, livetest.Heard(livetest.Take(s, committed("b", ""), completed("b", "Book a room. [Music]"))))
}

// A service that opens items and never ends them costs a bounded amount.
func TestItemsWithoutEnd(t *testing.T) {
	s := ready()
	var err error
	for i := 0; err == nil && i < 10_000; i++ {
		err = livetest.Take(s, fmt.Sprintf(`{"type":"conversation.item.input_audio_transcription.delta","item_id":"%d","delta":"a"}`, i)).Err
	}
	require.ErrorIs(t, err, stt.ErrUnavailable)
	assert.LessOrEqual(t, len(s.items), maxItems+1)

	s = ready()
	interims := 0
	for range 20_000 {
		for _, ev := range livetest.Take(s, `{"type":"conversation.item.input_audio_transcription.delta","item_id":"a","delta":"ten bytes "}`).Events {
			require.LessOrEqual(t, len(ev.Transcript.Text), stt.MaxText)
			interims++
		}
	}
	assert.Less(t, interims, 300, "each costs what its length costs")
	assert.LessOrEqual(t, len(s.items["a"].t.Text), stt.MaxText)
	assert.Len(t, s.past, 0)
}
