package main

import (
	"io"
	"net/http"
	"testing"

	"net/http/httptest"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy/admin"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestConsole: the page comes to everybody where there are tokens, and what the calls are doing
// to who has one; their words only to a token for them.
func TestConsole(t *testing.T) {
	reader, listener := admin.Generate(), admin.Generate()
	for name, test := range map[string]struct {
		tokens, token string
		want          [3]int // of the page, events and words
	}{
		"no tokens":        {"", "", [3]int{http.StatusNotFound, http.StatusNotFound, http.StatusNotFound}},
		"without a token":  {reader, "", [3]int{http.StatusOK, http.StatusUnauthorized, http.StatusUnauthorized}},
		"one that reads":   {"a=" + reader + "@calls:read", reader, [3]int{http.StatusOK, http.StatusOK, http.StatusForbidden}},
		"one that listens": {"a=" + listener + "@calls:listen", listener, [3]int{http.StatusOK, http.StatusForbidden, http.StatusOK}},
		"one for all":      {listener, listener, [3]int{http.StatusOK, http.StatusOK, http.StatusOK}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL, "STT=off", "ADMIN_TOKENS="+test.tokens))
			require.NoError(t, err)
			a, err := newApp(t.Context(), c, c.logger(io.Discard), nil)
			require.NoError(t, err)
			t.Cleanup(a.close)
			site := httptest.NewServer(a.handler)
			t.Cleanup(site.Close)
			for i, path := range []string{"", "events", "words"} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, site.URL+"/admin/console/"+path, nil)
				require.NoError(t, err)
				if test.token != "" {
					r.Header.Set("Authorization", "Bearer "+test.token)
				}
				answer, err := http.DefaultClient.Do(r)
				require.NoError(t, err)
				answer.Body.Close()
				require.Equal(t, test.want[i], answer.StatusCode, path)
			}
			require.NoError(t, a.voice.Shutdown(t.Context()))
		})
	}
}
