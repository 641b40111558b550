package breaker

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(3, time.Minute)
		try := func(r Result) bool {
			if !b.Allow() {
				return false
			}
			b.Done(r)
			return true
		}
		for _, r := range []Result{Failure, Failure, Success, Failure, Neutral, Failure} {
			assert.True(t, try(r))
			assert.False(t, b.Open())
		}
		assert.True(t, try(Failure))
		assert.True(t, b.Open())
		assert.False(t, try(Success))
		time.Sleep(time.Minute)
		assert.False(t, b.Open())
		assert.True(t, b.Allow())
		assert.False(t, b.Allow(), "one at a time finds out")
		b.Done(Failure)
		assert.False(t, b.Allow())
		time.Sleep(time.Minute)
		assert.True(t, b.Allow())
		time.Sleep(time.Minute)
		assert.True(t, try(Success), "a probe that does not end keeps no other away")
		assert.True(t, try(Fatal))
		assert.True(t, b.Open())
	})
}
