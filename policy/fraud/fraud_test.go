package fraud

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/policy"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestReadAttestation(t *testing.T) {
	for verstat, want := range map[string]attestation{
		"TN-Validation-Passed-A":                      {levelA, statusPassed, false, false},
		"TN-Validation-Passed-B":                      {levelB, statusPassed, false, false},
		"TN-Validation-Passed-C":                      {levelC, statusPassed, false, false},
		"TN-Validation-Passed-A-Diverted":             {levelA, statusPassed, true, false},
		"TN-Validation-Passed-A-Passthrough":          {levelA, statusPassed, false, true},
		"TN-Validation-Failed-A":                      {levelA, statusFailed, false, false},
		"TN-Validation-Failed-B-Diverted":             {levelB, statusFailed, true, false},
		"TN-Validation-Failed-C-Passthrough":          {levelC, statusFailed, false, true},
		"TN-Validation-Failed":                        {levelNone, statusFailed, false, false},
		"No-TN-Validation":                            {},
		"NULL":                                        {},
		"":                                            {},
		"TN-Validation-Passed":                        {},
		" TN-Validation-Passed-A":                     {},
		"TN-Validation-Passed-A ":                     {},
		"tn-validation-passed-a":                      {},
		"TN-Validation-Passed-D":                      {},
		"TN-Validation-Passed-AA":                     {},
		"TN-Validation-Passed-A-Diverted-":            {},
		"TN-Validation-Passed-A,TN-Validation-Failed": {},
		"TN-Validation-Failed-":                       {},
		"TN-Validation-":                              {},
	} {
		got := readAttestation(verstat)
		require.Equal(t, want, got, "%q", verstat)
		require.Equal(t, verstat == "TN-Validation-Passed-A", got.full(), "%q", verstat)
	}
}

func newScore(t *testing.T, o ScoreOptions) *Score {
	s, err := NewScore(o)
	require.NoError(t, err)
	return s
}

func TestScoreSigns(t *testing.T) {
	hours, err := policy.ParseHours("Mon-Fri 09:00-17:00", "")
	require.NoError(t, err)
	night := time.Date(2026, time.November, 24, 3, 0, 0, 0, time.UTC)
	noon := time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name    string
		call    policy.Call
		verdict policy.Verdict
		signals string
	}{
		{"ordinary", policy.Call{From: "+14155550100", At: noon}, policy.Allow, ""},
		{"withheld", policy.Call{From: "anonymous", At: noon}, policy.Allow, ""},
		{"withheld at night", policy.Call{From: "anonymous", At: night}, policy.Challenge, "off hours (+0.20) withheld (+0.30)"},
		{"forged", policy.Call{From: "+14155550100", StirVerstat: "TN-Validation-Failed-A", At: noon}, policy.Challenge, "failed attestation (+0.60)"},
		{"satellite", policy.Call{From: "+881612345678", At: noon}, policy.Challenge, "premium number (+0.50)"},
		{"genuine premium", policy.Call{From: "+19005550100", StirVerstat: "TN-Validation-Passed-A", At: noon}, policy.Allow, ""},
		{"diverted premium", policy.Call{From: "+19005550100", StirVerstat: "TN-Validation-Passed-A-Diverted", At: noon}, policy.Challenge, "premium number (+0.50)"},
		{"forwarded by premium", policy.Call{From: "+14155550100", ForwardedFrom: "+19005550100", At: noon}, policy.Challenge, "premium number (+0.50)"},
		{"forged satellite", policy.Call{From: "+881612345678", StirVerstat: "TN-Validation-Failed", At: noon}, policy.Reject, "premium number (+0.50) failed attestation (+0.60)"},
		{"level C", policy.Call{From: "+881612345678", StirVerstat: "TN-Validation-Passed-C", At: noon}, policy.Challenge, "premium number (+0.50) attestation C (+0.10)"},
	} {
		d := newScore(t, ScoreOptions{Hours: hours}).Decide(context.Background(), tt.call)
		require.Equal(t, tt.verdict, d.Verdict, "%s: %s", tt.name, d.Detail)
		_, signals, _ := strings.Cut(d.Detail, ": ")
		require.Equal(t, tt.signals, signals, tt.name)
		require.Equal(t, map[policy.Verdict]policy.Reason{policy.Allow: "", policy.Challenge: policy.ReasonCaptcha, policy.Reject: policy.ReasonFraud}[d.Verdict], d.Reason)
	}
}

