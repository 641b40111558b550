package stt

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of a transcript. A minute of fast speech has 300 words.
const (
	MaxText  = 16 << 10 // bytes of Transcript.Text
	MaxWords = 2048     // words of it, and of Transcript.Words
)

// Clean reduces a service's transcript to the caller's words. An engine passes each
// of its transcripts through it.
//
// It removes from Text and Words: remarks about sound, as [Music], (applause), *laughs*
// and ♪, with the text between two notes; control tokens, as <|nospeech|>,
// [BLANK_AUDIO], <unk>, SIL and ++NOISE++; thanks to an audience, which Whisper learnt
// from subtitles; the prompt, where all its phrases, two or more, come back in their
// order; and unprintable characters. Other text in brackets stays. Text may be empty
// afterwards.
//
// It orders times and bounds them to a day, sets a Confidence outside [0, 1] to NaN
// and a Language that is not a BCP 47 tag to "". A transcript above [MaxText] or
// [MaxWords] is an [ErrUnavailable] error.
func Clean(t Transcript, prompt []string) (Transcript, error) {
	text := strings.Fields(printable(t.Text))
	if len(t.Text) > MaxText || len(text) > MaxWords || len(t.Words) > MaxWords {
		return Transcript{}, &Error{Engine: t.Engine, Op: "read", Kind: ErrUnavailable,
			Err: fmt.Errorf("transcript of %d bytes and %d words is too long", len(t.Text), max(len(text), len(t.Words)))}
	}
	words := make([]string, len(t.Words))
	for i, w := range t.Words {
		words[i] = strings.TrimSpace(printable(w.Text))
		if len(words[i]) > MaxText {
			words[i] = ""
		}
	}
	if len(prompt) < 2 { // a caller may say the only phrase
		prompt = nil
	}
	prompt = normalized(prompt)
	removed := spoken(text, prompt)
	spoken(words, prompt)
	if t.Text = joined(text); t.Text == "" {
		words = nil
	}
	var kept []Word
	for i, w := range words {
		if len(words) == len(removed) && removed[i] {
			continue // as in the text, where sentences are told apart
		}
		if w != "" {
			word := t.Words[i]
			word.Text, word.Confidence = w, probability(word.Confidence)
			kept = append(kept, word)
		}
	}
	t.Words = ordered(kept)
	if t.Start, t.End = within(t.Start), within(t.End); t.End < t.Start {
		t.Start, t.End = 0, 0
	}
	t.Confidence = probability(t.Confidence)
	if language, err := ParseLanguage(t.Language); err == nil {
		t.Language = language
	} else {
		t.Language = ""
	}
	return t, nil
}

// spoken removes remarks, tokens, credits and the prompt from fields, in place. It
// empties a field without speech, and reports which fields are empty.
func spoken(fields, prompt []string) (removed []bool) {
	remarks(fields)
	credits(fields)
	echo(fields, prompt)
	removed = make([]bool, len(fields))
	if !slices.ContainsFunc(fields, said) {
		clear(fields)
	}
	for i, f := range fields {
		removed[i] = f == ""
	}
	return removed
}

// said reports whether a field is more than punctuation.
func said(field string) bool {
	return strings.ContainsFunc(field, func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("#*+%&@=°", r) || unicode.Is(unicode.Sc, r)
	})
}

// joined returns the fields that are not empty, with a blank between them.
func joined(fields []string) string {
	var b strings.Builder
	for _, f := range fields {
		if f == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(f)
	}
	return b.String()
}

// printable returns text as valid UTF-8. It replaces control characters and the
// word mark of SentencePiece by blanks, and removes invisible characters, as those
// that reverse the direction of writing.
func printable(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\uFFFD")
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= ' ' && r < 0x7F:
			return r
		case r == '▁' || unicode.IsControl(r) || unicode.IsSpace(r):
			return ' '
		case r == '\u200B' || r == '\uFEFF' || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069':
			return -1
		}
		return r
	}, text)
}

// credits removes sentences that thank an audience or name the writers of subtitles.
func credits(fields []string) {
	begin := 0
	for i, f := range fields {
		if end := strings.TrimRight(f, `"'”’)`); i < len(fields)-1 && strings.TrimRight(end, ".!?。！？") == end {
			continue
		}
		if i-begin < maxCredit {
			sentence := strings.Join(normalized(fields[begin:i+1]), " ")
			if audience[sentence] || strings.Contains(sentence, "amara org") {
				clear(fields[begin : i+1])
			}
		}
		begin = i + 1
	}
}

// maxCredit is more words than such a sentence has.
const maxCredit = 16

// audience holds the sentences that Whisper hears in silence, normalized.
var audience = map[string]bool{
	"thank you for watching": true, "thanks for watching": true, "thank you so much for watching": true,
	"thank you very much for watching": true, "please subscribe": true, "please subscribe to my channel": true,
	"don t forget to subscribe": true, "like and subscribe": true, "please like and subscribe": true,
	"see you in the next video": true, "i ll see you in the next video": true, "untertitelung des zdf": true,
	"sous titrage st 501": true, "ご視聴ありがとうございました": true, "спасибо за просмотр": true,
}

// echo removes the prompt, normalized words, from fields.
func echo(fields, prompt []string) {
	if len(prompt) == 0 {
		return
	}
	text, at := " ", make([]int, 0, len(fields)) // where the words of each field begin
	var b strings.Builder
	b.WriteString(text)
	for i := range fields {
		at = append(at, b.Len()-1)
		for _, w := range normalized(fields[i : i+1]) {
			b.WriteString(w + " ")
		}
	}
	text = b.String()
	whole := " " + strings.Join(prompt, " ") + " "
	for from := 0; ; {
		i := strings.Index(text[from:], whole)
		if i < 0 {
			return
		}
		begin, end := from+i, from+i+len(whole)-1
		for f := range fields {
			if at[f] >= begin && at[f] < end {
				fields[f] = ""
			}
		}
		from = end
	}
}

// normalized returns the words of texts in small letters, without punctuation.
func normalized(texts []string) []string {
	var words []string
	for _, t := range texts {
		words = append(words, strings.FieldsFunc(strings.ToLower(t), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		})...)
	}
	return words
}

// probability returns p, NaN if it is outside [0, 1].
func probability(p float64) float64 {
	if p > 1 && p < 1.001 { // rounded
		return 1
	}
	if p < 0 || p > 1 {
		return math.NaN()
	}
	return p
}

// within returns t, 0 if it is negative or longer than a day.
func within(t time.Duration) time.Duration {
	if t < 0 || t > 24*time.Hour {
		return 0
	}
	return t
}

// ordered makes the times of words follow each other.
func ordered(words []Word) []Word {
	var last time.Duration
	for i := range words {
		w := &words[i]
		w.Start = max(within(w.Start), last)
		w.End = max(within(w.End), w.Start)
		last = w.Start
	}
	return words
}
