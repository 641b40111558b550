// Package fraud weighs the signals that an inbound call is fraudulent, reads
// SHAKEN/STIR attestations, and asks callers to prove that they are people.
package fraud

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/outbound"
)

// Signal is one thing that speaks for or against a call.
type Signal uint8

// The signals.
const (
	SignalAttempts      Signal = iota // the caller has tried more often than ScoreOptions.AttemptsPerHour, or its SIP host more than HostFactor times that
	SignalSequence                    // numbers that differ in their last two digits call one after the other
	SignalScan                        // the caller goes through the service's numbers
	SignalShortCalls                  // most of the caller's calls end within seconds
	SignalPremiumNumber               // the caller's number, or the forwarding one, costs to call back
	SignalOffHours                    // outside business hours
	SignalWithheld                    // the caller withheld the number
	SignalForged                      // the attestation failed
	SignalUnattested                  // attested at level C only
	SignalGenuine                     // attested in full; weighs against suspicion
	signals                           // how many there are
)

var signalNames = [signals]string{"attempts", "sequence", "scan", "short calls", "premium number", "off hours", "withheld", "failed attestation", "attestation C", "attestation A"}

// String returns the signal in words.
func (s Signal) String() string {
	if s < signals {
		return signalNames[s]
	}
	return fmt.Sprintf("signal %d", uint8(s))
}

// ScoreOptions configures [NewScore]. The zero value has useful defaults for everything.
type ScoreOptions struct {
	// Weights of the signals; those not named have the default: SignalAttempts and
	// SignalForged 0.6, SignalPremiumNumber 0.5, SignalSequence, SignalScan and
	// SignalShortCalls 0.4, SignalWithheld 0.3, SignalOffHours 0.2, SignalUnattested 0.1,
	// SignalGenuine -0.3.
	Weights map[Signal]float64

	// A call whose weights add up to ChallengeAt is challenged, to RejectAt is
	// refused. 0 means 0.5 and 1.
	ChallengeAt, RejectAt float64

	AttemptsPerHour int           // 0 means 20
	HostFactor      int           // how many times as many all callers of a SIP host may make; 0 means policy.DefaultHostFactor, < 0 any number
	Neighbours      int           // how many of a hundred numbers make a SignalSequence; 0 means 5
	Targets         int           // how many of the service's numbers make a SignalScan, at most 4; 0 means 4
	ShortCall       time.Duration // how short a short call is; 0 means 6 s
	ShortCallsMin   int           // how many calls must have ended before their length says something; 0 means 5

	Hours *policy.Hours // nil: SignalOffHours is never set
	Look  func(number string) (country string, class outbound.Class)

	// MaxCallers bounds the memory, about 250 bytes each. When more call within an
	// hour, some of those seen less recently are forgotten. 0 means
	// policy.DefaultMaxCallers.
	MaxCallers int

	// Store adds to what this instance remembers what the others do, if it is a shared one.
	Store *policy.Store
}

// Score is a [policy.Policy] that challenges or refuses suspicious calls. It counts
// attempts, not accepted calls: it must stand before the caller limit in
// [policy.All], or it never sees those that the limit refuses.
//
// Callers are told apart by their [policy.Identity]: forged calls of a number do not
// count against its attested owner.
//
// A caller's counts are those of its current hour and, in proportion, of the one
// before: close enough for a score, not for a promise. In a shared store they are those of
// the last hour; the higher ones count. NewScore makes it; the zero value is not usable. All
// methods are safe for concurrent use.
type Score struct {
	o       ScoreOptions
	weights [signals]float64
	memory  memory
}

