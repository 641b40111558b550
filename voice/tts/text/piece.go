package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// assembler makes pieces of tokens.
type assembler struct {
	first, max int

	words   []token // of the piece that is being made, each with the punctuation behind it
	marks   []mark  // what is behind each word
	letters int     // in words
	length  int     // of words, as Options.Max counts
	spoken  int     // letters in the pieces before
	started bool    // there was a piece before
	pieces  []Piece
}

// mark is what follows a word.
type mark struct {
	text string
	kind kind // said = nothing ends here
}

func (a *assembler) add(t token) {
	n := len(a.words)
	switch {
	case t.kind == said && t.text == ",": // a pause inside of a token
		a.punctuate(t.text, said)
	case t.kind == said:
		if n > 0 && a.length+weight(t.text) > a.max {
			a.cut(t.joined)
		}
		a.words, a.marks = append(a.words, t), append(a.marks, mark{})
		a.letters += letters(t.text)
		a.length += 1 + weight(t.text)
	case n == 0: // punctuation of nothing
	case t.kind == stop:
		a.punctuate(t.text, stop)
		a.piece(n, true)
	default:
		a.punctuate(t.text, clause)
		if (!a.started && a.letters >= a.first) || (a.started && a.letters >= a.spoken) {
			a.piece(n, false)
		}
	}
}

// punctuate puts punctuation behind the last word; of several marks the strongest
// counts, and the first of equals.
func (a *assembler) punctuate(text string, k kind) {
	if len(a.marks) == 0 {
		return
	}
	m := &a.marks[len(a.marks)-1]
	dotted := strings.HasSuffix(a.words[len(a.words)-1].text, ".")
	switch {
	case text == "." && dotted:
	case m.text == "", k > m.kind && text != "":
		m.text = text
	case k == stop && m.text == ",":
		m.text = "."
	}
	m.kind = max(m.kind, k)
}

// cut makes a piece of what is too long: up to the last clause if the piece is at
// least a third as long as it may be, up to the last word otherwise, or up to the word
// before what the next is joined to.
func (a *assembler) cut(joined bool) {
	length, at := 0, 0
	for i, t := range a.words {
		length += 1 + weight(t.text)
		if a.marks[i].kind == clause && length >= a.max/3 {
			at = i + 1
		}
	}
	if at == 0 {
		at = len(a.words)
		for joined && at > 0 {
			at--
			joined = a.words[at].joined
		}
	}
	if at == 0 { // it is too long by itself
		at = len(a.words)
	}
	a.piece(at, false)
}

// piece makes a piece of the first n words.
func (a *assembler) piece(n int, sentence bool) {
	var b strings.Builder
	p := Piece{Words: make([]Word, n), Start: a.words[0].start, Sentence: sentence}
	for i, t := range a.words[:n] {
		if i > 0 && !t.glued {
			b.WriteByte(' ')
		}
		w := Word{From: b.Len(), Start: t.start, End: t.end}
		b.WriteString(t.text)
		w.To = b.Len()
		b.WriteString(a.marks[i].text)
		p.Words[i], p.End = w, t.end
		a.spoken += letters(t.text)
	}
	if last, _ := utf8.DecodeLastRuneInString(a.words[n-1].text); sentence && a.marks[n-1].text == "" && last != '.' {
		if last > 0x3000 && unspaced(last) {
			b.WriteRune('。')
		} else {
			b.WriteByte('.')
		}
	}
	p.Text = b.String()
	a.pieces = append(a.pieces, p)
	a.started = true
	a.words = a.words[:copy(a.words, a.words[n:])]
	a.marks = a.marks[:copy(a.marks, a.marks[n:])]
	a.letters, a.length = 0, 0
	for _, t := range a.words {
		a.letters += letters(t.text)
		a.length += 1 + weight(t.text)
	}
}

// end makes a piece of the rest.
func (a *assembler) end() {
	if n := len(a.words); n > 0 {
		a.piece(n, true)
	}
}

// breakOff makes a piece of the rest up to the last clause.
func (a *assembler) breakOff() {
	for n := len(a.words); n > 0; n-- {
		if a.marks[n-1].kind != said {
			a.piece(n, false)
			break
		}
	}
	a.words, a.marks = nil, nil
}

func (a *assembler) take() []Piece {
	p := a.pieces
	a.pieces = nil
	return p
}

// letters counts letters and digits.
func letters(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			n++
		}
	}
	return n
}

// weight is the length of s as Options.Max counts it.
func weight(s string) int {
	n := utf8.RuneCountInString(s)
	if r, _ := utf8.DecodeRuneInString(s); unspaced(r) || unicode.Is(unicode.Hangul, r) {
		n *= 3
	}
	return n
}
