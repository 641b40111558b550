package voicetest_test

import (
	"context"
	"net/http"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestAnHourInAMoment: in memory, and within testing/synctest, a call of an hour with all
// its frames takes no time. DIALTONE_HOUR=1 says how long it takes.
func TestAnHourInAMoment(t *testing.T) {
	talk := time.Minute
	if os.Getenv("DIALTONE_HOUR") != "" {
		talk = time.Hour
	}
	began := time.Now()
	synctest.Test(t, func(t *testing.T) {
		heard := make(chan int, 1)
		srv, err := voice.New(voice.Config{
			AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, MaxDuration: 2 * time.Hour,
			Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				playback, err := call.Play(ctx, make([]byte, 8000))
				if err == nil {
					err = playback.Wait(ctx)
				}
				if err != nil {
					return err
				}
				<-ctx.Done()
				heard <- 1
				return nil
			}),
		})
		require.NoError(t, err)
		mux := http.NewServeMux()
		mux.Handle("/api/voice/", srv)
		tw := voicetest.New(t, mux, voicetest.Config{InMemory: true})
		call := tw.Dial("+14155550100", "+14155550199")
		call.Hears(make([]byte, 8000), 2*time.Second)
		call.Listen(talk)
		call.HangUp()
		require.GreaterOrEqual(t, call.Duration(), talk)
		require.GreaterOrEqual(t, call.Stats().FramesSent, int(talk/(20*time.Millisecond)))
		<-heard
		resp, err := tw.Client().Get(tw.RESTURL() + "/2010-04-01/Accounts/" + voicetest.AccountSID + "/Calls.json")
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, http.StatusUnauthorized, resp.StatusCode)
		require.NoError(t, tw.Close())
		require.NoError(t, srv.Shutdown(context.Background()))
	})
	t.Logf("%v of a call took %v", talk, time.Since(began))
}
