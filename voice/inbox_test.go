package voice

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
)

// endsNow is a context that ends with the call, at the moment it is waited for.
type endsNow struct {
	context.Context
	end func()
}

func (e endsNow) Done() <-chan struct{} { e.end(); return e.Context.Done() }

// TestCallThatEndsIsToldAsThat, and not as the context that ends with it: what
// Digits returns must not depend on which of the two is seen first.
func TestCallThatEndsIsToldAsThat(t *testing.T) {
	for range 100 {
		b := newInbox()
		ctx, cancel := context.WithCancel(t.Context())
		_, err := b.next(endsNow{ctx, func() { b.close(); cancel() }}, false)
		require.Equal(t, io.EOF, err)
	}
}

// Events that nobody reads take a bounded amount of memory. What was given up is told
// in its place, and what comes after somebody reads is there.
func TestUnreadEventsAreBounded(t *testing.T) {
	b := newInbox()
	text := strings.Repeat("a", 1000)
	for i := range 10_000 {
		b.put(Event{Event: stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: fmt.Sprint(i, " ", text)}}})
	}
	for i := range 2 {
		e, err := b.next(t.Context(), true)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(e.Transcript.Text, fmt.Sprint(i, " ")), "the oldest are kept")
	}
	require.True(t, b.put(Event{Event: stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "later"}}}))
	b.close()
	finals, lost := 2, 0
	for {
		e, err := b.next(t.Context(), true)
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		switch e.Kind {
		case stt.Degraded:
			lost++
			require.ErrorIs(t, e.Err, stt.ErrOverrun)
		case stt.Final:
			finals++
			if lost > 0 {
				require.Equal(t, "later", e.Transcript.Text)
			}
		}
	}
	require.Equal(t, 1, lost)
	require.InDelta(t, inboxLimit/1260, finals, 20)
	require.Zero(t, b.size)
}

func TestUnreadInterimsAreOne(t *testing.T) {
	b := newInbox()
	for range 100_000 {
		b.put(Event{Event: stt.Event{Kind: stt.Interim, Transcript: stt.Transcript{Text: strings.Repeat("a", 1000), Words: make([]stt.Word, 100)}}})
	}
	b.put(Event{Event: stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "yes"}}})
	for _, want := range []stt.Kind{stt.Interim, stt.Final} {
		e, err := b.next(t.Context(), true)
		require.NoError(t, err)
		require.Equal(t, want, e.Kind)
	}
	require.Zero(t, b.size)
}
