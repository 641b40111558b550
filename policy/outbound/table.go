package outbound

import (
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// standard is written by policy/phonenumbers/cmd/prefixes; its head says from what.
//
//go:embed prefixes.txt
var standard string

// Table maps prefixes of numbers to country and class. StandardTable makes it; the zero
// value is not usable. It does not change; reading it is safe for concurrent use.
type Table struct {
	nodes     []node // trie over the digits after the plus sign; [0] is the root
	countries []string
	index     map[string]uint16
	date      time.Time
	len       int
}

type node struct {
	next    [10]uint32
	country uint16 // index into countries; 0 = as the shorter prefix says
	lengths uint16 // bit n: numbers with n digits behind this prefix exist; 0 = as the shorter prefix says
	class   Class
	set     bool
}

// StandardTable returns the built-in table. Making it takes about a millisecond;
// it is not shared.
func StandardTable() (*Table, error) { return parseTable(standard) }

// parseTable reads a table: a line "date 2026-07-15", lines such as "lengths 44 7,9,10",
// which say how many digits may follow a prefix, and lines of prefix, country
// (ISO 3166 alpha-2, "001" for international networks, "-" for as the shorter
// prefix says) and class. What follows a # is a comment. All mistakes are returned
// at once, with their lines.
func parseTable(text string) (*Table, error) {
	t := newTable()
	var errs []error
	number := 0
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		number++
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if err := t.addLine(fields); err != nil {
			errs = append(errs, fmt.Errorf("outbound: table line %d: %w", number, err))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return t, nil
}

func newTable() *Table {
	return &Table{nodes: make([]node, 1), countries: []string{""}, index: make(map[string]uint16)}
}

func (t *Table) addLine(fields []string) (err error) {
	if fields[0] == "date" && len(fields) == 2 {
		t.date, err = time.Parse(time.DateOnly, fields[1])
		return err
	}
	if len(fields) != 3 {
		return errors.New("want prefix, country and class")
	}
	if fields[0] == "lengths" {
		return t.addLengths(fields[1], fields[2])
	}
	class, err := parseClass(fields[2])
	if err != nil {
		return err
	}
	return t.add(fields[0], fields[1], class)
}

func (t *Table) add(prefix, country string, class Class) error {
	n, err := t.node(prefix)
	if err != nil {
		return err
	}
	if !n.set {
		t.len++
	}
	n.set, n.class = true, class
	if country != "-" {
		n.country = t.countryIndex(country)
	}
	return nil
}

func (t *Table) addLengths(prefix, list string) error {
	n, err := t.node(prefix)
	if err != nil {
		return err
	}
	for text := range strings.SplitSeq(list, ",") {
		digits, err := strconv.ParseUint(text, 10, 4)
		if err != nil || digits == 0 {
			return fmt.Errorf("lengths %q: want numbers from 1 to 15, separated by commas", list)
		}
		n.lengths |= 1 << digits
	}
	return nil
}

// node returns the node of a prefix, which may be new. It is valid until the next call.
func (t *Table) node(prefix string) (*node, error) {
	if len(prefix) == 0 || len(prefix) > 15 {
		return nil, fmt.Errorf("prefix %q: want 1 to 15 digits", prefix)
	}
	at := uint32(0)
	for i := range len(prefix) {
		d := prefix[i] - '0'
		if d > 9 || (i == 0 && d == 0) {
			return nil, fmt.Errorf("prefix %q: want digits, the first not zero", prefix)
		}
		next := t.nodes[at].next[d]
		if next == 0 {
			next = uint32(len(t.nodes))
			t.nodes = append(t.nodes, node{})
			t.nodes[at].next[d] = next
		}
		at = next
	}
	return &t.nodes[at], nil
}

func (t *Table) countryIndex(country string) uint16 {
	i, ok := t.index[country]
	if !ok {
		i = uint16(len(t.countries))
		t.countries = append(t.countries, strings.Clone(country))
		t.index[t.countries[i]] = i
	}
	return i
}

// Look returns the country (ISO 3166 alpha-2, "001" for international networks, ""
// if unknown) and the class of the longest known prefix of a number in E.164. It
// does not check that the number is complete.
func (t *Table) Look(number string) (country string, class Class) {
	country, class, _ = t.find(number)
	return country, class
}

func (t *Table) find(number string) (country string, class Class, ok bool) {
	number = strings.TrimPrefix(number, "+")
	at, in := uint32(0), uint16(0)
	for i := range len(number) {
		d := number[i] - '0'
		if d > 9 {
			break
		}
		if at = t.nodes[at].next[d]; at == 0 {
			break
		}
		if n := &t.nodes[at]; n.set {
			class, ok = n.class, true
			if n.country != 0 {
				in = n.country
			}
		}
	}
	return t.countries[in], class, ok
}

// Possible reports whether numbers as long as this one exist behind its country code,
// as far as the table knows.
func (t *Table) Possible(number string) bool {
	number = strings.TrimPrefix(number, "+")
	possible := true
	at := uint32(0)
	for i := range len(number) {
		d := number[i] - '0'
		if d > 9 {
			return false
		}
		if at = t.nodes[at].next[d]; at == 0 {
			break
		}
		if lengths := t.nodes[at].lengths; lengths != 0 {
			possible = lengths>>(len(number)-i-1)&1 != 0
		}
	}
	return possible
}
