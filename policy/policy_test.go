package policy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

func TestZeroDecisionRefuses(t *testing.T) {
	require.Equal(t, Reject, Decision{}.Verdict)
	require.False(t, Decision{}.Allowed())
	forgot := Func(func(context.Context, Call) Decision { return Decision{} })
	require.False(t, All(forgot).Decide(ctx, Call{}).Allowed())
	require.True(t, All().Decide(ctx, Call{}).Allowed())
	require.Equal(t, "reject challenge allow", fmt.Sprint(Reject, Challenge, Allow))
	Tell(ctx, Outcome{Kind: OutcomeEnded}, nil, nil, Call{SID: "CA1"})
	seen := make(map[Reason]bool)
	for _, r := range Reasons() {
		seen[r] = true
	}
	require.Len(t, seen, 9)
}

func always(v Verdict, r Reason) Policy {
	return Func(func(context.Context, Call) Decision { return Decision{Verdict: v, Reason: r} })
}

// recorder is a policy that notes what it is told.
type recorder struct {
	Policy
	log *[]string
}

func (r recorder) Observe(_ context.Context, c Call, o Outcome) {
	*r.log = append(*r.log, o.Kind.String()+" "+c.SID)
}

// end tells that a call has ended.
func end(p Policy, sid string) { Tell(ctx, Outcome{Kind: OutcomeEnded}, p, nil, Call{SID: sid}) }

func inUse(c *Concurrency) int {
	n, err := c.InUse(ctx)
	if err != nil {
		panic(err)
	}
	return n
}

func TestAll(t *testing.T) {
	var log []string
	allow := recorder{always(Allow, ""), &log}
	challenge := recorder{always(Challenge, ReasonCaptcha), &log}

	require.Equal(t, ReasonCaptcha, All(allow, challenge, allow).Decide(ctx, Call{SID: "1"}).Reason)
	require.Empty(t, log)
	p := All(allow, challenge, always(Reject, ReasonCapacity), allow)
	require.Equal(t, ReasonCapacity, p.Decide(ctx, Call{SID: "2"}).Reason, "a later refusal beats a challenge")
	require.Equal(t, []string{"refused 2", "refused 2"}, log)

	log = nil
	wrapped := All(Except(func(Call) bool { return false }, Say("no", Shadow(NewHistory(All(allow), HistoryOptions{}), func(Call, Decision) {}))))
	for kind := OutcomeRefused; kind <= OutcomeEnded; kind++ {
		Tell(ctx, Outcome{Kind: kind}, wrapped, []Observer{recorder{nil, &log}}, Call{SID: "3"}, Call{SID: "4"})
	}
	require.Equal(t, []string{
		"refused 3", "refused 4", "refused 3", "refused 4", "passed 3", "passed 4", "passed 3", "passed 4",
		"running 3", "running 4", "running 3", "running 4", "ended 3", "ended 4", "ended 3", "ended 4",
	}, log, "through every wrapper, and others")
	Tell(ctx, Outcome{}, always(Allow, ""), nil, Call{})
}

// TestRefusedCallsCostNothing: a call that finds all lines taken is not one of the
// caller's ten, and a call over the limit takes no line.
func TestRefusedCallsCostNothing(t *testing.T) {
	limit, lines := PerCaller(2, time.Hour), Concurrent(1)
	for name, p := range map[string]Policy{"limit first": All(limit, lines), "lines first": All(lines, limit)} {
		from := "client:" + name
		call := func(sid string) Decision { return p.Decide(ctx, Call{SID: name + sid, From: from}) }
		require.True(t, call("1").Allowed(), name)
		for range 5 {
			require.Equal(t, ReasonCapacity, call("2").Reason, name)
		}
		end(p, name+"1")
		require.True(t, call("3").Allowed(), name)
		end(p, name+"3")
		require.Equal(t, ReasonRateLimit, call("4").Reason, name)
		require.Zero(t, inUse(lines), name)
	}
}

