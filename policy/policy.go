// Package policy decides which calls are taken: limits per caller and in all, lists of
// numbers, business hours, and how these are put together.
//
// The inbound webhook asks one [Policy] once for each call and turns its
// [Decision] into TwiML. Policies are put together with [All]:
//
//	policy.All(
//		policy.Blocked(numbers),
//		policy.PerCaller(10, time.Hour),
//		policy.Concurrent(100),
//	)
//
// Subpackages: fraud (score, attestation, voice challenge), outbound (where a
// service may dial and how fast), admin (bearer tokens), capacity (lines,
// workers, cost), policytest (conformance of engines). What policies count, lease and
// remember they keep in a [Store]: in memory, or in an [Engine] that several instances
// share, such as those of the nested modules redisstore and natsstore.
package policy

import (
	"context"
	"strings"
	"time"
)

// Call is a call as its webhook describes it. All texts come from Twilio's webhook; From can
// be spoofed.
type Call struct {
	SID           string // CallSid; deliveries with the same SID are the same call
	AccountSID    string
	From          string // E.164, "anonymous", "client:…" or "sip:…"; see [Call.Caller]
	To            string // the number that was called: the service's own
	Direction     string // "inbound" for a call to the service; see [Call.Outbound]
	Country       string // FromCountry, ISO 3166 alpha-2, or ""
	ForwardedFrom string
	StirVerstat   string // SHAKEN/STIR verdict as Twilio sent it; package fraud reads it

	// At is when the webhook arrived, as time.Now returned it: limits go by its
	// monotonic reading, business hours by its wall clock. Zero means now.
	At time.Time

	// Lease is how long a place is held for the call until [OutcomeRunning] or [OutcomeEnded]
	// is reported; 0 means [DefaultLease].
	Lease time.Duration
}

// Outbound reports whether the service placed the call itself. Its From is a number of
// the service then, and whom it may call was decided before, by package outbound:
// policies about callers allow it, those about the account count it.
func (c Call) Outbound() bool { return strings.HasPrefix(c.Direction, "outbound") }

// Verdict says what becomes of a call. The values are ordered: the lowest wins.
type Verdict uint8

// The verdicts. The zero value refuses, so that a forgotten answer lets nobody in.
const (
	Reject    Verdict = iota // hang up, or do not answer at all
	Challenge                // let the caller prove to be a person; see package fraud
	Allow
)

// String returns "reject", "challenge" or "allow".
func (v Verdict) String() string {
	switch v {
	case Allow:
		return "allow"
	case Challenge:
		return "challenge"
	}
	return "reject"
}

// Reason says why a call was refused or challenged. Those of this package are a closed
// set. A policy of the host's may have a few of its own, as "tenant_suspended": letters,
// underscores and hyphens, without a number, as they become labels of a metric.
type Reason string

// The reasons. An allowed call has none.
const (
	ReasonRateLimit Reason = "rate_limit" // the caller has had its calls of this hour
	ReasonBlocked   Reason = "blocked"    // the number is on the list
	ReasonPrefix    Reason = "prefix"     // a prefix of the number is on the list
	ReasonAnonymous Reason = "anonymous"  // the caller withheld the number
	ReasonHours     Reason = "hours"      // outside business hours
	ReasonCapacity  Reason = "capacity"   // all lines are taken
	ReasonPremium   Reason = "premium"    // a number that costs the other side money
	ReasonFraud     Reason = "fraud"      // the fraud score is too high
	ReasonCaptcha   Reason = "captcha"    // the caller has to pass, or did not pass, the challenge
)

// Reasons lists every reason in a fixed order, to create metric series at zero.
func Reasons() []Reason {
	return []Reason{ReasonRateLimit, ReasonBlocked, ReasonPrefix, ReasonAnonymous, ReasonHours, ReasonCapacity, ReasonPremium, ReasonFraud, ReasonCaptcha}
}

// Decision is a policy's answer.
type Decision struct {
	Verdict Verdict
	Reason  Reason // "" when allowed
	Detail  string // for the log, never for the caller; may be empty

	// Message, if set, is spoken before hanging up. Speaking answers the call,
	// which Twilio bills; without a message a refusal is <Reject>, which is free.
	Message string

	// Busy makes the refusal sound like a busy line (<Reject reason="busy">)
	// rather than a number out of service. It counts only without a Message.
	Busy bool
}

// Allowed reports whether the call may go on without a challenge.
func (d Decision) Allowed() bool { return d.Verdict == Allow }

// A Policy decides about calls.
//
// Decide is asked once for each call but must bear duplicates: Twilio delivers a
// webhook again when the first answer got lost. A second Decide with the same
// Call.SID must neither count the call nor take a place again. Decide must be
// safe for concurrent use and quick: it decides without the answers that do not
// come in time.
//
// A policy that wants to know what became of the call also is an [Observer].
type Policy interface {
	Decide(ctx context.Context, c Call) Decision
}

// Func is a function as a [Policy].
type Func func(ctx context.Context, c Call) Decision

// Decide calls f.
func (f Func) Decide(ctx context.Context, c Call) Decision { return f(ctx, c) }
