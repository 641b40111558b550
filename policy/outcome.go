package policy

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"time"
)

// Outcome is what became of a call after the decision about it.
type Outcome struct {
	Kind OutcomeKind

	// Status is Twilio's CallStatus at the end of a call: completed, failed, busy,
	// no-answer or canceled. "" is not known.
	Status string

	// Duration is how long a call has lasted that has ended; 0 if nobody picked up, < 0 if
	// it is not known. Unless it is Billed it is that of the stream, which begins after the
	// call.
	Duration time.Duration
	Billed   bool // Duration is Twilio's, from the status callback
}

// OutcomeKind says which outcome.
type OutcomeKind uint8

// The kinds of outcomes.
const (
	// OutcomeRefused: another policy refused the call, or this one did and had counted or held
	// something for it already. It never took place.
	OutcomeRefused OutcomeKind = iota
	// OutcomePassed: the caller passed the challenge.
	OutcomePassed
	// OutcomeRunning: the call is up, as the instance that has its stream says about three
	// times a minute.
	OutcomeRunning
	// OutcomeEnded: the call is over, whatever ended it. It may be one that no policy saw.
	OutcomeEnded
)

// String returns "refused", "passed", "running" or "ended".
func (k OutcomeKind) String() string {
	return [...]string{"refused", "passed", "running", "ended"}[min(k, OutcomeEnded)]
}

// An Observer hears what became of calls. A [Policy] may implement it; other observers,
// such as an outbound gate, go into Config.Observers of package voice.
//
// Observe is called once for each outcome of a call, for OutcomeRunning each time it is reported,
// on whichever instance learned of it, which need not be the one that decided. An end is
// reported once by all instances that share a [Store]. A [Stored] policy is called before it
// is known whether another instance has reported the end, so it may hear of an end twice.
// Observe must return within a second: other instances wait for it, and not for longer than four.
// Observe gets the Call that Decide got, as far as the instance knows it: after the
// decision, Call.SID, From, To and Direction are certain. It is not called for calls
// that [Except] exempts from the policy.
type Observer interface {
	Observe(ctx context.Context, c Call, o Outcome)
}

// ObserverFunc is a function as an [Observer].
type ObserverFunc func(ctx context.Context, c Call, o Outcome)

// Observe calls f.
func (f ObserverFunc) Observe(ctx context.Context, c Call, o Outcome) { f(ctx, c, o) }

// Tell reports the outcome of calls to the observers among the policies that p is made of,
// and to others. The operations that they send to a store go in one question to each.
func Tell(ctx context.Context, o Outcome, p Policy, others []Observer, calls ...Call) {
	var sent *collected
	each(p, others, func(w watcher) {
		if sent == nil && w.store.Shared() {
			ctx, sent = collect(ctx)
		}
		for i := range calls {
			w.tell(ctx, calls[i], o)
		}
	})
	if sent != nil {
		sent.send(ctx)
	}
}

// ErrClaimed is returned by [TellOnce] while another instance is about to report the end.
var ErrClaimed = errors.New("policy: another instance is about to report the end of the call")

// TellOnce reports the end of a call to the observers, unless another instance has: by is
// the name of this one. The question to the store carries what stored policies send, and
// more. told is true if the observers were called.
//
// Where err is not nil the end is not settled, and TellOnce has to be called again:
// [ErrAway] while the store cannot say whether the end was reported, [ErrClaimed] while
// another instance has claimed the report and has not made it. Its claim ends after three
// seconds, in case the instance has died.
func TellOnce(ctx context.Context, s *Store, by string, o Outcome, p Policy, others []Observer, c Call, more ...Op) (told bool, err error) {
	gathering, sent := collect(ctx)
	var rest []watcher
	each(p, others, func(w watcher) {
		if w.store != nil {
			w.tell(gathering, c, o)
		} else {
			rest = append(rest, w)
		}
	})
	s.Send(gathering, more...)
	// No two claims are the same: a repeated one would not say how long it still holds.
	claim := Op{Kind: OpWrite, Space: endedSpace, Name: c.SID, Keep: claimLease, Value: []byte(by + " " + rand.Text())}
	asked := time.Now()
	result := sent.send(ctx, sending{s, claim, nil})[0]
	if result.Err == nil && !result.OK && strings.HasPrefix(string(result.Value), by+" ") { // its answer was lost
		claim.Generation, asked = result.Generation, time.Now()
		ops := []Op{claim}
		s.Do(ctx, ops)
		result = ops[0]
	}
	switch {
	case result.Err != nil:
		return false, result.Err
	case !result.OK && EndReported(&result):
		return false, nil
	case !result.OK, time.Since(asked) > claimLease/2: // it may be another's before the observers are called
		return false, ErrClaimed
	}
	defer s.Do(ctx, []Op{WriteEnd(c.SID)}) // whatever an observer does
	for _, w := range rest {
		w.tell(ctx, c, o)
	}
	return true, nil
}

// TellFirst reports the end of a call to the observers, and then to the other instances, for
// the one instance whose report the others wait for. The question to the store carries what
// stored policies send, and more.
func TellFirst(ctx context.Context, s *Store, o Outcome, p Policy, others []Observer, c Call, more ...Op) {
	gathering, sent := collect(ctx)
	s.Send(gathering, more...)
	defer sent.send(ctx, sending{s, WriteEnd(c.SID), nil}) // whatever an observer does
	each(p, others, func(w watcher) { w.tell(gathering, c, o) })
}