// NewScore makes a score, or says what is wrong with the options.
func NewScore(o ScoreOptions) (*Score, error) {
	s := &Score{weights: [signals]float64{
		SignalAttempts: 0.6, SignalPremiumNumber: 0.5, SignalSequence: 0.4, SignalScan: 0.4, SignalShortCalls: 0.4, SignalOffHours: 0.2,
		SignalWithheld: 0.3, SignalForged: 0.6, SignalUnattested: 0.1, SignalGenuine: -0.3,
	}}
	var errs []error
	for signal, w := range o.Weights {
		if signal >= signals {
			errs = append(errs, fmt.Errorf("fraud: weight for unknown %v", signal))
			continue
		}
		if math.IsNaN(w) || math.IsInf(w, 0) {
			errs = append(errs, fmt.Errorf("fraud: weight of %v is %v", signal, w))
		}
		s.weights[signal] = w
	}
	for _, v := range []struct {
		name  string
		value float64
	}{
		{"ChallengeAt", o.ChallengeAt}, {"RejectAt", o.RejectAt}, {"AttemptsPerHour", float64(o.AttemptsPerHour)}, {"Neighbours", float64(o.Neighbours)},
		{"Targets", float64(o.Targets)}, {"ShortCall", float64(o.ShortCall)}, {"ShortCallsMin", float64(o.ShortCallsMin)}, {"MaxCallers", float64(o.MaxCallers)},
	} {
		if !(v.value >= 0) {
			errs = append(errs, fmt.Errorf("fraud: %s is not 0 or more: %v", v.name, v.value))
		}
	}
	setDefault(&o.ChallengeAt, 0.5)
	setDefault(&o.RejectAt, 1)
	setDefault(&o.AttemptsPerHour, 20)
	setDefault(&o.HostFactor, policy.DefaultHostFactor)
	setDefault(&o.Neighbours, 5)
	setDefault(&o.Targets, maxTargets)
	setDefault(&o.ShortCall, 6*time.Second)
	setDefault(&o.ShortCallsMin, 5)
	setDefault(&o.MaxCallers, policy.DefaultMaxCallers)
	if o.Targets > maxTargets {
		errs = append(errs, fmt.Errorf("fraud: %d targets: at most %d can be told apart", o.Targets, maxTargets))
	}
	if o.RejectAt < o.ChallengeAt {
		errs = append(errs, fmt.Errorf("fraud: calls would be refused at %v before they are challenged at %v", o.RejectAt, o.ChallengeAt))
	}
	if o.Look == nil {
		table, err := outbound.StandardTable()
		if err != nil {
			errs = append(errs, err)
		}
		o.Look = table.Look
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	s.o = o
	s.memory.init(o.MaxCallers)
	return s, nil
}

func setDefault[T int | float64 | time.Duration](v *T, to T) {
	if *v == 0 {
		*v = to
	}
}

// Decide counts the attempt and judges the call: refused with the reason Fraud,
// challenged with Captcha, or allowed. The detail names the signals. Outbound calls are
// nobody's attempt.
func (s *Score) Decide(ctx context.Context, c policy.Call) policy.Decision {
	if s.Store() != nil {
		return policy.DecideStored(ctx, s, c)
	}
	return s.Judge(c, nil)
}

// Judge judges the call by what this instance remembers, and by what the store does.
func (s *Score) Judge(c policy.Call, answers []policy.Op) policy.Decision {
	if c.Outbound() {
		return policy.Decision{Verdict: policy.Allow}
	}
	if c.At.IsZero() {
		c.At = time.Now()
	}
	seen := s.seen(&c, answers)
	total := 0.0
	for signal, yes := range seen {
		if yes {
			total += s.weights[signal]
		}
	}
	d := policy.Decision{Verdict: policy.Allow}
	switch {
	case total >= s.o.RejectAt:
		s.memory.refused(c.SID)
		d.Verdict, d.Reason = policy.Reject, policy.ReasonFraud
	case total >= s.o.ChallengeAt:
		d.Verdict, d.Reason = policy.Challenge, policy.ReasonCaptcha
	default:
		return d
	}
	d.Detail = s.detail(seen, total)
	return d
}

// seen returns the signals that the call shows.
func (s *Score) seen(c *policy.Call, answers []policy.Op) (seen [signals]bool) {
	who := c.Identity()
	seen[SignalWithheld] = who.IsWithheld()
	h := s.memory.attempt(who, c)
	h.add(answers)
	seen[SignalAttempts] = s.o.HostFactor > 0 && h.hostAttempts > float64(s.o.AttemptsPerHour*s.o.HostFactor)
	// All who withhold their number share one history, which is nobody's.
	if !seen[SignalWithheld] {
		seen[SignalAttempts] = seen[SignalAttempts] || h.attempts > float64(s.o.AttemptsPerHour)
		seen[SignalScan] = h.targets >= s.o.Targets
		seen[SignalShortCalls] = h.ended >= float64(s.o.ShortCallsMin) && h.short > h.ended/2
		seen[SignalSequence] = h.neighbours >= s.o.Neighbours
		seen[SignalPremiumNumber] = who.IsNumber() && s.premium(who.Caller) || policy.IsE164(c.ForwardedFrom) && s.premium(c.ForwardedFrom)
	}
	seen[SignalOffHours] = s.o.Hours != nil && !s.o.Hours.Open(c.At)
	a := readAttestation(c.StirVerstat)
	seen[SignalForged] = a.status == statusFailed
	seen[SignalUnattested] = a.status == statusPassed && a.level == levelC
	seen[SignalGenuine] = a.full()
	return seen
}

func (s *Score) premium(number string) bool {
	switch _, class := s.o.Look(number); class {
	case outbound.ClassPremium, outbound.ClassSharedCost, outbound.ClassPersonal, outbound.ClassSatellite, outbound.ClassWatch:
		return true
	}
	return false
}

func (s *Score) detail(seen [signals]bool, total float64) string {
	var b strings.Builder
	fmt.Fprintf(&b, "score %.2f:", total)
	for signal, yes := range seen {
		if yes {
			fmt.Fprintf(&b, " %s (%+.2f)", Signal(signal), s.weights[signal])
		}
	}
	return b.String()
}

// Observe notes how long a call lasted that has ended, or that one was refused by another
// policy: its attempt stays counted, its length says nothing.
func (s *Score) Observe(ctx context.Context, c policy.Call, o policy.Outcome) {
	switch o.Kind {
	case policy.OutcomeRefused:
		s.memory.refused(c.SID)
	case policy.OutcomeEnded:
		s.memory.ended(c.SID, s.o.ShortCall)
		if s.Store() != nil && !c.Outbound() && o.Duration > 0 {
			s.o.Store.Send(ctx, s.lengths(c, o.Duration)...)
		}
	}
}
