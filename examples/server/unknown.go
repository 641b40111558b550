package main

import (
	"fmt"
	"slices"
	"strings"
)

// misspelled returns a line for each variable that is set, that the server does not read,
// and whose name is nearly that of one it does, or a guess at it. Names of one word are left alone: they may
// be anybody's. Values are not looked at.
func misspelled(environ []string) []mistake {
	var found []mistake
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if slices.ContainsFunc(variables, func(v variable) bool { return v.name == name }) {
			continue
		}
		if meant := nearest(name); meant != "" {
			found = append(found, mistake{name, fmt.Sprintf("is not read; is %s meant?", meant)})
		}
	}
	slices.SortFunc(found, func(a, b mistake) int { return strings.Compare(a.name, b.name) })
	return found
}

// nearest returns the variable whose name was meant, or "".
func nearest(name string) string {
	upper := strings.ReplaceAll(strings.ToUpper(name), "-", "_")
	if upper == "" {
		return ""
	}
	if meant := guessed(upper); meant != "" {
		return meant
	}
	meant, best := "", 3
	for _, v := range variables {
		if !strings.Contains(v.name, "_") {
			continue
		}
		d := distance(upper, v.name)
		switch {
		case strings.ReplaceAll(upper, "_", "") == strings.ReplaceAll(v.name, "_", ""):
			d = 0 // TWILIO_AUTHTOKEN
		case oneWordOff(stems(upper), stems(v.name)):
			d = min(d, 2) // TWILIO_PHONE_NUMBER, CALLS_PER_HOUR, MAX_CALLS
		case d > 1 && len(v.name) < 10 || upper[0] != v.name[0]:
			continue
		}
		if d < best {
			meant, best = v.name, d
		}
	}
	return meant
}

// oneWordOff reports whether one name is the other with a word more in it.
func oneWordOff(a, b string) bool {
	words, others := strings.Split(a, "_"), strings.Split(b, "_")
	if len(words) < len(others) {
		words, others = others, words
	}
	if len(words) != len(others)+1 || len(others) < 2 {
		return false
	}
	for i := range words {
		if slices.Equal(slices.Delete(slices.Clone(words), i, i+1), others) {
			return true
		}
	}
	return false
}

// distance counts the letters to be put in, taken out, changed or swapped with the next to
// make b of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			changed := 1
			if a[i-1] == b[j-1] {
				changed = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+changed)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
