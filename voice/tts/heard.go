package tts

import (
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"agentos.dev/dialtone/voice/tts/text"
)

// Said is a piece of an utterance and the known facts of its audio.
type Said struct {
	Piece      text.Piece
	Start, End time.Duration // where its audio is in the utterance's; End moves until Complete
	Complete   bool          // all of its audio is there
	Words      []Word        // by their times; nil without word times
}

// Heard returns the number of bytes of the source that the caller has heard after the
// first d of an utterance's audio: up to the end of the last word that was heard whole.
// Bytes that are said in several words, such as "$4.50", count when all of those words
// were heard. Without word times the words are estimated from the length of the audio,
// which may report one word too many.
func Heard(said []Said, d time.Duration) int {
	end, pending := 0, 0
	unit := time.Duration(0)
	for i := range said {
		s := &said[i]
		words := s.Piece.Words
		n := s.heard(d, unit)
		if s.Complete && len(s.Words) == 0 {
			unit = max(unit, time.Duration(float64(s.End-s.Start)/s.effort()))
		}
		for k, w := range words[:n] {
			// A word counts when the next says other bytes.
			pending = max(pending, w.End)
			next := pending
			if k+1 < len(words) {
				next = words[k+1].Start
			} else if i+1 < len(said) && len(said[i+1].Piece.Words) > 0 {
				next = said[i+1].Piece.Words[0].Start
			}
			if next >= pending {
				end = pending
			}
		}
		if n < len(words) {
			break
		}
	}
	return end
}

// heard returns how many of the piece's words are over at d. unit is the time that a
// unit of effort took in the pieces before, 0 if there are none.
func (s *Said) heard(d, unit time.Duration) int {
	words := s.Piece.Words
	switch {
	case s.Complete && d >= s.End:
		return len(words)
	case len(s.Words) > 0:
		return heardByTimes(words, s.Words, d)
	case d <= s.Start || s.Start == s.End:
		return 0
	}
	return s.estimate(d, unit)
}

// heardByTimes counts the words that are over at d. A word of which no time is known
// is over when a later one is.
func heardByTimes(words []text.Word, times []Word, d time.Duration) int {
	heard, k := 0, 0
	for i, w := range words {
		for k < len(times) && times[k].To <= w.From {
			k++
		}
		end, known := time.Duration(0), false
		for j := k; j < len(times) && times[j].From < w.To; j++ {
			end, known = max(end, times[j].End), true
		}
		switch {
		case known && end > d:
			return heard
		case known:
			heard = i + 1
		}
	}
	return heard
}

// estimate counts the words that are over at d by the share of the piece that they
// take. A piece that is still being made is taken to become rather too long.
func (s *Said) estimate(d, unit time.Duration) int {
	words, total := s.Piece.Words, s.effort()
	length := s.End - s.Start
	if !s.Complete {
		if unit = unit * 3 / 2; unit == 0 {
			unit = slow
		}
		length = max(length, time.Duration(total*float64(min(unit, slow))))
	}
	at, sum := d-s.Start-margin, 0.0
	for i := range words {
		sum += effort(s.Piece.Text, words, i)
		if at < time.Duration(sum/total*float64(length)) {
			return i
		}
	}
	return len(words)
}

const (
	// slow is the time that a unit of effort takes a slow speaker.
	slow = 250 * time.Millisecond
	// margin is the longest time by which a word may end later than estimated.
	margin = 250 * time.Millisecond
)

// effort is the effort of all words of the piece; at least 1.
func (s *Said) effort() float64 {
	total := 0.0
	for i := range s.Piece.Words {
		total += effort(s.Piece.Text, s.Piece.Words, i)
	}
	return max(total, 1)
}

// effort is the length of the ith word with the pause behind it, in syllables.
func effort(piece string, words []text.Word, i int) float64 {
	w := words[i]
	until := len(piece)
	if i+1 < len(words) {
		until = words[i+1].From
	}
	e := syllables(piece[w.From:w.To])
	switch pause := strings.TrimSpace(piece[w.To:until]); {
	case pause == "":
	case strings.ContainsAny(pause, ".!?。！？"):
		e += 2
	default:
		e += 1
	}
	return e
}

