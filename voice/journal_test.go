package voice_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/voicetest"
)

// recorded returns what is recorded of the one call that f makes.
func recorded(t *testing.T, o journal.Options, config voice.Config, f func(tw *voicetest.Twilio), more ...func(srv *voice.Server, mux *http.ServeMux)) *journal.Record {
	t.Helper()
	o.Dir = t.TempDir()
	recorder, err := journal.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { recorder.Close() })
	config.Journal = recorder
	srv, mux := newHost(t, config)
	for _, add := range more {
		add(srv, mux)
	}
	tw := voicetest.New(t, mux)
	f(tw)
	require.NoError(t, tw.Close())
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, srv.Shutdown(ctx))
	require.NoError(t, recorder.Close())
	names, err := journal.Files(o.Dir, "")
	require.NoError(t, err)
	require.Len(t, names, 1)
	record, err := journal.ReadFile(names[0])
	require.NoError(t, err)
	require.False(t, record.Torn)
	return record
}

// of returns the lines of a kind.
func of(r *journal.Record, kind journal.Kind) (lines []journal.Line) {
	for _, l := range r.Lines {
		if l.Kind == kind {
			lines = append(lines, l)
		}
	}
	return lines
}

// TestCallIsRecorded: a file has everything that a call consists of, and nothing of what is
// left out by default.
func TestCallIsRecorded(t *testing.T) {
	for name, o := range map[string]journal.Options{"by default": {}, "everything": {Audio: true, Speech: true, Numbers: true, Digits: true}} {
		t.Run(name, func(t *testing.T) {
			handler := voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				if _, err := call.Play(ctx, make([]byte, 800)); err != nil {
					return err
				}
				for transcript, err := range call.Transcripts(ctx) {
					if err != nil {
						return err
					}
					if transcript.Final {
						break
					}
				}
				call.Interrupt()
				digits, err := call.Digits(ctx, 2, "")
				if err != nil {
					return err
				}
				call.Save([]byte(digits))
				return errors.New("call +14155550123 instead")
			})
			var sid string
			record := recorded(t, o, voice.Config{Handler: handler, STT: hears("my number is 4155550100")}, func(tw *voicetest.Twilio) {
				call := tw.Dial(caller, callee)
				sid = call.SID
				call.Speak("testdata/book_a_room.wav")
				require.Eventually(t, func() bool { return call.Stats().Clears > 0 }, patience, time.Millisecond) // keys before that are dropped
				call.Digits("47")
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				call.Wait(ctx)
			})
			require.Equal(t, sid, record.SID)
			require.Equal(t, voicetest.PublicURL, record.PublicURL)

			requests := of(record, journal.KindRequest)
			require.GreaterOrEqual(t, len(requests), 2, "the webhook and the status callback")
			require.Contains(t, requests[0].Request.Reply, "<Connect>")
			require.NotContains(t, requests[0].Request.Reply, "/stream/ey", "a token")
			require.Equal(t, "completed", requests[len(requests)-1].Request.Form["CallStatus"][0])

			open := of(record, journal.KindOpen)
			require.Len(t, open, 1)
			require.Equal(t, journal.Open{Leg: 1, Wire: journal.WireMedia}, *open[0].Open)
			require.Greater(t, len(of(record, journal.KindIn)), 20)
			require.NotEmpty(t, of(record, journal.KindOut))
			require.NotEmpty(t, of(record, journal.KindHeard))
			var did []string
			for _, l := range of(record, journal.KindDid) {
				did = append(did, l.Did.What)
			}
			require.Equal(t, []string{"play", "interrupt", "save"}, did)
			end := of(record, journal.KindEnd)
			require.Len(t, end, 1)
			require.Equal(t, string(voice.ReasonError), end[0].End.Reason)
			finished := of(record, journal.KindFinished)
			require.Len(t, finished, 1)
			require.Equal(t, "failed", finished[0].Status)

			if o.Numbers {
				require.Equal(t, caller, record.From)
				require.Contains(t, end[0].End.Error, "+14155550123")
				return
			}
			require.NotContains(t, end[0].End.Error, "4155550123")
			for _, l := range record.Lines {
				require.NotContains(t, string(l.Message), `"digit":"4"`)
				if l.Heard != nil {
					require.NotContains(t, l.Heard.Text, "number")
				}
			}
		})
	}
}

// TestListeningIsRecorded: each track of a call that is listened to, beside the host's own
// webhooks.
func TestListeningIsRecorded(t *testing.T) {
	record := recorded(t, journal.Options{Audio: true}, voice.Config{Listener: waiting, STT: hears("yes")}, func(tw *voicetest.Twilio) {
		call := tw.Dial(caller, callee, voicetest.Inbound("/own"))
		call.Speak("testdata/book_a_room.wav")
		call.HangUp()
	}, func(srv *voice.Server, mux *http.ServeMux) {
		mux.Handle("/own", srv.Admitted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			response, err := srv.Listening(r, twiml.BothTracks, &twiml.Pause{Length: 30 * time.Second})
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			response.ServeHTTP(w, r)
		})))
	})
	require.True(t, of(record, journal.KindOpen)[0].Open.Listens)
	require.Contains(t, of(record, journal.KindRequest)[0].Request.Reply, "<Start>")
	tracks := map[string]bool{}
	for _, l := range of(record, journal.KindIn) {
		for _, track := range []string{"inbound", "outbound"} {
			tracks[track] = tracks[track] || strings.Contains(string(l.Message), `"track":"`+track+`"`)
		}
	}
	require.Equal(t, map[string]bool{"inbound": true, "outbound": true}, tracks)
}