// TestScoreCountsAttempts: the runbook's more than 20 an hour is reached although
// the limit lets only 10 through.
func TestScoreCountsAttempts(t *testing.T) {
	p := policy.All(newScore(t, ScoreOptions{}), policy.PerCaller(10, time.Hour))
	got := make(map[policy.Verdict]int)
	at := time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)
	for i := range 30 {
		c := policy.Call{SID: fmt.Sprint("CA", i), From: "+14155550100", At: at.Add(time.Duration(i) * time.Second)}
		d := p.Decide(context.Background(), c)
		got[d.Verdict]++
		if i < 20 {
			require.Equal(t, i < 10, d.Allowed())
			p.Decide(context.Background(), c) // the second delivery is no attempt
		}
	}
	require.Equal(t, map[policy.Verdict]int{policy.Allow: 10, policy.Reject: 20}, got)

	alone := newScore(t, ScoreOptions{})
	for i := range 21 {
		c := policy.Call{SID: fmt.Sprint("CA", i), From: "+14155550100", At: at}
		alone.Decide(context.Background(), c)
		d := alone.Decide(context.Background(), c) // delivered twice
		require.Equal(t, i < 20, d.Allowed(), "attempt %d", i+1)
	}
	later := at.Add(100 * time.Minute) // 2/3 of the hour before has passed
	require.True(t, alone.Decide(context.Background(), policy.Call{SID: "CB", From: "+14155550100", At: later}).Allowed())
}

func TestScoreSequenceAndScan(t *testing.T) {
	s := newScore(t, ScoreOptions{Weights: map[Signal]float64{SignalSequence: 0.5, SignalScan: 0.5}})
	at := time.Now()
	for i := range 6 {
		d := s.Decide(context.Background(), policy.Call{From: fmt.Sprintf("+141555501%02d", 10+i), At: at})
		require.Equal(t, i < 4, d.Allowed(), "the fifth neighbour: %s", d.Detail)
	}
	for i := range 6 {
		d := s.Decide(context.Background(), policy.Call{From: "+493055500", To: fmt.Sprintf("+1415555%04d", i/2), At: at})
		require.True(t, d.Allowed(), "three numbers, twice each")
	}
	d := s.Decide(context.Background(), policy.Call{From: "+493055500", To: "+14155559999", At: at})
	require.Contains(t, d.Detail, "scan")
}

func TestScoreShortCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScore(t, ScoreOptions{Weights: map[Signal]float64{SignalShortCalls: 0.5}})
		call := func(i int, length time.Duration) policy.Verdict {
			c := policy.Call{SID: fmt.Sprint("CA", i), From: "+14155550100"}
			d := s.Decide(context.Background(), c)
			time.Sleep(length)
			s.Observe(t.Context(), c, policy.Outcome{Kind: policy.OutcomeEnded})
			s.Observe(t.Context(), c, policy.Outcome{Kind: policy.OutcomeEnded})
			return d.Verdict
		}
		require.Equal(t, policy.Allow, call(0, time.Minute))
		require.Equal(t, policy.Allow, call(1, time.Minute))
		for i := 2; i < 5; i++ {
			require.Equal(t, policy.Allow, call(i, 2*time.Second), "releasing a call twice does not count it twice")
		}
		require.Equal(t, policy.Challenge, call(5, 2*time.Second), "3 of 5 were short")
		require.Equal(t, 6.0, s.memory.attempt(policy.Identity{Caller: "+14155550100"}, &policy.Call{SID: "CA5", At: time.Now()}).ended)
		for i := 6; i < 12; i++ {
			call(i, time.Minute)
		}
		require.Equal(t, policy.Allow, call(12, time.Minute), "4 of 12 were short")
	})
}

