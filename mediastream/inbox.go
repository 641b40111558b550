package mediastream

import (
	"encoding/base64"
	"sync/atomic"
	"time"
)

// inbox is the state of the reading side. Only the reader touches it, but for
// the atomics.
type inbox struct {
	event     Event // the consumer's
	connected bool
	started   atomic.Bool
	over      atomic.Bool // nothing more comes
	sid       string
	sequence  uint64
	skipped   int
	rate      int           // bytes of audio per second
	played    [2]trackClock // inbound, outbound
	credit    atomic.Int64  // messages that may come before the next look of the watch
}

// trackClock follows one track's audio, in timestamps.
type trackClock struct {
	begun bool
	end   time.Duration // of the frame before
}

func (in *inbox) clock(track Track) *trackClock {
	if track == TrackOutbound {
		return &in.played[1]
	}
	return &in.played[0]
}

// length returns how long a frame plays.
func (in *inbox) length(frame *Frame) time.Duration {
	return time.Duration(decodedLen(frame.Payload)) * time.Second / time.Duration(in.rate)
}

// minGap is the shortest jump of the timestamps that counts as missing audio:
// one frame. Less is jitter, and adds up until it is as much.
const minGap = frameLength

// decodedLen returns the length of base64 with padding, decoded.
func decodedLen(payload []byte) int {
	n := base64.StdEncoding.DecodedLen(len(payload))
	for i := len(payload) - 1; i >= 0 && i >= len(payload)-2 && payload[i] == '='; i-- {
		n--
	}
	return n
}

// leaveOut adds the time of a frame that is dropped to the gap before the next
// one of its track, which is among the later ones or yet to come.
func (in *inbox) leaveOut(frame *Frame, later []item) {
	missing, track := frame.Gap+in.length(frame), in.clock(frame.Track)
	for i := range later {
		if e := &later[i].event; e.Type == EventMedia && in.clock(e.Media.Track) == track {
			e.Media.Gap += missing
			return
		}
	}
	track.end -= missing
}
