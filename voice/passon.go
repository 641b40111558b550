package voice

import (
	"context"
	"math/rand/v2"
	"time"

	"agentos.dev/dialtone/twiml"
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

// onward returns TwiML that has the call go on with what it must know, without a store.
func (s *Server) onward(c *liveCall, p passage) string {
	t := ticket{info: c.Info, issued: c.began, expires: p.start.Add(s.config.MaxDuration + ticketGrace), passage: p}
	t.owed = c.stream.passage.owed
	document := twiml.New(s.redirect(t, s.config.Path)).AppendXML(nil)
	if len(document) > twiml.MaxRESTSize {
		c.log.Warn("state is too large to travel through Twilio: it stays behind", "bytes", len(p.state))
		t.state = nil
		document = twiml.New(s.redirect(t, s.config.Path)).AppendXML(nil)
	}
	return string(document)
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
