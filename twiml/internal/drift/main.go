// Command drift compares the voice typings of Twilio's npm package with
// twiml/schema.json. It lists the differences, a line each, but for the accepted ones,
// and the accepted ones that are gone. Its exit status is 1 when it lists something and
// 2 when it cannot compare. See .ci/drift.
package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"agentos.dev/dialtone/twiml/internal/gen"
)

//go:embed accepted.txt
var accepted string

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: drift schema.json package/lib/twiml")
		os.Exit(2)
	}
	lines, err := run(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "drift:", err)
		os.Exit(2)
	}
	for _, line := range lines {
		fmt.Println(line)
	}
	if len(lines) != 0 {
		os.Exit(1)
	}
}

// run returns the differences between the schema in a file and the typings in a folder.
func run(schemaFile, folder string) ([]string, error) {
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		return nil, err
	}
	schema, err := gen.Parse(data)
	if err != nil {
		return nil, err
	}
	declarations, err := os.ReadFile(filepath.Join(folder, "VoiceResponse.d.ts"))
	if err != nil {
		return nil, err
	}
	code, err := os.ReadFile(filepath.Join(folder, "VoiceResponse.js"))
	if err != nil {
		return nil, err
	}
	theirs, err := readTypings(string(declarations), string(code))
	if err != nil {
		return nil, err
	}
	reasons, err := readAccepted(accepted)
	if err != nil {
		return nil, err
	}
	return without(compare(theirs, schema), reasons), nil
}

// readAccepted returns the reason for each accepted difference. A difference is a
// line; the next line that begins with a tab is its reason, and that of the
// differences right above.
func readAccepted(text string) (map[string]string, error) {
	reasons := make(map[string]string)
	var waiting []string
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case !strings.HasPrefix(line, "\t"):
			waiting = append(waiting, line)
		default:
			for _, difference := range waiting {
				reasons[difference] = strings.TrimSpace(line)
			}
			waiting = nil
		}
	}
	if len(waiting) != 0 {
		return nil, errors.New("accepted without a reason: " + waiting[0])
	}
	return reasons, nil
}

// without returns the differences that nobody has accepted, and the accepted ones
// that are not there.
func without(differences []string, reasons map[string]string) []string {
	var lines []string
	found := make(map[string]bool)
	for _, d := range differences {
		if found[d] = true; reasons[d] == "" {
			lines = append(lines, d)
		}
	}
	for _, d := range sortedKeys(reasons) {
		if !found[d] {
			lines = append(lines, "accepted, and no difference any more: "+d)
		}
	}
	return lines
}
