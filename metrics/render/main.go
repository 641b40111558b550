// Command render prints the Prometheus rules, for a job of another name and a runbook of
// one's own, an example for Alertmanager, or the Grafana dashboard:
//
//	go run agentos.dev/dialtone/metrics/render -job phone -runbook https://wiki.example.com/calls > voice.rules.yml
//	go run agentos.dev/dialtone/metrics/render -alertmanager > alertmanager.yml
//	go run agentos.dev/dialtone/metrics/render -dashboard > voice.json
package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"agentos.dev/dialtone/metrics"
)

func main() {
	job := flag.String("job", "", "the Prometheus job that scrapes the service; \"\" is agentos_webui")
	runbook := flag.String("runbook", "", "where the alerts' runbook_url leads: docs/runbook.md as a page; \"\" is that of AgentOS")
	alertmanager := flag.Bool("alertmanager", false, "print an example for Alertmanager instead of the rules")
	dashboard := flag.Bool("dashboard", false, "print the dashboard instead of the rules")
	flag.Parse()
	file := ""
	switch {
	case *dashboard:
		file = "dashboards/voice.json"
	case *alertmanager:
		file = "rules/alertmanager.yml"
	}
	if err := run(os.Stdout, metrics.RuleOptions{Job: *job, Runbook: *runbook}, file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run prints a file, or the rules if file is empty.
func run(out io.Writer, rules metrics.RuleOptions, file string) error {
	text, err := metrics.RulesFor(rules)
	if file != "" {
		text, err = fs.ReadFile(metrics.Files(), file)
	}
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}
