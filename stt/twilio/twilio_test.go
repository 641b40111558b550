package twilio_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/twilio"
)

// post sends a callback as Twilio does and returns the status of the answer.
func post(e *twilio.Engine, call string, sequence int, more ...string) int {
	form := url.Values{"CallSid": {call}, "TranscriptionSid": {"GT1"}, "SequenceId": {fmt.Sprint(sequence)},
		"TranscriptionEvent": {"transcription-content"}, "Track": {"inbound_track"}, "LanguageCode": {"en-US"}}
	for i := 0; i < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/transcription", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	return w.Code
}

func said(text string, final bool) []string {
	return []string{"Final", fmt.Sprint(final), "TranscriptionData", fmt.Sprintf(`{"transcript":%q,"confidence":0.9}`, text)}
}

func TestOrderAndRepetitions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := twilio.New(twilio.Options{})
		s, err := stttest.Open(t.Context(), e, stt.Config{CallSID: "CA1", Interim: true})
		require.NoError(t, err)
		require.Equal(t, 204, post(e, "CA1", 1, "TranscriptionEvent", "transcription-started"))
		for _, n := range []int{3, 2, 3, 5, 4, 2, 1} { // early, late, repeated
			require.Equal(t, 204, post(e, "CA1", n, said(fmt.Sprint("text ", n), n != 4)...))
		}
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		events := stttest.Drain(t, s)
		assert.Equal(t, []string{"text 2", "text 3", "text 5"}, stttest.Finals(events))
		assert.Equal(t, 0.9, events[1].Transcript.Confidence)
		assert.Equal(t, "GT1", events[1].Transcript.RequestID)
		interim := 0
		for _, ev := range events {
			if ev.Kind == stt.Interim {
				interim++
			}
		}
		assert.Equal(t, 1, interim)
		assert.Equal(t, 404, post(e, "CA1", 6, said("late", true)...), "after the end")
	})
}

func TestMissingCallbackIsWaitedForAndThenGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := twilio.New(twilio.Options{})
		s, err := stttest.Open(t.Context(), e, stt.Config{CallSID: "CA1"})
		require.NoError(t, err)
		defer s.Close()
		post(e, "CA1", 1, said("one", true)...)
		post(e, "CA1", 4, said("four", true)...)
		time.Sleep(900 * time.Millisecond)
		post(e, "CA1", 3, said("three", true)...)
		time.Sleep(200 * time.Millisecond) // 2 is given up
		post(e, "CA1", 2, said("two", true)...)
		post(e, "CA1", 5, said("five", true)...)
		post(e, "CA1", math.MaxInt, said("many", true)...)
		time.Sleep(2 * time.Second)
		require.NoError(t, s.Close())
		assert.Equal(t, []string{"one", "three", "four", "five", "many"}, stttest.Finals(stttest.Drain(t, s)))
	})
}

func TestNewTranscriptionOfACall(t *testing.T) {
	e := twilio.New(twilio.Options{})
	s, err := stttest.Open(t.Context(), e, stt.Config{CallSID: "CA1"})
	require.NoError(t, err)
	post(e, "CA1", 1, said("one", true)...)
	post(e, "CA1", 1, append(said("again", true), "TranscriptionSid", "GT2")...)
	post(e, "CA1", 2, append(said("other side", true), "TranscriptionSid", "GT2", "Track", "outbound_track")...)
	post(e, "CA1", 3, "TranscriptionSid", "GT2", "TranscriptionEvent", "transcription-error", "TranscriptionErrorCode", "32650")
	require.NoError(t, s.Close())
	events := stttest.Drain(t, s)
	assert.Equal(t, []string{"one", "again"}, stttest.Finals(events))
	last := events[len(events)-1]
	require.Equal(t, stt.Degraded, last.Kind)
	assert.ErrorContains(t, last.Err, "32650")
}

