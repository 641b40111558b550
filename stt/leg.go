package stt

import (
	"context"
	"time"
)

// leg is a call on one of a failover's engines. A panic of the engine is an
// error of its stream.
type leg struct {
	stream Stream
	offset time.Duration // of the stream's clock on the call's
	until  time.Duration // of the call; what it hears before that is replayed
	opened time.Time

	// What follows is guarded by the failover's mu.
	given   int  // bytes of the held audio that the stream was given
	live    bool // the stream was given all of it
	settled bool // the engine's breaker knows how it went
}

func openLeg(ctx context.Context, e Engine, c Config, offset, until time.Duration) (l *leg, err error) {
	defer recovered("open", &err)
	stream, err := e.Open(ctx, c)
	return &leg{stream: stream, offset: offset, until: until, opened: time.Now(), live: offset == until}, err
}

func (l *leg) send(audio []byte, arrived time.Time, voice []float32) (err error) {
	defer recovered("send", &err)
	if s, ok := l.stream.(listener); ok {
		return s.listen(audio, arrived, voice)
	}
	return l.stream.Send(audio)
}

func (l *leg) recv(ctx context.Context) (ev Event, err error) {
	defer recovered("read", &err)
	return l.stream.Recv(ctx)
}

func (l *leg) flush(ctx context.Context) (err error) {
	defer recovered("flush", &err)
	return l.stream.Flush(ctx)
}

func (l *leg) close() (err error) {
	defer recovered("close", &err)
	return l.stream.Close()
}

// listens reports whether the stream is one of this package that listens for
// speech itself: it tells the Timing of its transcripts, and a Flush of it asks
// nobody when nothing was said.
func (l *leg) listens() bool {
	_, ok := l.stream.(listener)
	return ok
}

// hurried reports whether the stream may be given audio faster than it was
// spoken: one over a network is throttled.
func (l *leg) hurried() bool {
	_, ok := l.stream.(*segmentedStream)
	return ok
}
