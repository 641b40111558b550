package wire_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/internal/wire"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().UTC()
		for value, want := range map[string]time.Duration{
			"": 0, "2": 2 * time.Second, "0.5": 500 * time.Millisecond, "-1": 0, "1e9": 0, "NaN": 0, "Inf": 0, "soon": 0, " 2 ": 2 * time.Second,
			now.Add(time.Minute).Format(http.TimeFormat):  time.Minute,
			now.Add(-time.Minute).Format(http.TimeFormat): 0,
		} {
			require.Equal(t, want, wire.RetryAfter(http.Header{"Retry-After": {value}}), value)
		}
		require.Zero(t, wire.RetryAfter(http.Header{"Retry-After": {now.Add(1000 * time.Hour).Format(http.TimeFormat)}}))
		require.Equal(t, 20*time.Millisecond, wire.RetryAfter(http.Header{"Retry-After-Ms": {"20"}, "Retry-After": {"1"}}))
		require.Equal(t, time.Second, wire.RetryAfter(http.Header{"Retry-After-Ms": {"soon"}, "Retry-After": {" 1 "}}))
	})
}
