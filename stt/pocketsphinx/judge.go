package pocketsphinx

import "math"

// judge accepts or rejects the decoder's words by the phones that the phone loop heard
// in the same audio.
type judge struct {
	rejection float64        // log likelihood per frame that words may be worse by
	lengths   map[string]int // phones of each word, in its shortest pronunciation
	telephone bool           // the model has the transform that the score was fitted with
}

// maxBad is the share of a phrase that may be words that fit badly: one of
// twenty, or an "a", but no word that makes it another phrase.
const maxBad = 0.1

// Right phrases account for usualCover and more of what sounds like speech; a
// phrase that was found inside of other words leaves some of it over. Over noise,
// which the phone loop takes for speech, they account for less, to minCover.
const usualCover, minCover = 0.86, 0.7

// wordMargin is how much worse than a whole phrase one of its words may fit.
const wordMargin = 24

// accepts reports whether the words were said. While the line is on hold they need a
// better score.
func (j judge) accepts(words, phones hypothesis, onHold bool) bool {
	if len(words.segments) == 0 {
		return false
	}
	e := j.weigh(words, phones)
	if e.fit < j.rejection || e.bad > maxBad || e.cover < minCover {
		return false
	}
	if !j.telephone {
		return e.cover >= usualCover
	}
	return e.score() >= e.limit(onHold)
}

// evidence holds the measures that separate spoken words from words that the grammar
// forced on other sounds. Frames are 10 ms.
type evidence struct {
	fit      float64 // log likelihood of the words less that of free phones, per frame
	bad      float64 // share of the words, by time, that fit worse than wordMargin allows
	phones   int     // of the words, by the dictionary
	acoustic float64 // log likelihood of the words per frame
	pace     float64 // frames per free phone; 0 without any
	slowest  float64 // frames per phone in the word where they are most
	stretch  float64 // frames per phone in all words
	heard    float64 // free phones that touch a word, per phone of the words
	cover    float64 // frames of the words per frame of free phones
	noise    float64 // share of the words' frames that the phone loop took for noise
	silence  float64 // and for silence
}

func (j judge) weigh(words, phones hypothesis) evidence {
	e := evidence{cover: words.cover(phones), pace: phones.pace()}
	e.fit, e.bad = words.fit(phones, j.rejection-wordMargin)
	e.acoustic = float64(words.acoustic) / float64(max(words.frames, 1))
	frames := 0
	for _, w := range words.segments {
		n := max(j.lengths[w.word], 1)
		e.phones += n
		frames += w.end - w.start
		e.slowest = max(e.slowest, float64(w.end-w.start)/float64(n))
	}
	touching, speech, silent := 0, 0, 0
	for _, p := range phones.segments {
		common := words.overlap(p)
		if p.word == silence {
			silent += common
			continue
		}
		speech += common
		if common > 0 {
			touching++
		}
	}
	total := float64(max(frames, 1))
	e.stretch = total / float64(e.phones)
	e.heard = float64(touching) / float64(e.phones)
	e.silence = float64(silent) / total
	e.noise = max(0, 1-float64(speech+silent)/total)
	return e
}

// score returns the log odds that the words were said. The coefficients are those of a
// logistic regression over phrases of people, flite and Tux Paint's stamps, clean and
// over music and noise, against other speech in five languages, hold music, other music
// and tones, all heard with the telephone transform of the en-us model: they hold for
// no other model or transform.
func (e evidence) score() float64 {
	slow := 3.0
	if e.pace > 0 {
		slow = max(0, e.pace-9) / 5
	}
	return 9.96 +
		0.26*e.acoustic -
		1.16*slow -
		0.70*math.Log(max(e.slowest, 1)/12) -
		1.04*math.Abs(math.Log(e.stretch/10)) -
		1.30*math.Abs(math.Log(max(e.heard, 0.1))) -
		1.27*min(2, max(0, e.cover-1)) -
		2.64*max(0, 1-e.cover) -
		1.29*e.noise -
		0.78*e.silence
}

// limit returns the least score that is accepted. Music and other speech are mistaken
// for phrases of few phones only: those need a better score on hold, and when they
// leave speech over.
func (e evidence) limit(onHold bool) float64 {
	const usual = 0.5
	least := usual
	switch short := e.phones < 5; {
	case e.phones >= 9:
		return usual
	case short && onHold:
		least = 3
	case short: // sustained vowels resemble music
		least = 0
	case onHold:
		least = 2
	}
	if e.cover < usualCover {
		least++
	}
	return least
}

// music reports whether free phones last as long as notes, or are missing. Hardly
// any utterance of more than one word by people sounds like that.
func (h hypothesis) music() bool {
	phones := 0
	for _, p := range h.segments {
		phones += p.end - p.start
	}
	return h.pace() > 13 || float64(h.frames-phones) > 0.2*float64(h.frames)
}

// pace returns the mean length of free phones in frames, 0 without any.
func (h hypothesis) pace() float64 {
	n, frames := 0, 0
	for _, p := range h.segments {
		if p.word != silence {
			n++
			frames += p.end - p.start
		}
	}
	return float64(frames) / float64(max(n, 1))
}

// overlap returns how many frames of s are in the segments of h.
func (h hypothesis) overlap(s segment) int {
	n := 0
	for _, w := range h.segments {
		n += max(0, min(w.end, s.end)-max(w.start, s.start))
	}
	return n
}

// fit compares the words with free phones heard in the same audio: the
// difference of log likelihood per frame over all of it, and the share of the
// words, by time, that fit worse than limit.
func (h hypothesis) fit(phones hypothesis, limit float64) (all, bad float64) {
	all = float64(h.acoustic-phones.acoustic) / float64(max(h.frames, 1))
	sums := make([]float64, max(h.frames, phones.frames, 0)+1) // of the phones' frames up to each
	for _, p := range phones.segments {
		for i := max(p.start, 0); i < min(p.end, len(sums)-1); i++ {
			sums[i+1] = float64(p.acoustic) / float64(p.end-p.start)
		}
	}
	for i := 1; i < len(sums); i++ {
		sums[i] += sums[i-1]
	}
	frames, badFrames := 0, 0
	for _, w := range h.segments {
		start, end := min(max(w.start, 0), len(sums)-1), min(max(w.end, 0), len(sums)-1)
		if end <= start {
			continue
		}
		frames += end - start
		if (float64(w.acoustic)-sums[end]+sums[start])/float64(end-start) < limit {
			badFrames += end - start
		}
	}
	return all, float64(badFrames) / float64(max(frames, 1))
}

// cover returns how much of what sounds like speech to free phones the words
// account for, by time.
func (h hypothesis) cover(phones hypothesis) float64 {
	words, speech := 0, 0
	for _, w := range h.segments {
		words += w.end - w.start
	}
	for _, p := range phones.segments {
		if p.word != silence {
			speech += p.end - p.start
		}
	}
	return float64(words) / float64(max(speech, 1))
}

// silence is the phone of silence.
const silence = "SIL"