func TestScoreIsBounded(t *testing.T) {
	s := newScore(t, ScoreOptions{MaxCallers: 1000})
	for i := range 50_000 {
		s.Decide(context.Background(), policy.Call{SID: fmt.Sprint(i), From: fmt.Sprintf("+1%010d", 2_000_000_000+i*101), At: time.Now()})
	}
	m := &s.memory
	require.Equal(t, []int{1024, 1024, 1024}, []int{ways * len(m.callers.sets), ways * len(m.blocks.sets), ways * len(m.calls.sets)})
	require.Equal(t, 1.0, s.memory.attempt(policy.Identity{Caller: "+12000000000"}, &policy.Call{At: time.Now()}).attempts, "forgotten")
}

// TestCells: what is used stays, whatever else comes.
func TestCells(t *testing.T) {
	c := newCells[int](64)
	for i := range 5000 {
		now := seconds(i)
		if i%4 == 0 {
			v, _ := c.get(42, now)
			*v++
		}
		v, fresh := c.get(uint64(i)*0x9e3779b97f4a7c15, now)
		require.True(t, fresh)
		*v = i
	}
	require.Equal(t, 1250, *c.find(42))
	early := uint64(7)
	require.Nil(t, c.find(early*0x9e3779b97f4a7c15), "forgotten long ago")
	last := uint64(4999)
	require.Equal(t, 4999, *c.find(last * 0x9e3779b97f4a7c15))
}

func TestScoreDoesNotAllocate(t *testing.T) {
	s := newScore(t, ScoreOptions{})
	c := policy.Call{SID: "CA1", From: "+14155550100", To: "+14155550199", StirVerstat: "TN-Validation-Passed-A", At: time.Now()}
	require.Zero(t, testing.AllocsPerRun(100, func() { s.Decide(context.Background(), c) }))
}

func TestScoreOptions(t *testing.T) {
	_, err := NewScore(ScoreOptions{Weights: map[Signal]float64{99: 1}, ChallengeAt: 2, RejectAt: 1, Targets: 9})
	for _, want := range []string{"signal 99", "before they are challenged", "9 targets"} {
		require.ErrorContains(t, err, want)
	}
	_, err = NewScore(ScoreOptions{Weights: map[Signal]float64{SignalScan: math.NaN()}, ChallengeAt: -1, RejectAt: math.NaN(), AttemptsPerHour: -1,
		Neighbours: -1, Targets: -1, ShortCall: -1, ShortCallsMin: -1, MaxCallers: -1})
	for _, want := range []string{"weight of scan", "ChallengeAt", "RejectAt", "AttemptsPerHour", "Neighbours", "Targets", "ShortCall is", "ShortCallsMin", "MaxCallers"} {
		require.ErrorContains(t, err, want)
	}
}

// TestPassesThatCannotWork say so when they are asked.
func TestPassesThatCannotWork(t *testing.T) {
	require.ErrorContains(t, policy.Validate(NewPasses(nil, PassesOptions{Keep: -1})), "Keep")
	require.ErrorContains(t, policy.Validate(NewPasses(nil, PassesOptions{})), "a policy is nil")
	require.NoError(t, policy.Validate(NewPasses(newScore(t, ScoreOptions{}), PassesOptions{})))
}

// TestScoreAfterSilence: whatever a caller did hours ago, the next hour's attempts are
// counted whole.
func TestScoreAfterSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScore(t, ScoreOptions{})
		sid := 0
		attempt := func() bool {
			sid++
			return s.Decide(t.Context(), policy.Call{SID: fmt.Sprint("CA", sid), From: "+14155550100"}).Allowed()
		}
		for range 3 {
			for i := range 22 {
				require.Equal(t, i < 20, attempt(), "attempt %d", i+1)
			}
			time.Sleep(7 * time.Hour)
		}
	})
}

// TestScoreRefusedCallsAreNotShort: calls that another policy refuses end at once,
// which says nothing about the caller.
func TestScoreRefusedCallsAreNotShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for limit, want := range map[int]policy.Reason{0: policy.ReasonRateLimit, 10: ""} {
			score := newScore(t, ScoreOptions{})
			p := policy.All(score, policy.PerCaller(limit, time.Hour))
			for i := range 8 {
				sid := fmt.Sprint("CA", i)
				require.Equal(t, want, p.Decide(t.Context(), policy.Call{SID: sid, From: "+14155550100"}).Reason)
				time.Sleep(time.Second)
				policy.Tell(t.Context(), policy.Outcome{Kind: policy.OutcomeEnded}, p, nil, policy.Call{SID: sid})
			}
			seen := score.seen(&policy.Call{SID: "CB", From: "+14155550100", At: time.Now()}, nil)
			require.Equal(t, want == "", seen[SignalShortCalls])
		}
	})
}

