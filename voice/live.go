package voice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/relay"
)

// liveCall is the server's side of a call: what the handler must not touch.
//
// Two goroutines serve it, beside those of the recogniser. The reader (Server.read)
// decodes audio and hands it to the recogniser, which puts what it hears into the
// inbox; the handler does what the host wants. The reader ends the call; the handler
// may outlive it, if it does not heed its context.
type liveCall struct {
	*Call
	server *Server
	stream *stream
	cancel context.CancelCauseFunc
	timer  *time.Timer // MaxDuration

	ended   sync.Once
	reason  Reason        // valid once ended
	err     error         // valid once ended
	lasted  time.Duration // valid once ended
	goesOn  bool          // valid once ended: another stream may go on with the call
	hungUp  bool          // valid once ended: by REST
	began   time.Time     // of this stream
	passing bool          // it came while the server handed its calls over
	buried  chan struct{} // closed when another stream may have the call
	settled chan struct{} // closed when its end has been told, or waits for the store
	said    time.Duration // how long the call has lasted, as Twilio says; < 0 = it has not. Server.mu guards it

	audioBegan time.Time     // when audio of timestamp 0 came, or would have; the reader's
	heardUntil time.Duration // timestamp of the last audio; the reader's

	listeners []listener // of the caller, or of each track
	judge     *judge     // nil where nothing is said, or Twilio judges

	// listensFirst waits until it is known whether Twilio was sent a text, by another leg; nil
	// if that is known.
	listensFirst func(ctx context.Context, text string) (sent bool)
}

const (
	flushTimeout = time.Second      // for the last words after a hang-up
	markGrace    = 2 * time.Second  // for Twilio to return the mark behind a farewell
	restTimeout  = 10 * time.Second // for the REST API
	endGrace     = 5 * time.Second  // for a broken connection to be noticed by its reader
)

// live starts the call: the clock, the recogniser and the handler.
func (c *liveCall) live(ctx context.Context) {
	config := &c.server.config
	ctx, c.cancel = context.WithCancelCause(ctx)
	c.timer = time.AfterFunc(min(config.MaxDuration, max(0, time.Until(c.Started.Add(config.MaxDuration)))), func() { c.end(ReasonTimeout, nil) })
	c.expect = c.expectAll
	c.queued = func(p *Playback) { config.Trace.Playback(c.Info, p) }
	c.listen = func(tracks twiml.Track, then []twiml.Verb) (*twiml.Response, error) {
		return c.server.listening(c.Info, tracks, then)
	}
	config.Trace.StreamStarted(c.Info, c.began.Sub(c.stream.accepted))
	c.log.Info("stream started", "leg", c.Leg)
	if c.resumed != nil {
		c.log.Info("call resumed", "leg", c.Leg, "cause", string(c.resumed.Cause), "gap_ms", c.resumed.Gap.Milliseconds(), "state", len(c.resumed.State))
		config.Trace.CallResumed(c.Info, *c.resumed)
	}
	switch {
	case c.relay != nil: // Twilio listens
	case config.STT != nil:
		for i := range c.listeners {
			c.listeners[i].open(ctx, config.STT, stt.Config{
				Format:   codec.Format{Encoding: codec.Mulaw, Rate: 8000},
				Language: config.Language,
				Phrases:  config.Phrases,
				CallSID:  c.SID,
				Interim:  true,
			})
		}
	default:
		c.inbox.deaf = ErrNoSTT
	}
	c.awaitDetected()
	if c.relay == nil && c.measured() {
		c.server.goes(func() { c.tellAudio(ctx) })
	}
	c.server.enter()
	go c.serve(ctx)
	if c.passing && !c.Unidirectional {
		c.server.enter()
		go c.handOver(ctx, legEvery)
	}
}

// serve runs the host's handler, whatever it does.
func (c *liveCall) serve(ctx context.Context) {
	defer c.server.exit()
	reason, err := ReasonPanic, errors.New("voice: handler ended its goroutine")
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("voice: handler panicked: %v", p)
			c.log.Error("handler panicked", "panic", p, "stack", string(debug.Stack()))
		}
		c.end(reason, err)
	}()
	c.settle(ctx)
	handler := c.server.config.Handler
	if c.Unidirectional {
		handler = c.server.config.Listener
	}
	if failure := handler.ServeCall(ctx, c.Call); failure != nil {
		if errors.Is(failure, ErrCallEnded) { // then the reader is about to say why
			select {
			case <-ctx.Done():
			case <-time.After(endGrace):
			}
		}
		reason, err = ReasonError, failure
		return
	}
	if c.judge != nil {
		c.judge.rest()
	}
	c.player.still.close()
	c.player.wait(ctx, markGrace)
	reason, err = ReasonReturned, nil
}

