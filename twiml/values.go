package twiml

import (
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Values of an attribute that is there and has nothing in it.
const (
	// Empty is an empty attribute of a string type. Unset, it is not written.
	Empty = "\x00"
	// Zero is the number or the duration 0. Unset, it is not written.
	Zero = -1 << 31
)

// Or returns the value of an attribute, with [Empty] and [Zero] as the plain empty
// string and 0, or the fallback when the attribute is unset.
func Or[T ~string | ~int | ~int64](v, fallback T) T {
	var unset T
	if v == unset {
		return fallback
	}
	switch r := reflect.ValueOf(v); {
	case r.Kind() == reflect.String && r.String() == Empty,
		r.Kind() != reflect.String && r.Int() == Zero:
		return unset
	}
	return v
}

// Or tells whether the attribute is true. It returns the fallback when the
// attribute is unset or holds something else.
func (b Bool) Or(fallback bool) bool {
	switch b {
	case True:
		return true
	case False:
		return false
	}
	return fallback
}

// BoolOf returns [True] or [False].
func BoolOf(b bool) Bool {
	if b {
		return True
	}
	return False
}

// read sets the field of an attribute that is there.
func read[T ~string](field *T, value string) bool {
	if *field = T(value); value == "" {
		*field = Empty
	}
	return true
}

// readInt sets the field, unless the value is no number of up to nine digits.
func readInt(field *int, value string) bool {
	n, ok := number(value)
	if !ok {
		return false
	}
	if *field = n; n == 0 {
		*field = Zero
	}
	return true
}

// readUnits is readInt for a duration.
func readUnits(field *time.Duration, value string, unit time.Duration) bool {
	n, ok := number(value)
	if !ok {
		return false
	}
	if *field = time.Duration(n) * unit; n == 0 {
		*field = Zero
	}
	return true
}

// number reads a number of one to nine digits with an optional sign.
func number(value string) (int, bool) {
	digits := strings.TrimPrefix(value, "-")
	if len(digits) == 0 || len(digits) > 9 {
		return 0, false
	}
	n := 0
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false
		}
		n = 10*n + int(digits[i]-'0')
	}
	if len(digits) != len(value) {
		n = -n
	}
	return n, true
}

// readDuration reads the time of SSML: 3s or 500ms.
func readDuration(field *time.Duration, value string) bool {
	unit := time.Second
	digits, ok := strings.CutSuffix(value, "ms")
	if ok {
		unit = time.Millisecond
	} else if digits, ok = strings.CutSuffix(value, "s"); !ok {
		return false
	}
	return readUnits(field, digits, unit)
}

// readInts reads numbers between spaces.
func readInts(field *[]int, value string) bool {
	ns := []int{}
	for s := range strings.FieldsFuncSeq(value, isWhite) {
		n, err := strconv.Atoi(s)
		if err != nil {
			return false
		}
		ns = append(ns, n)
	}
	*field = ns
	return true
}

// readList reads values between spaces.
func readList[T ~string](field *[]T, value string) bool {
	*field = make([]T, 0, 1+strings.Count(value, " "))
	for s := range strings.FieldsFuncSeq(value, isWhite) {
		*field = append(*field, T(s))
	}
	return true
}

// grow appends v. It begins with room for four, as most elements have few children
// and more than one.
func grow[T any](s []T, v T) []T {
	if s == nil {
		s = make([]T, 0, 4)
	}
	return append(s, v)
}

// isWhite tells whether r is white space of XML.
func isWhite(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }

// trimSpace removes the white space of XML from both ends.
func trimSpace(s string) string { return strings.TrimFunc(s, isWhite) }

// isSpace tells whether s is nothing but white space of XML.
func isSpace(s string) bool { return trimSpace(s) == "" }
