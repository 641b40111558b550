package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/voice/voicetest"
)

// startRedis runs a Redis for the test and returns its URL.
func startRedis(t *testing.T) (url string) {
	redis := apt.Need(t, "redis-server", "redis-server")
	addr := freeAddress(t)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	cmd := exec.Command(redis, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	require.Eventually(t, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, patience, tick)
	return "redis://" + addr
}

// TestLogWithoutRedis runs the real program with a Redis that is away: its log is
// nothing but lines of the configured format, and one of them says so.
func TestLogWithoutRedis(t *testing.T) {
	addr := freeAddress(t)
	cmd := program(t, addr, "LOG_FORMAT=json", "REDIS_URL=redis://127.0.0.1:1")
	var log bytes.Buffer
	cmd.Stderr = &log
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { return status("http://"+addr+"/livez") == http.StatusOK }, patience, tick)
	call := voicetest.New(t, nil, voicetest.Config{Target: "http://" + addr}).Dial("+14155550100", "+14155550199", voicetest.Unsigned(voicetest.Handshake))
	require.NoError(t, call.Wait(t.Context()))
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait())

	warnings := 0
	for line := range strings.Lines(log.String()) {
		var record struct{ Level, Msg string }
		require.NoError(t, json.Unmarshal([]byte(line), &record), line)
		if record.Level == "WARNING" && strings.HasPrefix(record.Msg, "store given up") {
			warnings++
		}
	}
	require.Equal(t, 1, warnings, log.String())
}

// TestTwoInstancesHoldOneLimit runs two servers on one Redis: whichever of them
// a caller reaches, the limit is the same. A server without a Redis that answers
// works on its own.
func TestTwoInstancesHoldOneLimit(t *testing.T) {
	const limit = 4
	present, absent := startRedis(t), "redis://"+freeAddress(t)
	for name, test := range map[string]struct {
		url       string
		instances int
		want      int
	}{
		"one Redis": {present, 1, limit},
		"a Redis that is absent: each holds the limit for itself": {absent, 1, 2 * limit},
		"a Redis that is absent: each holds its share":            {absent, 2, limit},
	} {
		t.Run(name, func(t *testing.T) {
			var instances []*voicetest.Twilio
			for range 2 {
				c, err := configFromEnv(environment("TWILIO_AUTH_TOKEN="+voicetest.AuthToken, "PUBLIC_URL="+voicetest.PublicURL,
					"STT=off", "REDIS_URL="+test.url, fmt.Sprintf("INSTANCES=%d", test.instances), fmt.Sprintf("CALLS_PER_HOUR_LIMIT=%d", limit)))
				require.NoError(t, err)
				c.storeWait = patience
				a, err := newApp(t.Context(), c, c.logger(io.Discard), nil)
				require.NoError(t, err)
				t.Cleanup(a.close)
				instances = append(instances, voicetest.New(t, a.handler))
			}
			var calls []*voicetest.Call
			for i := range 4 * limit {
				calls = append(calls, instances[i%2].Dial("+14155550100", "+14155550199", voicetest.Unsigned(voicetest.Handshake)))
			}
			accepted := 0
			for _, call := range calls {
				if call.Wait(t.Context()); call.StreamURL() != "" {
					accepted++
				}
			}
			require.Equal(t, test.want, accepted)
		})
	}
}
