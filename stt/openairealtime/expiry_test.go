package openairealtime_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/openairealtime"
	"agentos.dev/dialtone/stt/stttest"
)

// talk sends audio as a call does, in frames of 20 ms.
func talk(t *testing.T, s *stttest.Call, audio []byte) {
	t.Helper()
	for ; len(audio) > 0; audio = audio[min(160, len(audio)):] {
		require.NoError(t, s.Send(audio[:min(160, len(audio))]))
		time.Sleep(20 * time.Millisecond)
	}
}

func pause(d time.Duration) []byte { return codec.Format{}.AppendSilence(nil, codec.Format{}.Bytes(d)) }

// heard requires one final for each text, in order, and at its time: the word of
// stttest.Speech is from 0.44 to 0.85 s of what begins at the given times.
func heard(t *testing.T, events []stt.Event, begins []time.Duration, texts ...string) {
	t.Helper()
	require.Equal(t, texts, stttest.Finals(events))
	for _, ev := range events {
		if ev.Kind == stt.Final {
			assert.InDelta(t, begins[0]+440*time.Millisecond, ev.Transcript.Start, float64(200*time.Millisecond), ev.Transcript.Text)
			assert.InDelta(t, begins[0]+850*time.Millisecond, ev.Transcript.End, float64(200*time.Millisecond), ev.Transcript.Text)
			begins = begins[1:]
		}
	}
}

// A call goes on over a new session before the service ends the old one, and the
// word that begins just then is heard once.
func TestSessionsChangeBetweenUtterances(t *testing.T) {
	const utterance = 1350 * time.Millisecond
	for gap := 95 * time.Millisecond; gap <= 150*time.Millisecond; gap += 5 * time.Millisecond { // around the second of silence that it takes
		t.Run(fmt.Sprint(gap), func(t *testing.T) {
			texts := []string{"one", "two", "three", "four"}
			server := fakestt.NewOpenAIRealtime(t, texts)
			synctest.Test(t, func(t *testing.T) {
				e, err := openairealtime.New(openairealtime.Options{URL: server.URL, Key: key, Client: server.Client(t)})
				require.NoError(t, err)
				s, err := stttest.Open(t.Context(), e, stt.Config{})
				require.NoError(t, err)
				word := func(i int) []byte { return stttest.Speech(4, codec.Format{})[i*10800:][:10800] }
				var begins []time.Duration
				clock := time.Duration(0)
				say := func(audio []byte) {
					talk(t, s, audio)
					clock += codec.Format{}.Duration(len(audio))
				}
				for i := range texts {
					begins = append(begins, clock)
					say(word(i))
					switch i {
					case 0:
						time.Sleep(10 * time.Minute) // on hold, the session is old now
					case 1: // the pause between two words is some 0.94 s and this
						say(pause(gap))
					case 2:
						time.Sleep(5 * time.Minute) // the first session is over
					}
				}
				assert.Equal(t, clock, 4*utterance+gap)
				require.NoError(t, s.Flush(t.Context()))
				require.NoError(t, s.Close())
				events := stttest.Drain(t, s)
				heard(t, events, begins, texts...)
				for _, ev := range events {
					assert.NotEqual(t, stt.Degraded, ev.Kind, "%v", ev.Err)
				}
			})
			assert.Equal(t, 2, server.Connections())
		})
	}
}

// What is being said when the service ends a session is heard by the next.
func TestServiceEndsASessionInMidUtterance(t *testing.T) {
	texts := []string{"one", "two", "three"}
	server := fakestt.NewOpenAIRealtime(t, texts, fakestt.Fault{Expires: 2 * time.Second})
	synctest.Test(t, func(t *testing.T) {
		e, err := openairealtime.New(openairealtime.Options{URL: server.URL, Key: key, Client: server.Client(t)})
		require.NoError(t, err)
		s, err := stttest.Open(t.Context(), e, stt.Config{})
		require.NoError(t, err)
		talk(t, s, stttest.Speech(3, codec.Format{}))
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		events := stttest.Drain(t, s)
		heard(t, events, []time.Duration{0, 1350 * time.Millisecond, 2700 * time.Millisecond}, texts...)
		degraded := 0
		for _, ev := range events {
			if ev.Kind == stt.Degraded {
				degraded++
				assert.ErrorContains(t, ev.Err, "session_expired")
				assert.ErrorIs(t, ev.Err, stt.ErrUnavailable)
			}
		}
		assert.Equal(t, 1, degraded)
	})
	assert.Equal(t, 2, server.Connections())
}