// syllables estimates how many syllables a word has; a letter counts a little too.
func syllables(word string) float64 {
	vowels, count, lone := 0, 0, true
	for _, r := range word {
		count++
		switch {
		case r >= 0x2E80: // a character of Chinese, Japanese or Korean
			vowels++
			lone = false
		case strings.ContainsRune("aeiouyáéíóúäöüàèìòùâêîôûãõåæøœаеёиоуыэюяαεηιουω", unicode.ToLower(r)):
			if lone {
				vowels++
			}
			lone = false
		default:
			lone = true
		}
	}
	return float64(max(vowels, 1)) + 0.25*float64(count)
}

// timeline records an utterance's audio while it is made. Its methods are safe for
// concurrent use.
type timeline struct {
	mu     sync.Mutex
	said   []Said
	length time.Duration // of the audio so far
	audio  int           // the number of the piece that the last audio belongs to; valid if length > 0
}

func (t *timeline) duration() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.length
}

// cut forgets the times of words that are not over at the end of the audio, because
// another engine goes on there, and returns the length of the audio.
func (t *timeline) cut() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.said {
		s := &t.said[i]
		s.Words = slices.DeleteFunc(s.Words, func(w Word) bool { return w.End > t.length })
	}
	return t.length
}

// add adds a chunk of mu-law, whose pieces and times count from the utterance's
// beginning. The pieces before the chunk's are complete.
func (t *timeline) add(c Chunk, f *feed) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pieces(f.from(len(t.said)))
	for i := range t.said[:max(0, min(c.Piece, len(t.said)))] {
		if s := &t.said[i]; !s.Complete {
			s.Complete, s.End = true, max(s.End, t.length)
		}
	}
	if c.Piece >= 0 && c.Piece < len(t.said) && len(c.Audio) > 0 {
		s := &t.said[c.Piece]
		if s.Start == s.End {
			s.Start = t.length
		}
		t.length += duration(len(c.Audio))
		s.End, t.audio = t.length, c.Piece
	}
	for _, w := range c.Words {
		if w.Piece < 0 || w.Piece >= len(t.said) {
			continue
		}
		s := &t.said[w.Piece]
		if n := len(s.Words); n > 0 {
			last := s.Words[n-1]
			w.End = max(w.End, last.End)
			w.From = max(w.From, last.To)
		}
		if w.From >= 0 && w.From < w.To && w.To <= len(s.Piece.Text) { // engines are not trusted
			s.Words = append(s.Words, w)
		}
	}
}

// pieces adds pieces that are going to be said.
func (t *timeline) pieces(list []text.Piece) {
	for _, p := range list {
		t.said = append(t.said, Said{Piece: p, Start: t.length, End: t.length})
	}
}

// complete notes that all audio is there, of all pieces.
func (t *timeline) complete(list []text.Piece) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.pieces(list[len(t.said):])
	for i := range t.said {
		if s := &t.said[i]; !s.Complete {
			s.Complete, s.End = true, t.length
		}
	}
}

// lastSaid is the piece that the last audio belongs to.
type lastSaid struct {
	Said
	number int
}

// last returns it, and the length of the audio; false before any.
func (t *timeline) last() (lastSaid, time.Duration, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.length == 0 {
		return lastSaid{}, 0, false
	}
	return lastSaid{t.said[t.audio], t.audio}, t.length, true
}

// heard returns how many bytes of the source have been heard at d, and where the next
// word begins; -1 when all of it was heard.
func (t *timeline) heard(d time.Duration) (end, next int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	end, next = Heard(t.said, d), -1
	for i := range t.said {
		for _, w := range t.said[i].Piece.Words {
			if w.End > end {
				return end, w.Start
			}
		}
	}
	return end, next
}

// spoken returns a piece whose words are separated by spaces.
func spoken(s string) text.Piece {
	p := text.Piece{Text: s}
	at := 0
	for w := range strings.FieldsSeq(s) {
		at += strings.Index(s[at:], w)
		p.Words = append(p.Words, text.Word{From: at, To: at + len(w), Start: at, End: at + len(w)})
		at += len(w)
	}
	return p
}
