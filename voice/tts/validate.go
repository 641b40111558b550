package tts

import (
	"errors"
	"fmt"
	"reflect"
	"time"
)

// Validator is implemented by engines that check their own options: those of this
// package, whose constructors return no error.
type Validator interface {
	// Validate returns every error of the options.
	Validate() error
}

// Validate returns every mistake in the construction of s: an engine that is nil or a
// nil pointer, at any depth, and options out of range.
func Validate(s Synthesizer) error { return validate("engine", s) }

func validate(what string, s Synthesizer) error {
	if missing(s) {
		return fmt.Errorf("tts: %s is nil", what)
	}
	if v, ok := s.(Validator); ok {
		return v.Validate()
	}
	return nil
}

// missing reports whether s is nil, or a nil pointer or function inside of the
// interface.
func missing(s Synthesizer) bool {
	switch v := reflect.ValueOf(s); v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func:
		return v.IsNil()
	}
	return false
}

// meant returns an error for a duration that is negative, or so short that it must
// be a number without a unit.
func meant(name string, d time.Duration) error {
	if d < 0 || d > 0 && d < 10*time.Microsecond {
		return fmt.Errorf("tts: %s is %v", name, d)
	}
	return nil
}

// count returns an error for a negative number.
func count(name string, n int) error {
	if n < 0 {
		return fmt.Errorf("tts: %s is %d", name, n)
	}
	return nil
}

// Validate implements Validator.
func (p *Pool) Validate() error { return errors.Join(p.wrong, validate("engine of a pool", p.inner)) }

func (o *PoolOptions) check() error {
	return errors.Join(count("pool: Workers", o.Workers), meant("pool: MaxWait", o.MaxWait))
}

// Validate implements Validator.
func (s *cached) Validate() error { return validate("engine behind a cache", s.inner) }

// Validate implements Validator.
func (f *failover) Validate() error {
	errs := []error{f.wrong}
	if len(f.engines) == 0 {
		errs = append(errs, errors.New("tts: failover has no engines"))
	}
	for i, e := range f.engines {
		errs = append(errs, validate(fmt.Sprintf("engine %d of a failover", i), e))
	}
	return errors.Join(errs...)
}

func (o *FailoverOptions) check() error {
	return errors.Join(meant("failover: FirstAudio", o.FirstAudio), meant("failover: Stall", o.Stall),
		count("breaker: Failures", o.Breaker.Failures), meant("breaker: Cooldown", o.Breaker.Cooldown))
}