// end says why the call ends and closes its connection, which makes the reader stop
// and bury the call. Only the first call of end counts.
func (c *liveCall) end(reason Reason, err error) {
	c.ended.Do(func() {
		c.over.Store(true)
		c.lasted = time.Since(c.began)
		// A stream that broke the protocol is seen by Twilio as a hang-up too.
		if broken := c.stream.broken.Load(); broken != nil && (reason == ReasonHungUp || reason == ReasonDisconnect) {
			reason, err = ReasonDisconnect, broken.err
			if broken.ofPeer() {
				reason = ReasonProtocol
			}
		}
		if c.transfers.Load() > 0 && !c.Unidirectional {
			reason, err = ReasonTransfer, nil
		}
		if c.endsHere(reason) && !c.owner.finish() {
			reason, err = ReasonMoved, nil // which another instance is to end
		}
		c.reason, c.err = reason, err
		switch c.goesOn = c.mayGoOn(); {
		case c.goesOn:
			c.inbox.move()
			c.passOn()
			c.log.Info("stream ended, the call may go on", "reason", string(reason), "leg", c.Leg, "error", err)
		case !c.goesOnWithout(reason):
			here := !c.server.config.Store.Shared() // so no other instance can have counted it
			before := c.server.noteEnd(c.Info, ending{counted: here, how: c.certainty(), chain: c.stream.passage.chain})
			if here && !before.told && !before.counted {
				c.server.count(c.told())
			}
			c.forGood()
		}
		code := closeNormal
		if reason == ReasonShutdown {
			code = closeGoingAway
		}
		if c.relay != nil && c.hangsUpItself() {
			_ = c.relay.line.Send(relay.End{}) // or else Twilio may connect again
		}
		c.line.Close(code, "")
	})
}

// goesOnWithout reports whether a call whose stream ends so goes on without one: by the
// TwiML that Transfer gave it, or that it runs while it is listened to.
func (c *liveCall) goesOnWithout(reason Reason) bool {
	return c.Unidirectional || reason == ReasonTransfer
}

// endsHere reports whether this server ends the call, rather than one of its sides, and
// another stream might go on with it.
func (c *liveCall) endsHere(reason Reason) bool {
	switch reason {
	case ReasonHungUp, ReasonTransfer, ReasonMoved:
		return false
	}
	return c.owner != nil && !reason.cut()
}

// bury cleans up after a call that has ended. The reader calls it, once.
func (c *liveCall) bury() {
	s := c.server
	defer close(c.settled)
	c.timer.Stop()
	c.stopAwaiting()
	if c.judge != nil {
		c.judge.rest()
	}
	c.player.still.close()
	c.player.close()
	moved := c.goesOn || c.reason == ReasonMoved
	for i := range c.listeners {
		if unanswered := c.listeners[i].unanswered(); unanswered > 0 && moved {
			s.config.Trace.FramesDropped("moved", unanswered)
		}
	}
	c.stopListening(!c.goesOn && (c.reason == ReasonHungUp || c.reason == ReasonDisconnect))
	c.inbox.close()
	c.cancel(c.reason)
	transferred := c.Unidirectional || c.transfers.Load() > 0
	var before ending
	s.mu.Lock()
	if !transferred && !c.goesOn {
		before = s.noteEnd(c.Info, ending{told: true, how: c.certainty(), chain: c.stream.passage.chain})
	}
	if s.calls[c.key()] == c { // and not a later stream of the call
		delete(s.calls, c.key())
	}
	s.rest()
	s.mu.Unlock()
	close(c.buried)

	c.gone.Store(true)
	if moved && c.relay != nil {
		if lost := c.owner.late(); lost > 0 {
			s.config.Trace.FramesDropped("moved", lost)
		}
	}
	switch {
	case c.reason == ReasonMoved:
	case c.goesOn:
		s.broke(c)
	case transferred: // elsewhere, and its status callback tells of its end
		c.owner.done()
		s.leaves(context.Background(), c.Info)
	default:
		c.owner.done()
		e := c.told()
		e.mine = c.owner.holds() && c.late() < mineWithin
		s.finishNoted(e, before)
	}
	end := End{Reason: c.reason, Err: c.err, Duration: c.lasted, Call: c.whole(), Resumes: c.goesOn, Stream: c.line.Stats()}
	if end.Stream.Dropped > 0 {
		s.config.Trace.FramesDropped("slow_consumer", int(end.Stream.Dropped))
	}
	c.report(end)
	c.stream.endPage(end.Reason, end.Err, end.Resumes)
	s.config.Trace.StreamEnded(c.Info, end)
	if c.hangsUp() {
		s.enter()
		go c.hangUp()
	}
}

