package stt_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// Events that nobody receives take a bounded amount of memory. What was given up
// is told in its place, and what comes after somebody receives is there.
func TestUnreadEventsAreBounded(t *testing.T) {
	var m stt.Mailbox
	text := strings.Repeat("a", 1000)
	for i := range 10_000 {
		m.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: fmt.Sprint(i, " ", text)}})
	}
	first, err := m.Recv(t.Context())
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(first.Transcript.Text, "0 "), "the oldest is kept")
	_, err = m.Recv(t.Context())
	require.NoError(t, err)
	m.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "later"}})
	m.CloseWith(nil)
	finals, lost, size := 2, 0, 0
	for {
		ev, err := m.Recv(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		size += len(ev.Transcript.Text)
		switch ev.Kind {
		case stt.Degraded:
			lost++
			assert.ErrorIs(t, ev.Err, stt.ErrOverrun)
		case stt.Final:
			finals++
			if lost > 0 {
				assert.Equal(t, "later", ev.Transcript.Text)
			}
		}
	}
	assert.Equal(t, 1, lost)
	assert.Less(t, size, 1<<20)
	assert.InDelta(t, 1<<20/1260, finals, 20)
}

func TestUnreadInterimsAreOne(t *testing.T) {
	var m stt.Mailbox
	for range 100_000 {
		m.Put(stt.Event{Kind: stt.Interim, Transcript: stt.Transcript{Text: strings.Repeat("a", 1000), Words: make([]stt.Word, 100)}})
	}
	m.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "yes"}})
	for _, want := range []stt.Kind{stt.Interim, stt.Final} {
		ev, err := m.Recv(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, ev.Kind)
	}
}

// A service that complains and goes on is not left; one that has lost an utterance
// is.
func TestFailoverStaysWithAServiceThatComplains(t *testing.T) {
	for warning, left := range map[bool]bool{true: false, false: true} {
		engine, backup := &stttest.Engine{}, &stttest.Engine{}
		s := stream(t, engine, backup)
		first, err := engine.Stream(t.Context(), 0)
		require.NoError(t, err)
		for range 10 {
			first.Put(stt.Event{Kind: stt.Degraded, Err: &stt.Error{Engine: "a", Op: "read", Kind: stt.ErrUnavailable, Warning: warning}})
		}
		ev, err := s.Recv(t.Context())
		require.NoError(t, err)
		require.Equal(t, stt.Degraded, ev.Kind)
		if left {
			_, err = backup.Stream(t.Context(), 0)
			require.NoError(t, err)
		} else {
			first.Say("yes")
			for ev.Kind != stt.Final {
				ev, err = s.Recv(t.Context())
				require.NoError(t, err)
			}
		}
		require.NoError(t, s.Close())
	}
}
