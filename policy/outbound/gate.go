package outbound

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/capacity"
)

// GateOptions configures [NewGate]. The zero value allows nothing.
type GateOptions struct {
	Destinations *Destinations // where to; nil is nowhere
	Caps         []Cap         // how much; what no cap covers is refused
	Pacer        *Pacer        // how fast; nil is one call a second

	// Budget stops all calls for the rest of a month in which it is spent. Calls that are
	// being made then go on. nil means no budget.
	Budget *capacity.Budget

	// TimeLimit is how long a call may last: pass Permit.TimeLimit to Twilio. It counts
	// against the minutes of the caps until the call ends sooner. 0 means five minutes;
	// it is at most a day.
	TimeLimit time.Duration

	// Store is where calls and minutes are counted, for all instances that share it; nil
	// is a memory of this gate's own.
	Store *policy.Store
}

// Gate is the one question before every call that a service makes, whatever makes it:
// REST calls, <Dial>, transfers, call-backs and tools of language models. What
// nothing allows it refuses.
//
//	permit, err := gate.Decide(ctx, to, 0)
//	if err != nil {
//		return err
//	}
//	sid, err := client.Create(ctx, twiliorest.Outbound{To: to, TimeLimit: permit.TimeLimit, StatusCallback: status})
//	if err != nil {
//		return err // a call may have been made all the same: it stays counted
//	}
//	permit.Placed(sid)
//
// It is a [policy.Observer], to be given to voice.Config.Observers: of a call that has
// ended, only the minutes count that Twilio bills, whichever instance gets the status
// callback. Without a callback that says how long the call lasted, all of its minutes stay
// counted. NewGate makes it; the zero value is not usable. All methods are safe for
// concurrent use.
type Gate struct {
	destinations *Destinations
	pacer        *Pacer
	budget       *capacity.Budget
	limit        time.Duration
	store        *policy.Store
	meters       []*meter
	counting     sync.Mutex // while the counts of one call change, which takes several operations
}

// NewGate makes a gate; the error names everything wrong with the options.
func NewGate(o GateOptions) (*Gate, error) {
	g := &Gate{destinations: o.Destinations, pacer: o.Pacer, budget: o.Budget, limit: o.TimeLimit, store: policy.InMemory(o.Store)}
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
		g.limit = 5 * time.Minute
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

// Permit is the permission to make one call. It is made by [Gate.Decide]; the zero
// value is not usable.
type Permit struct {
	TimeLimit time.Duration // the longest that the call may last

	gate   *Gate
	id     string // what it counts as until it is placed
	meters []*meter
	placed atomic.Bool
}

// Decide asks whether the number or address may be dialled, whether the caps have
// room, and then waits for its turn: those with the higher priority go first. The
// error is an [*Error], at once unless the budget is spent while the call waits, or
// ctx's when that ends before the turn comes. A call counts in the hour and the day
// that follow its turn, to a second, and also while it waits.
func (g *Gate) Decide(ctx context.Context, to string, priority int) (*Permit, error) {
	country, class, err := g.destinations.check(to)
	if err != nil {
		return nil, err
	}
	refuse := func(cause error, limit string) error {
		return &Error{Cause: cause, Country: country, Class: class, Cap: limit}
	}
	if g.spent() {
		return nil, refuse(ErrBudget, "")
	}
	p := &Permit{TimeLimit: g.limit, gate: g, id: rand.Text(), meters: g.covering(to, country)}
	if len(p.meters) == 0 {
		return nil, refuse(ErrUncapped, "")
	}
	if full, cause := p.hold(ctx); cause != nil {
		return nil, refuse(cause, full.to)
	}
	begun := time.Now()
	kept := p.keep()
	err = g.pacer.Wait(ctx, priority)
	kept()
	if err == nil && g.spent() {
		err = refuse(ErrBudget, "")
	}
	if err == nil && time.Since(begun) >= time.Second {
		if full, cause := p.hold(ctx); cause != nil { // its hour begins
			err = refuse(cause, full.to)
		}
	}
	if err != nil {
		p.Cancel()
		return nil, err
	}
	return p, nil
}

// spent reports whether the budget is spent.
func (g *Gate) spent() bool { return g.budget != nil && g.budget.Share(time.Time{}) >= 1 }

// covering returns the meters that a call to an address in a country counts under.
func (g *Gate) covering(to, country string) (found []*meter) {
	for _, m := range g.meters {
		if m.covers(to, country) {
			found = append(found, m)
		}
	}
	return found
}

// hold counts the call at its longest everywhere from this moment on, or nowhere and
// returns which meter is full, and why. Calls
// of other instances may find less room than there is, for a round trip.
func (p *Permit) hold(ctx context.Context) (full *meter, cause error) {
	p.gate.counting.Lock()
	defer p.gate.counting.Unlock()
	var ops []policy.Op
	var of []*meter
	for _, m := range p.meters {
		for _, op := range m.ops(policy.OpAdd, p.id, minutes(p.TimeLimit)) {
			ops, of = append(ops, op), append(of, m)
		}
	}
	p.gate.store.Do(ctx, ops)
	for i := range ops {
		if !ops[i].OK && cause == nil {
			full, cause = of[i], ErrCalls
			if ops[i].Space == minuteLog {
				cause = ErrMinutes
			}
		}
	}
	if cause != nil {
		p.cancel()
	}
	return full, cause
}

// holdAgain is how often a call that waits is counted anew, so that it counts although it
// waits for longer than an hour.
const holdAgain = 20 * time.Minute

// keep keeps the call counted until the function that it returns is called.
func (p *Permit) keep() (stop func()) {
	over, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(holdAgain)
		defer tick.Stop()
		for {
			select {
			case <-over:
				return
			case <-tick.C:
				p.hold(context.Background())
			}
		}
	}()
	return func() { close(over); <-stopped }
}

