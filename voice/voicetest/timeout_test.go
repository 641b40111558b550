package voicetest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
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

func TestAFailedConnectionIsTriedOnceMore(t *testing.T) {
	tw := New(t, blocking("/none", nil, "<Response/>"))
	var dials atomic.Int64
	dial := tw.link.transport.DialTLSContext
	tw.link.transport.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if dials.Add(1)%2 == 1 {
			return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("refused")}
		}
		return dial(ctx, network, addr)
	}
	call := tw.Dial("+14155550100", "+14155550199")
	require.NoError(t, call.Wait(t.Context()))
	require.EqualValues(t, 4, dials.Load(), "webhook and callback, twice each")
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

// TestADocumentByRESTBetweenTwoDocuments runs at once, not when the second has
// ended, which may be never.
func TestADocumentByRESTBetweenTwoDocuments(t *testing.T) {
	tw := New(t, blocking("/none", nil, `<Response><Say>second</Say></Response>`))
	call := tw.newCall("+14155550100", "+14155550199", "inbound", nil)
	replacement, _, _ := restDocument(`<Response><Say>replacement</Say></Response>`, "", "")
	require.True(t, call.replace(replacement)) // the first has ended, the second has not begun
	call.start(&document{url: PublicURL + "/second", method: http.MethodPost})
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"replacement"}, call.Said())
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
