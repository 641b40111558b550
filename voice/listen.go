package voice

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/stt"
)

// listener has a call's speech recognised: the reader sends audio, and what is heard
// goes to the inbox, from whichever goroutine hears it. Whatever the engine does,
// a panic included, the call stays up.
type listener struct {
	info    Info
	trace   *Trace
	log     *slog.Logger
	inbox   *inbox
	hearing *hearing
	stream  stt.Stream  // nil when there is no recogniser, or none that works
	speaks  atomic.Bool // the caller, as the recogniser hears
	closing atomic.Bool // the call is over: what ends now is no failure
	audio   []byte      // the reader's scratch: one frame of mu-law

	sent  time.Duration // audio, by the reader
	waits atomic.Int64  // up to when of it speech has been answered, in ns and one; 0: none waits
}

// open starts to listen.
func (l *listener) open(ctx context.Context, engine stt.Engine, c stt.Config) {
	c.Emit = l.heard
	var err error
	if l.stream, err = stt.Open(ctx, engine, c); err != nil {
		l.failed(err)
	}
}

// heard moves an event to the inbox.
func (l *listener) heard(e stt.Event) {
	defer contain(l.log)
	if e.Kind == stt.Ended {
		if !l.closing.Load() {
			l.failed(fmt.Errorf("voice: the recogniser ended early: %w", e.Err))
		}
		return
	}
	l.observe(e)
	if !l.inbox.put(Event{Event: e}) {
		l.log.Warn("event dropped: the handler does not read its events")
	}
}

// observe counts and logs what the recogniser reports.
func (l *listener) observe(e stt.Event) {
	l.trace.STTEvent(l.info, e)
	l.hearing.heard(e)
	switch e.Kind {
	case stt.SpeechStart:
		l.speaks.Store(true)
		l.waits.CompareAndSwap(0, int64(e.Transcript.Start)+1)
	case stt.Final:
		l.speaks.Store(false)
		if l.waits.Load() != 0 {
			l.waits.Store(int64(e.Transcript.End) + 1)
		}
	case stt.UtteranceEnd:
		l.speaks.Store(false)
		l.waits.Store(0)
	}
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

// hear takes one frame of the caller's audio.
func (l *listener) hear(media mediastream.Audio) {
	l.trace.FrameReceived()
	if media.Track != mediastream.Inbound || l.stream == nil {
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
	l.sent += audioLength(n)
	l.stream.Send(l.audio[:n]) // an error of the stream comes as an event as well
}

var strictBase64 = base64.StdEncoding.Strict()

// expect passes an Expectation on to the recogniser.
func (l *listener) expect(e stt.Expectation) error {
	if x, ok := l.stream.(stt.Expecter); ok {
		return x.Expect(e)
	}
	return nil
}

// unanswered returns how many frames of speech the recogniser has heard without an answer.
func (l *listener) unanswered() int {
	const frame = 20 * time.Millisecond
	open := l.waits.Load()
	if open == 0 {
		return 0
	}
	return int(max(0, l.sent-time.Duration(open-1)) / frame)
}

// close ends listening. With lastWords it waits for what was just said.
func (l *listener) close(lastWords bool) {
	l.closing.Store(true)
	if l.stream == nil {
		return
	}
	if lastWords {
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		if err := l.stream.Flush(ctx); err != nil {
			l.log.Warn("the last words were not recognised", "error", err)
		}
	}
	if err := l.stream.Close(); err != nil {
		l.log.Warn("closing the recogniser failed", "error", err)
	}
}

// failed tells everyone that the call goes on without transcripts.
func (l *listener) failed(err error) {
	l.waits.Store(0)
	l.hearing.failed()
	l.trace.STTError(l.info, stt.Reason(err))
	logFailure(l.log, "speech recognition failed", l.info.SID, "speech_recognition_failed", "error", err)
	l.inbox.fail(err)
}
