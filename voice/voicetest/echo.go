package voicetest

import (
	"bytes"
	"math"
	"time"

	"agentos.dev/dialtone/codec"
)

// Echo sends a share of what the caller hears back to the host, as a loudspeaker does:
// quieter by level, in dB below 0, and later by delay; telephones bring back -6 to -30 dB after
// 150 to 600 ms. A host that interrupts itself then does not say its sentence to its end:
//
//	call := tw.Dial("+14155550100", "+14155550199", voicetest.Echo(-18, 250*time.Millisecond))
//	call.HearsText("how can I help you", 5*time.Second)
//
// Over ConversationRelay, where Twilio recognises, the host's own words come as the caller's,
// unless echoPromptFiltering is on.
func Echo(level float64, delay time.Duration) Option {
	return func(p *plan) {
		gain := math.Pow(10, min(level, 0)/20)
		p.echo = &echo{gain: int32(gain * (1 << 15)), frames: make([][frameSize]byte, max(1, int(delay/(frameMS*time.Millisecond))))}
		for i := range p.echo.frames {
			p.echo.frames[i] = silence
		}
	}
}

// echo is the way from what a caller hears back to the host.
type echo struct {
	gain   int32 // 15 bits behind the point
	frames [][frameSize]byte
	next   int
	pcm    []int16
	back   []int16
}

// pass takes what the caller hears, and adds to what he says what comes back of it. It
// reports whether something does.
func (e *echo) pass(heard, spoken []byte) bool {
	from := &e.frames[e.next]
	e.next = (e.next + 1) % len(e.frames)
	sounds := !bytes.Equal(from[:], silence[:])
	if sounds {
		e.pcm = codec.AppendDecodeMulaw(e.pcm[:0], spoken)
		e.back = codec.AppendDecodeMulaw(e.back[:0], from[:])
		for i, v := range e.back {
			e.pcm[i] = int16(max(math.MinInt16, min(math.MaxInt16, int32(e.pcm[i])+int32(v)*e.gain>>15)))
		}
		codec.AppendEncodeMulaw(spoken[:0], e.pcm)
	}
	copy(from[:], heard)
	return sounds
}