// mineWithin is how late an instance may learn that its call has ended, and tell it without
// asking: well before the others no longer wait for it, after othersFirst.
const mineWithin = 2 * time.Second

// late returns how long ago the stream's last audio was heard, by the stream's own clock:
// however late a process that was paused, or a slow network, has brought it here.
func (c *liveCall) late() time.Duration {
	if c.audioBegan.IsZero() {
		return time.Since(c.began)
	}
	return time.Since(c.audioBegan.Add(c.heardUntil))
}

// certainty says how sure it is that a call whose stream has ended is over.
func (c *liveCall) certainty() certainty {
	if c.reason == ReasonHungUp || c.reason == ReasonTransfer {
		return streamed
	}
	return over
}

// told returns the end of the call as it is to be told.
func (c *liveCall) told() *untold {
	e := &untold{info: c.Info, outcome: c.outcome(), over: c.certainty() == over, wasHere: true}
	if c.reason.cut() {
		e.cut = c.reason
	}
	return e
}

// status is Twilio's CallStatus for what the call came to here.
func (c *liveCall) status() string {
	if c.reason.failed() {
		return "failed"
	}
	return "completed"
}

// outcome returns what the call came to here.
func (c *liveCall) outcome() policy.Outcome {
	o := policy.Outcome{Kind: policy.OutcomeEnded, Status: c.status(), Duration: c.whole()}
	if c.reason == ReasonTransfer { // it was to go on elsewhere
		o.Duration = -1
	}
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	if c.said >= 0 {
		o.Duration, o.Billed = c.said, true
	}
	return o
}

// whole returns how long the call has lasted, in all its streams.
func (c *liveCall) whole() time.Duration { return c.lasted + max(0, c.began.Sub(c.Started)) }

// contain keeps a panic in the host's code from taking other calls with it.
func contain(log *slog.Logger) {
	if p := recover(); p != nil {
		log.Error("panic contained", "panic", p, "stack", string(debug.Stack()))
	}
}

// report logs the end of a call.
func (c *liveCall) report(end End) {
	attrs := []any{"reason", string(end.Reason), "duration_s", int(end.Call.Seconds()), "leg", c.Leg}
	failed, ended := "call failed", "call ended"
	if c.Unidirectional {
		failed, ended = "listening failed", "listening ended"
	}
	if end.Err != nil {
		attrs = append(attrs, "error", end.Err)
	}
	if end.Resumes { // it was told before the connection was closed
		return
	}
	if end.Reason.failed() && !end.Reason.cut() { // which is told when the call is counted
		what := map[Reason]string{
			ReasonError:    "handler_returned_error",
			ReasonPanic:    "handler_panicked",
			ReasonProtocol: "stream_broke_protocol",
		}[end.Reason]
		logFailure(c.log, failed, c.SID, what, attrs...)
		return
	}
	c.log.Info(ended, attrs...)
}

// hangsUpItself reports whether the server ends the call.
func (c *liveCall) hangsUpItself() bool {
	switch c.reason {
	case ReasonHungUp, ReasonDisconnect, ReasonTransfer, ReasonShutdown, ReasonMoved:
		return false
	}
	return !c.Unidirectional
}

// hangsUp reports whether the server ends the call, and may do so by REST.
func (c *liveCall) hangsUp() bool { return c.hangsUpItself() && c.control != nil && !c.hungUp }

// hangUp ends the call by REST, in case the TwiML behind the stream does not.
func (c *liveCall) hangUp() {
	defer c.server.exit()
	defer contain(c.log)
	ctx, cancel := context.WithTimeout(context.Background(), restTimeout)
	defer cancel()
	c.hangUpNow(ctx)
}

// hangUpNow ends the call by REST and reports whether it is over.
func (c *liveCall) hangUpNow(ctx context.Context) (over bool) {
	defer contain(c.log)
	err := c.control.HangUp(ctx, c.SID)
	if err != nil && !saysEnded(err) {
		c.log.Warn("hanging up by REST failed", "error", err)
		return false
	}
	return true
}
