// Package policytest checks that policies and the engines of their store keep the
// promises of package policy.
package policytest

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"agentos.dev/dialtone/policy"
)

// CallerLimit checks limits of calls per caller. make returns a limit that knows
// no calls yet; what it needs to clean up it registers with t.
func CallerLimit(t *testing.T, make func(t *testing.T, limit int, window time.Duration, overrides map[string]int) policy.Policy) {
	ctx := t.Context()
	t.Run("counts", func(t *testing.T) {
		p := make(t, 3, time.Hour, nil)
		for i := range 6 {
			c := policy.Call{SID: fmt.Sprint("CA", i), From: "+14155550100"}
			expect(t, p.Decide(ctx, c), i < 3, policy.ReasonRateLimit, "call %d of 3", i+1)
			if i < 3 {
				expect(t, p.Decide(ctx, c), true, "", "call %d, delivered twice", i+1)
			}
		}
		expect(t, p.Decide(ctx, policy.Call{SID: "CB", From: "+14155550101"}), true, "", "another caller")
	})
	t.Run("placed calls have no caller", func(t *testing.T) {
		p := make(t, 1, time.Hour, nil)
		for i, direction := range []string{"outbound-api", "outbound-dial", "outbound-api"} {
			expect(t, p.Decide(ctx, policy.Call{SID: fmt.Sprint("CA", i), From: "+14155550199", Direction: direction}), true, "", "%s", direction)
		}
		expect(t, p.Decide(ctx, policy.Call{SID: "CB", From: "+14155550199"}), true, "", "the number calls itself")
	})
	t.Run("anonymous callers share a count", func(t *testing.T) {
		p := make(t, 2, time.Hour, nil)
		for i, from := range []string{"", "Anonymous", "+266696687", "restricted"} {
			expect(t, p.Decide(ctx, policy.Call{SID: fmt.Sprint("CA", i), From: from}), i < 2, policy.ReasonRateLimit, "%q", from)
		}
	})
	t.Run("an address has one count, however it is written", func(t *testing.T) {
		p := make(t, 2, time.Hour, nil)
		for i, from := range []string{"sip:x@example.com", "sip:x@example.com:5060", "<sip:X@Example.com;transport=udp>", "sips:x@example.com", "sip:%78@example.com."} {
			expect(t, p.Decide(ctx, policy.Call{SID: fmt.Sprint("CA", i), From: from}), i < 2, policy.ReasonRateLimit, "%q", from)
		}
		for i, from := range []string{"tel:+1-415-555-0100", "+14155550100", "+1 415 555 0100"} {
			expect(t, p.Decide(ctx, policy.Call{SID: fmt.Sprint("CB", i), From: from}), i < 2, policy.ReasonRateLimit, "%q", from)
		}
		for i, from := range []string{"sip:anonymous@anonymous.invalid", "\"Anonymous\" <sips:ANONYMOUS@anonymous.invalid:5061>;tag=1", "", "anonymous"} {
			expect(t, p.Decide(ctx, policy.Call{SID: fmt.Sprint("CC", i), From: from}), i < 2, policy.ReasonRateLimit, "%q", from)
		}
	})
	t.Run("a SIP host has a count of its own", func(t *testing.T) {
		p := make(t, 10, time.Hour, map[string]int{"sip:*@pbx.example.com": 50, "sip:boss@example.com": 4})
		users := func(host string) (allowed int) {
			for i := range 100 {
				if p.Decide(ctx, policy.Call{SID: fmt.Sprint(host, i), From: fmt.Sprintf("sip:%d@%s", i, host)}).Allowed() {
					allowed++
				}
			}
			return allowed
		}
		for host, want := range map[string]int{"example.com": 10 * policy.DefaultHostFactor, "example.net": 10 * policy.DefaultHostFactor, "pbx.example.com": 50} {
			if n := users(host); n != want {
				t.Errorf("%d of 100 calls from users of %s were allowed, want %d", n, host, want)
			}
		}
		for i := range 5 {
			expect(t, p.Decide(ctx, policy.Call{SID: fmt.Sprint("CA", i), From: "sip:boss@example.com"}), i < 4, policy.ReasonRateLimit, "whom an override names, call %d of 4", i+1)
		}
		again := policy.Call{SID: "example.com0", From: "sip:0@example.com"}
		expect(t, p.Decide(ctx, again), true, "", "delivered twice when the host has no more room")
		tell(ctx, policy.OutcomeRefused, p, again)
		expect(t, p.Decide(ctx, policy.Call{SID: "CB1", From: "sip:new@example.com"}), true, "", "the place of a cancelled call")
		expect(t, p.Decide(ctx, policy.Call{SID: "CB2", From: "sip:new@example.com"}), false, policy.ReasonRateLimit, "no other place")
	})
	t.Run("a SIP user has a count of its own", func(t *testing.T) {
		p := make(t, 2, time.Hour, nil)
		for i := range 20 { // what the user is refused takes no place of the host
			expect(t, p.Decide(ctx, policy.Call{SID: fmt.Sprint("CA", i), From: "sip:x@example.com"}), i < 2, policy.ReasonRateLimit, "call %d of 2", i+1)
		}
		for i := range 4 {
			expect(t, p.Decide(ctx, policy.Call{SID: fmt.Sprint("CB", i), From: fmt.Sprintf("sip:y%d@example.com", i)}), true, "", "another user, call %d", i+1)
		}
	})
	t.Run("forged calls use up nothing of the owner's", func(t *testing.T) {
		const owner = "+14155550100"
		p := make(t, 10, time.Hour, nil)
		for _, verstat := range []string{"", "TN-Validation-Passed-A", "TN-Validation-Failed-C"} {
			for i := range 12 {
				expect(t, p.Decide(ctx, policy.Call{SID: fmt.Sprint(verstat, i), From: owner, StirVerstat: verstat}), i < 10, policy.ReasonRateLimit, "%q, call %d of 10", verstat, i+1)
			}
		}
		for _, verstat := range []string{"TN-Validation-Passed-B", "TN-Validation-Passed-A-Diverted", " TN-Validation-Passed-A", "tn-validation-passed-a", "NULL", "No-TN-Validation"} {
			expect(t, p.Decide(ctx, policy.Call{SID: "CA" + verstat, From: owner, StirVerstat: verstat}), false, policy.ReasonRateLimit, "%q counts as not attested", verstat)
		}
		attested := policy.Call{SID: "TN-Validation-Passed-A0", From: owner, StirVerstat: "TN-Validation-Passed-A"}
		tell(ctx, policy.OutcomeRefused, p, attested)
		attested.SID = "CB"
		expect(t, p.Decide(ctx, policy.Call{SID: "CC", From: owner}), false, policy.ReasonRateLimit, "the place of a cancelled attested call is not for others")
		expect(t, p.Decide(ctx, attested), true, "", "the place of a cancelled attested call")
	})
	t.Run("overrides", func(t *testing.T) {
		p := make(t, 1, time.Hour, map[string]int{
			"+1415555*": 2, "+14155550100": 3, "+14155559*": policy.Unlimited, "+14155550666": 0,
		})
		for from, want := range map[string]int{"+493055501": 1, "+14155550101": 2, "+14155550100": 3, "+14155559999": 5, "+14155550666": 0} {
			for i := range 5 {
				expect(t, p.Decide(ctx, policy.Call{SID: fmt.Sprint(from, i), From: from}), i < want, policy.ReasonRateLimit, "call %d of %d from %s", i+1, want, from)
			}
		}
	})
	t.Run("a cancelled call never was", func(t *testing.T) {
		p := make(t, 2, time.Hour, nil)
		call := func(sid string) policy.Call { return policy.Call{SID: sid, From: "+14155550100"} }
		expect(t, p.Decide(ctx, call("CA1")), true, "", "first call")
		for i := range 5 {
			c := call(fmt.Sprint("CB", i))
			expect(t, p.Decide(ctx, c), true, "", "call %d to be cancelled", i+1)
			tell(ctx, policy.OutcomeRefused, p, c)
			tell(ctx, policy.OutcomeRefused, p, c)
		}
		tell(ctx, policy.OutcomeRefused, p, call("unknown"))
		expect(t, p.Decide(ctx, call("CA2")), true, "", "second call")
		expect(t, p.Decide(ctx, call("CA3")), false, policy.ReasonRateLimit, "third call")
	})
	t.Run("calls age", func(t *testing.T) {
		p := make(t, 2, 300*time.Millisecond, nil)
		sid := 0
		call := func() bool {
			sid++
			return p.Decide(ctx, policy.Call{SID: fmt.Sprint("CA", sid), From: "+14155550100"}).Allowed()
		}
		for round := range 3 {
			eventually(t, call, "round %d: not allowed", round)
			eventually(t, call, "round %d: not allowed", round)
		}
	})
	t.Run("at once", func(t *testing.T) {
		p := make(t, 10, time.Hour, nil)
		var allowed atomic.Int64
		atOnce(40, func(i int) {
			if p.Decide(ctx, policy.Call{SID: fmt.Sprint("CA", i), From: "+14155550100"}).Allowed() {
				allowed.Add(1)
			}
		})
		if n := allowed.Load(); n != 10 {
			t.Errorf("%d of 40 simultaneous calls were allowed, want 10", n)
		}
	})
}

