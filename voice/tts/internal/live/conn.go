package live

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/voice/tts"
)

// conn is a connection to a service, which takes one utterance after the other.
type conn struct {
	e    *Engine
	key  string
	link *wire.Link
	born time.Time

	uses []time.Time // when the utterances of the last minute began; used only by the holder of the connection

	mu       sync.Mutex
	room     sync.Cond     // there is room in the queue, or the utterance is over
	wake     chan struct{} // has a token when something came
	session  Session       // of the utterance under way, or the last one
	state    state
	queue    []Reply // for the loop
	size     int     // bytes of audio in it
	refused  bool    // the service said why it does not say it
	done     bool    // the utterance is complete
	err      error   // or why it is not
	unclear  int
	warnings int
	warning  *tts.Error // the last one
	heard    bool       // audio came since the last piece was sent
	stray    int        // bytes that were sent to nobody

	expiry *time.Timer // closes it while nobody uses it; guarded by the engine's mu
}

type state uint8

const (
	idle     state = iota // nobody uses it
	speaking              // an utterance is under way
	stopping              // its rest is thrown away until the service has stopped
	gone
)

// take returns a connection that waits, nil if none does.
func (e *Engine) take(key string) *conn {
	for {
		e.mu.Lock()
		list := e.idle[key]
		i := len(list) - 1
		for i >= 0 && !list[i].fit() {
			i--
		}
		if i < 0 {
			e.mu.Unlock()
			return nil
		}
		c := list[i]
		e.unshelve(c)
		fine := c.expiry.Stop() && c.alive()
		c.expiry = nil
		e.mu.Unlock()
		if fine {
			return c
		}
		e.drop(c)
	}
}

// fit reports whether the connection may take another utterance.
func (c *conn) fit() bool {
	c.uses = slices.DeleteFunc(c.uses, func(t time.Time) bool { return time.Since(t) >= time.Minute })
	return c.e.s.PerMinute == 0 || len(c.uses) < c.e.s.PerMinute
}

// old reports whether the connection is to take no more utterances.
func (c *conn) old() bool { return c.e.s.MaxAge > 0 && time.Since(c.born) >= c.e.s.MaxAge }

func (c *conn) alive() bool {
	select {
	case <-c.link.Ended():
		return false
	default:
		return true
	}
}

// unshelve takes c from those that wait. It is called with mu held.
func (e *Engine) unshelve(c *conn) {
	e.idle[c.key] = slices.DeleteFunc(e.idle[c.key], func(other *conn) bool { return other == c })
	if len(e.idle[c.key]) == 0 {
		delete(e.idle, c.key)
	}
}

// shelve has c wait for the next utterance.
func (e *Engine) shelve(c *conn) {
	if !e.keep(c) {
		e.drop(c)
	}
}

// keep puts c to those that wait, and reports false for one that is to be closed.
func (e *Engine) keep(c *conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || !e.conns[c] || c.old() || !c.alive() || c.expiry != nil && !c.expiry.Stop() {
		return false
	}
	c.expiry = time.AfterFunc(e.s.Idle, func() { e.drop(c) })
	e.idle[c.key] = append(e.idle[c.key], c)
	return true
}

// drop closes c. Those that wait for it learn that it has gone.
func (e *Engine) drop(c *conn) {
	e.mu.Lock()
	delete(e.conns, c)
	e.unshelve(c)
	if c.expiry != nil {
		c.expiry.Stop()
	}
	e.mu.Unlock()
	c.mu.Lock()
	c.state = gone
	c.room.Broadcast()
	c.mu.Unlock()
	c.link.Close()
}

// connect returns a connection for an utterance, and whether it was used before.
func (e *Engine) connect(ctx context.Context, c tts.Config) (found *conn, reused bool, err error) {
	key, address := e.address(c)
	if found := e.take(key); found != nil {
		return found, true, nil
	}
	found, err = e.dial(ctx, key, address)
	return found, false, err
}

// dial opens a connection. There are never more than workers, so one that waits for
// another voice gives way.
func (e *Engine) dial(ctx context.Context, key, address string) (*conn, error) {
	e.mu.Lock()
	var spare *conn
	if len(e.conns) >= e.s.Workers {
		for _, list := range e.idle {
			if spare == nil || list[0].born.Before(spare.born) {
				spare = list[0]
			}
		}
	}
	closed := e.closed
	e.mu.Unlock()
	if spare != nil {
		e.drop(spare)
	}
	if closed {
		return nil, e.error("open", tts.ErrClosed)
	}
	link, err := e.wire.Connect(ctx, address)
	if err != nil {
		return nil, e.failure("open", err)
	}
	c := &conn{e: e, key: key, link: link, born: time.Now(), wake: make(chan struct{}, 1)}
	c.room.L = &c.mu
	e.mu.Lock()
	closed = e.closed
	e.conns[c] = true
	e.mu.Unlock()
	if err := link.Attach(c.receive); err != nil || closed {
		e.drop(c)
		return nil, e.error("open", tts.ErrClosed)
	}
	return c, nil
}

