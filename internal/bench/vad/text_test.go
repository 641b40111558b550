package vad

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"agentos.dev/dialtone/internal/corpus"
	"agentos.dev/dialtone/internal/ownwords"
	"agentos.dev/dialtone/stt/vad"
)

const (
	wordFrames  = 16 // a word of the bot's is spoken for: 320 ms
	shortWord   = 6  // less is none
	echoFrames  = 19 // that a word comes back later: 380 ms, the middle of what paths take
	saidFrames  = 45 // before an utterance, whose words may come back in it: 900 ms, as in package voice
	longFrames  = 20 // that confirm a pause by their length: 400 ms, as there
	longShare   = 0.6
	voicedFrame = 0.49
)

// word is one of the bot's, in the middle of the frames in which it is spoken.
type word struct {
	text string
	at   int
}

// wordsOf cuts the bot's speech into words that all differ.
func wordsOf(talk *corpus.Talk) (words []word) {
	run := 0
	for i, speaks := range append(talk.Speaks, false) {
		if speaks {
			run++
		}
		if run == wordFrames || !speaks && run >= shortWord {
			words = append(words, word{fmt.Sprintf("w%d", len(words)), i - run/2})
			run = 0
		} else if !speaks {
			run = 0
		}
	}
	return words
}

// between are the words in some frames.
func between(words []word, from, to int) (texts []string) {
	for _, w := range words {
		if w.at >= from && w.at < to {
			texts = append(texts, w.text)
		}
	}
	return texts
}

// interrupts returns how many utterances of a call without a caller interrupt the bot by the
// rules of package voice: by their words, of which a recogniser hears a share wrongly, one
// after another. Utterances are those of the detector; own is whether the caller speaks, as
// a listener hears it.
func interrupts(rng *rand.Rand, talk *corpus.Talk, own []float32, wrong float64) (times int) {
	speech := vad.NewDetector().Append(nil, talk.Near)
	starts := corpus.Starts(vad.NewSegmenter(vad.Options{}), own)
	words := wordsOf(talk)
	seg := vad.NewSegmenter(vad.Options{})
	for i := range speech {
		for _, e := range seg.Step(speech[i]) {
			if e.Kind != vad.Utterance {
				continue
			}
			from, to := int(e.Start/corpus.Frame), int(e.End/corpus.Frame)
			said := between(words, from-saidFrames, to)
			heard := between(words, from-echoFrames, to-echoFrames)
			for k := range heard {
				if rng.Float64() < wrong {
					heard[k] = fmt.Sprintf("x%d", k)
				}
			}
			pause := -1
			for _, s := range starts {
				if s.Frame >= from && s.Frame < to {
					pause = s.Frame
					break
				}
			}
			if interruptedBy(heard, said, pause >= 0, pause >= 0 && long(own, pause)) {
				times++
			}
		}
	}
	return times
}

// long reports whether enough of what follows a pause is speech.
func long(own []float32, pause int) bool {
	voiced := 0
	for _, p := range own[pause+1 : min(len(own), pause+1+longFrames)] {
		if p >= voicedFrame {
			voiced++
		}
	}
	return float64(voiced) >= longShare*longFrames
}

// interruptedBy is the verdict on an utterance.
func interruptedBy(heard, said []string, paused, long bool) bool {
	for n := 1; n <= len(heard); n++ {
		final, own := n == len(heard), ownwords.Compare(heard[:n], said)
		switch {
		case !final && (n < 2 || !paused),
			own.Echo(),
			!long && own.Doubtful(),
			n == 1 && own.Common > 0:
		default:
			return true
		}
	}
	return false
}

// TestText: utterances of the bot's own words interrupt nothing where they are heard as they
// were said, and where the guard does not hear a caller, not even when many are wrong.
func TestText(t *testing.T) {
	said := []string{"w1", "w2", "w3", "w4", "w5"}
	for _, test := range []struct {
		heard        []string
		paused, long bool
		want         bool
	}{
		{heard: said[1:4], paused: true, long: true},
		{heard: []string{"w1", "x", "w3"}, want: false},
		{heard: []string{"x", "y", "w3"}, want: false},
		{heard: []string{"x", "y", "z"}, want: true},
		{heard: []string{"x", "w2"}, paused: true, want: false},
		{heard: []string{"x", "w2"}, paused: true, long: true, want: true},
		{heard: []string{"w1"}, paused: true, long: true, want: false},
	} {
		if got := interruptedBy(test.heard, said, test.paused, test.long); got != test.want {
			t.Errorf("%v, paused %v, long %v: %v", test.heard, test.paused, test.long, got)
		}
	}
}

// misheard are the shares of words that recognisers hear wrongly.
var misheard = [...]float64{0.1, 0.3}

// addText counts the interruptions of a call by words.
func (c *count) addText(seed uint64, call int, talk *corpus.Talk, own []float32) {
	c.texted = true
	for i, wrong := range misheard {
		c.byText[i] = interrupts(rand.New(rand.NewPCG(seed, uint64(call))), talk, own, wrong)
	}
}

// texts are the interruptions an hour by words; "" if none were counted.
func (c *count) texts() string {
	if !c.texted {
		return ""
	}
	return c.hourly(c.byText[0]) + " / " + c.hourly(c.byText[1])
}
