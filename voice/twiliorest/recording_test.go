package twiliorest_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/callback"
	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

const recordingSID = "RE0123456789abcdef0123456789abcdef"

// TestDownloadRecording: a host is told that a recording is complete, and gets it with both
// channels.
func TestDownloadRecording(t *testing.T) {
	told := make(chan *callback.Recording, 4)
	tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ParseForm(); strings.HasSuffix(r.URL.Path, "/recorded") {
			recording, err := callback.ReadRecording(r.PostForm)
			if err != nil {
				t.Error(err)
			}
			told <- recording
			w.WriteHeader(http.StatusNoContent)
			return
		}
		host(`<Response><Start><Recording channels="dual" recordingStatusCallback="https://calls.example.com/recorded"/></Start><Pause length="1"/></Response>`).ServeHTTP(w, r)
	}))
	call := tw.Dial(alice, us)
	require.NoError(t, call.Wait(t.Context()))
	recording := <-told
	var wav bytes.Buffer
	n, err := client(t, twiliorest.Options{BaseURL: tw.RESTURL()}).DownloadRecording(t.Context(), recording.SID, &wav)
	require.NoError(t, err)
	require.EqualValues(t, wav.Len(), n)
	require.Equal(t, "RIFF", wav.String()[:4])
	require.EqualValues(t, 2, wav.Bytes()[22], "channels")
}

// TestDownloadKeepsTheCredentials: another host gets the request, and nothing to log in with.
func TestDownloadKeepsTheCredentials(t *testing.T) {
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the storage got the credentials")
		}
		fmt.Fprint(w, "RIFF")
	}))
	defer storage.Close()
	status, to := `"completed"`, ""
	var queries []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); !ok {
			t.Error("the API got none")
		}
		switch {
		case strings.HasSuffix(r.URL.Path, recordingSID+".json"):
			fmt.Fprintf(w, `{"sid":%q,"status":%s,"channels":2}`, recordingSID, status)
		case strings.HasSuffix(r.URL.Path, recordingSID+".wav"):
			queries = append(queries, r.URL.RawQuery)
			http.Redirect(w, r, to, http.StatusTemporaryRedirect)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer api.Close()
	c := client(t, twiliorest.Options{BaseURL: api.URL})
	for name, test := range map[string]struct{ sid, status, to, want string }{
		"storage":       {recordingSID, `"completed"`, storage.URL + "/x", ""},
		"away from TLS": {recordingSID, `"completed"`, "http://storage.example.com/x", "away from TLS"},
		"nowhere":       {recordingSID, `"completed"`, "https://user:pass@x/", "leads nowhere"},
		"in a circle":   {recordingSID, `"completed"`, "/x/" + recordingSID + ".wav", "too many redirects"},
		"not complete":  {recordingSID, `"processing"`, "", "not complete"},
		"no status":     {recordingSID, `null`, "", "not complete"},
		"none":          {"RE" + strings.Repeat("0", 32), `"completed"`, "", twiliorest.ErrNoRecording.Error()},
		"no SID":        {"RE/../Calls", `"completed"`, "", twiliorest.ErrRecordingSID.Error()},
	} {
		status, to = test.status, test.to
		var b bytes.Buffer
		_, err := c.DownloadRecording(t.Context(), test.sid, &b)
		if test.want == "" {
			require.NoError(t, err, name)
			require.Equal(t, "RIFF", b.String(), name)
			continue
		}
		require.ErrorContains(t, err, test.want, name)
		require.Empty(t, b.String(), name)
	}
	require.Contains(t, queries, "RequestedChannels=2")
	status, to = `"completed"`, storage.URL
	_, err := c.DownloadRecording(t.Context(), recordingSID, failingWriter{})
	require.ErrorContains(t, err, "disk full")
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }
