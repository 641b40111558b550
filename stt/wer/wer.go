// Package wer measures the word error rate of speech recognition: the recognised text
// against the spoken one.
//
//	errors := wer.Compare("Two thirty p.m.", "2:30 PM")
//	fmt.Println(errors.Rate()) // 0
//
// The alignment has the costs of NIST's sclite (substitution 4, deletion and insertion
// 3) and, given the same words, yields its counts. [Words] cuts a text into words.
package wer

import "math"

// Errors counts the word errors of a text. The zero value is ready to Add to.
type Errors struct {
	Words         int // in the reference
	Substitutions int
	Deletions     int // said, but not recognised
	Insertions    int // recognised, but not said
}

// Compare counts the errors of the hypothesis, in [Words] of both texts.
func Compare(reference, hypothesis string) Errors {
	r, h := tokens(reference), tokens(hypothesis)
	words := choose(r, choose(h, nil))
	return Count(Align(words, choose(h, words)))
}

// Add returns the sum of both. The error rate of several utterances is that of their
// sum, not the mean of their rates.
func (e Errors) Add(other Errors) Errors {
	return Errors{
		e.Words + other.Words,
		e.Substitutions + other.Substitutions,
		e.Deletions + other.Deletions,
		e.Insertions + other.Insertions,
	}
}

// Total returns the number of errors.
func (e Errors) Total() int { return e.Substitutions + e.Deletions + e.Insertions }

// Rate returns errors over reference words: 0 is perfect, and many insertions make it
// exceed 1. Without reference words it is 0, or +Inf when words were recognised all the
// same.
func (e Errors) Rate() float64 {
	if e.Words == 0 && e.Total() == 0 {
		return 0
	}
	if e.Words == 0 {
		return math.Inf(1)
	}
	return float64(e.Total()) / float64(e.Words)
}

// Pair is a step of an alignment: a reference word and the word recognised for
// it. A deletion has no hypothesis (""), an insertion no reference.
type Pair struct {
	Reference, Hypothesis string
}

// Count counts the errors of an alignment.
func Count(pairs []Pair) Errors {
	var e Errors
	for _, p := range pairs {
		if p.Reference != "" {
			e.Words++
		}
		switch {
		case p.Reference == p.Hypothesis:
		case p.Reference == "":
			e.Insertions++
		case p.Hypothesis == "":
			e.Deletions++
		default:
			e.Substitutions++
		}
	}
	return e
}
