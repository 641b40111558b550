// Package option checks the values of options for what cannot be meant. Each error
// begins with the name that it is given, and holds no part of a key.
package option

import (
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"time"
	"unicode"

	"agentos.dev/dialtone/policy"
)

// Nil reports whether v is nil, or a pointer or function that is nil inside of an
// interface.
func Nil(v any) bool {
	value := reflect.ValueOf(v)
	switch value.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func:
		return value.IsNil()
	}
	return false
}

// Key takes away what copying and reading from a file put around and into a key: blanks and
// line breaks at its ends, a byte order mark, what is not seen. It returns an error for a key that is empty,
// and for one that nobody issues and no header can hold.
func Key(name string, key *string) error {
	*key = Trim(*key)
	switch {
	case *key == "":
		return errors.New(name + " is empty")
	case strings.Trim(*key, "\"'`\u201c\u201d\u2018\u2019") != *key:
		return errors.New(name + " is in quotes: give what is between them")
	case strings.ContainsAny(*key, "\r\n"):
		return errors.New(name + " has a line break in it")
	case strings.ContainsFunc(*key, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return errors.New(name + " has blanks in it, or characters that no key has")
	}
	return nil
}

// Trim takes away blanks and line breaks at both ends of s, and what is not seen in it.
func Trim(s string) string {
	return strings.TrimFunc(policy.Visible(s), func(r rune) bool { return unicode.IsSpace(r) || r == 0 })
}

// Duration returns an error for a duration that is negative, or so short that it must
// be a number without a unit.
func Duration(name string, d time.Duration) error {
	switch {
	case d < 0:
		return fmt.Errorf("%s is negative: %v", name, d)
	case d > 0 && d < 10*time.Microsecond:
		return fmt.Errorf("%s is %v: a number without a unit counts nanoseconds", name, d)
	}
	return nil
}

// Count returns an error for a number that is negative.
func Count(name string, n int) error {
	if n < 0 {
		return fmt.Errorf("%s is negative: %d", name, n)
	}
	return nil
}

// Logger returns an error for a logger that would panic at its first line: the zero
// value, or one whose handler is a nil pointer. nil is no logger, and none is fine.
func Logger(name string, l *slog.Logger) error {
	if l != nil && Nil(l.Handler()) {
		return errors.New(name + " has no handler: make it with slog.New")
	}
	return nil
}
