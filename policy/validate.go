package policy

import (
	"errors"
	"fmt"
	"reflect"
	"time"
)

// A validator knows whether it can work as it was made. Policies whose constructor
// returns no error implement it, and those that ask another policy.
type validator interface {
	Validate() error
}

// Validate returns everything that is wrong with p as it was made: a policy that is
// nil or a nil pointer, here or inside another one, a limit that nothing can meet. A policy
// of the host's own may have a method Validate() error, which is called; one that wraps
// others has it call Validate for each of them. voice.New calls Validate.
func Validate(p Policy) error {
	if isNil(p) {
		return errNil
	}
	if v, ok := p.(validator); ok {
		return v.Validate()
	}
	return nil
}

var errNil = errors.New("policy: a policy is nil")

// isNil reports whether p is nil, a nil pointer or a nil function.
func isNil(p Policy) bool {
	v := reflect.ValueOf(p)
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func:
		return v.IsNil()
	}
	return false
}

// Validate returns what is wrong with each of the policies.
func (a all) Validate() error {
	var errs []error
	for i, p := range a {
		if err := Validate(p); err != nil {
			errs = append(errs, fmt.Errorf("policy: All[%d]: %w", i, err))
		}
	}
	return errors.Join(errs...)
}

// Validate returns what is wrong with the function or the inner policy.
func (w wrapped) Validate() error {
	return errors.Join(w.wrong, Validate(w.Policy))
}

// Validate returns what is wrong with the options or the inner policy.
func (h *History) Validate() error {
	return errors.Join(h.wrong, Validate(h.inner))
}

// Validate returns what is wrong with the arguments of [PerCaller].
func (l *CallerLimit) Validate() error {
	if l.store == nil {
		return errors.New("policy: caller limit was not made by PerCaller")
	}
	return l.wrong
}

// Validate returns what is wrong with the limit and the options of [Concurrent].
func (l *Concurrency) Validate() error {
	if l.store == nil {
		return errors.New("policy: concurrency was not made by Concurrent")
	}
	errs := []error{l.wrong}
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("policy: concurrency: "+format, args...))
	}
	o, limit := l.given, l.givenLimit
	switch {
	case o.Reserved < 0:
		wrong("Reserved is negative: %d", o.Reserved)
	case o.Reserved == 0 || limit < 0:
	case o.Priority == nil:
		wrong("Reserved is %d and Priority nil: nobody could have these places", o.Reserved)
	case o.Reserved > limit:
		wrong("Reserved, %d, is more than the limit, %d", o.Reserved, limit)
	}
	switch {
	case limit < Unlimited:
		wrong("limit is negative: %d", limit)
	case o.Warn < 0:
		wrong("Warn is negative: %d", o.Warn)
	case limit >= 0 && o.Warn > limit:
		wrong("Warn, %d, is more than the limit, %d", o.Warn, limit)
	}
	return errors.Join(errs...)
}

// onlyOne returns the options that a constructor was given, or the zero value.
func onlyOne[T any](what string, options []T) (o T, err error) {
	switch len(options) {
	case 0:
	case 1:
		o = options[0]
	default:
		err = fmt.Errorf("policy: %s: options were given %d times", what, len(options))
	}
	return o, err
}

// validate returns what is wrong with the window, and with the options but for the overrides.
func (o *CallerLimitOptions) validate(window time.Duration) error {
	var errs []error
	if err := durationError("Window", window); err != nil {
		errs = append(errs, fmt.Errorf("policy: caller limit: %w", err))
	}
	if o.MaxCallers < 0 {
		errs = append(errs, fmt.Errorf("policy: caller limit: MaxCallers is negative: %d", o.MaxCallers))
	}
	return errors.Join(errs...)
}

// durationError returns an error for a duration that cannot be meant: negative, or a number
// without a unit.
func durationError(name string, d time.Duration) error {
	switch {
	case d < 0:
		return fmt.Errorf("%s is negative: %v", name, d)
	case d > 0 && d < time.Millisecond:
		return fmt.Errorf("%s is %v: a number without a unit counts nanoseconds", name, d)
	}
	return nil
}
