package twiml

import (
	"reflect"
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

// Or reports whether the attribute is true, in any case. It returns the fallback when
// the attribute is unset or holds something else.
func (b Bool) Or(fallback bool) bool {
	switch b.lower() {
	case True:
		return true
	case False:
		return false
	}
	return fallback
}

// lower returns True or False for the values that Twilio takes for it, and others
// unchanged.
func (b Bool) lower() Bool {
	switch s := trimSpace(string(b)); {
	case strings.EqualFold(s, string(True)):
		return True
	case strings.EqualFold(s, string(False)):
		return False
	}
	return b
}

// BoolOf returns [True] or [False].
func BoolOf(b bool) Bool {
	if b {
		return True
	}
	return False
}

// read sets the field of an attribute that is there.
func read[T ~string](field *T, value string) fit {
	if *field = T(value); value == "" {
		*field = Empty
	}
	return fits
}

// readBool is read for a field that a type switch or a comparison asks for True.
func readBool(field *Bool, value string) fit {
	if b := Bool(value).lower(); string(b) != value {
		*field = b
		return respelled
	}
	return read(field, value)
}

// readUnits sets the field to a number of units, unless the value is not a number of up to
// nine digits.
func readUnits[T int | time.Duration](field *T, value string, unit T) fit {
	n, f := readNumber(value)
	switch {
	case f == unfit:
	case n == 0:
		*field = Zero
	default:
		*field = T(n) * unit
	}
	return f
}

// readNumber reads a number in the forms of XML Schema: zeros and a plus in front and
// white space around it do not count.
func readNumber(value string) (int, fit) {
	if n, ok := number(value); ok {
		if digits := strings.TrimPrefix(value, "-"); digits[0] == '0' && value != "0" {
			return n, respelled
		}
		return n, fits
	}
	trimmed := trimSpace(value)
	if digits, plus := strings.CutPrefix(trimmed, "+"); plus && !strings.HasPrefix(digits, "-") {
		trimmed = digits
	}
	if n, ok := number(trimmed); ok {
		return n, respelled
	}
	return 0, unfit
}

// number reads a number of one to nine digits with an optional minus.
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

// readDuration reads the time of SSML: 3s, 1.5s or 500ms.
func readDuration(field *time.Duration, value string) fit {
	if ms, ok := strings.CutSuffix(value, "ms"); ok {
		f := readUnits(field, ms, time.Millisecond)
		if f == fits && (*field%time.Second == 0 || *field == Zero) {
			f = respelled // in seconds
		}
		return f
	}
	s, ok := strings.CutSuffix(value, "s")
	if !ok {
		return unfit
	}
	whole, rest, point := strings.Cut(s, ".")
	if !point {
		return readUnits(field, s, time.Second)
	}
	if len(rest) == 0 || len(rest) > 3 || len(whole) > 6 {
		return unfit
	}
	ms, ok := number(whole + (rest + "00")[:3])
	if !ok || ms < 0 {
		return unfit
	}
	if *field = time.Duration(ms) * time.Millisecond; ms == 0 {
		*field = Zero
	}
	return respelled
}

// readInts reads numbers between spaces.
func readInts(field *[]int, value string) fit {
	ns, f := []int{}, plainList(value)
	for s := range strings.FieldsFuncSeq(value, isWhite) {
		n, g := readNumber(s)
		if g == unfit {
			return unfit
		}
		ns, f = append(ns, n), max(f, g)
	}
	*field = ns
	return f
}

// readList reads values between spaces.
func readList[T ~string](field *[]T, value string) fit {
	*field = make([]T, 0, 1+strings.Count(value, " "))
	for s := range strings.FieldsFuncSeq(value, isWhite) {
		*field = append(*field, T(s))
	}
	return plainList(value)
}

// plainList reports whether there is one blank between any two values, and no more.
func plainList(value string) fit {
	blank := true // before
	for i := range len(value) {
		switch c := value[i]; {
		case c == ' ' && !blank:
			blank = true
		case spaces[c]:
			return respelled
		default:
			blank = false
		}
	}
	if blank && value != "" {
		return respelled
	}
	return fits
}

// grow appends v. It begins with room for four, as most elements have few children
// and more than one.
func grow[T any](s []T, v T) []T {
	if s == nil {
		s = make([]T, 0, 4)
	}
	return append(s, v)
}

// isWhite reports whether r is white space of XML.
func isWhite(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\n' }

// trimSpace removes the white space of XML from both ends.
func trimSpace(s string) string {
	for s != "" && spaces[s[0]] {
		s = s[1:]
	}
	for s != "" && spaces[s[len(s)-1]] {
		s = s[:len(s)-1]
	}
	return s
}

// isSpace reports whether s is nothing but white space of XML.
func isSpace(s string) bool { return trimSpace(s) == "" }
