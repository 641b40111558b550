package twilio_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/twilio"
)

// call opens the stream of CA1.
func call(t *testing.T) (*twilio.Engine, *stttest.Call) {
	t.Helper()
	e := twilio.New(twilio.Options{})
	s, err := stttest.Open(t.Context(), e, stt.Config{CallSID: "CA1", Interim: true})
	require.NoError(t, err)
	t.Cleanup(func() { s.Close() })
	return e, s
}

// degraded returns the errors that were survived.
func degraded(events []stt.Event) (errs []error) {
	for _, ev := range events {
		if ev.Kind == stt.Degraded {
			errs = append(errs, ev.Err)
		}
	}
	return errs
}

// A callback whose transcript cannot be read is no silence, and holds up nothing.
func TestContentThatIsNone(t *testing.T) {
	for _, data := range []string{"", "{}", `{"transcript":null}`, `{"transcript":7}`, `{"transcr`, "null", "[]", `"yes"`, "<html>"} {
		e, s := call(t)
		assert.Equal(t, 400, post(e, "CA1", 1, "Final", "true", "TranscriptionData", data), data)
		require.Equal(t, 204, post(e, "CA1", 2, said("yes", true)...))
		require.NoError(t, s.Close())
		events := stttest.Drain(t, s)
		assert.Equal(t, []string{"yes"}, stttest.Finals(events), data)
		require.Len(t, degraded(events), 1, data)
		assert.ErrorIs(t, degraded(events)[0], stt.ErrUnavailable)
	}
	e, s := call(t)
	require.Equal(t, 204, post(e, "CA1", 1, said("", true)...), "documented silence")
	require.NoError(t, s.Close())
	assert.Empty(t, stttest.Drain(t, s))
}

// Whether a text is final is told in one of several ways.
func TestFinal(t *testing.T) {
	for _, fields := range [][]string{{"Final", "true"}, {"Final", "True"}, {"Final", "1"}, {"Final", ""}} {
		e, s := call(t)
		post(e, "CA1", 1, append(fields, "TranscriptionData", `{"transcript":"yes"}`)...)
		require.NoError(t, s.Close())
		assert.Equal(t, []string{"yes"}, stttest.Finals(stttest.Drain(t, s)), fields)
	}
	for _, fields := range [][]string{{"Final", "false"}, {"Final", "", "Stability", "0.9"}} {
		e, s := call(t)
		post(e, "CA1", 1, append(fields, "TranscriptionData", `{"transcript":"yes"}`)...)
		require.NoError(t, s.Close())
		assert.Empty(t, stttest.Finals(stttest.Drain(t, s)), fields)
	}
}

// A callback that never comes is told: as a lost utterance where each has one, and
// as a complaint where it may have been an unfinished text.
func TestMissingCallbackIsReported(t *testing.T) {
	for partial, warning := range map[bool]bool{true: true, false: false} {
		synctest.Test(t, func(t *testing.T) {
			e, s := call(t)
			post(e, "CA1", 1, said("one", !partial)...)
			post(e, "CA1", 4, said("four", true)...)
			time.Sleep(2 * time.Second)
			require.NoError(t, s.Close())
			events := stttest.Drain(t, s)
			require.Len(t, degraded(events), 1)
			var e1 *stt.Error
			require.ErrorAs(t, degraded(events)[0], &e1)
			assert.ErrorIs(t, e1, stt.ErrTimeout)
			assert.ErrorContains(t, e1, "2 to 3")
			assert.Equal(t, warning, e1.Warning)
			assert.Contains(t, stttest.Finals(events), "four")
		})
	}
}

// A transcription that is stopped while the call goes on is a failure, and one that
// is stopped with it is not.
func TestTranscriptionIsStopped(t *testing.T) {
	for seconds, want := range map[int]int{1: 0, 5: 1} {
		e, s := call(t)
		require.NoError(t, s.Send(make([]byte, 8000)))
		require.Equal(t, 204, post(e, "CA1", 1, "TranscriptionEvent", "transcription-stopped"))
		for range seconds * 50 {
			require.NoError(t, s.Send(make([]byte, 160)))
		}
		require.NoError(t, s.Close())
		assert.Len(t, degraded(stttest.Drain(t, s)), want)
	}
	e, s := call(t) // and begun anew
	post(e, "CA1", 1, "TranscriptionEvent", "transcription-stopped")
	post(e, "CA1", 1, "TranscriptionSid", "GT2", "TranscriptionEvent", "transcription-started")
	require.NoError(t, s.Send(make([]byte, 80_000)))
	require.NoError(t, s.Close())
	assert.Empty(t, degraded(stttest.Drain(t, s)))
}

func TestTextIsTheCallersWord(t *testing.T) {
	e, s := call(t)
	for i, text := range []string{"[Music]", "[Music] book a room", "Room [1] please", "<unk>"} {
		require.Equal(t, 204, post(e, "CA1", i+1, said(text, true)...))
	}
	require.Equal(t, 204, post(e, "CA1", 5, "Final", "true", "LanguageCode", "EN_us", "TranscriptionData", `{"transcript":"yes","confidence":7}`))
	post(e, "CA1", 6, "Final", "true", "TranscriptionData", `{"transcript":"`+strings.Repeat("a ", stt.MaxWords+1)+`"}`)
	require.NoError(t, s.Close())
	events := stttest.Drain(t, s)
	assert.Equal(t, []string{"book a room", "Room [1] please", "yes"}, stttest.Finals(events))
	require.Len(t, degraded(events), 1)
	for _, ev := range events {
		if ev.Transcript.Text == "yes" {
			assert.True(t, math.IsNaN(ev.Transcript.Confidence))
			assert.Equal(t, "en-US", ev.Transcript.Language)
		}
	}
}

// A body without end, and callbacks without number, take a bounded amount.
func TestHugeCallbacks(t *testing.T) {
	e, s := call(t)
	r := httptest.NewRequest(http.MethodPost, "/transcription", strings.NewReader("CallSid=CA1&SequenceId=1&x="+strings.Repeat("a", 1<<20)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	assert.Equal(t, 400, w.Code)

	synctest.Test(t, func(t *testing.T) {
		e, s := call(t)
		for i := range 5000 {
			post(e, "CA1", i+10, said("yes", true)...)
		}
		time.Sleep(2 * time.Second)
		require.NoError(t, s.Close())
		assert.LessOrEqual(t, len(stttest.Finals(stttest.Drain(t, s))), 256)
	})
	require.NoError(t, s.Close())
}

func TestLanguageIsChecked(t *testing.T) {
	_, err := stttest.Open(t.Context(), twilio.New(twilio.Options{}), stt.Config{CallSID: "CA1", Language: "english"})
	require.ErrorIs(t, err, stt.ErrRefused)
}
