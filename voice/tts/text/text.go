// Package text prepares text for speech: it takes the text of a person or a language
// model, as it comes, and returns short pieces that a synthesiser can say one after the
// other.
//
// It leaves out text for the eye: Markdown, HTML and SSML tags, code, URLs, citations,
// emoji, control characters and invalid UTF-8. It writes out short forms as people say
// them: numbers, money, phone numbers, dates, times, codes, units and abbreviations
// become words, in English; in other languages, and with [Options].AsWritten, that is
// left to the engine.
//
// Pieces end at sentences, and the first ones at clauses, so that speech begins
// early. No piece ends inside a number, a date, a time, an abbreviation, an
// initial, a name with dots or an e-mail address. Every word of a piece knows
// which bytes of the source it says.
//
// The pieces do not depend on how the source is cut into tokens. Time is linear in the
// source and memory is bounded, for any source.
package text

import (
	"iter"
	"strings"
)

// Options configure the preparation of text. The zero value is for American English.
type Options struct {
	// Language is the text's, in BCP 47; empty = "en-US". It selects the
	// abbreviations after which no sentence ends. Numbers and the like are said in
	// words in English only. "en-GB" and others read dates day first.
	Language string
	// AsWritten leaves numbers, dates, abbreviations and the like as they are
	// written, for an engine that knows how they are said.
	AsWritten bool
	// First is the least number of letters and digits of a first piece that ends at
	// a clause; 0 = 8. A later piece ends at a clause when it has as many as all
	// pieces before it together.
	First int
	// Max is the greatest number of characters of a piece, from 40; 0 = 250. A
	// character of a script that writes syllables or words, such as Chinese, counts
	// for three.
	Max int
}

// Piece is a stretch of text to be said at once.
type Piece struct {
	Text       string // the text to say: single spaces, punctuation for the intonation
	Words      []Word // the words of Text, in order; at least one
	Start, End int    // the bytes of the source that the piece says, from its first word to its last
	Sentence   bool   // the piece ends a sentence
}

// Word is one word of a [Piece], without the punctuation around it. Several
// words may say the same bytes of the source, as "four dollars" says "$4".
type Word struct {
	From, To   int // the bytes of Piece.Text
	Start, End int // the bytes of the source
}

// Prepare returns the pieces of a stream of tokens, each as soon as its end is certain.
// A token is any part of the text; it may even end inside a character. When tokens
// yields an error the sequence ends with it, after the last complete clause.
func Prepare(tokens iter.Seq2[string, error], o Options) iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		p := newPreparer(o)
		for token, err := range tokens {
			if err != nil {
				for _, piece := range p.breakOff() {
					if !yield(piece, nil) {
						return
					}
				}
				yield(Piece{}, err)
				return
			}
			for token != "" { // a long token has many pieces, which need not be kept
				n := min(len(token), slice)
				for _, piece := range p.add(token[:n]) {
					if !yield(piece, nil) {
						return
					}
				}
				token = token[n:]
			}
		}
		for _, piece := range p.end() {
			if !yield(piece, nil) {
				return
			}
		}
	}
}

// Split returns the pieces of a whole text.
func Split(source string, o Options) []Piece {
	p := newPreparer(o)
	return append(p.add(source), p.end()...)
}

// preparer prepares one text whose parts come one by one. It belongs to one goroutine
// at a time, and is made by newPreparer.
type preparer struct {
	decoder decoder
	markup  markup
	lexer   lexer
	pieces  assembler
}

// newPreparer returns a preparer for one text.
func newPreparer(o Options) *preparer {
	if o.First <= 0 {
		o.First = 8
	}
	if o.Max <= 0 {
		o.Max = 250
	}
	o.Max = max(o.Max, 40)
	p := &preparer{pieces: assembler{first: o.First, max: o.Max}}
	p.decoder.out = &p.markup.in
	p.markup.in.reach = markupReach
	p.markup.out = &p.lexer.in
	p.markup.lineStart = true
	p.lexer.in.reach = lexerReach
	p.lexer.language = languageOf(o.Language)
	p.lexer.english, p.lexer.verbatim = p.lexer.language.english, o.AsWritten
	p.lexer.dayFirst = p.lexer.english && !american(o.Language)
	return p
}

// slice bounds how much of a long token is worked on at once.
const slice = 64

// add adds the next part of the text and returns the pieces that are complete.
func (p *preparer) add(token string) []Piece {
	for len(token) > slice {
		p.decoder.add(token[:slice], false)
		p.run()
		token = token[slice:]
	}
	p.decoder.add(token, false)
	p.run()
	return p.pieces.take()
}

// end returns the pieces that are left at the end of the text.
func (p *preparer) end() []Piece {
	p.finish()
	p.pieces.end()
	return p.pieces.take()
}

// breakOff returns the remaining pieces of a text that breaks off: up to the last complete
// clause.
func (p *preparer) breakOff() []Piece {
	p.lexer.broken = true
	p.finish()
	p.pieces.breakOff()
	return p.pieces.take()
}

func (p *preparer) finish() {
	p.decoder.add("", true)
	p.markup.in.final = true
	p.run()
	p.lexer.in.final = true
	p.run()
}

func (p *preparer) run() {
	for p.markup.step() {
	}
	for p.lexer.step() {
		for _, t := range p.lexer.out {
			p.pieces.add(t)
		}
		p.lexer.out = p.lexer.out[:0]
	}
}

// american reports whether dates are written month first.
func american(language string) bool {
	_, region, found := strings.Cut(strings.ToLower(language), "-")
	return !found || region == "us" || strings.HasSuffix(region, "-us")
}
