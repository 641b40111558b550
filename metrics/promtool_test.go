package metrics_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/metrics"
)

// ruleCase is a history of series and the alerts that fire at its end, all of
// them. In series, "{" stands for `{job="agentos_webui",instance="a",`, unless
// the series names its own or is a recorded one.
type ruleCase struct {
	name   string
	step   time.Duration // between samples; 0 = 1 minute
	at     time.Duration // 0 = 30 minutes
	series []string
	down   bool     // the series up are the case's own
	fires  []string // names of alerts
	// recorded, if not empty, is an expression that must have these values.
	recorded string
	samples  []string
}

// defaults fills in what a case leaves out.
func (c ruleCase) defaults() ruleCase {
	if c.step == 0 {
		c.step = time.Minute
	}
	if c.at == 0 {
		c.at = 30 * time.Minute
	}
	if !c.down {
		c.series = append([]string{fmt.Sprintf("up{} 1x%d", c.at/c.step)}, c.series...)
	}
	return c
}

// suite writes cases as a test file of promtool whose rules are evaluated as
// often as every says.
func suite(every time.Duration, cases ...ruleCase) string {
	var b strings.Builder
	fmt.Fprintf(&b, "rule_files: [rules.yml]\nevaluation_interval: %s\n", every)
	// Otherwise promtool takes them in any order, and alerts miss what they compare.
	b.WriteString("group_eval_order: [dialtone-recording, dialtone-budgets, dialtone-volume, dialtone-cost, dialtone-alerts]\ntests:\n")
	for _, c := range cases {
		c = c.defaults()
		fmt.Fprintf(&b, "  - name: %q\n    interval: %s\n    input_series:\n", c.name, c.step)
		for _, s := range c.series {
			at := strings.LastIndex(s, "} ")
			name := s[:at+1]
			if !strings.Contains(name, "job=") {
				name = strings.Replace(name, "{", `{job="agentos_webui",`, 1)
			}
			if !strings.Contains(name, "instance=") && !strings.HasPrefix(name, "job:") {
				name = strings.Replace(name, "{", `{instance="a",`, 1)
			}
			name = strings.Replace(name, ",}", "}", 1)
			fmt.Fprintf(&b, "      - series: '%s'\n        values: '%s'\n", name, s[at+2:])
		}
		fmt.Fprintf(&b, "    promql_expr_test:\n      - expr: count by (alertname) (ALERTS{alertstate=\"firing\"})\n        eval_time: %s\n        exp_samples:\n", c.at)
		for _, alert := range c.fires {
			fmt.Fprintf(&b, "          - {labels: '{alertname=\"%s\"}', value: 1}\n", alert)
		}
		if c.recorded != "" {
			fmt.Fprintf(&b, "      - expr: '%s'\n        eval_time: %s\n        exp_samples:\n", c.recorded, c.at)
			for _, s := range c.samples {
				at := strings.LastIndex(s, "} ")
				fmt.Fprintf(&b, "          - {labels: '%s', value: %s}\n", s[:at+1], s[at+2:])
			}
		}
	}
	return b.String()
}

// promtool runs cases against rules, and returns what promtool says if they fail.
func promtool(t *testing.T, rules, cases string) (output string, passed bool) {
	t.Helper()
	tool := apt.Need(t, "promtool", "prometheus")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "rules.yml"), []byte(rules), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cases.yml"), []byte(cases), 0o600))
	command := exec.Command(tool, "test", "rules", "cases.yml")
	command.Dir = dir
	out, err := command.CombinedOutput()
	return string(out), err == nil
}

func shippedRules(t *testing.T) string {
	t.Helper()
	rules, err := metrics.RulesFor(metrics.RuleOptions{})
	require.NoError(t, err)
	return string(rules)
}

var ruleStart = regexp.MustCompile(`(?m)^      - (alert|record): (\S+)$`)

