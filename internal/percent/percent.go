// Package percent finds secrets in texts where they are percent-encoded (RFC 3986,
// section 2.1).
package percent

import "strings"

// layers is how often a text may be encoded: a URL in the query of another is encoded
// twice.
const layers = 3

// Redact returns text as redact returns it, which takes secrets out. What redact finds
// only when the percent-encoding is undone, once or several times, is taken out of the
// decoded text, which is returned then.
func Redact(text string, redact func(string) string) string {
	text = redact(text)
	plain := text
	for range layers {
		next := decode(plain)
		if next == plain {
			break
		}
		plain = next
		if clean := redact(plain); clean != plain {
			text, plain = clean, clean
		}
	}
	return text
}

// decode returns s with each % and two hexadecimal digits as the byte that they mean, and
// all else as it is.
func decode(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	plain := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if high, low := digit(s[i+1]), digit(s[i+2]); high < 16 && low < 16 {
				plain = append(plain, high<<4|low)
				i += 2
				continue
			}
		}
		plain = append(plain, s[i])
	}
	return string(plain)
}

// digit returns the value of a hexadecimal digit, 16 for anything else.
func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}
