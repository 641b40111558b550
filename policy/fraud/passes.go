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

// DefaultKeep is how long a passed challenge counts by default.
const DefaultKeep = 24 * time.Hour

// PassesOptions configures [NewPasses].
type PassesOptions struct {
	// Keep is how long a caller who passed is not challenged again. 0 means
	// DefaultKeep.
	Keep time.Duration

	// MaxCallers bounds the memory, 24 to 48 bytes each. When about as many have
	// passed, some of those who passed longest ago are forgotten and challenged again.
	// 0 means policy.DefaultMaxCallers.
	MaxCallers int
}

// Passes is a [policy.Policy] that asks another one and allows what that would
// challenge, if the caller passed the challenge not long ago. Refusals stand.
//
// A pass belongs to a caller's number as it was attested (see [PassKey]), so a forged
// call does not profit from one that a genuine caller earned, where there is
// attestation. Where there is none, who knows a number that has passed can forge it:
// what a challenge keeps out, the score's refusals and the caller limit must then
// keep within bounds.
//
// The memory has a fixed size and no pointers. It goes by the monotonic clock. All
// methods are safe for concurrent use.
type Passes struct {
	policy.Policy
	keep  time.Duration
	wrong error // what Validate tells
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
	setDefault(&o.Keep, DefaultKeep)
	setDefault(&o.MaxCallers, policy.DefaultMaxCallers)
	return &Passes{Policy: p, keep: o.Keep, wrong: wrong, made: time.Now(), seed: maphash.MakeSeed(), passed: newCells[passed](o.MaxCallers)}
}

// Validate returns what is wrong with the options or the inner policy.
func (p *Passes) Validate(longest time.Duration) error {
	return errors.Join(p.wrong, policy.Validate(p.Policy, longest))
}

// PassKey returns whose passes are the same: the caller and the exact attestation of
// the number. It is empty for calls whose passes are good for themselves alone: of
// callers who withheld their number, whom nothing tells apart, and with a failed
// attestation, whose number is not theirs.
func PassKey(c policy.Call) string {
	caller := c.Caller()
	a := ParseAttestation(c.StirVerstat)
	if caller == policy.AnonymousCaller || a.Status == Failed {
		return ""
	}
	if a.Status == Absent {
		return caller
	}
	return c.StirVerstat + " " + caller
}

// Decide asks the inner policy. An allowed call that would have been challenged
// keeps the detail that says why.
func (p *Passes) Decide(ctx context.Context, c policy.Call) policy.Decision {
	d := p.Policy.Decide(ctx, c)
	if d.Verdict == policy.Challenge && p.Passed(c) {
		d.Verdict, d.Reason = policy.Allow, ""
	}
	return d
}

// Pass remembers the call's caller.
func (p *Passes) Pass(ctx context.Context, c policy.Call) {
	if key := PassKey(c); key != "" {
		p.mu.Lock()
		at := time.Since(p.made)
		v, _ := p.passed.get(maphash.String(p.seed, key), seconds(at/time.Second))
		v.at = at
		p.mu.Unlock()
	}
	policy.Pass(ctx, p.Policy, c)
}

// Passed reports whether the call's caller passed a challenge not long ago.
func (p *Passes) Passed(c policy.Call) bool {
	key := PassKey(c)
	if key == "" {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	v := p.passed.find(maphash.String(p.seed, key))
	return v != nil && time.Since(p.made)-v.at < p.keep
}

// Release passes on that the call has ended.
func (p *Passes) Release(callSID string) { policy.Release(p.Policy, callSID) }

// Cancel passes on that the call was refused after all.
func (p *Passes) Cancel(ctx context.Context, c policy.Call) { policy.Cancel(ctx, p.Policy, c) }
