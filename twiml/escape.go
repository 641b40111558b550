package twiml

import (
	"encoding/binary"
	"unicode/utf8"
)

const (
	ones    = 0x0101010101010101
	highs   = 0x8080808080808080
	spaces8 = ones * ' '
)

// copyPlain copies s to dst, which has room for it, and reports whether it is ASCII
// without anything to escape. Eight bytes go at a time; the last eight overlap with
// those before.
func copyPlain(dst []byte, s string) bool {
	src := []byte(s) // does not copy
	n := len(src)
	dst = dst[:n]
	var found uint64
	switch {
	case n >= 8:
		last := binary.LittleEndian.Uint64(src[n-8:])
		binary.LittleEndian.PutUint64(dst[n-8:], last)
		found = special8(last)
		for i := 0; i < n-8; i += 8 { // this form needs no bounds checks
			x := binary.LittleEndian.Uint64(src[i : i+8])
			binary.LittleEndian.PutUint64(dst[i:i+8], x)
			found |= special8(x)
		}
	case n >= 4:
		low, high := binary.LittleEndian.Uint32(src), binary.LittleEndian.Uint32(src[n-4:])
		binary.LittleEndian.PutUint32(dst, low)
		binary.LittleEndian.PutUint32(dst[n-4:], high)
		found = special8(uint64(low) | uint64(high)<<32)
	case n > 0:
		dst[0], dst[n/2], dst[n-1] = src[0], src[n/2], src[n-1]
		found = special8(spaces8&^0xFFFFFF | uint64(src[0]) | uint64(src[n/2])<<8 | uint64(src[n-1])<<16)
	}
	return found&highs == 0
}

// plain is copyPlain without the copy.
func plain(s string) bool {
	src := []byte(s) // does not copy
	n := len(src)
	if n < 8 {
		for _, c := range src {
			if special[c] != 0 {
				return false
			}
		}
		return true
	}
	found := special8(binary.LittleEndian.Uint64(src[n-8:]))
	for i := 0; i < n-8; i += 8 {
		found |= special8(binary.LittleEndian.Uint64(src[i : i+8]))
	}
	return found&highs == 0
}

// load8 returns eight bytes of s from i on.
func load8(s string, i int) uint64 { return binary.LittleEndian.Uint64([]byte(s)[i : i+8]) }

// skipASCII returns where s, from i on, has the next byte that is not ASCII or is a
// control character.
func skipASCII(s string, i int) int {
	src := []byte(s) // does not copy
	for ; i+8 <= len(src); i += 8 {
		x := binary.LittleEndian.Uint64(src[i : i+8])
		if (x|(x-spaces8))&highs != 0 {
			break
		}
	}
	for i < len(src) && src[i] >= ' ' && src[i] < utf8.RuneSelf {
		i++
	}
	return i
}

// special8 has a high bit when one of eight bytes is a control character, not
// ASCII, or one of < > & ". Each pair of these differs in one bit; a byte becomes
// zero where it is either, and subtracting borrows into its high bit.
func special8(x uint64) uint64 {
	angle := (x | ones*('<'^'>')) ^ ones*'>'
	quote := (x | ones*('&'^'"')) ^ ones*'&'
	return x | (x - spaces8) | (angle - ones) | (quote - ones)
}

// place is where a string is written; it selects the characters that are escaped.
type place uint8

const (
	inText place = 1 << iota
	inAttr
	inComment
)

// special holds, for each byte, the places where it cannot stand as it is.
var special = func() (t [256]place) {
	for c := range t {
		if c < ' ' || c >= utf8.RuneSelf {
			t[c] = inText | inAttr | inComment
		}
	}
	t['<'], t['>'], t['&'], t['"'] = inText|inAttr, inText|inAttr, inText|inAttr, inAttr
	t['\t'], t['\n'] = inAttr, inAttr
	return t
}()

// escape appends s, escaped and without the characters that XML 1.0 does not have.
func escape(dst []byte, s string, p place) []byte {
	start := 0
	for i := 0; i < len(s); {
		for i+8 <= len(s) && special8(load8(s, i))&highs == 0 {
			i += 8
		}
		for i < len(s) && special[s[i]]&p == 0 {
			i++
		}
		if i == len(s) {
			break
		}
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
			if isChar(r) && (r != utf8.RuneError || size > 1) {
				i += size
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		i += size
		start = i
		switch r {
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '&':
			dst = append(dst, "&amp;"...)
		case '"':
			dst = append(dst, "&quot;"...)
		case '\t':
			dst = append(dst, "&#9;"...)
		case '\n':
			dst = append(dst, "&#10;"...)
		case '\r':
			if p != inComment {
				dst = append(dst, "&#13;"...)
			}
		}
	}
	return append(dst, s[start:]...)
}

// isChar reports whether XML 1.0 has the character (section 2.2).
func isChar(r rune) bool {
	return r >= ' ' && r <= 0xD7FF || r == '\t' || r == '\n' || r == '\r' ||
		r >= 0xE000 && r <= 0xFFFD || r >= 0x10000 && r <= utf8.MaxRune
}
