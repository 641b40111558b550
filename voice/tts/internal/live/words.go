package live

import (
	"time"
	"unicode"

	"agentos.dev/dialtone/voice/tts"
)

// Words finds the words that a service tells the times of in the pieces of an utterance,
// by their letters and digits: services change punctuation, cut words in two, and say
// numbers and abbreviations in other words, which are left out. The zero value is an
// utterance without pieces.
type Words struct {
	letters []letter // of all pieces
	next    int      // the first that was not found yet
	pieces  int
}

// letter is a letter or a digit of a piece.
type letter struct {
	r        rune // in lower case
	piece    int
	from, to int  // the bytes of the piece, with marks that belong to it
	first    bool // of a word
}

// Add adds a piece.
func (w *Words) Add(piece string) {
	first := true
	for i, r := range piece {
		size := len(string(r))
		switch n := len(w.letters); {
		case spoken(r):
			w.letters = append(w.letters, letter{unicode.ToLower(r), w.pieces, i, i + size, first || wide(r)})
			first = false
		case unicode.IsMark(r) && n > 0 && w.letters[n-1].piece == w.pieces && w.letters[n-1].to == i:
			w.letters[n-1].to += size
		default:
			first = true
		}
	}
	w.pieces++
}

// wide reports whether a character is a word by itself, as those of Chinese are.
func wide(r rune) bool { return r >= 0x2E80 }

// far is how many words of the text a service may leave out, or tell in others.
const far = 12

// Find returns the next word of the text that has the letters of said.
func (w *Words) Find(said string, start, end time.Duration) (tts.Word, bool) {
	var want []rune
	for _, r := range said {
		if spoken(r) {
			want = append(want, unicode.ToLower(r))
		}
	}
	if len(want) == 0 {
		return tts.Word{}, false
	}
	for i, words := w.next, 0; i < len(w.letters) && words < far; i++ {
		if i > w.next && !w.letters[i].first {
			continue
		}
		words++
		if !w.at(i, want) {
			continue
		}
		a, z := w.letters[i], w.letters[i+len(want)-1]
		w.next = i + len(want)
		return tts.Word{Piece: a.piece, From: a.from, To: z.to, Start: start, End: max(start, end)}, true
	}
	return tts.Word{}, false
}

// at reports whether the letters of one piece from the ith on are those.
func (w *Words) at(i int, want []rune) bool {
	if i+len(want) > len(w.letters) || w.letters[i+len(want)-1].piece != w.letters[i].piece {
		return false
	}
	for k, r := range want {
		if w.letters[i+k].r != r {
			return false
		}
	}
	return true
}