// begin gives the connection an utterance.
func (c *conn) begin(config tts.Config) {
	c.uses = append(c.uses, time.Now())
	c.mu.Lock()
	defer c.mu.Unlock()
	c.session = c.e.s.Session(config, c.session)
	c.state, c.queue, c.size, c.refused, c.heard, c.done = speaking, nil, 0, false, false, false
	c.unclear, c.warnings, c.warning, c.stray = 0, 0, nil, 0
}

var (
	errStray    = errors.New("the service speaks without being asked")
	errWarnings = errors.New("the service complains again and again")
)

// receive takes a message of the service. It waits while there is no room.
func (c *conn) receive(m Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.state {
	case gone:
		return errLeft
	case speaking:
		if c.done { // it waits for the loop
			return nil
		}
	case idle:
		if c.stray += len(m.Data); c.stray > maxIdle {
			return &wire.Error{Err: errStray}
		}
		return nil
	}
	r := c.session.Handle(m)
	if r.Err == nil {
		r.Err = c.judge(&r)
	}
	if c.state == stopping {
		if r.Err == nil && (r.Stopped || r.Done) {
			if c.state = idle; !c.e.keep(c) {
				return errLeft // its expiry closes it
			}
		}
		return r.Err
	}
	if r.Err != nil {
		c.refused = true
		c.err = c.e.clean(r.Err)
		c.poke()
		return r.Err
	}
	c.done = c.done || r.Done
	if len(r.Audio) > 0 || len(r.Words) > 0 {
		for c.size >= maxQueue && c.state == speaking {
			c.room.Wait()
		}
		c.queue = append(c.queue, r)
		c.size += len(r.Audio)
		c.heard = c.heard || len(r.Audio) > 0
	}
	c.poke()
	return nil
}

// judge counts what is unclear and what the service warns of, and returns the error of
// too much of it. It is called with mu held.
func (c *conn) judge(r *Reply) error {
	if r.Warning != nil {
		c.warning = r.Warning
		if c.warnings++; c.warnings > maxWarnings {
			return &tts.Error{Engine: c.e.s.Name, Op: "read", Kind: r.Warning.Kind, Code: r.Warning.Code, Err: errWarnings}
		}
	}
	if r.Unclear == nil {
		c.unclear = 0
	} else if c.unclear++; c.unclear >= maxUnclear {
		return r.Unclear
	}
	return nil
}

func (c *conn) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// fail ends the utterance under way.
func (c *conn) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
	c.poke()
}

// next returns the next reply for the loop, whether there is one, and whether the
// utterance is over.
func (c *conn) next() (r Reply, some, over bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) > 0 {
		r, c.queue = c.queue[0], c.queue[1:]
		c.size -= len(r.Audio)
		c.room.Broadcast()
		return r, true, false, nil
	}
	if c.done {
		return Reply{}, false, true, nil
	}
	return Reply{}, false, false, c.err
}

// say has the session say a piece, or end the text, and returns what is to be sent.
func (c *conn) say(piece string, end bool) []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	if end {
		return c.session.End()
	}
	c.heard = false
	return c.session.Say(piece)
}

// over gives the connection back after a complete utterance.
func (c *conn) over() {
	c.mu.Lock()
	c.state = idle
	c.mu.Unlock()
	c.e.shelve(c)
}

// stop ends the service's work on an utterance that nobody wants any more.
func (c *conn) stop(ctx context.Context) {
	c.mu.Lock()
	if c.done {
		c.mu.Unlock()
		c.over()
		return
	}
	messages, clean := c.session.Stop()
	fine := c.err == nil && c.alive()
	if fine {
		c.state, c.queue, c.size = stopping, nil, 0
		c.e.mu.Lock()
		c.expiry = time.AfterFunc(stopTime, func() { c.e.drop(c) })
		c.e.mu.Unlock()
		c.room.Broadcast()
	}
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), byeTime)
	defer cancel()
	for _, m := range messages {
		fine = fine && c.link.Write(ctx, m) == nil
	}
	if !fine {
		c.e.drop(c)
		return
	}
	c.mu.Lock()
	clean = clean && c.state == stopping
	if clean {
		c.state = idle
	}
	c.mu.Unlock()
	if clean {
		c.e.shelve(c)
	}
}