func TestShadowAndSay(t *testing.T) {
	var reported []Reason
	p := All(Shadow(always(Reject, ReasonFraud), func(_ Call, d Decision) { reported = append(reported, d.Reason) }),
		Say("Goodbye.", always(Reject, ReasonBlocked)))
	d := p.Decide(ctx, Call{})
	require.Equal(t, Decision{Verdict: Reject, Reason: ReasonBlocked, Message: "Goodbye."}, d)
	require.Equal(t, []Reason{ReasonFraud}, reported)
}

func TestNumbers(t *testing.T) {
	n, err := ParseNumbers("+14155550100, +1900* # dear\n+1900555*\r\n anonymous\tclient:Mallory sip:*\n")
	require.NoError(t, err)
	require.Equal(t, 6, n.Len())
	for number, want := range map[string]bool{
		"+14155550100": true, "+14155550101": false, "+1415555010": false,
		"+19005550100": true, "+19015550100": false, "+190": false,
		"": true, "Restricted": true, "client:mallory": true, "client:alice": false, "SIP:x@y": true,
	} {
		require.Equal(t, want, n.Contains(number), "%q", number)
	}
	var none *Numbers
	require.False(t, none.Contains("+14155550100"))

	_, err = ParseNumbers("14155550100, +1(415)*, +, *, bob, +14155550100")
	for _, want := range []string{`"14155550100"`, `"+1(415)*"`, `"+"`, `"*"`, `"bob"`} {
		require.ErrorContains(t, err, want)
	}
	require.Len(t, strings.Split(err.Error(), "\n"), 5)
}

func TestBlockList(t *testing.T) {
	n, err := NewNumbers("+14155550100", "+1900*", "+1900555*", "anonymous")
	require.NoError(t, err)
	b := Blocked(n)
	for from, want := range map[string]Reason{
		"+14155550100": ReasonBlocked, "+19005550100": ReasonPrefix, "": ReasonAnonymous, "+266696687": ReasonAnonymous, "+14155550101": "",
	} {
		d := b.Decide(ctx, Call{From: from})
		require.Equal(t, want, d.Reason, "%q", from)
		require.Equal(t, want == "", d.Allowed())
	}
	b.Set(nil)
	require.True(t, b.Decide(ctx, Call{From: "+14155550100"}).Allowed())
}

// TestBlockListWatch changes the file under the policy's feet.
func TestBlockListWatch(t *testing.T) {
	file := filepath.Join(t.TempDir(), "blocked.txt")
	b := Blocked(nil)
	reports := make(chan error, 10)
	watching, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	write := func(text string) {
		require.NoError(t, os.WriteFile(file+".new", []byte(text), 0o600))
		require.NoError(t, os.Rename(file+".new", file))
	}
	blocked := func() bool { return !b.Decide(ctx, Call{From: "+14155550100"}).Allowed() }

	go func() {
		defer close(done)
		b.Watch(watching, file, 5*time.Millisecond, func(err error) { reports <- err })
	}()
	require.ErrorIs(t, <-reports, os.ErrNotExist)
	write("+14155550100\n")
	require.NoError(t, <-reports)
	require.True(t, blocked())
	time.Sleep(30 * time.Millisecond)
	require.Empty(t, reports, "nothing has changed")
	write("+14155550100\nnonsense\n")
	require.ErrorContains(t, <-reports, `"nonsense"`)
	require.True(t, blocked(), "the last good list stays")
	require.NoError(t, os.Remove(file))
	require.ErrorIs(t, <-reports, os.ErrNotExist)
	require.True(t, blocked())
	write("+14155550101\n")
	require.NoError(t, <-reports)
	require.False(t, blocked())
	write("+14155550100\n") // same size, same second
	require.NoError(t, <-reports)
	require.True(t, blocked())
	stop()
	<-done
	require.Empty(t, reports, "one report for each state")
}

// TestBlockListCoarseClock: where files have times of whole seconds, the second change
// within one is seen too, whenever Watch looks.
func TestBlockListCoarseClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "blocked.txt")
		second := time.Now()
		write := func(text string) {
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			require.NoError(t, os.Chtimes(file, second, second))
		}
		b := Blocked(nil)
		read := func(last fileState) fileState {
			return b.reload(file, last, func(err error) { require.NoError(t, err) })
		}
		write("+14155550100\n")
		time.Sleep(500 * time.Millisecond)
		state := read(fileState{})
		write("+14155550101\n")
		time.Sleep(5 * time.Second)
		state = read(state)
		require.True(t, b.Numbers().Contains("+14155550101"))
		time.Sleep(5 * time.Second)
		require.Equal(t, state, read(state))
	})
}

