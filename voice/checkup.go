package voice

import (
	"context"
	"time"
)

// checkups remembers the last check of an engine: anybody can ask for one.
type checkups struct {
	check func(ctx context.Context) error
	log   func(err error)
	turn  chan struct{} // of one check at a time
	at    time.Time
	err   error
}

const (
	checkTimeout  = 2 * time.Second
	checkInterval = time.Second
)

func newCheckups(check func(ctx context.Context) error, log func(err error)) *checkups {
	return &checkups{check: check, log: log, turn: make(chan struct{}, 1)}
}

// checkup checks the engine, or returns what the last check found a moment ago. A caller
// who goes away does not make the check fail for the others.
func (c *checkups) checkup(ctx context.Context) error {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if !c.at.IsZero() && time.Since(c.at) < checkInterval {
		return c.err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	err := c.check(ctx)
	if err != nil {
		c.log(err)
	}
	c.at, c.err = time.Now(), err
	return err
}
