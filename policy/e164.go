package policy

import "strings"

// IsE164 reports whether s is a telephone number as Twilio writes it: a plus
// sign and 7 to 15 digits (ITU-T E.164), the first not zero, nothing between.
func IsE164(s string) bool {
	_, ok := packE164(s)
	return ok
}

// packE164 returns the digits of an E.164 number as an integer. No number begins
// with zero, so no two numbers share one, and 15 digits fit into 50 bits.
func packE164(s string) (n uint64, ok bool) {
	if len(s) < 8 || len(s) > 16 || s[0] != '+' || s[1] == '0' {
		return 0, false
	}
	return digits(s[1:])
}

// digits returns the value of at most 19 digits.
func digits(s string) (n uint64, ok bool) {
	for i := range len(s) {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}

// separators may stand between the digits of a number to please the eye (RFC 3966,
// section 5.1.1).
const separators = "-.() "

// trimSeparators returns the digits of a number, with a plus sign if it has one, and
// anything else as it is.
func trimSeparators(s string) string {
	if !strings.ContainsAny(s, separators) || strings.Trim(s, "+0123456789"+separators) != "" || strings.LastIndexByte(s, '+') > 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(separators, r) {
			return -1
		}
		return r
	}, s)
}