// TestForgedCallsTellNothingOfTheOwner: whoever forges a number, by carriers that do
// not attest it or whose attestation fails, does not spoil its owner's score.
func TestForgedCallsTellNothingOfTheOwner(t *testing.T) {
	s, err := NewScore(ScoreOptions{AttemptsPerHour: 10})
	require.NoError(t, err)
	call := func(sid, verstat string) policy.Decision {
		return s.Decide(t.Context(), policy.Call{SID: sid, From: "+14155550100", To: "+1415555019" + sid[len(sid)-1:], StirVerstat: verstat, At: time.Now()})
	}
	var last policy.Decision
	for i := range 40 {
		for _, verstat := range []string{"", "TN-Validation-Failed-A"} {
			last = call(fmt.Sprint("CA", verstat, i), verstat)
			s.Observe(t.Context(), policy.Call{SID: fmt.Sprint("CA", verstat, i)}, policy.Outcome{Kind: policy.OutcomeEnded})
		}
	}
	require.False(t, last.Allowed())
	require.Contains(t, last.Detail, "attempts")
	require.True(t, call("CB1", "TN-Validation-Passed-A").Allowed())
	for i := range 40 {
		last = call(fmt.Sprint("CC", i), "TN-Validation-Passed-A")
	}
	require.Contains(t, last.Detail, "attempts", "nor does attestation hide what the owner does")
}

// TestAttemptsOfAHost: invented names of one SIP host are one caller's.
func TestAttemptsOfAHost(t *testing.T) {
	for factor, want := range map[int]int{0: 60, 2: 40, policy.Unlimited: 100} {
		s, err := NewScore(ScoreOptions{HostFactor: factor})
		require.NoError(t, err)
		allowed := 0
		for i := range 100 {
			c := policy.Call{SID: fmt.Sprint("CA", i), From: fmt.Sprintf("sip:%d@example.com:%d", i, 5060+i), At: time.Now()}
			if s.Decide(t.Context(), c).Allowed() {
				allowed++
			}
			s.Decide(t.Context(), c) // delivered twice
		}
		require.Equal(t, want, allowed)
		require.True(t, s.Decide(t.Context(), policy.Call{SID: "CB", From: "sip:1@example.net", At: time.Now()}).Allowed(), "another host")
	}
}

// TestWithheldBySIP: a SIP address that names nobody is a withheld number, in the score
// and for who passed.
func TestWithheldBySIP(t *testing.T) {
	s, err := NewScore(ScoreOptions{Weights: map[Signal]float64{SignalWithheld: 0.5}})
	require.NoError(t, err)
	for _, from := range []string{"anonymous", "sip:anonymous@anonymous.invalid", `"Anonymous" <sips:anonymous@anonymous.invalid:5061>;tag=1`} {
		c := policy.Call{From: from, At: time.Now()}
		require.Contains(t, s.Decide(t.Context(), c).Detail, "withheld")
		require.Empty(t, passKey(c))
	}
	require.Equal(t, passKey(policy.Call{From: "sip:x@example.com"}), passKey(policy.Call{From: "<sip:X@example.com:5060;lr>"}))
}

// TestStandingIsTheAttestation: package policy reads the two cases that it knows as
// this one does.
func TestStandingIsTheAttestation(t *testing.T) {
	var all []string
	for _, status := range []string{"Passed", "Failed", "Unknown"} {
		for _, level := range []string{"", "-A", "-B", "-C", "-D"} {
			for _, how := range []string{"", "-Diverted", "-Passthrough", "-Other"} {
				all = append(all, "TN-Validation-"+status+level+how)
			}
		}
	}
	for _, verstat := range append(all, "", "NULL", "No-TN-Validation") {
		a, standing := readAttestation(verstat), policy.Call{From: "+14155550100", StirVerstat: verstat}.Identity().Standing
		require.Equal(t, a.full(), standing == policy.StandingAttested, verstat)
		require.Equal(t, a.status == statusFailed, standing == policy.StandingForged, verstat)
	}
}
