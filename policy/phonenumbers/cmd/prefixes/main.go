// Command prefixes writes the prefix table of package outbound: how long the numbers
// of every country code are, and the country and class of every telephone number
// range, from the numbering plans in libphonenumber and the curated lists in
// curated.txt.
//
//	go run ./cmd/prefixes > ../outbound/prefixes.txt
package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"maps"
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
	lengths := make(map[string][]int32) // of the numbers behind a country code
	for _, m := range metadata.GetMetadata() {
		code := fmt.Sprint(m.GetCountryCode())
		lengths[code] = append(lengths[code], m.GetGeneralDesc().GetPossibleLength()...)
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
		z := zone{plans: of, rules: rules, memo: make(map[string]tree), unknownDepth: 2}
		if code == 1 {
			z.unknownDepth = 3 // an area code
		}
		prefix := fmt.Sprint(code)
		t := z.build(z.start(), 0)
		entries[prefix] = label{of[0].country, "unknown"}
		t.emit(prefix, label{of[0].country, "unknown"}, entries)
	}
	rules.apply(entries)
	return write(entries, lengths)
}

func write(entries map[string]label, lengths map[string][]int32) error {
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
	for _, code := range slices.Sorted(maps.Keys(lengths)) {
		slices.Sort(lengths[code])
		all := slices.DeleteFunc(slices.Compact(lengths[code]), func(n int32) bool { return len(code)+int(n) > 15 }) // E.164
		text := strings.Trim(strings.ReplaceAll(fmt.Sprint(all), " ", ","), "[]")
		fmt.Fprintf(w, "lengths %s %s\n", code, text)
	}
	for _, p := range prefixes {
		fmt.Fprintf(w, "%s %s %s\n", p, entries[p].country, entries[p].class)
	}
	return w.Flush()
}

// label is what a prefix is known by.
type label struct{ country, class string }
