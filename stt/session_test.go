package stt_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// stuck opens a call whose host stops in its Emit, at the first event, until done is
// called; rest is what comes after it.
func stuck(t *testing.T) (one *stttest.Stream, rest *[]stt.Event, done func()) {
	t.Helper()
	engine := &stttest.Engine{}
	release, entered := make(chan struct{}), make(chan struct{})
	rest = &[]stt.Event{}
	first := true
	s, err := stt.Open(t.Context(), engine, stt.Config{Emit: func(ev stt.Event) {
		if first {
			first = false
			close(entered)
			<-release
			return
		}
		*rest = append(*rest, ev)
	}})
	require.NoError(t, err)
	one, err = engine.Stream(t.Context(), 0)
	require.NoError(t, err)
	over := make(chan struct{})
	go func() {
		defer close(over)
		one.Put(stt.Event{Kind: stt.SpeechStart})
	}()
	<-entered
	return one, rest, func() {
		close(release)
		<-over
		require.NoError(t, s.Close())
	}
}

// Events that come while the host does not return from one take a bounded amount of
// memory, hold no engine up, and what was given up is told in its place.
func TestEventsOfASlowHostAreBounded(t *testing.T) {
	one, rest, done := stuck(t)
	text := strings.Repeat("a", 1000)
	for i := range 10_000 {
		one.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: fmt.Sprint(i, " ", text)}})
	}
	done()
	one.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "after Close"}})
	finals, lost := 0, 0
	for _, ev := range *rest {
		switch ev.Kind {
		case stt.Degraded:
			lost++
			assert.ErrorIs(t, ev.Err, stt.ErrOverrun)
		case stt.Final:
			assert.True(t, strings.HasPrefix(ev.Transcript.Text, fmt.Sprint(finals, " ")), "the oldest are kept")
			finals++
		}
	}
	assert.Equal(t, 1, lost)
	assert.InDelta(t, 1<<20/1260, finals, 20)
}

func TestInterimsOfASlowHostAreOne(t *testing.T) {
	one, rest, done := stuck(t)
	for range 100_000 {
		one.Put(stt.Event{Kind: stt.Interim, Transcript: stt.Transcript{Text: strings.Repeat("a", 1000), Words: make([]stt.Word, 100)}})
	}
	one.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "yes"}})
	done()
	assert.Equal(t, []stt.Kind{stt.Interim, stt.Turn, stt.Final}, kinds(*rest))
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
		ev, err := s.Next(t.Context())
		require.NoError(t, err)
		require.Equal(t, stt.Degraded, ev.Kind)
		if left {
			_, err = backup.Stream(t.Context(), 0)
			require.NoError(t, err)
		} else {
			first.Say("yes")
			for ev.Kind != stt.Final {
				ev, err = s.Next(t.Context())
				require.NoError(t, err)
			}
		}
		require.NoError(t, s.Close())
	}
}
