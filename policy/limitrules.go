package policy

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// judge sets i to whose call it is, and returns the limit of that and whether it counts
// at its host.
func (l *CallerLimit) judge(c *Call, i *Identity) (limit int, hosted bool) {
	if l.key != nil {
		i.read(l.key(*c))
		limit, _ = l.rules.Load().limit(i)
		return limit, false
	}
	i.read(c.From)
	i.attest(c)
	if l.attested != nil && i.number != 0 {
		switch attested := l.attested(*c); {
		case attested:
			i.Standing = StandingAttested
		case i.Standing == StandingAttested:
			i.Standing = StandingUnattested
		}
	}
	limit, how := l.rules.Load().limit(i)
	return limit, i.Host != "" && how != matchExact
}

// limitRules are the limits in force.
type limitRules struct {
	fallback int
	factor   int // of hosts; < 0: no limit
	rules    rules
}

// limit returns a caller's limit and how it was found.
func (l *limitRules) limit(i *Identity) (int, match) {
	if l.rules.len != 0 {
		if v, how := l.rules.find(i); how != matchNone {
			return v, how
		}
	}
	return l.fallback, matchNone
}

// host returns the limit of all callers of a host together.
func (l *limitRules) host(host string) int {
	if v, ok := l.rules.hosts[host]; ok {
		return v
	}
	limit := l.fallback
	if v, ok := l.rules.prefixes["sip:"]; ok {
		limit = v
	}
	switch {
	case limit < 0 || l.factor < 0:
		return Unlimited
	case limit > math.MaxInt/l.factor:
		return math.MaxInt
	}
	return limit * l.factor
}

// hostOf returns the host of an entry for all its users.
func hostOf(entry string) (host string, ok bool) {
	host, ok = strings.CutPrefix(strings.ToLower(entry), hostEntry)
	return bareHost(host), ok
}

// ParseLimits reads limits of single callers such as
//
//	+14155550100=50, +1212*=20, sip:*@pbx.example.com=200, client:alice=-
//
// separated by commas, blanks or line ends: entries as [ParseNumbers] describes them, with
// the calls in a window, of which "-" is any number. What follows a # is a comment. All
// mistakes are returned at once.
func ParseLimits(text string) (map[string]int, error) {
	overrides := make(map[string]int)
	var errs mistakes
	for line := range strings.Lines(Visible(text)) {
		line, _, _ = strings.Cut(line, "#")
		for part := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
			at := strings.LastIndexByte(part, '=')
			if at < 0 {
				errs.add(fmt.Errorf("policy: %q: want a number and its limit, as +14155550100=50", part))
				continue
			}
			limit, err := strconv.ParseUint(part[at+1:], 10, 31)
			overrides[part[:at]] = int(limit)
			if part[at+1:] == "-" {
				overrides[part[:at]] = Unlimited
			} else if err != nil {
				errs.add(fmt.Errorf("policy: %q: the limit is neither a whole number nor -", part))
			}
		}
	}
	var checked rules
	for _, entry := range slices.Sorted(maps.Keys(overrides)) {
		errs.add(checked.add(entry, overrides[entry]))
	}
	return overrides, errs.join()
}

// FormatLimits writes limits as [ParseLimits] reads them, one a line, in order.
func FormatLimits(overrides map[string]int) string {
	var b strings.Builder
	for _, entry := range slices.Sorted(maps.Keys(overrides)) {
		limit := "-"
		if overrides[entry] >= 0 {
			limit = strconv.Itoa(overrides[entry])
		}
		fmt.Fprintf(&b, "%s=%s\n", entry, limit)
	}
	return b.String()
}
