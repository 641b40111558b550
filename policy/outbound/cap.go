package outbound

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/policy"
)

// Cap bounds what is dialled to some destinations together. A call must find room
// under every cap that covers it. The zero value allows nothing.
type Cap struct {
	// To says which destinations: "*" for all, a country ("DE", "001"), a prefix
	// ("+4930*"), a number, or other addresses ("sip:*").
	To string

	Calls   int // in any hour; 0 allows none, policy.Unlimited any number
	Minutes int // in any 24 hours; each call has whole ones, as Twilio bills them
}

// ParseCaps reads caps such as
//
//	*=60/600, DE=20/100, +4930*=5/-
//
// separated by commas: destinations, calls in an hour and minutes in 24 hours, of
// which "-" is any number. Blanks and a byte order mark do no harm. All mistakes are
// returned at once.
func ParseCaps(list string) ([]Cap, error) {
	var caps []Cap
	var errs []error
	for entry := range strings.SplitSeq(policy.Visible(list), ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		to, amounts, _ := strings.Cut(entry, "=")
		calls, minutes, _ := strings.Cut(amounts, "/")
		c := Cap{To: strings.TrimSpace(to)}
		var err, err2 error
		c.Calls, err = parseAmount(calls)
		c.Minutes, err2 = parseAmount(minutes)
		if err == nil && err2 == nil {
			_, err = newMeter(c)
		}
		if err := errors.Join(err, err2); err != nil {
			errs = append(errs, fmt.Errorf("outbound: cap %q: want destinations=calls an hour/minutes a day, as DE=20/100: %w", entry, err))
		}
		caps = append(caps, c)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return caps, nil
}

func parseAmount(s string) (int, error) {
	if s = strings.TrimSpace(s); s == "-" {
		return policy.Unlimited, nil
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, fmt.Errorf("%q is neither a whole number nor -", s)
	}
	return int(n), nil
}

// meter is a cap and what counts under it.
type meter struct {
	to             string
	all            bool
	country        string          // or
	numbers        *policy.Numbers // nil if all or a country
	calls, minutes window
}

func newMeter(c Cap) (*meter, error) {
	m := &meter{to: c.To, calls: window{length: time.Hour, limit: c.Calls}, minutes: window{length: 24 * time.Hour, limit: c.Minutes}}
	if c.Calls < policy.Unlimited || c.Minutes < policy.Unlimited {
		return nil, fmt.Errorf("outbound: cap to %q is negative: %d calls, %d minutes", c.To, c.Calls, c.Minutes)
	}
	switch {
	case c.To == "*":
		m.all = true
	case isCountry(c.To):
		m.country = c.To
	default:
		var err error
		if m.numbers, err = policy.NewNumbers(c.To); err != nil {
			return nil, fmt.Errorf("outbound: cap: %w", err)
		}
	}
	return m, nil
}

// covers reports whether a call to an address in a country counts.
func (m *meter) covers(to, country string) bool {
	switch {
	case m.all:
		return true
	case m.country != "":
		return m.country == country
	}
	return m.numbers.Contains(to)
}

// room returns nil, or the cause why a call of so many minutes does not fit.
func (m *meter) room(now time.Duration, minutes int) error {
	switch {
	case !m.calls.room(now, 1):
		return ErrCalls
	case !m.minutes.room(now, minutes):
		return ErrMinutes
	}
	return nil
}

// window sums amounts over the last stretch of time, exactly. It holds no more
// amounts than its limit says, and none if there is no limit.
type window struct {
	length time.Duration
	limit  int // < 0: none
	items  []amount
	sum    int // of the items
	held   int // for what will be added
}

type amount struct {
	id uint64 // ascending
	at time.Duration
	n  int // at least 1
}

// room reports whether n more fit, and forgets what has left the window.
func (w *window) room(now time.Duration, n int) bool {
	if w.limit < 0 {
		return true
	}
	gone := 0
	for gone < len(w.items) && now-w.items[gone].at >= w.length {
		w.sum -= w.items[gone].n
		gone++
	}
	w.items = w.items[gone:]
	return n <= w.limit-w.sum-w.held
}

func (w *window) add(id uint64, now time.Duration, n int) {
	if w.limit >= 0 {
		w.items = append(w.items, amount{id, now, n})
		w.sum += n
	}
}

// set changes an amount that is still in the window, to none if n is 0.
func (w *window) set(id uint64, n int) {
	i, ok := slices.BinarySearchFunc(w.items, id, func(a amount, id uint64) int { return cmp.Compare(a.id, id) })
	if !ok {
		return
	}
	w.sum += n - w.items[i].n
	if w.items[i].n = n; n == 0 {
		w.items = slices.Delete(w.items, i, i+1)
	}
}