// Cancel takes back the count of a call that was certainly not made. After Placed it does
// nothing.
func (p *Permit) Cancel() {
	if p.placed.Load() {
		return
	}
	p.gate.counting.Lock()
	defer p.gate.counting.Unlock()
	p.cancel()
}

// cancel is Cancel for a caller that holds the gate's lock.
func (p *Permit) cancel() {
	var ops []policy.Op
	for _, m := range p.meters {
		ops = append(ops, m.ops(policy.OpChange, p.id, 0)...)
	}
	for i := range ops {
		ops[i].Amount = 0
	}
	p.gate.store.Do(context.Background(), ops)
}

// Placed records the CallSid that Twilio gave the call, by which every instance knows how
// many minutes it is counted with.
func (p *Permit) Placed(callSID string) {
	if p.placed.Swap(true) {
		return
	}
	p.gate.counting.Lock()
	defer p.gate.counting.Unlock()
	var ops []policy.Op
	for _, m := range p.meters {
		if m.minutes >= 0 {
			counted, permit := m.op(policy.OpAdd, minuteLog, callSID, minutes(p.TimeLimit)), m.op(policy.OpChange, minuteLog, p.id, 0)
			counted.Limit = policy.Unlimited
			ops = append(ops, counted, permit)
		}
	}
	p.gate.store.Do(context.Background(), ops)
}

// Store returns where calls and minutes are counted.
func (g *Gate) Store() *policy.Store { return g.store }

// Observe gives back the minutes that an outbound call did not last, by Twilio's word alone:
// its stream begins later than the call. One that nobody picked up has had one.
func (g *Gate) Observe(ctx context.Context, c policy.Call, o policy.Outcome) {
	if o.Kind != policy.OutcomeEnded || !o.Billed || !c.Outbound() {
		return
	}
	country, _, err := g.destinations.check(c.To)
	if err != nil {
		return // not dialled by leave of this gate
	}
	lasted := min(max(minutes(o.Duration), 1), minutes(g.limit))
	var ops []policy.Op
	for _, m := range g.covering(c.To, country) {
		if m.minutes >= 0 {
			ops = append(ops, m.op(policy.OpChange, minuteLog, c.SID, lasted))
		}
	}
	g.store.Send(ctx, ops...)
}

// minutes returns how many minutes have begun in d.
func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }
