package outbound

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// DefaultTimeLimit is how long a call out may last by default.
const DefaultTimeLimit = 5 * time.Minute

// GateOptions configures [NewGate]. The zero value allows nothing.
type GateOptions struct {
	Destinations *Destinations // where to; nil is nowhere
	Caps         []Cap         // how much; what no cap covers is refused
	Pacer        *Pacer        // how fast; nil is one call a second

	// TimeLimit is how long a call may last: for so long Twilio has to be told to let
	// it. So many minutes count until the call has ended sooner. 0 means
	// DefaultTimeLimit.
	TimeLimit time.Duration
}

// Gate is the one question before every call that a service makes, whatever makes it:
// REST calls, <Dial>, transfers, call-backs and tools of language models. What
// nothing allows it refuses.
//
//	permit, err := gate.Decide(ctx, to, 0)
//	if err != nil {
//		return err
//	}
//	sid, err := client.Create(ctx, twiliorest.Outbound{To: to, TimeLimit: permit.TimeLimit})
//	if err != nil {
//		return err // a call may have been made all the same: it stays counted
//	}
//	permit.Placed(sid) // and gate.Release(sid) when it has ended
//
// The counts are those of this process, from its start, by the monotonic clock: with
// several instances give each its share of the caps. Memory is bounded by the caps
// and the pace. All methods are safe for concurrent use.
type Gate struct {
	destinations *Destinations
	pacer        *Pacer
	limit        time.Duration
	base         time.Time // times count from here

	mu     sync.Mutex
	meters []*meter
	last   uint64             // id of the latest permit
	placed map[string]*Permit // by CallSid
	queue  []string           // CallSids in the order they were placed
}

// NewGate makes a gate; the error names everything wrong with the options.
func NewGate(o GateOptions) (*Gate, error) {
	g := &Gate{destinations: o.Destinations, pacer: o.Pacer, limit: o.TimeLimit, base: time.Now(), placed: make(map[string]*Permit)}
	if g.destinations == nil {
		g.destinations = new(Destinations)
		g.destinations.look = func(string) (string, Class) { return "", Unknown }
		g.destinations.overrides = newTable()
	}
	if g.pacer == nil {
		g.pacer = NewPacer(1)
	}
	var errs []error
	if g.limit < 0 {
		errs = append(errs, fmt.Errorf("outbound: TimeLimit is negative: %v", g.limit))
	}
	if g.limit == 0 {
		g.limit = DefaultTimeLimit
	}
	for _, c := range o.Caps {
		m, err := newMeter(c)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		g.meters = append(g.meters, m)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return g, nil
}

// Permit is leave to make one call.
type Permit struct {
	TimeLimit time.Duration // the longest that the call may last

	gate   *Gate
	id     uint64
	meters []*meter
	began  time.Duration // when it was placed
}

// Decide asks whether the number or address may be dialled, whether the caps have
// room, and then waits for its turn: those with the higher priority go first. The
// error is an [*Error], at once, or ctx's when that ends before the turn comes. A
// call counts from the question on, also while it waits.
func (g *Gate) Decide(ctx context.Context, to string, priority int) (*Permit, error) {
	p, err := g.reserve(to)
	if err != nil {
		return nil, err
	}
	if err := g.pacer.Wait(ctx, priority); err != nil {
		p.Cancel()
		return nil, err
	}
	return p, nil
}

// reserve counts a call at its longest, or says why not.
func (g *Gate) reserve(to string) (*Permit, error) {
	country, class, err := g.destinations.check(to)
	if err != nil {
		return nil, err
	}
	refuse := func(cause error, limit string) (*Permit, error) {
		return nil, &Error{Cause: cause, Country: country, Class: class, Cap: limit}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now, longest := time.Since(g.base), minutes(g.limit)
	p := &Permit{TimeLimit: g.limit, gate: g}
	for _, m := range g.meters {
		if !m.covers(to, country) {
			continue
		}
		if cause := m.room(now, longest); cause != nil {
			return refuse(cause, m.to)
		}
		p.meters = append(p.meters, m)
	}
	if len(p.meters) == 0 {
		return refuse(ErrUncapped, "")
	}
	g.last++
	p.id = g.last
	for _, m := range p.meters {
		m.calls.add(p.id, now, 1)
		m.minutes.add(p.id, now, longest)
	}
	return p, nil
}

// Cancel says that the call was certainly not made: it does not count. After Placed
// it does nothing.
func (p *Permit) Cancel() {
	p.gate.mu.Lock()
	defer p.gate.mu.Unlock()
	if p.began > 0 {
		return
	}
	for _, m := range p.meters {
		m.calls.set(p.id, 0)
		m.minutes.set(p.id, 0)
	}
}

// Placed says as what the call was made, so that Release knows it.
func (p *Permit) Placed(callSID string) {
	g := p.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Since(g.base)
	p.began = max(now, 1)
	g.forget(now)
	g.placed[callSID] = p
	g.queue = append(g.queue, callSID)
}

// Release says that a call has ended: of its minutes only those count that have begun
// since it was placed. It does nothing for calls that the gate does not know; as a
// [policy.Releaser] it may get those of the whole service. The minutes of a call of
// whose end nobody tells stay counted.
func (g *Gate) Release(callSID string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.placed[callSID]
	if p == nil {
		return
	}
	delete(g.placed, callSID)
	lasted := minutes(time.Since(g.base) - p.began)
	for _, m := range p.meters {
		m.minutes.set(p.id, min(max(lasted, 1), minutes(g.limit)))
	}
}

// longestRing is how long Twilio lets a call ring at most.
const longestRing = 10 * time.Minute

// forget drops calls that must have ended: there is nothing left to give back.
func (g *Gate) forget(now time.Duration) {
	for len(g.queue) > 0 {
		p := g.placed[g.queue[0]]
		if p != nil && now-p.began < g.limit+longestRing {
			return
		}
		delete(g.placed, g.queue[0])
		g.queue = g.queue[1:]
	}
}

// minutes returns how many minutes have begun in d.
func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }
