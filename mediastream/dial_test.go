package mediastream_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
)

// TestDialConnectsAsTold has a server that tells the request it got, and then
// the messages, by a reader of its own.
func TestDialConnectsAsTold(t *testing.T) {
	got := make(chan string, 4)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Host + " " + r.UserAgent()
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		for range 2 {
			_, data, _ := ws.Read(r.Context())
			got <- string(data)
		}
		_ = ws.Close(4000, "enough")
	}))
	defer srv.Close()
	tw, err := mediastream.Dial(t.Context(), strings.Replace(srv.URL, "http", "ws", 1), mediastream.Stream{StreamSID: "MZ1"}, &mediastream.DialOptions{
		Header:    http.Header{"User-Agent": {"Twilio.TmeWs/1.0"}},
		Host:      "calls.example.com",
		Transport: &http.Transport{DisableKeepAlives: true},
	})
	require.NoError(t, err)
	require.Equal(t, "calls.example.com Twilio.TmeWs/1.0", next(t, got))
	begin(t, tw)
	require.Equal(t, `{"event":"connected","protocol":"Call","version":"1.0.0"}`, next(t, got))
	require.Equal(t, `{"event":"start","sequenceNumber":"1","start":{"accountSid":"","streamSid":"MZ1","callSid":"","tracks":["inbound"],`+
		`"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{}},"streamSid":"MZ1"}`, next(t, got))
	_, err = tw.Receive(t.Context())
	require.Equal(t, &mediastream.CloseError{Code: 4000, Reason: "enough"}, err)
	require.EqualError(t, err, "mediastream: closed with code 4000: enough")
}

func TestDialIsRefused(t *testing.T) {
	srv := httptest.NewServer(http.RedirectHandler("/elsewhere", http.StatusFound))
	defer srv.Close()
	transport := &http.Transport{DisableKeepAlives: true}
	refused := func(url string) *mediastream.Error {
		_, err := mediastream.Dial(t.Context(), url, stream, &mediastream.DialOptions{Transport: transport})
		var e *mediastream.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, mediastream.ErrorHandshake, e.Type)
		return e
	}
	require.Equal(t, http.StatusFound, refused(srv.URL).Code, "a redirect is not followed")
	nobody := refused("ws://127.0.0.1:1") // no port that a server of another test could be given
	require.Zero(t, nobody.Code)
	require.ErrorIs(t, nobody, syscall.ECONNREFUSED)
}

func TestReceiveTellsHowTheStreamEnded(t *testing.T) {
	url := serve(t, nil, func(c *mediastream.Conn) {
		for range c.Events(context.Background()) {
		}
		_ = c.Close(1000, "")
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 { // it may look at the context before or after the socket
		tw := dial(t, url)
		_, err := tw.Receive(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Error(t, tw.Send(tw.Connected()), "the socket is closed")
	}

	tw := dial(t, url)
	require.NoError(t, tw.Abort())
	_, err := tw.Receive(t.Context())
	for _, err := range []error{err, tw.Send(tw.Connected())} {
		var e *mediastream.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, mediastream.ErrorDisconnect, e.Type)
		require.Equal(t, 1006, e.Code)
	}
}
