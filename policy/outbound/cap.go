package outbound

import (
	"errors"
	"fmt"
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

// meter is a cap and whom it covers.
type meter struct {
	to             string
	all            bool
	country        string          // or
	numbers        *policy.Numbers // nil if all or a country
	calls, minutes int             // < 0: any number
}

func newMeter(c Cap) (*meter, error) {
	m := &meter{to: c.To, calls: c.Calls, minutes: c.Minutes}
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

// The logs of the store, of the last hour and the last day.
const (
	callLog   = "outbound:calls"
	minuteLog = "outbound:minutes"
)

// ops returns the operations that count a call's minutes under the meter: none where
// there is no limit.
func (m *meter) ops(kind policy.OpKind, id string, minutes int) (ops []policy.Op) {
	if m.calls >= 0 {
		ops = append(ops, m.op(kind, callLog, id, 1))
	}
	if m.minutes >= 0 {
		ops = append(ops, m.op(kind, minuteLog, id, minutes))
	}
	return ops
}

func (m *meter) op(kind policy.OpKind, space, id string, amount int) policy.Op {
	op := policy.Op{Kind: kind, Space: space, Name: m.to, ID: id, Amount: int64(amount), Limit: int64(m.calls), Keep: time.Hour}
	if space == minuteLog {
		op.Limit, op.Keep = int64(m.minutes), 24*time.Hour
	}
	return op
}
