package voice

import (
	"time"

	"agentos.dev/dialtone/mediastream"
)

// line is the connection of a call: a mediastream.Conn, or what is made of a relay.Conn.
type line interface {
	output
	Close(code int, reason string) error
}

// output is a connection as a player needs it. Its positions count bytes of what was sent.
type output interface {
	SendMedia(audio []byte) error
	SendMark(name string) error
	Clear() error
	Played() (certain, about int64)
	Stats() mediastream.Stats
}

// pauser is a line whose playback can pause.
type pauser interface {
	Pause() error
	Resume() error
}

// WebSocket close codes, RFC 6455 section 7.4.1.
const (
	closeNormal          = 1000
	closeGoingAway       = 1001
	closePolicyViolation = 1008
)

// audioLength returns how long n bytes of mu-law last.
func audioLength(n int) time.Duration {
	const rate = 8000
	return time.Duration(n) * time.Second / rate
}

// audioSize returns how many bytes of mu-law there are at a time, rounded up.
func audioSize(d time.Duration) int {
	const sample = time.Second / 8000
	return int((d + sample - 1) / sample)
}
