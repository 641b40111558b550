// Command render prints the Prometheus rules for a job of another name, or the
// Grafana dashboard:
//
//	go run agentos.dev/dialtone/metrics/render -job phone > voice.rules.yml
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
	job := flag.String("job", metrics.DefaultJob, "the Prometheus job that scrapes the service")
	dashboard := flag.Bool("dashboard", false, "print the dashboard instead of the rules")
	flag.Parse()
	if err := run(os.Stdout, *job, *dashboard); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(out io.Writer, job string, dashboard bool) error {
	text, err := metrics.Rules(job)
	if dashboard {
		text, err = fs.ReadFile(metrics.Files(), "dashboards/voice.json")
	}
	if err != nil {
		return err
	}
	_, err = out.Write(text)
	return err
}
