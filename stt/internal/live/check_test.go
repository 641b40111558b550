package live_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/fakestt"
)

// TestHealthComesBackWithoutACall: who starts while the service is down and gets
// no calls for that would be down for ever.
func TestHealthComesBackWithoutACall(t *testing.T) {
	for name, service := range services {
		t.Run(name, func(t *testing.T) {
			down := slices.Repeat([]fakestt.Fault{{Status: 503}}, 9) // as often as one Prewarm tries
			down = append(down, fakestt.Fault{Status: 401})
			server := service.server(t, []string{"one"}, down...)
			synctest.Test(t, func(t *testing.T) {
				e, err := service.engine(server.URL, far(t, server.Client(t)))
				require.NoError(t, err)
				check := func() error {
					ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
					defer cancel()
					return e.Check(ctx)
				}
				require.Error(t, e.Prewarm(t.Context()))
				for range 29 {
					require.Error(t, check())
					time.Sleep(time.Second)
				}
				require.Equal(t, 9, server.Connections(), "it is left alone")
				time.Sleep(time.Second)
				require.Error(t, check(), "the key is refused")
				require.Equal(t, 10, server.Connections())
				require.Error(t, check())
				require.Equal(t, 10, server.Connections())
				time.Sleep(30 * time.Second)
				require.NoError(t, check())
				assert.True(t, e.Status().Ready)
				synctest.Wait()
				assert.Less(t, firstEvent(t, e), 100*time.Millisecond, "and the next call's connection is ready")
				require.NoError(t, e.Close())
			})
		})
	}
}

// TestHealthAfterClose: a check keeps no connection that Close does not see.
func TestHealthAfterClose(t *testing.T) {
	server := fakestt.NewVosk(t, []string{"one"}, slices.Repeat([]fakestt.Fault{{Status: 503}}, 9)...)
	synctest.Test(t, func(t *testing.T) {
		e, err := services["vosk"].engine(server.URL, far(t, server.Client(t)))
		require.NoError(t, err)
		require.Error(t, e.Prewarm(t.Context()))
		time.Sleep(time.Minute)
		checked := make(chan error)
		go func() { checked <- e.Check(t.Context()) }()
		time.Sleep(50 * time.Millisecond) // it is connecting
		require.NoError(t, e.Close())
		require.NoError(t, <-checked)
	}) // which fails if a goroutine is left
}