// Concurrency checks limits of calls in progress. make returns a limit that knows
// no calls yet.
func Concurrency(t *testing.T, make func(t *testing.T, limit int) policy.Policy) {
	ctx := t.Context()
	in := func(p policy.Policy, sid string) policy.Decision {
		return p.Decide(ctx, policy.Call{SID: sid, From: "+14155550100"})
	}
	t.Run("counts", func(t *testing.T) {
		p := make(t, 2)
		expect(t, in(p, "CA1"), true, "", "first")
		expect(t, in(p, "CA1"), true, "", "first, delivered twice")
		expect(t, in(p, "CA2"), true, "", "second")
		expect(t, in(p, "CA3"), false, policy.ReasonCapacity, "third")
		expect(t, in(p, "CA2"), true, "", "second, delivered twice while all places are taken")
		tell(ctx, policy.OutcomeEnded, p, policy.Call{SID: "CA3"})
		tell(ctx, policy.OutcomeEnded, p, policy.Call{SID: "unknown"})
		expect(t, in(p, "CA4"), false, policy.ReasonCapacity, "releasing what holds nothing frees nothing")
		tell(ctx, policy.OutcomeEnded, p, policy.Call{SID: "CA1"})
		tell(ctx, policy.OutcomeEnded, p, policy.Call{SID: "CA1"})
		expect(t, in(p, "CA5"), true, "", "after a release")
		expect(t, in(p, "CA6"), false, policy.ReasonCapacity, "a release counts once")
		tell(ctx, policy.OutcomeRefused, p, policy.Call{SID: "CA5"})
		expect(t, in(p, "CA7"), true, "", "after a cancellation")
		expect(t, in(p, ""), false, policy.ReasonCapacity, "without CallSid")
	})
	t.Run("a running call keeps its place", func(t *testing.T) {
		p := make(t, 1)
		expect(t, in(p, "CA1"), true, "", "first")
		tell(ctx, policy.OutcomeRunning, p, policy.Call{SID: "CA1"})
		expect(t, in(p, "CA2"), false, policy.ReasonCapacity, "second")
		tell(ctx, policy.OutcomeEnded, p, policy.Call{SID: "CA1"})
		tell(ctx, policy.OutcomeRunning, p, policy.Call{SID: "CA3"}) // the call is there, whoever let it in
		expect(t, in(p, "CA4"), false, policy.ReasonCapacity, "beside one whose lease had run out")
	})
	t.Run("at once", func(t *testing.T) {
		p := make(t, 10)
		var allowed atomic.Int64
		atOnce(40, func(i int) {
			if in(p, fmt.Sprint("CA", i)).Allowed() {
				allowed.Add(1)
			}
		})
		if n := allowed.Load(); n != 10 {
			t.Errorf("%d of 40 simultaneous calls got a place, want 10", n)
		}
		atOnce(40, func(i int) { tell(ctx, policy.OutcomeEnded, p, policy.Call{SID: fmt.Sprint("CA", i)}) })
		for i := range 10 {
			expect(t, in(p, fmt.Sprint("CB", i)), true, "", "place %d after all were released", i+1)
		}
	})
}

