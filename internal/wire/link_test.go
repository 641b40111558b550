package wire_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/wire"
)

// TestMessagesKeepTheirKind: also those that came before somebody took them.
func TestMessagesKeepTheirKind(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if !assert.NoError(t, err) {
			return
		}
		defer conn.CloseNow()
		conn.Write(r.Context(), websocket.MessageText, []byte("early"))
		conn.Write(r.Context(), websocket.MessageBinary, []byte{1})
		_, _, err = conn.Read(r.Context())
		assert.NoError(t, err)
		conn.Write(r.Context(), websocket.MessageBinary, []byte{2})
		conn.Write(r.Context(), websocket.MessageText, []byte("late"))
		conn.Write(r.Context(), websocket.MessageBinary, bytes.Repeat([]byte{3}, 2000))
		conn.Read(r.Context())
	}))
	defer server.Close()
	url := "ws" + strings.TrimPrefix(server.URL, "http")
	e := wire.New(wire.Options{URL: url, MaxMessage: 1000})
	defer e.Close()
	link, err := e.Connect(t.Context(), url)
	require.NoError(t, err)
	defer link.Close()
	got := make(chan wire.Message, 8)
	require.NoError(t, link.Attach(func(m wire.Message) error {
		got <- m
		return nil
	}))
	require.NoError(t, link.Write(t.Context(), wire.Message{Data: []byte("go on")}))
	for _, want := range []wire.Message{{Data: []byte("early")}, {Binary: true, Data: []byte{1}}, {Binary: true, Data: []byte{2}}, {Data: []byte("late")}} {
		require.Equal(t, want, <-got)
	}
	<-link.Ended()
	require.Error(t, link.Err(), "a message that is too long ends the connection")
}
