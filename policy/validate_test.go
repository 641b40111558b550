package policy

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestValidate: a policy that cannot work says why, however deep it is.
func TestValidate(t *testing.T) {
	fine := always(Allow, "")
	exempt := func(Call) bool { return false }
	report := func(Call, Decision) {}
	limit := func(o ConcurrencyOptions) Policy { return Concurrent(5, o) }
	for name, test := range map[string]struct {
		policy Policy
		want   string // "" = nothing
	}{
		"nil":               {nil, "a policy is nil"},
		"nil function":      {Func(nil), "a policy is nil"},
		"nil pointer":       {(*CallerLimit)(nil), "a policy is nil"},
		"none":              {All(), ""},
		"a list":            {All(fine, PerCaller(10, time.Hour), Concurrent(100), Blocked(nil)), ""},
		"nil in a list":     {All(fine, nil), "All[1]: policy: a policy is nil"},
		"nil pointer in it": {All(fine, (*Hours)(nil), fine), "All[1]: policy: a policy is nil"},
		"deep":              {All(Say("no", Except(exempt, Shadow(NewHistory(All(fine, Func(nil)), HistoryOptions{}), report)))), "All[0]: policy: All[1]: "},
		"wrapped":           {All(Say("no", Except(exempt, Shadow(NewHistory(fine, HistoryOptions{}), report)))), ""},
		"nil exempt":        {Except(nil, fine), "Except: exempt is nil"},
		"nil report":        {Shadow(fine, nil), "Shadow: report is nil"},
		"retention":         {NewHistory(fine, HistoryOptions{Retention: -time.Hour}), "Retention is negative"},

		"limit":           {PerCaller(-2, time.Hour), "limit is negative: -2"},
		"unlimited":       {PerCaller(Unlimited, 0), ""},
		"nobody":          {PerCaller(0, 0), ""}, // documented
		"negative window": {PerCaller(10, -time.Hour), "Window is negative"},
		"unitless window": {PerCaller(10, 3600), "Window is 3.6µs: a number without a unit"},

		"reserved":       {limit(ConcurrencyOptions{Reserved: 6, Priority: exempt}), "Reserved, 6, is more than the limit, 5"},
		"all reserved":   {limit(ConcurrencyOptions{Reserved: 5, Priority: exempt}), ""},
		"for nobody":     {limit(ConcurrencyOptions{Reserved: 1}), "Priority nil"},
		"less than none": {limit(ConcurrencyOptions{Reserved: -1, Priority: exempt}), "Reserved is negative"},
		"warning":        {limit(ConcurrencyOptions{Warn: 6}), "Warn, 6, is more than the limit, 5"},
		"no warning":     {limit(ConcurrencyOptions{Warn: -1}), "Warn is negative: -1"},
		"two options":    {Concurrent(5, ConcurrencyOptions{}, ConcurrencyOptions{}), "options were given 2 times"},
		"twice":          {PerCaller(5, 0, CallerLimitOptions{}, CallerLimitOptions{}), "options were given 2 times"},
		"made by nobody": {All(new(CallerLimit), new(Concurrency)), "not made by PerCaller"},
		"negative limit": {Concurrent(-7), "limit is negative: -7"},
		"no limit":       {Concurrent(Unlimited), ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := Validate(test.policy)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
		})
	}
	require.ErrorContains(t, Validate(All(nil, PerCaller(-2, -1))), "negative: -2", "all at once")
}

// TestPerCallerRefuses everything that is wrong at once.
func TestPerCallerRefuses(t *testing.T) {
	l := PerCaller(-2, -1, CallerLimitOptions{Overrides: map[string]int{"+1900*": -3, "nobody": 1}, MaxCallers: -1})
	err := l.Validate()
	for _, want := range []string{"Window", "MaxCallers", "negative: -2", `"+1900*" is negative: -3`, `"nobody"`} {
		require.ErrorContains(t, err, want)
	}
	require.False(t, l.Decide(t.Context(), Call{SID: "CA1", From: "+14155550100"}).Allowed(), "what cannot work refuses")
}
