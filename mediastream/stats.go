package mediastream

import (
	"sync/atomic"
	"time"
)

// Stats is a snapshot of a stream's counters.
type Stats struct {
	MessagesIn, BytesIn   uint64 // whole messages, their payload as JSON
	MessagesOut, BytesOut uint64

	Malformed   uint64        // messages that were skipped because they are not JSON or a field is missing or wrong
	WrongStream uint64        // messages that were skipped because they name another stream
	Unknown     uint64        // events of an unknown name
	Reordered   uint64        // messages whose sequence number was not larger than the one before
	Lost        uint64        // messages that are missing, by the sequence numbers
	Gaps        uint64        // places where audio is missing, by the timestamps
	Silence     time.Duration // audio missing there in all
	Dropped     uint64        // messages dropped because the consumer was too slow

	Backlog  time.Duration // audio received and not yet delivered to a slow consumer
	Queued   time.Duration // audio accepted by SendMedia and not yet sent
	Unplayed time.Duration // audio sent and, by the clock, not yet played
}

// counters are written by the connection's goroutines and read by Stats.
type counters struct {
	messagesIn, bytesIn, messagesOut, bytesOut atomic.Uint64
	malformed, wrongStream, unknown, reordered atomic.Uint64
	lost, gaps, dropped                        atomic.Uint64
	silence                                    atomic.Int64
}
