package voice_test

import (
	"context"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/callback"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestStatusCallbacksAreTheHostsToo: each that Twilio has signed, with all that it holds,
// before it is answered.
func TestStatusCallbacksAreTheHostsToo(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	told := make(map[string]*callback.Status)
	_, mux := newHost(t, voice.Config{Handler: waiting, Trace: &voice.Trace{
		StatusCallback: func(_ context.Context, call voice.Info, form url.Values) {
			s, err := callback.ReadStatus(form)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && call.SID == s.SID {
				told[s.Status] = s
			}
		},
	}})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee, voicetest.StatusEvents("ringing", "answered", "completed"), voicetest.Param("SipResponseCode", "200"))
	require.NoError(t, call.Listen(0))
	call.HangUp()
	forged := tw.Dial(caller, callee, voicetest.WrongSignature(voicetest.Callback), voicetest.Unanswered("busy"))
	forged.HangUp()
	require.NoError(t, tw.Close())
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, told, 3)
	end := told["completed"]
	require.Equal(t, caller, end.From)
	require.Equal(t, 200, end.SIPCode)
	require.Equal(t, 2, end.Sequence)
	require.True(t, end.After(told["in-progress"]))
}