// TestTranscriptionsOfACall: one that is over neither comes back nor hurries the
// next one.
func TestTranscriptionsOfACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := twilio.New(twilio.Options{})
		s, err := stttest.Open(t.Context(), e, stt.Config{CallSID: "CA1"})
		require.NoError(t, err)
		say := func(transcription string, sequence int, text string) {
			require.Equal(t, 204, post(e, "CA1", sequence, append(said(text, true), "TranscriptionSid", transcription)...))
		}
		say("GT1", 1, "one")
		say("GT1", 3, "three") // two is missing, for which the gap's time runs
		time.Sleep(900 * time.Millisecond)
		say("GT2", 2, "five")
		say("GT1", 3, "three") // a repetition
		time.Sleep(900 * time.Millisecond)
		say("GT2", 1, "four")
		require.NoError(t, s.Close())
		require.Equal(t, []string{"one", "three", "four", "five"}, stttest.Finals(stttest.Drain(t, s)))
	})
}

func TestBadCallbacks(t *testing.T) {
	e := twilio.New(twilio.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	s, err := stttest.Open(ctx, e, stt.Config{CallSID: "CA1"})
	require.NoError(t, err)
	assert.Equal(t, 404, post(e, "CA2", 1, said("x", true)...))
	assert.Equal(t, 400, post(e, "CA1", 1, "SequenceId", "x"))
	assert.Equal(t, 400, post(e, "CA1", 1, "TranscriptionData", `{"transcr`))
	_, err = stttest.Open(t.Context(), e, stt.Config{})
	require.ErrorContains(t, err, "CallSID")
	_, err = stttest.Open(t.Context(), e, stt.Config{CallSID: "CA1"})
	require.ErrorContains(t, err, "already")
	cancel()
	stttest.Drain(t, s)
	require.ErrorIs(t, s.Send(make([]byte, 160)), stt.ErrClosed)
	require.ErrorIs(t, s.Flush(t.Context()), stt.ErrClosed)
	require.NoError(t, s.Close())
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := twilio.New(twilio.Options{})
		s, err := stttest.Open(t.Context(), e, stt.Config{CallSID: "CA1"})
		require.NoError(t, err)
		defer s.Close()
		for audio := stttest.Speech(1, codec.Format{}); len(audio) > 0; audio = audio[min(160, len(audio)):] {
			require.NoError(t, s.Send(audio[:min(160, len(audio))]))
			time.Sleep(20 * time.Millisecond)
		}
		post(e, "CA1", 1, said("yes", true)...)
		for {
			ev, err := s.Next(t.Context())
			require.NoError(t, err)
			if ev.Kind == stt.Final {
				assert.True(t, ev.Timing.Valid)
				assert.InDelta(t, 500*time.Millisecond, ev.Timing.Latency, float64(200*time.Millisecond))
				return
			}
		}
	})
}

// Twilio cannot be asked to finish.
func TestSuite(t *testing.T) {
	stttest.Suite{Interims: true, NoFlush: true, Bubble: true, New: func(t *testing.T, texts []string) stt.Engine {
		e := twilio.New(twilio.Options{})
		return fakestt.Twilio(e, e, texts)
	}}.Run(t)
}

// Words belong to the speech that was heard before they came, and not to what
// the caller says meanwhile.
func TestTimes(t *testing.T) {
	e := twilio.New(twilio.Options{})
	s, err := stttest.Open(t.Context(), e, stt.Config{CallSID: "CA1"})
	require.NoError(t, err)
	send := func(audio []byte) { stttest.Send(t, s, audio, codec.Format{}) }
	word := stttest.Speech(1, codec.Format{})
	send(word)
	send(word[:4800]) // 600 ms: the second word has begun
	post(e, "CA1", 1, said("one", true)...)
	send(word[4800:])
	post(e, "CA1", 2, said("two", true)...)
	post(e, "CA1", 3, said("who said that", true)...)
	send(codec.Format{}.AppendSilence(nil, 16000))
	send(word)
	send(word) // with a short pause between them
	post(e, "CA1", 4, said("three and four", true)...)
	require.NoError(t, s.Close())
	var times []time.Duration
	for _, ev := range stttest.Drain(t, s) {
		if ev.Kind == stt.Final {
			times = append(times, ev.Transcript.Start, ev.Transcript.End)
		}
	}
	want := []time.Duration{440, 850, 1790, 2200, 0, 0, 5140, 6900}
	require.Len(t, times, len(want))
	for i, at := range want {
		assert.InDelta(t, at*time.Millisecond, times[i], float64(150*time.Millisecond), i)
	}
}