// GiveBack releases what the stored policies hold for a call, as at its end. It calls no
// other observer.
func GiveBack(ctx context.Context, o Outcome, p Policy, others []Observer, c Call) {
	ctx, sent := collect(ctx)
	each(p, others, func(w watcher) {
		if w.store != nil {
			w.tell(ctx, c, o)
		}
	})
	sent.send(ctx)
}

// endedSpace is where it is noted, by CallSid, that a call has ended: by a claim until its end
// has been reported.
const endedSpace = "ended"

const (
	// claimLease is how long the others wait for an instance that has claimed a report.
	claimLease = 3 * time.Second
	// keepEnded is how long a call can last.
	keepEnded = 24 * time.Hour
)

// ReadEnd returns the question whether a call has ended: OK if one instance has learned of
// it. See [EndReported].
func ReadEnd(callSID string) Op { return Op{Kind: OpRead, Space: endedSpace, Name: callSID} }

// EndReported reports whether the answer to [ReadEnd] says that the end has been reported.
func EndReported(answer *Op) bool {
	return answer.Err == nil && string(answer.Value) == reported
}

// WriteEnd returns the operation that notes for a day that the end of a call has been
// reported, as [TellOnce] and [TellFirst] do.
func WriteEnd(callSID string) Op {
	return Op{Kind: OpWrite, Space: endedSpace, Name: callSID, Generation: AnyGeneration, Keep: keepEnded, Value: []byte(reported)}
}

// reported is the value of an end that is not a claim.
const reported = "reported"

// watcher is an observer, the store that it sends to what it hears, or nil, and the
// policies around it from which some calls are exempt.
type watcher struct {
	Observer
	store  *Store
	within *exemption
}

type exemption struct {
	exempt func(Call) bool
	within *exemption
}

// tell reports the outcome of a call, unless it is exempt.
func (w watcher) tell(ctx context.Context, c Call, o Outcome) {
	for e := w.within; e != nil; e = e.within {
		if e.exempt(c) {
			return
		}
	}
	w.Observe(ctx, c, o)
}

// each calls f with the observers that p is made of, and the others.
func each(p Policy, others []Observer, f func(watcher)) {
	eachOf(p, nil, f)
	for _, o := range others {
		f(watcher{o, storeOf(o), nil})
	}
}

func eachOf(p Policy, within *exemption, f func(watcher)) {
	switch p := p.(type) {
	case *CallerLimit: // the usual ones, which are known
		f(watcher{p, p.store, within})
		return
	case *Concurrency:
		f(watcher{p, p.store, within})
		return
	case *BlockList, *Hours:
		return
	case all:
		for _, inner := range p {
			eachOf(inner, within, f)
		}
	case wrapped:
		if p.exempt != nil {
			within = &exemption{p.exempt, within}
		}
		eachOf(p.Policy, within, f)
	case interface{ Unwrap() []Policy }:
		for _, inner := range p.Unwrap() {
			eachOf(inner, within, f)
		}
	}
	if o, ok := p.(Observer); ok {
		f(watcher{o, storeOf(o), within})
	}
}

func storeOf(o Observer) *Store {
	if stored, ok := o.(interface{ Store() *Store }); ok {
		return stored.Store()
	}
	return nil
}

// sending is an operation and where it goes.
type sending struct {
	store *Store
	op    Op
	then  func(Op) // gets the result; may be nil
}

// collected are operations that wait to be sent together.
type collected struct{ all []sending }

type collectedKey struct{}

func collect(ctx context.Context) (context.Context, *collected) {
	c := new(collected)
	return context.WithValue(ctx, collectedKey{}, c), c
}

// Send carries out operations whose results are not needed. Within Observe it sends them
// together with those of other policies.
func (s *Store) Send(ctx context.Context, ops ...Op) { s.send(ctx, nil, ops...) }

// send is Send, with a function that gets the results.
func (s *Store) send(ctx context.Context, then func(Op), ops ...Op) {
	if !s.Shared() {
		for i := range ops {
			if s.local.do(&ops[i]); then != nil {
				then(ops[i])
			}
		}
		return
	}
	c, gathers := ctx.Value(collectedKey{}).(*collected)
	if !gathers {
		c = new(collected)
	}
	for _, op := range ops {
		c.all = append(c.all, sending{s, op, then})
	}
	if !gathers {
		c.send(ctx)
	}
}

// send sends what was collected and more, each store's in one question, first to the stores
// of the latter, of which it returns the results.
func (c *collected) send(ctx context.Context, more ...sending) []Op {
	all := append(more, c.all...)
	results := make([]Op, len(all))
	var stores []*Store
	whose := make(map[*Store][]int)
	for i, s := range all {
		if whose[s.store] == nil {
			stores = append(stores, s.store)
		}
		whose[s.store] = append(whose[s.store], i)
	}
	for _, store := range stores {
		which := whose[store]
		ops := make([]Op, 0, len(which))
		for _, i := range which {
			ops = append(ops, all[i].op)
		}
		store.Do(ctx, ops)
		for j, i := range which {
			if results[i] = ops[j]; all[i].then != nil {
				all[i].then(ops[j])
			}
		}
	}
	return results[:len(more)]
}
