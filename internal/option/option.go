// Package option checks the values of options. Each error begins with the name that it
// is given, and holds no part of a key.
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

// Key removes from a key what copying or reading from a file adds: blanks and line
// breaks at its ends, a byte order mark and invisible characters. It returns an error
// for a key that is empty, in quotes or has characters that no key has.
func Key(name string, key *string) error {
	*key = Trim(*key)
	switch {
	case *key == "":
		return errors.New(name + " is empty")
	case strings.Trim(*key, "\"'`\u201c\u201d\u2018\u2019") != *key:
		return errors.New(name + " is in quotes: remove them")
	case strings.ContainsAny(*key, "\r\n"):
		return errors.New(name + " has a line break in it")
	case strings.ContainsFunc(*key, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return errors.New(name + " has blanks in it, or characters that no key has")
	}
	return nil
}

// Trim removes blanks and line breaks at both ends of s, and all invisible characters.
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
// value, or one whose handler is a nil pointer. nil, the absence of a logger, is valid.
func Logger(name string, l *slog.Logger) error {
	if l != nil && Nil(l.Handler()) {
		return errors.New(name + " has no handler: make it with slog.New")
	}
	return nil
}
