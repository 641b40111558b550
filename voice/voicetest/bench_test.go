package voicetest_test

import (
	"sync/atomic"
	"testing"
	"time"

	"agentos.dev/dialtone/voice/voicetest"

	"github.com/coder/websocket"
)

// A media message made, written to loopback and read there: what a load test
// pays for the fake, fifty times a second and call.
func BenchmarkFrame(b *testing.B) {
	b.ReportAllocs()
	var received atomic.Int64
	tw := voicetest.New(b, rawHost(func(conn *websocket.Conn, _ string) {
		for {
			if _, _, err := conn.Read(b.Context()); err != nil {
				return
			}
			received.Add(1)
		}
	}))
	b.ResetTimer()
	call := tw.Dial(alice, us, voicetest.Flood(0, b.N))
	for received.Load() < int64(b.N) {
		time.Sleep(100 * time.Microsecond)
	}
	b.StopTimer()
	call.HangUp()
}
