package wire

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("followed") }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	own, mine := NewClient(func(*http.Transport) {})
	assert.True(t, mine)
	defer own.CloseIdleConnections()
	for _, c := range []*http.Client{own, Straight(server.Client())} {
		resp, err := c.Post(server.URL, "text/plain", nil)
		require.NoError(t, err)
		resp.Body.Close()
		assert.Equal(t, 307, resp.StatusCode)
	}
	assert.Nil(t, server.Client().CheckRedirect, "the host's client is as it was")
}
