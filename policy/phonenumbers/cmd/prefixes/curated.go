package main

import (
	"fmt"
	"slices"
	"strings"
)

// rules are what the numbering plans do not say.
type rules struct {
	foreign  []string // countries of the North American plan that are foreign to it
	watch    []string // countries often named in revenue-share fraud
	exchange []string // exchanges of the United States and Canada that are premium
	prefixes map[string]label
}

// readCurated reads lines of a keyword and its values.
func readCurated(text string) (*rules, error) {
	r := &rules{prefixes: make(map[string]label)}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		switch {
		case len(f) == 0:
		case f[0] == "nanp-foreign":
			r.foreign = append(r.foreign, f[1:]...)
		case f[0] == "irsf-watch":
			r.watch = append(r.watch, f[1:]...)
		case f[0] == "nanp-premium-exchange":
			r.exchange = append(r.exchange, f[1:]...)
		case f[0] == "prefix" && len(f) == 4:
			r.prefixes[f[1]] = label{f[2], f[3]}
		default:
			return nil, fmt.Errorf("curated.txt: %q", strings.TrimSpace(line))
		}
	}
	return r, nil
}

// classOf returns the class that a country's ordinary numbers have.
func (r *rules) classOf(country, class string) string {
	switch {
	case class != "ordinary":
		return class
	case slices.Contains(r.foreign, country):
		return "nanp-foreign"
	case slices.Contains(r.watch, country):
		return "irsf-watch"
	}
	return class
}

// apply adds the single prefixes and the premium exchanges to the table.
func (r *rules) apply(entries map[string]label) {
	for area := 200; area <= 999; area++ {
		prefix := fmt.Sprint("1", area)
		l := longest(entries, prefix)
		if l.class != "ordinary" || l.country != "US" && l.country != "CA" {
			continue
		}
		for _, x := range r.exchange {
			entries[prefix+x] = label{l.country, "premium"}
		}
	}
	for prefix, l := range r.prefixes {
		entries[prefix] = l
	}
}

// longest returns the label of the longest prefix of s.
func longest(entries map[string]label, s string) label {
	for n := len(s); n > 0; n-- {
		if l, ok := entries[s[:n]]; ok {
			return l
		}
	}
	return label{}
}
