package voicetest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// blocking answers as handler does, except that requests to path wait.
func blocking(path string, release chan struct{}, twiml string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, path) {
			<-release
		}
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, twiml)
	}
}

func TestWebhooksThatTakeTooLong(t *testing.T) {
	release := make(chan struct{})
	tw := New(t, blocking("/inbound", release, "<Response/>"))
	tw.link.webhook = 20 * time.Millisecond
	call := tw.Dial("+14155550100", "+14155550199")
	require.ErrorContains(t, call.Wait(t.Context()), "11205")
	close(release)
}

func TestHandshakesThatTakeTooLong(t *testing.T) {
	release := make(chan struct{})
	tw := New(t, blocking("/echo", release, `<Response><Connect><Stream url="wss://calls.example.com/echo"/></Connect></Response>`))
	tw.link.handshake = 20 * time.Millisecond
	call := tw.Dial("+14155550100", "+14155550199")
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, 31901, call.Warnings()[0].Code)
	close(release)
}

func TestHandlersThatOutliveTheirCallAreNamed(t *testing.T) {
	release := make(chan struct{})
	tw, err := Start(Config{Handler: blocking("/inbound", release, "<Response/>")})
	require.NoError(t, err)
	tw.link.webhook, tw.link.grace = 20*time.Millisecond, 20*time.Millisecond
	tw.Dial("+14155550100", "+14155550199").HangUp()
	require.ErrorContains(t, tw.Close(), "POST /api/voice/twilio/inbound is still running")
	close(release)
}