// only drops the rules whose name keep does not match.
func only(rules, keep string) string {
	matches := regexp.MustCompile(keep)
	var kept []string
	dropping := false
	for line := range strings.Lines(rules) {
		switch m := ruleStart.FindStringSubmatch(strings.TrimSuffix(line, "\n")); {
		case m != nil:
			dropping = !matches.MatchString(m[2])
		case strings.HasPrefix(line, "  - name:"), strings.HasPrefix(line, "  #"), line == "\n":
			dropping = false
		}
		if !dropping {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func TestRulesAreValid(t *testing.T) {
	tool := apt.Need(t, "promtool", "prometheus")
	out, err := exec.Command(tool, "check", "rules", "--lint=all", "--lint-fatal", "rules/voice.rules.yml").CombinedOutput()
	require.NoError(t, err, string(out))
	require.NotRegexp(t, `\[([1-4]m|\d+s)\]`, shippedRules(t), "too short a window for who scrapes every minute")
}

// TestAlertmanager checks the example, whom it sends what to, and that the alerts it names
// exist.
func TestAlertmanager(t *testing.T) {
	tool := apt.Need(t, "amtool", "prometheus-alertmanager")
	const example = "rules/alertmanager.yml"
	out, err := exec.Command(tool, "check-config", example).CombinedOutput()
	require.NoError(t, err, string(out))
	for severity, receiver := range map[string]string{"critical": "pager", "warning": "chat"} {
		out, err := exec.Command(tool, "config", "routes", "test", "--config.file="+example, "--verify.receivers="+receiver, "job=phone", "severity="+severity).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	text, err := os.ReadFile(example)
	require.NoError(t, err)
	alerts := map[string]bool{}
	for _, m := range ruleStart.FindAllStringSubmatch(shippedRules(t), -1) {
		alerts[m[2]] = true
	}
	for _, m := range regexp.MustCompile(`Twilio(\w+)|Twilio\(([\w|]+)\)`).FindAllStringSubmatch(string(text), -1) {
		for name := range strings.SplitSeq(m[1]+m[2], "|") {
			require.True(t, alerts["Twilio"+name], "there is no alert Twilio%s", name)
		}
	}
}

// TestAlertTable holds names, severities and durations of the runbook's alerts.
func TestAlertTable(t *testing.T) {
	want := strings.Fields(`
		TwilioHighErrorRate critical 5m            TwilioElevatedErrorRate warning 10m
		TwilioWebhookDown critical 1m              TwilioWebhookInstanceDown warning 5m
		TwilioWebhookErrors critical 5m            TwilioWebhookSlow warning 10m
		TwilioWebhookVerySlow critical 5m          TwilioSignaturesRefused critical 5m
		TwilioHighLatency critical 10m
		TwilioElevatedEndToEndLatency warning 10m  TwilioHighEndToEndLatency critical 10m
		TwilioWebSocketConnectSlow warning 10m     TwilioWebSocketConnectVerySlow critical 5m
		TwilioStreamsMissing critical 5m
		TwilioHighConcurrentCalls warning 5m       TwilioConcurrentCallsNearLimit critical 1m
		TwilioTranscodingErrors warning 10m        TwilioTranscodingErrorsCritical critical 5m
		TwilioSTTAccuracyLow warning 1h            TwilioSTTAccuracyCritical critical 1h
		TwilioSTTErrors warning 5m                 TwilioTTSErrors warning 5m                TwilioAudioStalled warning 5m
		TwilioUnusualCallVolume warning 30m
		TwilioCallSuccessBudgetBurn critical 2m    TwilioCallSuccessBudgetBurnSlow warning 15m
		TwilioLatencyBudgetBurn critical 2m        TwilioLatencyBudgetBurnSlow warning 15m
		TwilioBudgetNearlySpent warning 1h         TwilioBudgetSpent critical 15m
		TwilioStoreDown warning 2m`)
	alert := regexp.MustCompile(`- alert: (\w+)\n[^-]*?(?:\n.*)*?\n        for: (\w+)\n        labels: \{severity: (\w+)\}`)
	var got []string
	for _, m := range alert.FindAllStringSubmatch(shippedRules(t), -1) {
		got = append(got, m[1], m[3], m[2])
	}
	require.Equal(t, want, got)
}

// The suites: what takes half an hour, what takes hours, and volume and cost, whose
// rules alone are evaluated over weeks.
func suites() map[time.Duration][]ruleCase {
	all := map[time.Duration][]ruleCase{volumeStep: volumeCases(), costStep: costCases()}
	for _, c := range ruleCases {
		every := time.Minute
		if c.at > hour {
			every = 5 * time.Minute
		}
		all[every] = append(all[every], c)
	}
	return all
}

// suited leaves out the rules that a suite does not need.
func suited(rules string, every time.Duration) string {
	switch every {
	case volumeStep:
		return only(rules, volumeRules)
	case costStep:
		return only(rules, costRules)
	}
	return rules
}

// TestRules runs every case against the rules as they are shipped, and shows
// that every alert has a case in which it fires; in all others it must not.
func TestRules(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("left out with -short: promtool runs for half a minute")
	}
	rules := shippedRules(t)
	var fired []string
	for every, cases := range suites() {
		out, passed := promtool(t, suited(rules, every), suite(every, cases...))
		require.True(t, passed, out)
		for _, c := range cases {
			fired = append(fired, c.fires...)
		}
	}
	for _, m := range ruleStart.FindAllStringSubmatch(rules, -1) {
		require.True(t, m[1] == "record" || slices.Contains(fired, m[2]), "%s fires in no case", m[2])
	}
}

// TestLimitIsSaid reads the descriptions of the alerts on calls at once, which
// look the limit up.
func TestLimitIsSaid(t *testing.T) {
	t.Parallel()
	rules := shippedRules(t)
	for _, c := range []struct {
		alert, said string
		series      []string
	}{
		{"TwilioHighConcurrentCalls", "85% of the limit of 20 calls is in use.", []string{`twilio_active_calls{} 17x60`, `twilio_concurrent_calls_limit{} 20x60`}},
		{"TwilioHighConcurrentCalls", "81% of the limit of 100 calls is in use.", []string{`twilio_active_calls{} 81x60`}},
		{"TwilioConcurrentCallsNearLimit", "96% of the limit of 500 calls is in use. Beyond it, callers find the line busy.",
			[]string{`twilio_active_calls{} 480x60`, `twilio_concurrent_calls_limit{} 500x60`}},
	} {
		rule := regexp.MustCompile(`- alert: ` + c.alert + `\n(?:.*\n)*?        labels: \{severity: (\w+)\}\n.*\n( +summary: .*\n) +description: .*\n( +runbook_url: .*\n)`).FindStringSubmatch(rules)
		require.NotNil(t, rule)
		fires := []string{"TwilioHighConcurrentCalls"}
		if c.alert != fires[0] {
			fires = append(fires, c.alert)
		}
		text := suite(time.Minute, ruleCase{name: c.said, series: c.series, fires: fires})
		text += fmt.Sprintf("    alert_rule_test:\n      - eval_time: 30m\n        alertname: %s\n        exp_alerts:\n          - exp_labels: {job: agentos_webui, severity: %s}\n            exp_annotations:\n"+
			"    %s              description: %q\n    %s", c.alert, rule[1], rule[2], c.said, rule[3])
		out, passed := promtool(t, rules, text)
		require.True(t, passed, "%s\n%s", out, text)
	}
}

// TestMutations breaks the rules in every way that the runbook or a hurried hand
// would, and shows that the case that is there for it notices.
func TestMutations(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("left out with -short: promtool runs for half a minute")
	}
	rules := shippedRules(t)
	cases := make(map[string]func(mutant string) (string, bool))
	for every, list := range suites() {
		for _, c := range list {
			cases[c.name] = func(mutant string) (string, bool) { return promtool(t, suited(mutant, every), suite(every, c)) }
		}
	}
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			mutant := m.apply(rules)
			require.NotEqual(t, rules, mutant, "the mutation changes nothing")
			require.NotNil(t, cases[m.noticed], "no case %q", m.noticed)
			out, passed := cases[m.noticed](mutant)
			require.False(t, passed, "the case does not notice")
			require.Contains(t, out, "FAILED")
			require.NotContains(t, out, "parse error", "the mutant is no rule at all")
		})
	}
}
