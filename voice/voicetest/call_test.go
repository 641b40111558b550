package voicetest_test

import (
	"context"
	"os"
	"testing"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

func read(t testing.TB, file string) []byte {
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	audio, err := codec.ReadMulaw(f)
	require.NoError(t, err)
	return audio
}

func TestACallFromRingingToItsLastCallback(t *testing.T) {
	t.Parallel()
	h := newHost(t, answer(echoTwiML))
	tw := voicetest.New(t, h)
	call := tw.Dial(alice, us)
	require.Equal(t, "in-progress", call.Status())
	call.Speak("testdata/book_a_room.wav")
	call.Hears(read(t, "testdata/book_a_room.wav"), 2*time.Second)
	call.Digits("1#")
	call.HangUp()

	require.NoError(t, call.Wait(context.Background()))
	require.Equal(t, "completed", call.Status())
	require.Empty(t, call.Warnings())
	require.Contains(t, h.logged(), "mark second 1")
	require.Contains(t, h.logged(), "dtmf #")
	require.Contains(t, h.logged(), "stop")
	start := h.started(t, 1)[0]
	require.Equal(t, call.SID, start.CallSID)
	require.Equal(t, map[string]string{"tenant": "acme"}, start.Parameters)

	webhook := h.to("/inbound")
	require.Len(t, webhook, 1)
	require.Equal(t, "calls.example.com", webhook[0].host)
	require.Equal(t, "TwilioProxy/1.1", webhook[0].header.Get("User-Agent"))
	require.NotEmpty(t, webhook[0].header.Get("I-Twilio-Idempotency-Token"))
	require.Equal(t, "ringing", webhook[0].form.Get("CallStatus"))
	require.Equal(t, alice, webhook[0].form.Get("From"))

	status := h.to("/status")
	require.Len(t, status, 1)
	require.Equal(t, "completed", status[0].form.Get("CallStatus"))
	require.Equal(t, "0", status[0].form.Get("SequenceNumber"))
	require.Equal(t, "1", status[0].form.Get("Duration"))
}
