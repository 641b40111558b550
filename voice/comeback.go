package voice

import (
	"context"
	"errors"
	"time"
)

// Why the connection of a call is not taken again.
var (
	errNotBack  = errors.New("voice: the call has ended, or has gone on without this connection")
	errTooOften = errors.New("voice: the connection of the call breaks too often")
	errTooMany  = errors.New("voice: too many calls come back at once")
	errUnknown  = errors.New("voice: the store does not say how far the call is")
)

const (
	// maxReturning is how many calls may be on their way back at once, as when an instance has
	// died that had many, and returnWait how long another waits for one of them.
	maxReturning = 64
	returnWait   = 3 * time.Second
	// atOnceWithin is how soon the first connection of a session mostly comes after the
	// webhook; one that is later waits for a store that does not answer for as long as
	// returnPatience, since it may be a second one. Behind firstWithin it is one.
	atOnceWithin   = 1500 * time.Millisecond
	returnPatience = 6 * time.Second
	firstWithin    = 10 * time.Second
)

// comesBack returns the session of a call whose connection has broken and that Twilio
// connects again, with the token that it has used before, on whichever instance: it is the
// call's next leg. It waits for its turn: a second after the leg before has begun, and until
// few others come back at the same time.
func (s *Server) comesBack(ctx context.Context, session session) (session, error) {
	turn := time.NewTimer(returnWait)
	defer turn.Stop()
	select {
	case s.returning <- struct{}{}:
	case <-turn.C:
		return session, errTooMany
	case <-ctx.Done():
		return session, errTooMany
	}
	last, err := s.lastOf(ctx, &session)
	<-s.returning
	if err != nil {
		return session, err
	}
	age := time.Since(session.start) // of the first connection, unless the leg before is known
	if known := last.phase != isNone && last.chain == session.chain; known {
		age = time.Since(last.began)
		session.passage = last.after(session.passage)
		session.info.Leg = max(session.info.Leg, last.info.Leg)
	}
	session.owed = max(0, session.owed-max(0, age))
	if session.cause != ReasonShutdown {
		session.owed += legEarned
	}
	if session.owed >= maxBreaks*legEarned {
		return session, errTooOften
	}
	select {
	case <-time.After(legEvery - age):
	case <-ctx.Done():
		return session, errTooMany
	}
	session.info.Leg++
	if session.broke.IsZero() {
		session.broke = time.Now()
	}
	return session, nil
}

// lastOf returns what the instances know of the last leg of a call that comes back, unless
// the call has ended.
func (s *Server) lastOf(ctx context.Context, session *session) (last leg, err error) {
	if s.finished.get(idOf(session.info.SID), time.Now()).how == over {
		return last, errNotBack
	}
	last, err = s.lastLegWithin(ctx, session.info.SID, askAgainFor)
	switch {
	case err == errOver, err == nil && last.chain == session.chain && last.phase == isDone, err == nil && last.phase != isNone && last.chain != session.chain:
		return last, errNotBack
	case err != nil && s.config.Store.Shared():
		return last, errUnknown // Twilio tries again, or asks what stands behind the session
	}
	return last, nil
}
