package policy

import "strings"

// AnonymousCaller is the key of all callers who withheld their number.
const AnonymousCaller = "anonymous"

// Caller returns the key under which the call's From is counted and listed: the
// number itself if it is E.164, [AnonymousCaller] if it was withheld, and any
// other address ("client:alice", "sip:bob@example.com") in lower case.
//
// Twilio and carriers spell a withheld number in many ways, among them digits
// that look like a number: +266696687 is ANONYMOUS on a keypad.
func (c Call) Caller() string { return callerOf(c.From) }

func callerOf(from string) string {
	if n, ok := packE164(from); ok {
		if keypadAnonymous(n) {
			return AnonymousCaller
		}
		return from
	}
	from = strings.ToLower(strings.TrimSpace(from))
	switch strings.TrimPrefix(from, "+") {
	case "", "anonymous", "restricted", "blocked", "private", "unknown", "unavailable",
		"266696687", "7378742833", "2562533", "8656696", "86282452253":
		return AnonymousCaller
	}
	return from
}

// keypadAnonymous reports whether n spells a withheld number on a keypad:
// ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN, UNAVAILABLE.
func keypadAnonymous(n uint64) bool {
	switch n {
	case 266696687, 7378742833, 2562533, 8656696, 86282452253:
		return true
	}
	return false
}

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
	for i := 1; i < len(s); i++ {
		d := s[i] - '0'
		if d > 9 {
			return 0, false
		}
		n = n*10 + uint64(d)
	}
	return n, true
}
