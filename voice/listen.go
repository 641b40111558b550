package voice

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/stt"
)

// listener has a call's speech recognised. The reader sends audio; a goroutine
// of the listener moves what comes of it to the inbox. Whatever the engine does,
// a panic included, the call stays up.
type listener struct {
	info    Info
	trace   *Trace
	log     *slog.Logger
	inbox   *inbox
	stream  stt.Stream // nil when there is no recogniser, or none that works
	working sync.WaitGroup
	deaf    context.CancelFunc // ends the goroutine
	closing atomic.Bool        // the call is over: what ends now is no failure
	muted   bool               // the reader's own: the recogniser gets nothing any more
	audio   []byte             // the reader's scratch: one frame of mu-law
}

// open starts to listen.
func (l *listener) open(ctx context.Context, engine stt.Engine, c stt.Config) {
	err := unpanicked("open", func() (err error) {
		l.stream, err = engine.Open(ctx, c)
		return err
	})
	if err != nil {
		l.stream = nil
		l.failed(err)
		return
	}
	ctx, l.deaf = context.WithCancel(ctx)
	l.working.Go(func() {
		defer l.deaf()
		if err := l.receive(ctx); err != nil && !l.closing.Load() && ctx.Err() == nil {
			l.failed(fmt.Errorf("voice: the recogniser ended early: %w", err))
		}
	})
}

// receive moves the recogniser's events to the inbox until there are no more.
func (l *listener) receive(ctx context.Context) error {
	return unpanicked("receive", func() error {
		for {
			e, err := l.stream.Recv(ctx)
			if err != nil {
				return err
			}
			l.observe(e)
			if !l.inbox.put(Event{Event: e}) {
				l.log.Warn("event dropped: the handler does not read its events")
			}
		}
	})
}

// observe counts and logs what the recogniser reports.
func (l *listener) observe(e stt.Event) {
	l.trace.STTEvent(l.info, e)
	switch {
	case e.Kind == stt.Degraded:
		l.trace.STTError(l.info, stt.Reason(e.Err))
		l.log.Warn("speech recognition degraded", "error", e.Err)
	case e.Kind == stt.Final && e.Timing.Valid:
		ms := e.Timing.Latency.Milliseconds()
		l.log.Info("STT latency latency="+strconv.FormatInt(ms, 10)+"ms", "latency_ms", ms,
			"queue_ms", e.Timing.Queue.Milliseconds(), "recognition_ms", e.Timing.Recognition.Milliseconds(), "engine", e.Transcript.Engine)
	}
}

// hear takes one piece of the caller's audio.
func (l *listener) hear(media mediastream.Audio) {
	l.trace.FrameReceived()
	if media.Track != mediastream.Inbound || l.stream == nil || l.muted {
		return
	}
	if n := base64.StdEncoding.DecodedLen(len(media.Payload)); cap(l.audio) < n {
		l.audio = make([]byte, n)
	}
	n, err := strictBase64.Decode(l.audio[:cap(l.audio)], media.Payload)
	if err != nil {
		l.trace.TranscodingError("base64")
		return
	}
	// Other errors of the stream come out of Recv as well.
	if err := l.send(l.audio[:n]); errors.Is(err, stt.ErrPanic) {
		l.muted = true
		l.deaf()
		l.failed(err)
	}
}

var strictBase64 = base64.StdEncoding.Strict()

func (l *listener) send(frame []byte) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked("send", p)
		}
	}()
	return l.stream.Send(frame)
}

// close ends listening. With lastWords it waits for what was just said.
func (l *listener) close(lastWords bool) {
	l.closing.Store(true)
	if l.stream == nil {
		return
	}
	err := unpanicked("close", func() error {
		if lastWords {
			ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
			defer cancel()
			if err := l.stream.Flush(ctx); err != nil {
				l.log.Warn("the last words were not recognised", "error", err)
			}
		}
		return l.stream.Close()
	})
	if err != nil {
		l.log.Warn("closing the recogniser failed", "error", err)
	}
	giveUp := time.AfterFunc(flushTimeout, l.deaf) // on an engine that does not heed Close
	defer giveUp.Stop()
	l.working.Wait()
}

// failed tells everyone that the call goes on without transcripts.
func (l *listener) failed(err error) {
	l.trace.STTError(l.info, stt.Reason(err))
	logFailure(l.log, "speech recognition failed", l.info.SID, "speech_recognition_failed", "error", err)
	l.inbox.fail(err)
}

// unpanicked runs f, which is an engine's, and returns a panic as an error.
func unpanicked(op string, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = panicked(op, p)
		}
	}()
	return f()
}

func panicked(op string, p any) error {
	return &stt.Error{Op: op, Kind: stt.ErrPanic, Err: fmt.Errorf("%v", p)}
}
