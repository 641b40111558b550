package voice

import (
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/codec"
)

const (
	// meterFirst and meterEvery are when the log tells, at level debug, what arrives in a
	// call and what is sent.
	meterFirst = time.Second
	meterEvery = 5 * time.Second
	// quietLevel is below the speech of the quietest caller, in dBov.
	quietLevel = -60
)

// meter measures what arrives on a track.
type meter struct {
	mu     sync.Mutex
	frames int
	level  codec.Level
}

func (m *meter) add(mulaw []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.frames++
	m.level.AddMulaw(mulaw)
}

// take returns what has arrived since it was called last.
func (m *meter) take() (frames int, level codec.Level) {
	m.mu.Lock()
	defer m.mu.Unlock()
	frames, level = m.frames, m.level
	m.frames, m.level = 0, codec.Level{}
	return frames, level
}

const (
	// silenceLevel is that of no sound, in dBov.
	silenceLevel = -127
	// gaugeFrames is for how many frames a level is measured after a look at it: 10 s.
	gaugeFrames = 500
)

// gauge measures what arrives on a track, while somebody looks at it.
type gauge struct {
	meter
	frames atomic.Int32 // frames that are measured yet
}

// watched reports whether the next frame is to be measured.
func (g *gauge) watched() bool {
	if g.frames.Load() <= 0 {
		return false
	}
	g.frames.Add(-1)
	return true
}

// look returns the level since the last look, in dBov.
func (g *gauge) look() float64 {
	g.frames.Store(gaugeFrames)
	frames, level := g.take()
	if frames == 0 {
		return silenceLevel
	}
	return level.DBov()
}
