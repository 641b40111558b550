package voice

import (
	"context"
	"fmt"
	"time"
)

// Claims is what the instances of a service share, so that what may happen once
// happens once on all of them: a token opens one stream, and a call is counted
// once, whichever instances its stream and its callbacks reach. The store of
// policy/redisstore is one.
type Claims interface {
	// Claim takes a name for a while and reports whether it was free. The name
	// is printable ASCII. It must answer soon, as a call waits for it: ctx ends
	// after a second. With an error an instance goes by what it knows itself,
	// which refuses no call because of a store that is away.
	Claim(ctx context.Context, name string, keep time.Duration) (free bool, err error)
}

// ClaimsReader is implemented by [Claims] that can also tell what is claimed, as the
// store of policy/redisstore can. With it every instance refuses the webhook of a call
// that has ended on another one, should somebody send a recorded webhook again; without
// it each knows the calls that ended on itself.
type ClaimsReader interface {
	// Claimed reports whether the name is taken, and leaves it as it is. Like Claim it
	// must answer soon.
	Claimed(ctx context.Context, name string) (bool, error)
}

const claimTimeout = time.Second

// elsewhere reports whether another instance has claimed the name before. What
// this instance has claimed itself it remembers without being asked.
func (s *Server) elsewhere(ctx context.Context, callSID, name string, keep time.Duration) bool {
	if s.config.Claims == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	free, err := s.claim(ctx, name, keep)
	if err != nil {
		s.config.Logger.Warn("claim not shared, this instance decides alone", "call_sid", callSID, "error", err)
		return false
	}
	return !free
}

// claim asks the host's store, whatever that does.
func (s *Server) claim(ctx context.Context, name string, keep time.Duration) (free bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("voice: Claims panicked: %v", p)
		}
	}()
	return s.config.Claims.Claim(ctx, name, keep)
}
