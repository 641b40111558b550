package twiml

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// isName reports whether s can name an element or an attribute: one name, or two with
// a colon between them.
func isName(s string) bool {
	prefix, local, colon := strings.Cut(s, ":")
	return isPart(prefix) && (!colon || isPart(local))
}

func isPart(s string) bool {
	if len(s) == 0 || nameBytes[s[0]] && s[0] <= '9' {
		return false
	}
	for i := range len(s) {
		if !nameBytes[s[i]] {
			return isWideName(s)
		}
	}
	return true
}

// isWideName is isPart for names that are not ASCII.
func isWideName(s string) bool {
	for i, r := range s {
		if !isNameChar(r, i == 0) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// nameBytes holds the ASCII characters of a name. Digits and - . sort before the
// rest; they cannot come first.
var nameBytes = func() (t [256]bool) {
	for c := range t {
		t[c] = c < utf8.RuneSelf && isNameChar(rune(c), false)
	}
	return t
}()

// nameStart and nameRest are the characters beyond ASCII that a name can begin with
// and go on with (XML 1.0, fifth edition, section 2.3).
var nameStart, nameRest = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0xC0, Hi: 0xD6, Stride: 1}, {Lo: 0xD8, Hi: 0xF6, Stride: 1}, {Lo: 0xF8, Hi: 0x2FF, Stride: 1},
		{Lo: 0x370, Hi: 0x37D, Stride: 1}, {Lo: 0x37F, Hi: 0x1FFF, Stride: 1}, {Lo: 0x200C, Hi: 0x200D, Stride: 1},
		{Lo: 0x2070, Hi: 0x218F, Stride: 1}, {Lo: 0x2C00, Hi: 0x2FEF, Stride: 1}, {Lo: 0x3001, Hi: 0xD7FF, Stride: 1},
		{Lo: 0xF900, Hi: 0xFDCF, Stride: 1}, {Lo: 0xFDF0, Hi: 0xFFFD, Stride: 1},
	},
	R32:         []unicode.Range32{{Lo: 0x10000, Hi: 0xEFFFF, Stride: 1}},
	LatinOffset: 2,
}, &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0xB7, Hi: 0xB7, Stride: 1}, {Lo: 0x300, Hi: 0x36F, Stride: 1}, {Lo: 0x203F, Hi: 0x2040, Stride: 1},
	},
	LatinOffset: 1,
}

func isNameChar(r rune, first bool) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', r == '_':
		return true
	case '0' <= r && r <= '9', r == '-', r == '.':
		return !first
	}
	return unicode.Is(nameStart, r) || !first && unicode.Is(nameRest, r)
}
