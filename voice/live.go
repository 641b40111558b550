package voice

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
)

// liveCall is the server's side of a call: what the handler must not touch.
//
// Three goroutines serve it. The reader (Server.read) decodes audio and hands it
// to the recogniser; the listener moves transcripts to the inbox; the handler
// does what the host wants. The reader outlives the listener and ends the call;
// the handler may outlive both, if it does not heed its context.
type liveCall struct {
	*Call
	server *Server
	stream *stream
	log    *slog.Logger
	cancel context.CancelCauseFunc
	timer  *time.Timer // MaxDuration

	ended  sync.Once
	reason Reason // valid once ended
	err    error  // valid once ended

	recogniser stt.Stream // nil without speech recognition
	listening  sync.WaitGroup
	deaf       context.CancelFunc // ends listening
	audio      []byte             // the reader's scratch: one frame of mu-law
}

const (
	flushTimeout  = time.Second      // for the last words after a hang-up
	markGrace     = 2 * time.Second  // for Twilio to return the mark behind a farewell
	hangUpTimeout = 10 * time.Second // for the REST API
)

// live starts the call: the recogniser, the clock and the handler.
func (c *liveCall) live(ctx context.Context) {
	ctx, c.cancel = context.WithCancelCause(ctx)
	if engine := c.server.config.STT; engine != nil {
		c.listen(ctx, engine)
	}
	limit := c.server.config.MaxDuration
	c.timer = time.AfterFunc(limit, func() { c.end(ReasonTimeout, nil) })
	go c.serve(ctx)
}

// serve runs the host's handler, whatever it does.
func (c *liveCall) serve(ctx context.Context) {
	defer c.server.running.Done()
	reason, err := ReasonPanic, errors.New("voice: handler ended its goroutine")
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("voice: handler panicked: %v", p)
			c.log.Error("handler panicked", "panic", p, "stack", string(debug.Stack()))
		}
		c.end(reason, err)
	}()
	if failure := c.server.config.Handler.ServeCall(ctx, c.Call); failure != nil {
		reason, err = ReasonError, failure
		return
	}
	farewell, cancel := context.WithTimeout(ctx, c.player.left(time.Now())+markGrace)
	defer cancel()
	c.player.wait(farewell)
	reason, err = ReasonReturned, nil
}

// end says why the call ends, counts it, and closes its connection, which makes
// the reader stop and bury the call. Only the first call of end counts.
func (c *liveCall) end(reason Reason, err error) {
	c.ended.Do(func() {
		// A stream that broke the protocol is seen by Twilio as a hang-up too.
		if broken := c.stream.broken.Load(); broken != nil && (reason == ReasonHungUp || reason == ReasonDisconnect) {
			reason, err = ReasonDisconnect, broken
			if broken.Type == mediastream.Protocol || broken.Type == mediastream.Oversize {
				reason = ReasonProtocol
			}
		}
		c.reason, c.err = reason, err
		if reason.failed() {
			c.server.count(c.Info, "failed")
		} else {
			c.server.count(c.Info, "completed")
		}
		code := closeNormal
		if reason == ReasonShutdown {
			code = closeGoingAway
		}
		c.conn.Close(code, "")
	})
}

// bury cleans up after a call that has ended. The reader calls it, once.
func (c *liveCall) bury() {
	c.timer.Stop()
	c.player.close(time.Now())
	if c.recogniser != nil {
		c.flush()
	}
	c.inbox.close()
	c.cancel(c.reason)

	s := c.server
	s.mu.Lock()
	delete(s.calls, c.SID)
	s.mu.Unlock()
	policy.Release(s.config.Policy, c.SID)
	end := End{Reason: c.reason, Err: c.err, Duration: time.Since(c.Started), Stream: c.conn.Stats()}
	c.report(end)
	s.config.Trace.StreamEnded(c.Info, end)
	if c.hangsUp() {
		s.running.Go(c.hangUp)
	}
}

// flush waits for the caller's last words, if it was the caller who left, and
// closes the recogniser.
func (c *liveCall) flush() {
	if c.reason == ReasonHungUp || c.reason == ReasonDisconnect {
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		c.recogniser.Flush(ctx)
	}
	c.recogniser.Close()
	giveUp := time.AfterFunc(flushTimeout, c.deaf) // on an engine that does not heed Close
	defer giveUp.Stop()
	c.listening.Wait()
}

