package voice_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestVerified: the host's own webhooks are checked by the tokens in force.
func TestVerified(t *testing.T) {
	srv, mux := newHost(t, voice.Config{Handler: waiting})
	mux.Handle("POST /menu", srv.Verified(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		twiml.Respond(w, &twiml.Say{Text: r.PostForm.Get("From")})
	})))
	tw := voicetest.New(t, mux, voicetest.Config{InboundPath: "/menu"})
	call := tw.Dial(caller, callee)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{caller}, call.Said())
	require.Error(t, dialled(t, tw, voicetest.Unsigned()))

	require.NoError(t, srv.SetAuthTokens([]string{"another"}))
	require.Error(t, dialled(t, tw))
}

func dialled(t *testing.T, tw *voicetest.Twilio, options ...voicetest.Option) error {
	return tw.Dial(caller, callee, options...).Wait(t.Context())
}
