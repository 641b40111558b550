package flite

import (
	"strconv"
	"strings"
	"time"
)

// phone is a sound and when it ends.
type phone struct {
	name       string
	start, end time.Duration
}

// pause is the name of silence.
const pause = "pau"

// parsePhones reads the output of flite -psdur: a line for each utterance, whose times
// begin anew, as in "pau:0.186 hh:0.250 ...".
func parsePhones(s string) []phone {
	var phones []phone
	base := time.Duration(0)
	for line := range strings.Lines(s) {
		last := base
		for field := range strings.FieldsSeq(line) {
			name, end, ok := strings.Cut(field, ":")
			seconds, err := strconv.ParseFloat(end, 64)
			if !ok || name == "" || err != nil || seconds < 0 || seconds > 3600 {
				continue
			}
			at := max(last, base+time.Duration(seconds*float64(time.Second)))
			phones = append(phones, phone{name, last, at})
			last = at
		}
		base = last
	}
	return phones
}

// span is when a word is said; its end is 0 if that is not known.
type span struct{ start, end time.Duration }

// most bounds the table of align, in cells.
const most = 4 << 20

// align finds the sounds of each word: of all ways to share the sounds out, in their
// order, the one in which they fit the letters best.
func align(words []word, phones []phone) []span {
	spans := make([]span, len(words))
	var letters []letter
	for i, w := range words {
		letters = append(letters, spelling(w.plain, i)...)
		letters = append(letters, letter{r: ' ', word: i, pause: w.pause != ""})
	}
	rows, columns := len(letters)+1, len(phones)+1
	if rows*columns > most || len(phones) == 0 {
		return spans
	}
	const (
		both = iota + 1 // a letter and a sound
		mute            // a letter without a sound
		more            // a sound without a letter
	)
	steps := make([]uint8, rows*columns)
	above, row := make([]float32, columns), make([]float32, columns)
	for j := 1; j < columns; j++ {
		above[j], steps[j] = above[j-1]+extra(letter{}, phones[j-1]), more
	}
	for i := 1; i < rows; i++ {
		l := letters[i-1]
		row[0], steps[i*columns] = above[0]+silent(l), mute
		for j := 1; j < columns; j++ {
			p := phones[j-1]
			best, step := above[j-1]+differ(l, p), uint8(both)
			if c := above[j] + silent(l); c < best {
				best, step = c, mute
			}
			if c := row[j-1] + extra(l, p); c < best {
				best, step = c, more
			}
			row[j], steps[i*columns+j] = best, step
		}
		above, row = row, above
	}
	for i, j := rows-1, columns-1; i > 0 || j > 0; {
		step := steps[i*columns+j]
		if i > 0 && step != mute {
			if p := phones[j-1]; p.name != pause {
				s := &spans[letters[i-1].word]
				if s.end == 0 {
					s.end = p.end
				}
				s.start = p.start
			}
		}
		if step != more {
			i--
		}
		if step != mute {
			j--
		}
	}
	return spans
}

// letter is a letter that a sound may stand for.
type letter struct {
	r     byte // lower case; a digit stands for any sounds, a space for the gap between words
	word  int
	pause bool // of a gap: there is punctuation
}

// names of letters that are said alone, spelled as they sound.
var names = [...]string{"a", "bee", "see", "dee", "e", "ef", "jee", "aych", "i", "jay", "kay", "el", "em", "en", "o", "pee", "kyoo", "ar", "es", "tee", "yoo", "vee", "dublyoo", "eks", "wy", "zee"}

// sounding are words of which the first sound has no letter.
var sounding = map[string]string{"one": "wun", "ones": "wuns", "once": "wunse", "one's": "wuns"}

// spelling returns the letters of a word.
func spelling(w string, n int) []letter {
	w = strings.ToLower(w)
	if len(w) == 1 && 'a' <= w[0] && w[0] <= 'z' {
		w = names[w[0]-'a']
	} else if as := sounding[w]; as != "" {
		w = as
	}
	var out []letter
	for i := range len(w) {
		if c := w[i]; 'a' <= c && c <= 'z' || '0' <= c && c <= '9' {
			out = append(out, letter{r: c, word: n})
		}
	}
	return out
}

// sounds are the phones that a letter may stand for, by letter.
var sounds = map[byte]string{
	'a': "aa ae ah ao aw ax ay eh ey ih", 'b': "b", 'c': "k s ch sh", 'd': "d t jh", 'e': "eh iy ih ax ey er ah ay", 'f': "f v", 'g': "g jh zh ng", 'h': "hh",
	'i': "ih iy ay ax ah y er", 'j': "jh y zh hh", 'k': "k", 'l': "l", 'm': "m", 'n': "n ng", 'o': "ow ao aa ah ax uh uw aw oy w", 'p': "p f", 'q': "k", 'r': "r er",
	's': "s z sh zh", 't': "t d th dh sh ch", 'u': "uw uh ah ax y ih w er eh", 'v': "v f", 'w': "w v", 'x': "k z g", 'y': "y iy ih ay ax", 'z': "z s zh t",
}

func vowel(c byte) bool { return strings.IndexByte("aeiouy", c) >= 0 }

// vocal reports whether a phone is a vowel.
func vocal(name string) bool { return vowel(name[0]) && name != "y" }

// differ is the cost of a letter that stands for a sound.
func differ(l letter, p phone) float32 {
	switch {
	case l.r == ' ' && p.name == pause:
		if l.pause {
			return 0
		}
		return 0.5
	case l.r == ' ' || p.name == pause || p.name == "":
		return 20
	case '0' <= l.r && l.r <= '9':
		return 0.3
	}
	for s := range strings.FieldsSeq(sounds[l.r]) {
		if s == p.name {
			return 0
		}
	}
	switch {
	case vowel(l.r) && vocal(p.name):
		return 0.8
	case vowel(l.r) == vocal(p.name):
		return 2
	}
	return 3
}

// silent is the cost of a letter without a sound.
func silent(l letter) float32 {
	switch {
	case l.r == ' ':
		if l.pause {
			return 0.3
		}
		return 0
	case l.r == 'e' || l.r == 'h':
		return 0.4
	case vowel(l.r):
		return 0.6
	case '0' <= l.r && l.r <= '9':
		return 2
	}
	return 0.9
}

// extra is the cost of a sound behind a letter that has no letter of its own.
func extra(l letter, p phone) float32 {
	switch {
	case p.name == pause:
		return 1.5
	case '0' <= l.r && l.r <= '9':
		return 0.3
	case l.r == ' ' || l.r == 0:
		return 3
	case l.r == 'x' && (p.name == "s" || p.name == "z"), l.r == 'u' && vocal(p.name), l.r == 'o' && p.name == "ah":
		return 0.3
	}
	return 1.2
}
