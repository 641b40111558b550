package throttle

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(New(slog.NewTextHandler(&out, nil), 3))
		for range 1000 {
			log.Warn("refused")
		}
		require.Equal(t, 3, strings.Count(out.String(), "\n"))
		require.NotContains(t, out.String(), "suppressed")
		out.Reset()
		time.Sleep(time.Minute)
		log.With("source", "192.0.2.1").WithGroup("request").Warn("refused", "path", "/")
		log.Warn("refused")
		require.Contains(t, out.String(), "source=192.0.2.1 request.path=/ request.suppressed=997")
		require.Equal(t, 1, strings.Count(out.String(), "suppressed"), "once")
		log.Debug("not wanted at all")
		require.Equal(t, 2, strings.Count(out.String(), "\n"))
	})
}

func TestAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(New(slog.NewTextHandler(&out, nil), 10))
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for range 50 {
					log.Warn("refused")
				}
			})
		}
		wg.Wait()
		require.Equal(t, 10, strings.Count(out.String(), "\n"))
	})
}
