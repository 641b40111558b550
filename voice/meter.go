package voice

import (
	"context"
	"log/slog"
	"math"
	"sync"
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

// measured reports whether the log describes the audio.
func (c *liveCall) measured() bool { return c.log.Enabled(context.Background(), slog.LevelDebug) }

// tellAudio tells the log what arrives and what is sent, until the call ends.
func (c *liveCall) tellAudio(ctx context.Context) {
	timer := time.NewTimer(meterFirst)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		for i := range c.listeners {
			c.listeners[i].tellAudio()
		}
		if stats := c.line.Stats(); !c.Unidirectional {
			c.log.Debug("audio sent", "messages", stats.MessagesOut, "queued_ms", stats.Queued.Milliseconds(), "unplayed_ms", stats.Unplayed.Milliseconds(), "playbacks", c.player.unheard())
		}
		timer.Reset(meterEvery)
	}
}

func (l *listener) tellAudio() {
	frames, level := l.meter.take()
	what := "audio arrives"
	switch {
	case frames == 0:
		what = "no audio arrives"
	case level.DBov() < quietLevel:
		what = "silence arrives"
	}
	l.log.Debug(what, "frames", frames, "level_dbov", math.Round(level.DBov()), "peak_dbov", math.Round(level.PeakDBov()),
		"speech", l.speaks.Load(), "recognised", l.stream != nil)
}
