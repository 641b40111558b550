package voice

import (
	"context"
	"time"
)

// mayGoOn reports whether another stream may go on with a call that ends here.
func (c *liveCall) mayGoOn() bool {
	return c.owner != nil && (c.reason.cut() || c.reason == ReasonMoved)
}

// passOn leaves the call to its next stream, before this one is closed.
func (c *liveCall) passOn() {
	if c.reason == ReasonMoved {
		c.owner.close()
		return
	}
	p, known := c.owner.release(c.reason)
	if c.owner.isLost() {
		return // what Twilio runs now is another instance's
	}
	if shared := known && c.server.config.Store.Shared(); c.reason != ReasonShutdown || shared {
		return
	}
	updater, ok := c.control.(Updater)
	if !ok {
		return // what stands behind the stream sends Twilio on, without the state
	}
	ctx, cancel := context.WithTimeout(context.Background(), restTimeout)
	defer cancel()
	if err := updater.Update(ctx, c.SID, c.server.onward(c, p)); err != nil && !saysEnded(err) {
		c.log.Warn("handing over by REST failed, what was saved stays behind", "error", err)
	}
}

const (
	// markEvery is how often it is tried to note that a call has ended.
	markEvery = 250 * time.Millisecond
	// markTimeout is how long a stream stays open for that.
	markTimeout = 15 * time.Second
	// hangUpFirst is how long a stream stays open for the call to end by REST.
	hangUpFirst = 3 * time.Second
)

// forGood keeps a call that has ended from coming back: what stands behind its stream
// asks, as soon as that is closed, an instance that may be another.
func (c *liveCall) forGood() {
	s := c.server
	if c.owner == nil || c.reason == ReasonHungUp {
		return
	}
	shared := s.config.Store.Shared()
	if (c.owner.finished || s.markOver(c.SID)) && (shared || s.config.Resume == ResumeAlone) {
		return
	}
	if c.control != nil {
		ctx, cancel := context.WithTimeout(context.Background(), hangUpFirst)
		defer cancel()
		if c.hungUp = c.hangUpNow(ctx); c.hungUp {
			return
		}
	}
	if !shared {
		return
	}
	c.log.Warn("the stream stays open until the store knows that the call has ended")
	giveUp := time.After(markTimeout)
	for !s.markOver(c.SID) {
		select {
		case <-time.After(markEvery):
		case <-c.stream.done:
			return // the call is over, or its connection has broken
		case <-giveUp:
			return
		}
	}
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
