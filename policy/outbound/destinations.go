package outbound

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"agentos.dev/dialtone/policy"
)

// DestinationsOptions configures [NewDestinations]. The zero value allows nothing.
type DestinationsOptions struct {
	// Countries that may be called, as ISO 3166 alpha-2: "US", "CA", "GB". "001"
	// stands for the international networks. Ask for few: no country is safe.
	Countries []string

	// Classes that may be called in these countries besides ClassOrdinary.
	Classes []Class

	// Overrides classify prefixes ("+1809") and whole numbers ("+18095550100")
	// otherwise than the table. The longest prefix wins, so a number can be allowed
	// (ClassOrdinary) within a range that is not.
	Overrides map[string]Class

	// Own are the service's own numbers, which it must not call: a loop.
	Own []string

	// Other allows addresses that are not telephone numbers, whole, by host or by
	// prefix: "sip:help@example.com", "sip:*@pbx.example.com", "client:*". Port and
	// transport of a SIP address do not matter. One with other parameters or headers,
	// which may lead elsewhere (maddr, Route), or with a password must be listed as it
	// is written. A number as the user, with a plus sign or of 7 digits and more, as in
	// sip:+14155550100@carrier.example, must be one that may be called, and
	// never an emergency number, unless the whole address is listed.
	Other []string

	// Look classifies numbers; nil means the Look of StandardTable, which also knows how long numbers can be. The
	// nested module policy/phonenumbers has another, from whole numbering plans.
	Look func(number string) (country string, class Class)
}

// Destinations says which numbers may be called. What it does not know it refuses: a
// country code that nobody has, a range without use, a number that cannot exist, such as
// one of +1 that has not ten digits, whose area code or exchange begins with 0 or 1, is
// N11 or nobody's, or directory assistance. A tel: URI is the number in it. Emergency
// numbers are refused. The zero value allows nothing. It does not change; use of it is safe for
// concurrent use. A [Gate] asks it, and about caps and pace too.
type Destinations struct {
	look      func(number string) (country string, class Class)
	possible  func(number string) bool // nil: look knows
	overrides *Table
	countries map[string]bool
	classes   map[Class]bool
	own       *policy.Numbers
	other     *policy.Numbers
	whole     map[string]bool // those of other that are not a prefix, as written and in their shortest form
}

// Error is a refusal to dial. Its text does not contain the number.
type Error struct {
	Cause   error  // one of the errors below
	Country string // as far as known
	Class   Class
	Cap     string // which cap is reached, as its To says
}

// The causes of an [Error].
var (
	ErrNumber  = errors.New("not a telephone number in E.164")
	ErrAddress = errors.New("address is not on the list of allowed ones")
	ErrCountry = errors.New("country is not on the list of allowed ones")
	ErrClass   = errors.New("class of number is not allowed")
	ErrOwn     = errors.New("the service's own number")

	ErrUncapped = errors.New("no cap says how much may be dialled there")
	ErrCalls    = errors.New("the calls of this hour are used up")
	ErrMinutes  = errors.New("the minutes of this day are used up")
	ErrBudget   = errors.New("the budget of this month is spent")
)

