package outbound

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"agentos.dev/dialtone/policy/capacity"
)

// DefaultTimeLimit is how long a call out may last by default.
const DefaultTimeLimit = 5 * time.Minute

// GateOptions configures [NewGate]. The zero value allows nothing.
type GateOptions struct {
	Destinations *Destinations // where to; nil is nowhere
	Caps         []Cap         // how much; what no cap covers is refused
	Pacer        *Pacer        // how fast; nil is one call a second

	// Budget stops all calls for the rest of a month in which it is spent. Calls that are
	// being made then go on. nil is without end.
	Budget *capacity.Budget

	// TimeLimit is how long a call may last: for so long Twilio has to be told to let
	// it. So many minutes count until the call has ended sooner. 0 means
	// DefaultTimeLimit; it is at most a day.
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
	budget       *capacity.Budget
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
	g := &Gate{destinations: o.Destinations, pacer: o.Pacer, budget: o.Budget, limit: o.TimeLimit, base: time.Now(), placed: make(map[string]*Permit)}
	if g.destinations == nil {
		g.destinations = new(Destinations)
	}
	if g.pacer == nil {
		g.pacer = NewPacer(1)
	}
	var errs []error
	switch {
	case g.limit < 0, g.limit > 24*time.Hour:
		errs = append(errs, fmt.Errorf("outbound: TimeLimit is negative or more than a day: %v", g.limit))
	case g.limit > 0 && g.limit < time.Millisecond:
		errs = append(errs, fmt.Errorf("outbound: TimeLimit is %v: a number without a unit counts nanoseconds", g.limit))
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
// error is an [*Error], at once unless the budget is spent while the call waits, or
// ctx's when that ends before the turn comes. A call counts in the hour and the day
// that follow its turn, and also while it waits.
func (g *Gate) Decide(ctx context.Context, to string, priority int) (*Permit, error) {
	w, err := g.hold(to)
	if err != nil {
		return nil, err
	}
	err = g.pacer.Wait(ctx, priority)
	if err == nil && g.spent() {
		err = w.refuse(ErrBudget, "")
	}
	return g.settle(w, err)
}

// waiting is a call for which room is held under its caps.
type waiting struct {
	country string
	class   Class
	meters  []*meter
}

func (w *waiting) refuse(cause error, limit string) error {
	return &Error{Cause: cause, Country: w.country, Class: w.class, Cap: limit}
}

// spent reports whether there is no money left.
func (g *Gate) spent() bool { return g.budget != nil && g.budget.Share(time.Time{}) >= 1 }

// hold holds room for a call at its longest, or says why not.
func (g *Gate) hold(to string) (*waiting, error) {
	country, class, err := g.destinations.check(to)
	if err != nil {
		return nil, err
	}
	w := &waiting{country: country, class: class}
	if g.spent() {
		return nil, w.refuse(ErrBudget, "")
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now, longest := time.Since(g.base), minutes(g.limit)
	for _, m := range g.meters {
		if !m.covers(to, country) {
			continue
		}
		if cause := m.room(now, longest); cause != nil {
			return nil, w.refuse(cause, m.to)
		}
		w.meters = append(w.meters, m)
	}
	if len(w.meters) == 0 {
		return nil, w.refuse(ErrUncapped, "")
	}
	for _, m := range w.meters {
		m.calls.held++
		m.minutes.held += longest
	}
	return w, nil
}

// settle gives the call's room to a permit, or back if there is an error.
func (g *Gate) settle(w *waiting, err error) (*Permit, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now, longest := time.Since(g.base), minutes(g.limit)
	g.last++
	for _, m := range w.meters {
		m.calls.held--
		m.minutes.held -= longest
		if err == nil {
			m.calls.add(g.last, now, 1)
			m.minutes.add(g.last, now, longest)
		}
	}
	if err != nil {
		return nil, err
	}
	return &Permit{TimeLimit: g.limit, gate: g, id: g.last, meters: w.meters}, nil
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
