package metrics

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
)

// DefaultJob is the Prometheus job that the alerts on up name, and the variable
// job of the dashboard begins with.
const DefaultJob = "agentos_webui"

//go:embed rules/voice.rules.yml dashboards/voice.json
var files embed.FS

// Files holds rules/voice.rules.yml, for Prometheus, and dashboards/voice.json,
// for Grafana.
func Files() fs.FS { return files }

var jobName = regexp.MustCompile(`^[A-Za-z0-9_.:/-]+$`)

// Rules returns the recording rules and alerts for the Prometheus job of the
// given name, as a rule file in YAML.
func Rules(job string) ([]byte, error) {
	if !jobName.MatchString(job) {
		return nil, fmt.Errorf("metrics: job %q is not made of letters, digits and _.:/-", job)
	}
	rules, err := files.ReadFile("rules/voice.rules.yml")
	if err != nil {
		return nil, err
	}
	return bytes.ReplaceAll(rules, []byte(DefaultJob), []byte(job)), nil
}