// report logs the end of a call.
func (c *liveCall) report(end End) {
	attrs := []any{"reason", string(end.Reason), "duration_s", int(end.Duration.Seconds())}
	if end.Err != nil {
		attrs = append(attrs, "error", end.Err)
	}
	if end.Reason.failed() {
		what := map[Reason]string{
			ReasonError:    "handler_returned_error",
			ReasonPanic:    "handler_panicked",
			ReasonProtocol: "stream_broke_protocol",
		}[end.Reason]
		logFailure(c.log, "call failed", c.SID, what, attrs...)
		return
	}
	c.log.Info("call ended", attrs...)
}

// hangsUp reports whether the server ends the call, and may do so by REST.
func (c *liveCall) hangsUp() bool {
	return c.server.config.Hanger != nil && c.reason != ReasonHungUp &&
		c.reason != ReasonDisconnect && c.reason != ReasonShutdown
}

// hangUp ends the call by REST, in case the TwiML behind the stream does not.
func (c *liveCall) hangUp() {
	ctx, cancel := context.WithTimeout(context.Background(), hangUpTimeout)
	defer cancel()
	if err := c.server.config.Hanger.HangUp(ctx, c.SID); err != nil {
		c.log.Warn("hanging up by REST failed", "error", err)
	}
}

// hear takes one piece of the caller's audio.
func (c *liveCall) hear(media mediastream.Audio) {
	trace := c.server.config.Trace
	trace.FrameReceived()
	if media.Track != mediastream.Inbound || c.recogniser == nil {
		return
	}
	if n := base64.StdEncoding.DecodedLen(len(media.Payload)); cap(c.audio) < n {
		c.audio = make([]byte, n)
	}
	n, err := strictBase64.Decode(c.audio[:cap(c.audio)], media.Payload)
	if err != nil {
		trace.TranscodingError("base64")
		return
	}
	c.recogniser.Send(c.audio[:n]) // its errors come out of Recv as well
}

var strictBase64 = base64.StdEncoding.Strict()

// post puts an event into the inbox.
func (c *liveCall) post(e Event) {
	if !c.inbox.put(e) {
		c.server.config.Trace.FramesDropped("inbox", 1)
	}
}

// listen opens the recogniser's stream and moves its events to the inbox.
func (c *liveCall) listen(ctx context.Context, engine stt.Engine) {
	config := c.server.config
	recogniser, err := engine.Open(ctx, stt.Config{
		Format:   stt.Format{Encoding: stt.MuLaw, SampleRate: 8000},
		Language: config.Language,
		Phrases:  config.Phrases,
		CallID:   c.SID,
		Interim:  true,
	})
	if err != nil {
		c.sttFailed(err)
		return
	}
	c.recogniser = recogniser
	ctx, c.deaf = context.WithCancel(ctx)
	c.listening.Go(func() {
		defer c.deaf()
		for {
			e, err := recogniser.Recv(ctx)
			if err != nil {
				if err != io.EOF && !errors.Is(err, context.Canceled) {
					c.sttFailed(err)
				}
				return
			}
			c.observe(e)
			c.post(Event{Event: e})
		}
	})
}

// observe counts and logs what the recogniser reports.
func (c *liveCall) observe(e stt.Event) {
	trace := c.server.config.Trace
	trace.STTEvent(c.Info, e)
	switch {
	case e.Kind == stt.Degraded:
		trace.STTError(c.Info, stt.Reason(e.Err))
		c.log.Warn("speech recognition degraded", "error", e.Err)
	case e.Kind == stt.Final && e.Timing.Valid:
		ms := e.Timing.Latency.Milliseconds()
		c.log.Info("STT latency latency="+strconv.FormatInt(ms, 10)+"ms", "latency_ms", ms, "engine", e.Transcript.Engine)
	}
}

// sttFailed tells everyone that the call goes on without transcripts.
func (c *liveCall) sttFailed(err error) {
	c.server.config.Trace.STTError(c.Info, stt.Reason(err))
	logFailure(c.log, "speech recognition failed", c.SID, "speech_recognition_failed", "error", err)
	c.post(Event{failure: err})
}
