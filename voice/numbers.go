package voice

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

// MaskNumber hides a phone number for a log: the country code's first digit and
// the last two digits stay. Use it as [Config].LogNumber.
func MaskNumber(number string) string {
	if !isNumber(number) || len(number) < 6 {
		return "hidden"
	}
	return number[:2] + strings.Repeat("*", len(number)-4) + number[len(number)-2:]
}

// HashNumber returns a function that replaces a phone number by a keyed hash
// that still looks like one, so that a log query can count callers without
// showing their numbers. Anybody with the key can find the number by trying all of them.
func HashNumber(key []byte) func(string) string {
	return func(number string) string {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(number))
		return fmt.Sprintf("+%015d", binary.BigEndian.Uint64(h.Sum(nil))%1e15)
	}
}

// logNumber returns what a log line may show of a caller or callee: what the host
// wants, or else what cannot break the line, which a whole number never does.
func (s *Server) logNumber(number string) string {
	if s.config.LogNumber != nil {
		return s.config.LogNumber(number)
	}
	return printable(number)
}

// isNumber reports whether s is a "+" and 1 to 15 digits.
func isNumber(s string) bool {
	if len(s) < 2 || len(s) > 16 || s[0] != '+' {
		return false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// printable keeps the characters of a caller id that mean nothing to a log
// query, up to 64 of them.
func printable(s string) string {
	s = s[:min(len(s), 64)]
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("+-_.:@", r):
			return r
		}
		return '_'
	}, s)
}