// Passes checks memories of who passed a challenge. make returns one that knows
// nobody yet, in front of the given policy.
func Passes(t *testing.T, make func(t *testing.T, inner policy.Policy, keep time.Duration) policy.Policy) {
	ctx := t.Context()
	challenge := policy.Func(func(context.Context, policy.Call) policy.Decision {
		return policy.Decision{Verdict: policy.Challenge, Reason: policy.ReasonCaptcha}
	})
	genuine := policy.Call{SID: "CA1", From: "+14155550100", StirVerstat: "TN-Validation-Passed-B"}
	t.Run("a pass counts for the caller's next calls", func(t *testing.T) {
		p := make(t, challenge, time.Hour)
		expect(t, p.Decide(ctx, genuine), false, policy.ReasonCaptcha, "first call")
		tell(ctx, policy.OutcomePassed, p, genuine)
		time.Sleep(10 * time.Millisecond)
		for i := range 3 {
			again := genuine
			again.SID, again.To = fmt.Sprint("CB", i), "+14155550199"
			expect(t, p.Decide(ctx, again), true, "", "call %d after it", i+1)
		}
		tell(ctx, policy.OutcomeEnded, p, policy.Call{SID: "CA1"})
		tell(ctx, policy.OutcomeRefused, p, genuine)
		expect(t, p.Decide(ctx, genuine), true, "", "the end of a call changes nothing")
	})
	t.Run("a pass counts for nobody else", func(t *testing.T) {
		p := make(t, challenge, time.Hour)
		tell(ctx, policy.OutcomePassed, p, genuine)
		for name, change := range map[string]func(c *policy.Call){
			"another number":     func(c *policy.Call) { c.From = "+14155550101" },
			"worse attested":     func(c *policy.Call) { c.StirVerstat = "TN-Validation-Passed-C" },
			"not attested":       func(c *policy.Call) { c.StirVerstat = "" },
			"attestation failed": func(c *policy.Call) { c.StirVerstat = "TN-Validation-Failed-B" },
		} {
			other := genuine
			change(&other)
			expect(t, p.Decide(ctx, other), false, policy.ReasonCaptcha, "%s", name)
		}
	})
	t.Run("a pass counts for an address however it is written", func(t *testing.T) {
		p := make(t, challenge, time.Hour)
		tell(ctx, policy.OutcomePassed, p, policy.Call{SID: "CA1", From: "sip:x@example.com:5060"})
		expect(t, p.Decide(ctx, policy.Call{SID: "CA2", From: "<sip:X@example.com;transport=tls>;tag=1"}), true, "", "another spelling")
		expect(t, p.Decide(ctx, policy.Call{SID: "CA3", From: "sip:y@example.com"}), false, policy.ReasonCaptcha, "another user")
	})
	t.Run("some passes count for one call", func(t *testing.T) {
		p := make(t, challenge, time.Hour)
		for _, c := range []policy.Call{
			{SID: "CA1", From: "anonymous"},
			{SID: "CA2", From: "+266696687"},
			{SID: "CA3", From: "+14155550100", StirVerstat: "TN-Validation-Failed"},
			{SID: "CA4", From: "sip:anonymous@anonymous.invalid:5060"},
		} {
			tell(ctx, policy.OutcomePassed, p, c)
			expect(t, p.Decide(ctx, c), false, policy.ReasonCaptcha, "%q %q", c.From, c.StirVerstat)
		}
	})
	t.Run("a refusal stands", func(t *testing.T) {
		p := make(t, policy.Func(func(context.Context, policy.Call) policy.Decision {
			return policy.Decision{Verdict: policy.Reject, Reason: policy.ReasonFraud}
		}), time.Hour)
		tell(ctx, policy.OutcomePassed, p, genuine)
		expect(t, p.Decide(ctx, genuine), false, policy.ReasonFraud, "after a pass")
	})
	t.Run("passes end", func(t *testing.T) {
		p := make(t, challenge, 200*time.Millisecond)
		tell(ctx, policy.OutcomePassed, p, genuine)
		eventually(t, func() bool { return !p.Decide(ctx, genuine).Allowed() }, "still excused")
		tell(ctx, policy.OutcomePassed, p, genuine)
		eventually(t, func() bool { return !p.Decide(ctx, genuine).Allowed() }, "still excused after the second pass")
	})
}

func tell(ctx context.Context, kind policy.OutcomeKind, p policy.Policy, c policy.Call) {
	policy.Tell(ctx, policy.Outcome{Kind: kind}, p, nil, c)
}

func expect(t *testing.T, d policy.Decision, allowed bool, reason policy.Reason, format string, args ...any) {
	t.Helper()
	if allowed {
		reason = ""
	}
	if d.Allowed() != allowed || d.Reason != reason {
		t.Errorf("%s: got %v %q (%s), want allowed %v %q", fmt.Sprintf(format, args...), d.Verdict, d.Reason, d.Detail, allowed, reason)
	}
}

// eventually waits for f without saying when it has to come true.
func eventually(t *testing.T, f func() bool, format string, args ...any) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	for !f() {
		select {
		case <-ctx.Done():
			t.Fatalf("%s: for 20 s", fmt.Sprintf(format, args...))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// atOnce runs f n times, as simultaneously as it gets.
func atOnce(n int, f func(int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}
