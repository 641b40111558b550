package text

import "unicode"

// invisible reports whether r is not seen and separates nothing.
func invisible(r rune) bool {
	switch {
	case r == 0xAD, r == 0x200C, r == 0x200D, r == 0x200B, r == 0x200E, r == 0x200F, r == 0xFEFF, r == 0x2060, r == 0x20E3:
		return true
	case 0xFE00 <= r && r <= 0xFE0F, 0xE0000 <= r && r <= 0xE01EF: // variation selectors and tags
		return true
	case 0x202A <= r && r <= 0x202E, 0x2066 <= r && r <= 0x2069: // directions
		return true
	}
	return false
}

// pictograph reports whether r is a picture, an ornament or a private character:
// nothing that is read aloud.
func pictograph(r rune) bool {
	switch {
	case 0x1F000 <= r && r <= 0x1FAFF, // emoji, with flags and skin tones
		0x2600 <= r && r <= 0x27BF, // miscellaneous symbols, dingbats
		0x2B00 <= r && r <= 0x2BFF, // arrows and stars
		0x2190 <= r && r <= 0x21FF, // arrows
		0x2300 <= r && r <= 0x23FF, // technical: clocks, keys
		0x2500 <= r && r <= 0x25FF, // boxes and shapes
		0x2900 <= r && r <= 0x297F,
		0x3297 <= r && r <= 0x3299, r == 0x303D, r == 0x3030, r == 0x2139, r == 0x24C2,
		0xE000 <= r && r <= 0xF8FF, r >= 0xF0000:
		return true
	case r == '©', r == '®', r == '™', r == '℠', r == '†', r == '‡', r == '¶', r == '•', r == '◦', r == '‣':
		return true
	}
	return false
}

// folded returns r in the form in which rules know it.
func folded(r rune) rune {
	switch {
	case r < 128:
		return r
	case 0xFF10 <= r && r <= 0xFF19, 0xFF21 <= r && r <= 0xFF3A, 0xFF41 <= r && r <= 0xFF5A,
		r == '％', r == '＄', r == '＆', r == '＋', r == '＃', r == '＠', r == '＝', r == '／', r == '－':
		return r - 0xFEE0 // full width
	case 0x0660 <= r && r <= 0x0669:
		return r - 0x0660 + '0' // Arabic-Indic digits
	case r == '‘', r == '’', r == 'ʼ', r == '＇', r == '´':
		return '\''
	case r == '“', r == '”', r == '„', r == '«', r == '»', r == '‟', r == '‹', r == '›', r == '＂':
		return '"'
	case r == '‐', r == '‑', r == '−', r == '﹣':
		return '-'
	case r == '‒':
		return '–'
	case r == '―':
		return '—'
	case r == '′':
		return '\''
	case r == '″':
		return '"'
	case r == '⁄':
		return '/'
	case r == '￡':
		return '£'
	case r == '￥':
		return '¥'
	case unicode.IsSpace(r):
		return ' '
	}
	return r
}
