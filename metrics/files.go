package metrics

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
)

// defaultJob is the Prometheus job that the alerts on up name, and the variable
// job of the dashboard begins with.
const defaultJob = "agentos_webui"

// defaultRunbook is where the alerts' runbook_url leads, before the section.
const defaultRunbook = "https://docs.agentos.dev/voice/runbook"

//go:embed rules/voice.rules.yml rules/alertmanager.yml dashboards/voice.json
var files embed.FS

// Files holds rules/voice.rules.yml, for Prometheus, rules/alertmanager.yml, an example
// for Alertmanager, and dashboards/voice.json, for Grafana.
func Files() fs.FS { return files }

var jobName = regexp.MustCompile(`^[A-Za-z0-9_.:/-]+$`)

// Rules returns the recording rules and alerts for the Prometheus job of the
// given name, as a rule file in YAML.
func Rules(job string) ([]byte, error) {
	if job == "" {
		return nil, errors.New("metrics: the job has no name")
	}
	return RulesFor(RuleOptions{Job: job, Runbook: defaultRunbook})
}

// RuleOptions are what a service sets in the rules.
type RuleOptions struct {
	Job     string // at Prometheus; "" = agentos_webui
	Runbook string // URL of docs/runbook.md as a page, without a fragment; "" = https://docs.agentos.dev/voice/runbook
}

var runbookURL = regexp.MustCompile(`^https?://[^\s"'#{}\\]+$`)

// RulesFor is Rules for alerts whose runbook_url leads to a runbook of one's own, with the
// sections of docs/runbook.md.
func RulesFor(o RuleOptions) ([]byte, error) {
	job, runbook := cmp.Or(o.Job, defaultJob), cmp.Or(o.Runbook, defaultRunbook)
	if !jobName.MatchString(job) {
		return nil, fmt.Errorf("metrics: job %q is not made of letters, digits and _.:/-", job)
	}
	if !runbookURL.MatchString(runbook) {
		return nil, fmt.Errorf("metrics: runbook %q is not the URL of a page, without a fragment", runbook)
	}
	rules, err := files.ReadFile("rules/voice.rules.yml")
	if err != nil {
		return nil, err
	}
	rules = bytes.ReplaceAll(rules, []byte(defaultJob), []byte(job))
	return bytes.ReplaceAll(rules, []byte(defaultRunbook+"#"), []byte(runbook+"#")), nil
}
