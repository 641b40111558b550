// Code generated from schema.json by go generate; DO NOT EDIT.

package twiml

import "time"

// Break is a pause in speech.
type Break struct {
	Strength BreakStrength
	Time     time.Duration // up to 10 s

	Extra
}

// Emphasis stresses words.
type Emphasis struct {
	Text string // text to speak, before SSML
	SSML []SentenceSpeech

	Level EmphasisLevel

	Extra
}

// Lang speaks words in another language.
type Lang struct {
	Text string // text to speak, before SSML
	SSML []Speech

	Language string // such as fr-FR

	Extra
}

// Paragraph marks a paragraph of speech.
type Paragraph struct {
	Text string // text to speak, before SSML
	SSML []ParagraphSpeech

	Extra
}

// Phoneme gives the pronunciation of words.
type Phoneme struct {
	Text string // the words as written

	Alphabet Alphabet
	PH       string // the pronunciation

	Extra
}

// Prosody changes volume, rate and pitch of words.
type Prosody struct {
	Text string // text to speak, before SSML
	SSML []Speech

	Pitch  string // such as +10%
	Rate   string // such as slow or 80%
	Volume string // such as loud or +6dB

	Extra
}

// SayAs speaks words as a kind of thing, such as a date or digits.
type SayAs struct {
	Text string // text to speak

	Format      DateFormat // of a date
	InterpretAs InterpretAs

	Extra
}

// Sentence marks a sentence of speech.
type Sentence struct {
	Text string // text to speak, before SSML
	SSML []SentenceSpeech

	Extra
}

// Sub speaks an alias in place of the words.
type Sub struct {
	Text string // the words as written

	Alias string // text to speak instead

	Extra
}

// Word says which role a word has, to choose its pronunciation.
type Word struct {
	Text string // text to speak, before SSML
	SSML []WordSpeech

	Role string // such as amazon:VB

	Extra
}
