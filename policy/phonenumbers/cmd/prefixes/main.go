// Command prefixes writes the prefix table of package outbound: the country and
// class of every telephone number range, from the numbering plans in libphonenumber
// and the curated lists in curated.txt.
//
//	go run ./cmd/prefixes > ../outbound/prefixes.txt
package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Keep these in step with the version in go.mod.
const (
	source = "github.com/nyaruka/phonenumbers v1.8.1 (libphonenumber 9.0.32, Apache License 2.0)"
	date   = "2026-07-15"
)

//go:embed curated.txt
var curated string

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "prefixes:", err)
		os.Exit(1)
	}
}

func run() error {
	metadata, err := phonenumbers.MetadataCollection()
	if err != nil {
		return err
	}
	plans := make(map[int32][]*plan)
	for _, m := range metadata.GetMetadata() {
		p, err := newPlan(m)
		if err != nil {
			return fmt.Errorf("%s +%d: %w", m.GetId(), m.GetCountryCode(), err)
		}
		plans[m.GetCountryCode()] = append(plans[m.GetCountryCode()], p)
	}
	rules, err := readCurated(curated)
	if err != nil {
		return err
	}
	entries := make(map[string]label)
	for code, of := range plans {
		slices.SortFunc(of, func(a, b *plan) int { // the main country first
			if a.main != b.main {
				return map[bool]int{true: -1, false: 1}[a.main]
			}
			return strings.Compare(a.country, b.country)
		})
		z := zone{plans: of, rules: rules, memo: make(map[string]tree)}
		prefix := fmt.Sprint(code)
		t := z.build(z.start(), 0)
		entries[prefix] = label{of[0].country, "unknown"}
		t.emit(prefix, label{of[0].country, "unknown"}, entries)
	}
	rules.apply(entries)
	return write(entries)
}

func write(entries map[string]label) error {
	prefixes := make([]string, 0, len(entries))
	for p := range entries {
		prefixes = append(prefixes, p)
	}
	slices.Sort(prefixes)
	w := bufio.NewWriter(os.Stdout)
	fmt.Fprintf(w, "# Countries and classes of telephone numbers by prefix; the longest counts.\n")
	fmt.Fprintf(w, "# Written by policy/phonenumbers/cmd/prefixes; do not edit.\n")
	fmt.Fprintf(w, "# From %s\n# and curated.txt there.\n", source)
	fmt.Fprintf(w, "date %s\n", date)
	for _, p := range prefixes {
		fmt.Fprintf(w, "%s %s %s\n", p, entries[p].country, entries[p].class)
	}
	return w.Flush()
}

// label is what a prefix is known by.
type label struct{ country, class string }
