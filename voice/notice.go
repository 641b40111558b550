package voice

import (
	"log/slog"
	"sync"
	"time"
)

// notices bounds the lines about requests that Twilio has signed and anybody who has
// recorded them can send again.
type notices struct {
	mu       sync.Mutex
	second   time.Time // when the present one began
	lines    int       // in it
	unlogged int
}

const noticesASecond = 10

// warn logs a line, or counts it for the next one.
func (n *notices) warn(log *slog.Logger, message string, attrs ...any) {
	n.mu.Lock()
	if now := time.Now(); now.Sub(n.second) >= time.Second {
		n.second, n.lines = now, 0
	}
	if n.lines++; n.lines > noticesASecond {
		n.unlogged++
		n.mu.Unlock()
		return
	}
	if n.unlogged > 0 {
		attrs, n.unlogged = append(attrs, "unlogged", n.unlogged), 0
	}
	n.mu.Unlock()
	log.Warn(message, attrs...)
}