func TestConcurrency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var warnings []string
		c := Concurrent(5, ConcurrencyOptions{Reserved: 1, Warn: 4,
			Priority: func(c Call) bool { return c.To == "+14155550199" },
			OnWarn:   func(n, limit int) { warnings = append(warnings, fmt.Sprint(n, "/", limit)) },
		})
		in := func(sid, to string) bool { return c.Decide(ctx, Call{SID: sid, To: to, Lease: time.Minute}).Allowed() }
		for i := range 4 {
			require.True(t, in(fmt.Sprint(i), ""))
			require.True(t, in(fmt.Sprint(i), ""), "delivered twice")
		}
		require.Equal(t, 4, inUse(c))
		require.False(t, in("5", ""), "the last place is reserved")
		require.True(t, in("6", "+14155550199"))
		require.False(t, in("7", "+14155550199"))
		require.False(t, in("", ""), "no CallSid, no place")

		end(c, "0")
		end(c, "0")
		end(c, "unknown")
		require.False(t, in("8", ""), "four without priority would leave none reserved")
		end(c, "1")
		require.True(t, in("8", ""))
		require.Equal(t, []string{"4/5", "4/5"}, warnings, "when reached, and when reached again")

		time.Sleep(30 * time.Second)
		require.True(t, in("2", ""), "renews the lease")
		time.Sleep(30 * time.Second)
		require.Equal(t, 1, inUse(c), "the others ran out")
		time.Sleep(30 * time.Second)
		require.Zero(t, inUse(c))
		require.Equal(t, 5, c.Limit())
		for range 2 { // none is released: a lease's end alone makes room
			for i := range 4 {
				require.True(t, in(fmt.Sprint(time.Now().Unix(), i), ""))
			}
			time.Sleep(time.Minute)
		}
	})
	require.False(t, Concurrent(0).Decide(ctx, Call{SID: "1"}).Allowed())
	unlimited := Concurrent(Unlimited)
	for i := range 1000 {
		require.True(t, unlimited.Decide(ctx, Call{SID: fmt.Sprint(i)}).Allowed())
	}
	require.Equal(t, Unlimited, unlimited.Limit())
}

// What All yields makes the same set again, and it stops when asked to.
func TestNumbersAll(t *testing.T) {
	var none *Numbers
	require.Empty(t, slices.Collect(none.All()))
	want := []string{"+14155550100", "+1900*", "+19005*", "+44*", "anonymous", "client:alice", "sip:*"}
	numbers, err := NewNumbers(want...)
	require.NoError(t, err)
	require.Equal(t, want, slices.Sorted(numbers.All()))
	twice, err := NewNumbers(append(want, want...)...)
	require.NoError(t, err)
	require.Equal(t, want, slices.Sorted(twice.All()))
	require.Equal(t, len(want), twice.Len())
	for stop := range want {
		var some []string
		for entry := range numbers.All() {
			if some = append(some, entry); len(some) > stop {
				break
			}
		}
		require.Len(t, some, stop+1)
	}
}

// TestPlacedCalls: what is meant for callers does not turn away the service itself,
// on which the account's limit still counts.
func TestPlacedCalls(t *testing.T) {
	own, err := NewNumbers("+14155550199")
	require.NoError(t, err)
	never, err := ParseHours("2001-01-01 closed", "UTC")
	require.NoError(t, err)
	places := Concurrent(2)
	policies := All(Blocked(own), never, PerCaller(0, time.Hour), places)
	for i, direction := range []string{"outbound-api", "outbound-dial", "outbound-api"} {
		d := policies.Decide(t.Context(), Call{SID: fmt.Sprint("CA", i), From: "+14155550199", Direction: direction})
		require.Equal(t, i < 2, d.Allowed(), d)
	}
	require.Equal(t, ReasonBlocked, policies.Decide(t.Context(), Call{SID: "CB", From: "+14155550199", Direction: "inbound"}).Reason)
}
