package stt

import (
	"context"
	"sync"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// Measure fills in the Timing of an engine's final transcripts, by listening to
// the same audio: the caller's last voiced sample, and not the service's view of
// it, is what latency counts from. The engines of this module measure
// themselves; one of your own that streams is wrapped with this.
func Measure(e Engine) Engine { return &measuredEngine{passThrough{e}, e} }

type measuredEngine struct {
	passThrough
	engine Engine
}

func (e *measuredEngine) Open(ctx context.Context, c Config) (Stream, error) {
	ear, err := newEar(c.Format, vad.Options{}, remembered)
	if err != nil {
		return nil, err
	}
	s, err := e.engine.Open(ctx, c)
	if err != nil {
		return nil, err
	}
	return &measured{Stream: s, ear: ear}, nil
}

// remembered is how long after its audio a transcript can be measured.
const remembered = time.Minute

type measured struct {
	Stream
	mu  sync.Mutex
	ear *ear
}

func (m *measured) Send(frame []byte) error {
	m.mu.Lock()
	m.ear.hear(frame, time.Now(), m.ear.detect(frame))
	m.mu.Unlock()
	return m.Stream.Send(frame)
}

// listen implements listener.
func (m *measured) listen(audio []byte, arrived time.Time, voice []float32) error {
	m.mu.Lock()
	m.ear.hear(audio, arrived, voice)
	m.mu.Unlock()
	return m.Stream.Send(audio)
}

func (m *measured) Recv(ctx context.Context) (Event, error) {
	ev, err := m.Stream.Recv(ctx)
	if err == nil && ev.Kind == Final {
		m.mu.Lock()
		ev.Timing.Latency, ev.Timing.Valid = m.ear.latency(ev.Transcript, ev.At)
		m.mu.Unlock()
	}
	return ev, err
}
