package mediastream

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLateLookBlamesNobody pauses the watch, as a paused process does, for longer than the
// peer may be silent and a write may take: both have their whole time after that.
func TestLateLookBlamesNobody(t *testing.T) {
	for name, test := range map[string]struct {
		stall bool
		after time.Duration // until the stream ends, if nothing changes
	}{
		"peer is silent":     {false, 10 * time.Second},
		"write is under way": {true, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFakeSocket()
				s.stalled = make(chan struct{})
				opts := Options{IdleTimeout: 10 * time.Second, WriteTimeout: 5 * time.Second}
				if test.stall {
					opts.IdleTimeout = time.Hour
				}
				c := newConn(s, &twilio{}, opts.withDefaults())
				s.in <- testStart
				ended := make(chan error, 1)
				go func() {
					var last error
					for _, err := range c.Events(context.Background()) {
						last = err
					}
					ended <- last
				}()
				synctest.Wait()
				if test.stall {
					require.NoError(t, c.SendMedia(make([]byte, 160)))
				}
				time.Sleep(700 * time.Millisecond)
				c.watch.mu.Lock()
				c.watch.timer.Stop()
				c.watch.mu.Unlock()
				time.Sleep(12 * time.Second)
				c.look()
				time.Sleep(test.after - 2*time.Second)
				select {
				case err := <-ended:
					require.NoError(t, err)
				default:
				}
				time.Sleep(3 * time.Second)
				require.ErrorAs(t, <-ended, new(*Error))
				_ = c.Close(1000, "")
			})
		})
	}
}
