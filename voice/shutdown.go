package voice

import (
	"context"
	"time"
)

// Shutdown stops taking calls, lets those in progress go on, and returns.
//
// Where other instances can take them, by [Config].Resume with a Store in common or a
// CallControl that is an [Updater], that takes seconds: after Config.LameDuck, in which new calls
// are taken although health says that the server drains, each call is handed over when
// nobody speaks, within two seconds. Webhooks that come meanwhile are answered so that the
// call goes on elsewhere: keep the HTTP server running until Shutdown returns. A call that
// is listened to cannot be: Shutdown waits for the end of its stream.
//
// Otherwise Shutdown refuses new calls as busy and waits for those in progress to end. The
// stream of a call whose webhook was answered before is still taken, as long as there are
// others to wait for.
//
// When ctx ends first, Shutdown ends the streams that are left and returns the error of
// ctx. http.Server.Shutdown does not know of streams: call this first.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.drain(ctx)
	s.dropBroken()
	s.tellRest()
	return err
}

const (
	// drainGrace is how long calls that Shutdown has ended may take to clean up.
	drainGrace = 5 * time.Second
	// afterAnswer is how long it may take to come back after it was sent on, besides the
	// pause that it was told to make.
	afterAnswer = 1500 * time.Millisecond
	// spreadEach is by how much each call widens the time in which calls are handed over.
	spreadEach = 10 * time.Millisecond
	spreadMost = 2 * time.Second
	// lingerMost bounds the wait for calls that go elsewhere.
	lingerMost = 10 * time.Second
)

// drain waits for the calls in progress, or ends them.
func (s *Server) drain(ctx context.Context) error {
	handsOver := s.config.handsOver()
	if first := s.beginDrain(handsOver); first && handsOver {
		s.handOverAll(ctx)
	}
	select {
	case <-s.idle:
		s.linger(ctx)
		return nil
	case <-ctx.Done():
	}
	select {
	case <-s.idle: // there was nothing to wait for
		return nil
	default:
	}
	calls, others := s.shut()
	for _, call := range calls {
		go call.end(ReasonShutdown, nil)
	}
	for _, stream := range others {
		go stream.line.Close(closeGoingAway, "")
	}
	s.config.Logger.Warn("shutting down: the streams that are left are ended", "calls", len(calls))
	select {
	case <-s.idle:
	case <-time.After(drainGrace):
		s.config.Logger.Warn("shut down without waiting any longer: a handler does not heed its context")
	}
	return ctx.Err()
}

// handOverAll passes the calls on to other instances, after the lame-duck time.
func (s *Server) handOverAll(ctx context.Context) {
	lame := time.NewTimer(s.config.LameDuck)
	defer lame.Stop()
	select {
	case <-lame.C:
	case <-ctx.Done():
	}
	calls, all := s.move()
	spread := min(time.Duration(all)*spreadEach, spreadMost)
	for _, call := range calls {
		go call.handOver(ctx, spread)
	}
	if len(calls) > 0 {
		s.config.Logger.Info("handing calls over to other instances", "calls", len(calls))
	}
}

// linger waits for that.
func (s *Server) linger(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lingerMost)
	defer cancel()
	for ctx.Err() == nil {
		left := s.stillStays()
		if left <= 0 {
			return
		}
		select {
		case <-time.After(left):
		case <-ctx.Done():
		}
	}
}
