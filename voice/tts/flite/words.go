package flite

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"agentos.dev/dialtone/voice/tts"
)

// word is a word of the text as flite gets it.
type word struct {
	from, to int    // the bytes of the text
	plain    string // letters, digits and apostrophes
	pause    string // the punctuation behind it
}

// longestWord is the number of letters of the longest word that is said at once: what
// flite takes for a word grows faster than it.
const longestWord = 40

// readable returns the words of a text that flite can read, which is what has ASCII
// letters or digits when accents are left out.
func readable(text string) []word {
	var words []word
	at := 0
	for field := range strings.FieldsSeq(text) {
		from := at + strings.Index(text[at:], field)
		at = from + len(field)
		words = append(words, split(field, from)...)
	}
	return words
}

// split returns the words of what stands between two spaces.
func split(field string, from int) []word {
	var words []word
	var b strings.Builder
	start, end := -1, 0
	flush := func(pause string) {
		if w := strings.Trim(b.String(), "'-"); w != "" {
			words = append(words, word{from + start, from + end, w, pause})
		} else if n := len(words); n > 0 && words[n-1].pause == "" {
			words[n-1].pause = pause
		}
		b.Reset()
		start = -1
	}
	for i, r := range field {
		s := ascii(r)
		if s == "" && start >= 0 && (r == '\'' || r == '’' || r == '-' || r == '‑') {
			s = "'"
			if r == '-' || r == '‑' {
				s = "-"
			}
			b.WriteString(s)
			continue
		}
		if s == "" {
			pause := ""
			if strings.ContainsRune(".,;:!?…—–", r) {
				pause = map[bool]string{true: string(r), false: ","}[r < 128]
			}
			flush(pause)
			continue
		}
		if b.Len() >= longestWord {
			flush("")
		}
		if start < 0 {
			start = i
		}
		b.WriteString(s)
		end = i + utf8.RuneLen(r)
	}
	flush("")
	return words
}

// ascii returns a letter or a digit as flite can read it; empty for all else.
func ascii(r rune) string {
	if r < 128 {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' {
			return string(r)
		}
		return ""
	}
	if s, ok := folds[unicode.ToLower(r)]; ok {
		return s
	}
	return ""
}

var folds = map[rune]string{'à': "a", 'á': "a", 'â': "a", 'ã': "a", 'ä': "a", 'å': "a", 'æ': "ae", 'ç': "c", 'è': "e", 'é': "e", 'ê': "e", 'ë': "e",
	'ì': "i", 'í': "i", 'î': "i", 'ï': "i", 'ñ': "n", 'ò': "o", 'ó': "o", 'ô': "o", 'õ': "o", 'ö': "o", 'ø': "o", 'ù': "u", 'ú': "u", 'û': "u", 'ü': "u",
	'ý': "y", 'ÿ': "y", 'ß': "ss", 'œ': "oe", 'š': "s", 'ž': "z", 'č': "c", 'ć': "c", 'ł': "l", 'ń': "n", 'ś': "s", 'ź': "z", 'ż': "z", 'ą': "a", 'ę': "e", 'ř': "r", 'ě': "e", 'ů': "u", 'đ': "d", 'ğ': "g", 'ı': "i", 'ş': "s", 'ț': "t", 'ș': "s", 'ă': "a"}

// plain returns the text that flite gets.
func plain(words []word) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w.plain)
		b.WriteString(w.pause)
	}
	return b.String()
}

// lead returns how much of the silence before the first word is left out: all but
// 30 ms.
func lead(phones []phone) time.Duration {
	const kept = 30 * time.Millisecond
	if len(phones) == 0 || phones[0].name != pause {
		return 0
	}
	return max(0, phones[0].end-kept)
}

// times returns when each word is said, in a sound whose beginning was left out.
func times(words []word, phones []phone, skip time.Duration) []tts.Word {
	ends := align(words, phones)
	var out []tts.Word
	for i, w := range words {
		if e := ends[i]; e.end > 0 {
			out = append(out, tts.Word{From: w.from, To: w.to, Start: max(0, e.start-skip), End: max(0, e.end-skip)})
		}
	}
	return out
}
