package twilio_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/twilio"
)

// Callbacks, one a line: whatever comes, each text is reported at most once and
// the stream ends.
func FuzzCallbacks(f *testing.F) {
	f.Fuzz(func(t *testing.T, bodies []byte) {
		e := twilio.New(twilio.Options{})
		s, err := stttest.Open(t.Context(), e, stt.Config{CallSID: "CA1", Interim: true})
		require.NoError(t, err)
		lines := bytes.Split(bodies, []byte("\n"))
		for _, body := range lines {
			r := httptest.NewRequest(http.MethodPost, "/transcription", bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			e.ServeHTTP(httptest.NewRecorder(), r)
		}
		require.NoError(t, s.Close())
		require.LessOrEqual(t, len(stttest.Finals(stttest.Drain(t, s))), len(lines))
	})
}
