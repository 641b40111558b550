package fraud

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"sync"
	"time"

	"agentos.dev/dialtone/policy"
)

// PassesOptions configures [NewPasses].
type PassesOptions struct {
	// Keep is how long a caller who passed is not challenged again. 0 means a day.
	Keep time.Duration

	// MaxCallers bounds the memory, 24 to 48 bytes each. When about as many have
	// passed, some of those who passed longest ago are forgotten and challenged again.
	// 0 means policy.DefaultMaxCallers.
	MaxCallers int

	// Store shares the callers who have passed with the other instances. While it is away,
	// each instance knows its own: at worst a person presses four digits more than once.
	Store *policy.Store
}

// Passes is a [policy.Policy] that asks another one and allows what that would
// challenge, if the caller passed the challenge not long ago. Refusals stand.
//
// A pass belongs to a caller's number with its exact attestation, so a forged
// call does not profit from one that a genuine caller earned, where there is
// attestation. Without attestation, a caller who forges a number inherits its pass: the
// score's refusals and the caller limit must then bound what a challenge would keep out.
//
// The memory has a fixed size and no pointers. It goes by the monotonic clock. NewPasses
// makes it; the zero value is not usable. All methods are safe for concurrent use.
type Passes struct {
	inner policy.Policy
	store *policy.Store // nil if it is not shared
	keep  time.Duration
	wrong error // what Validate returns
	made  time.Time
	seed  maphash.Seed

	mu     sync.Mutex
	passed cells[passed]
}

// passed is when a caller passed, in time since the memory was made.
type passed struct{ at time.Duration }

// NewPasses remembers who passed the challenges of p.
func NewPasses(p policy.Policy, o PassesOptions) *Passes {
	var wrong error
	if o.Keep < 0 || o.MaxCallers < 0 {
		wrong = fmt.Errorf("fraud: passes: Keep or MaxCallers is negative: %v, %d", o.Keep, o.MaxCallers)
	}
	setDefault(&o.Keep, 24*time.Hour)
	setDefault(&o.MaxCallers, policy.DefaultMaxCallers)
	passes := &Passes{inner: p, keep: o.Keep, wrong: wrong, made: time.Now(), seed: maphash.MakeSeed(), passed: newCells[passed](o.MaxCallers)}
	if o.Store.Shared() {
		passes.store = o.Store
	}
	return passes
}

// Validate returns what is wrong with the options or the inner policy.
func (p *Passes) Validate() error { return errors.Join(p.wrong, policy.Validate(p.inner)) }

// passKey returns under which key a pass is remembered: the caller and the exact attestation
// of the number. It is empty for calls whose passes are good for themselves alone: of
// callers who withheld their number, who cannot be told from each other, and with a failed
// attestation, whose number is not theirs.
func passKey(c policy.Call) string {
	caller := c.Caller()
	a := readAttestation(c.StirVerstat)
	if c.Identity().IsWithheld() || a.status == statusFailed {
		return ""
	}
	if a.status == statusAbsent {
		return caller
	}
	return c.StirVerstat + " " + caller
}

// Decide asks the inner policy. An allowed call that would have been challenged
// keeps the detail that says why.
func (p *Passes) Decide(ctx context.Context, c policy.Call) policy.Decision {
	if p.Store() != nil {
		return policy.DecideStored(ctx, p, c)
	}
	d := p.inner.Decide(ctx, c)
	if d.Verdict == policy.Challenge && p.Passed(ctx, c) {
		d.Verdict, d.Reason = policy.Allow, ""
	}
	return d
}

// Unwrap returns the inner policy: it hears the outcomes of calls too.
func (p *Passes) Unwrap() []policy.Policy { return []policy.Policy{p.inner} }

// Store returns the store, if the inner policy asks the same one.
func (p *Passes) Store() *policy.Store {
	if inner, ok := p.inner.(policy.Stored); ok && p.store != nil && inner.Store() == p.store {
		return p.store
	}
	return nil
}

// Ask asks whether the caller has passed, and what the inner policy asks.
func (p *Passes) Ask(c policy.Call, ops []policy.Op) []policy.Op {
	return p.inner.(policy.Stored).Ask(c, append(ops, p.read(passKey(c))))
}

// Judge lets the inner policy judge, and allows what that would challenge of a caller who
// has passed.
func (p *Passes) Judge(c policy.Call, answers []policy.Op) policy.Decision {
	d := p.inner.(policy.Stored).Judge(c, answers[1:])
	if d.Verdict == policy.Challenge && passKey(c) != "" && (answers[0].OK || p.passedHere(c)) {
		d.Verdict, d.Reason = policy.Allow, ""
	}
	return d
}

func (p *Passes) read(key string) policy.Op {
	return policy.Op{Kind: policy.OpRead, Space: "passed", Name: key}
}

// Observe remembers the caller of a call that has passed.
func (p *Passes) Observe(ctx context.Context, c policy.Call, o policy.Outcome) {
	key := passKey(c)
	if o.Kind != policy.OutcomePassed || key == "" {
		return
	}
	p.mu.Lock()
	at := time.Since(p.made)
	v, _ := p.passed.get(maphash.String(p.seed, key), seconds(at/time.Second))
	v.at = at
	p.mu.Unlock()
	if p.store != nil {
		p.store.Send(ctx, policy.Op{Kind: policy.OpWrite, Space: "passed", Name: key, Generation: policy.AnyGeneration, Keep: p.keep})
	}
}

// Passed reports whether the call's caller passed a challenge not long ago.
func (p *Passes) Passed(ctx context.Context, c policy.Call) bool {
	if p.passedHere(c) {
		return true
	}
	key := passKey(c)
	if p.store == nil || key == "" {
		return false
	}
	ops := []policy.Op{p.read(key)}
	p.store.Do(ctx, ops)
	return ops[0].OK
}

func (p *Passes) passedHere(c policy.Call) bool {
	key := passKey(c)
	if key == "" {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.passed.find(maphash.String(p.seed, key))
	return v != nil && time.Since(p.made)-v.at < p.keep
}