// Error names the cause, country and class.
func (e *Error) Error() string {
	if e.Country == "" && e.Class == ClassUnknown {
		return fmt.Sprintf("outbound: may not dial: %v", e.Cause)
	}
	return fmt.Sprintf("outbound: may not dial: %v (country %q, class %v)", e.Cause, e.Country, e.Class)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Reason returns the refusal as a reason of package policy, for metrics.
func (e *Error) Reason() policy.Reason {
	switch e.Cause {
	case ErrClass:
		return policy.ReasonPremium
	case ErrCalls, ErrMinutes, ErrBudget:
		return policy.ReasonRateLimit
	}
	return policy.ReasonBlocked
}

// NewDestinations makes Destinations; the error names everything wrong with the options.
func NewDestinations(o DestinationsOptions) (*Destinations, error) {
	d := &Destinations{look: o.Look, countries: make(map[string]bool), classes: map[Class]bool{ClassOrdinary: true}}
	var errs []error
	keep := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	if d.look == nil { // a zero Destinations has none
		table, err := StandardTable()
		keep(err)
		d.look, d.possible = table.Look, table.Possible
	}
	for _, c := range o.Countries {
		if !isCountry(c) {
			keep(fmt.Errorf("outbound: %q is not a country: want its code in ISO 3166, as GB, or 001", c))
		}
		d.countries[c] = true
	}
	for _, c := range o.Classes {
		if c == ClassUnknown {
			keep(errors.New("outbound: class unknown cannot be allowed: classify the prefix by an override"))
		}
		keep(known(c))
		d.classes[c] = true
	}
	var err error
	d.overrides, err = overrides(o.Overrides)
	keep(err)
	d.own, err = policy.NewNumbers(o.Own...)
	keep(err)
	keep(d.allow(o.Other))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return d, nil
}

// overrides makes a table of its own of the classes given by hand.
func overrides(classes map[string]Class) (*Table, error) {
	t := newTable()
	var errs []error
	for _, prefix := range slices.Sorted(maps.Keys(classes)) {
		class := classes[prefix]
		if err := known(class); err != nil {
			errs = append(errs, fmt.Errorf("outbound: override %q: %w", prefix, err))
		}
		digits, plus := strings.CutPrefix(strings.TrimSuffix(prefix, "*"), "+")
		if !plus {
			errs = append(errs, fmt.Errorf("outbound: override %q: want + and digits", prefix))
		} else if err := t.add(digits, "-", class); err != nil {
			errs = append(errs, fmt.Errorf("outbound: override: %w", err))
		}
	}
	return t, errors.Join(errs...)
}

// known returns an error for a class that there is not.
func known(c Class) error {
	if int(c) >= len(classNames) {
		return fmt.Errorf("outbound: there is no %v", c)
	}
	return nil
}

// isCountry reports whether c is a country with telephone numbers. A cap on UK, which
// no call is to, would look as if it bounded something.
func isCountry(c string) bool {
	return (len(c) == 2 || c == "001") && c == strings.ToUpper(c) && strings.Contains(standard, " "+c+" ")
}

// Check returns nil if the number or address may be dialled, or else an [*Error].
func (d *Destinations) Check(to string) error {
	_, _, err := d.check(to)
	return err
}

func (d *Destinations) check(to string) (country string, class Class, err error) {
	switch {
	case policy.IsE164(to):
		return d.checkNumber(to)
	case len(to) > maxAddress || !strings.Contains(to, ":") || policy.Visible(to) != to: // who dials it reads it otherwise
		return "", ClassUnknown, &Error{Cause: ErrNumber}
	case strings.HasPrefix(strings.ToLower(to), "tel:"):
		return d.checkNumber(policy.Call{From: to}.Caller())
	}
	return d.checkAddress(to)
}

// checkNumber checks a number, or what may not be one.
func (d *Destinations) checkNumber(number string) (country string, class Class, err error) {
	if !policy.IsE164(number) {
		return "", ClassUnknown, &Error{Cause: ErrNumber}
	}
	if d.look == nil {
		return "", ClassUnknown, &Error{Cause: ErrCountry}
	}
	country, class = d.look(number)
	if _, c, ok := d.overrides.find(number); ok {
		class = c
	}
	refuse := func(cause error) (string, Class, error) {
		return country, class, &Error{Cause: cause, Country: country, Class: class}
	}
	switch {
	case d.own.Contains(number):
		return refuse(ErrOwn)
	case !d.countries[country]:
		return refuse(ErrCountry)
	case !d.classes[class]:
		return refuse(ErrClass)
	case !inPlan(number) || d.possible != nil && !d.possible(number):
		return refuse(ErrNumber)
	}
	return country, class, nil
}

// inPlan reports whether a number of +1 is a subscriber's in the North American Numbering
// Plan: NXX-NXX-XXXX, N from 2 to 9, neither area code nor exchange N11, the exchange none
// of those for access to carriers (950) and for tests (958, 959), except with toll-free
// area codes, and not directory assistance, 555-1212 (Central Office Code Assignment
// Guidelines, atis.org).
func inPlan(number string) bool {
	national, ok := strings.CutPrefix(number, "+1")
	if !ok {
		return true
	}
	group := func(digits string) bool { return digits[0] >= '2' && digits[1:] != "11" }
	if len(national) != 10 || !group(national[:3]) || !group(national[3:6]) || national[3:] == "5551212" {
		return false
	}
	exchange := national[3:6]
	return isTollFree(national[:3]) || exchange != "950" && exchange != "958" && exchange != "959"
}

// isTollFree reports whether an area code of +1 is 800, 833, 844 and so on to 888.
func isTollFree(area string) bool {
	return area == "800" || area[0] == '8' && area[1] == area[2] && area[1] >= '3' && area[1] <= '8'
}
