package voice

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/relay"
)

const (
	markGrace = 2 * time.Second // for Twilio to return the mark behind a farewell
	endGrace  = 5 * time.Second // for a broken connection to be noticed by its reader
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
		e.mine = c.tellsFirst()
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
// asking: well before the others stop waiting for it, after othersFirst.
const mineWithin = 2 * time.Second

// tellsFirst reports whether the other instances wait for this one to tell the end of the
// call: they can know of no other stream of it, and it has not ended here late.
func (c *liveCall) tellsFirst() bool {
	return c.server.config.resumes() && c.Leg == 1 && c.stream.owned != 0 && !c.stream.again && c.owner.holds() && c.late() < mineWithin
}

// late returns how long ago the stream's last audio was heard, at most, by the stream's own
// clock: however late a process that was paused, or a slow network, has brought it here.
func (c *liveCall) late() time.Duration { return time.Since(c.audioBegan.Add(c.heardUntil)) }

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

// afterLast is how long Twilio may take to ask, here, how a call goes on.
const afterLast = time.Second

// quietEnough is how long the hand-over of a call waits for the end of what is being said.
const quietEnough = 2 * time.Second

// handOver passes the call on when nobody speaks, after a while that spreads the calls.
func (c *liveCall) handOver(ctx context.Context, spread time.Duration) {
	defer c.server.exit()
	wait := rand.N(spread + 1)
	if c.passing {
		wait += legEvery
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	giveUp := time.After(quietEnough)
	for (c.player.unheard() > 0 || c.someoneSpeaks()) && !c.over.Load() && ctx.Err() == nil {
		select {
		case <-tick.C:
			continue
		case <-giveUp:
		case <-ctx.Done():
		}
		break
	}
	c.end(ReasonShutdown, nil)
	c.server.stay(afterLast)
}
