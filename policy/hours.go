package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Hours are the business hours of a week in a time zone, with other hours or none
// on single dates. As a [Policy] they refuse calls at other times with the reason
// [ReasonHours]. The zero value is closed at all times. Hours do not change; reading them is
// safe for concurrent use.
type Hours struct {
	zone  *time.Location
	week  [7][]span
	dates map[date][]span
}

// span is a part of a day in minutes after midnight. It may reach into the next
// day: Friday 22:00-02:00 is {1320, 1560} of Friday.
type span struct{ from, to int }

type date struct {
	year  int
	month time.Month
	day   int
}

// ParseHours reads business hours such as
//
//	Mon-Fri 09:00-12:30, 13:30-17:00; Sat 10:00-14:00; 2026-12-25 closed; 2026-12-24 09:00-12:00
//
// in an IANA time zone such as "Europe/Berlin"; "" means UTC. Rules are separated
// by semicolons or line ends and name a day, a range of days ("Fri-Mon" goes over the
// weekend), several of them joined by commas, "Daily", or a date; times run from 00:00
// to 24:00 and go past midnight if they end before they begin. A byte order mark,
// blanks, trailing separators and dashes of other kinds do no harm. Days that no rule
// names are closed. Rules for the same day are combined; the rules of a date replace
// those of its weekday. Hours that began before midnight go on past it, also into a
// date that is closed. All mistakes are returned at once.
//
// The zone must be known to the system, or be built in by importing time/tzdata.
func ParseHours(spec, zone string) (*Hours, error) {
	h := &Hours{dates: make(map[date][]span)}
	var errs []error
	var err error
	if h.zone, err = time.LoadLocation(zone); err != nil {
		errs = append(errs, fmt.Errorf("policy: time zone: %w", err))
	}
	rules := 0
	for rule := range strings.FieldsFuncSeq(Visible(spec), func(r rune) bool { return r == ';' || r == '\n' || r == '\r' }) {
		if rule = plainRule(rule); rule == "" {
			continue
		}
		rules++
		if err := h.add(rule); err != nil {
			errs = append(errs, fmt.Errorf("policy: hours %q: %w", rule, err))
		}
	}
	if rules == 0 {
		errs = append(errs, errors.New("policy: hours: no rule"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return h, nil
}

// plainRule writes a rule with single blanks, none of them about a dash, and with the
// dash of ASCII for those that word processors put in its place.
func plainRule(rule string) string {
	rule = strings.NewReplacer("\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2212", "-").Replace(rule)
	rule = strings.Join(strings.Fields(rule), " ")
	rule = strings.NewReplacer(" - ", "-", " -", "-", "- ", "-").Replace(rule)
	return strings.TrimRight(rule, ", ")
}

// add reads one rule: days, then times.
func (h *Hours) add(rule string) error {
	days, times, ok := strings.Cut(rule, " ")
	for ok && strings.HasSuffix(days, ",") { // "Sat, Sun 10:00-14:00"
		var more string
		more, times, ok = strings.Cut(strings.TrimSpace(times), " ")
		days += more
	}
	if !ok {
		return errors.New("want days and times, such as Mon-Fri 09:00-17:00")
	}
	spans, err := parseSpans(times)
	if err != nil {
		return err
	}
	if at, err := time.Parse(time.DateOnly, days); err == nil {
		on := date{at.Year(), at.Month(), at.Day()}
		h.dates[on] = append(h.dates[on], spans...)
		return nil
	}
	for part := range strings.SplitSeq(days, ",") {
		from, to, err := parseDays(part)
		if err != nil {
			return err
		}
		for d := from; ; d = (d + 1) % 7 {
			h.week[d] = append(h.week[d], spans...)
			if d == to {
				break
			}
		}
	}
	return nil
}

func parseDays(s string) (from, to time.Weekday, err error) {
	if strings.EqualFold(s, "daily") {
		return time.Sunday, time.Saturday, nil
	}
	first, last, isRange := strings.Cut(s, "-")
	if !isRange {
		last = first
	}
	from, ok := parseDay(first)
	to, ok2 := parseDay(last)
	if !ok || !ok2 {
		return 0, 0, fmt.Errorf("%q is not a day: want Mon, Tue-Fri, Daily, or a date such as 2026-12-25", s)
	}
	return from, to, nil
}

func parseDay(s string) (day time.Weekday, ok bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(s, d.String()) || strings.EqualFold(s, d.String()[:3]) {
			return d, true
		}
	}
	return 0, false
}

func parseSpans(s string) ([]span, error) {
	if strings.EqualFold(strings.TrimSpace(s), "closed") {
		return nil, nil
	}
	var spans []span
	for part := range strings.SplitSeq(s, ",") {
		first, last, ok := strings.Cut(strings.TrimSpace(part), "-")
		if !ok {
			return nil, fmt.Errorf("%q is not a list of times: want 09:00-17:00 or closed", strings.TrimSpace(part))
		}
		from, err := parseMinute(first)
		if err != nil {
			return nil, err
		}
		to, err := parseMinute(last)
		if err != nil {
			return nil, err
		}
		switch {
		case from == to, from == 24*60:
			return nil, fmt.Errorf("%q is empty: all day is 00:00-24:00", strings.TrimSpace(part))
		case to < from:
			to += 24 * 60
		}
		spans = append(spans, span{from, to})
	}
	return spans, nil
}

func parseMinute(s string) (int, error) {
	s = strings.TrimSpace(s)
	if s == "24:00" {
		return 24 * 60, nil
	}
	at, err := time.Parse("15:04", s)
	if err != nil || len(s) != len("15:04") {
		return 0, fmt.Errorf("%q is not a time: want 00:00 to 24:00", s)
	}
	return at.Hour()*60 + at.Minute(), nil
}

// Open reports whether at is within business hours. It goes by what the clock on
// the wall shows in the zone at that moment, so an hour that the clock repeats is
// open or closed twice, and one that it skips is never reached.
func (h *Hours) Open(at time.Time) bool {
	zone := h.zone
	if zone == nil {
		zone = time.UTC
	}
	local := at.In(zone)
	year, month, day := local.Date()
	minute := local.Hour()*60 + local.Minute()
	for _, s := range h.spans(year, month, day, local.Weekday()) {
		if s.from <= minute && minute < s.to {
			return true
		}
	}
	eve := time.Date(year, month, day-1, 12, 0, 0, 0, time.UTC)
	year, month, day = eve.Date()
	for _, s := range h.spans(year, month, day, eve.Weekday()) {
		if minute+24*60 < s.to {
			return true
		}
	}
	return false
}

func (h *Hours) spans(year int, month time.Month, day int, weekday time.Weekday) []span {
	if len(h.dates) > 0 {
		if spans, ok := h.dates[date{year, month, day}]; ok {
			return spans
		}
	}
	return h.week[weekday]
}

// Decide refuses a call outside business hours, unless the service placed it.
func (h *Hours) Decide(_ context.Context, c Call) Decision {
	at := c.At
	if at.IsZero() {
		at = time.Now()
	}
	if c.Outbound() || h.Open(at) {
		return Decision{Verdict: Allow}
	}
	return Decision{Verdict: Reject, Reason: ReasonHours}
}
