// Command gen writes the Grafana dashboard, voice.json, to the standard output:
//
//	cd metrics/dashboards/gen && go run . > ../voice.json
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(out io.Writer) error {
	board, err := voice().Build()
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(board, "", "  ")
	if err != nil {
		return err
	}
	_, err = out.Write(append(text, '\n'))
	return err
}
