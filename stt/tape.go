package stt

import (
	"slices"
	"time"

	"agentos.dev/dialtone/codec"
)

// tape holds the end of a call's audio, for a replay to the next engine and to cut
// utterances from.
type tape struct {
	format codec.Format
	frame  int // bytes of frameTime
	audio  []byte
	start  time.Duration // of audio on the call's clock: whole frames
	voice  []float32     // the probability of speech in each frame
}

const (
	tapeStep  = 8 << 10 // bytes that it grows by
	tapeQuiet = 8 << 10 // that it has at most while nobody speaks
	tapeLeast = 1 << 10 // that it grows by up to there
)

// add adds audio and the probabilities of the frames that it completes.
func (t *tape) add(audio []byte, voice []float32) {
	if need := len(t.audio) + len(audio); need > cap(t.audio) {
		step := tapeStep
		if need <= tapeQuiet {
			step = tapeLeast
		}
		t.audio = append(make([]byte, 0, (need+step-1)/step*step), t.audio...)
	}
	t.audio = append(t.audio, audio...)
	t.voice = append(t.voice, voice...)
}

// length returns how much is held.
func (t *tape) length() time.Duration { return t.format.Duration(len(t.audio)) }

// between returns the audio that is held from one time to another.
func (t *tape) between(from, to time.Duration) []byte {
	end := min(t.format.Bytes(max(to-t.start, 0)), len(t.audio))
	return t.audio[min(t.format.Bytes(max(from-t.start, 0)), end):end]
}

// voiced returns the probabilities of frames, of those that were heard.
func (t *tape) voiced(from, to int) []float32 {
	to = min(to, len(t.voice))
	return t.voice[min(from, to):to]
}

// forget drops the first frames.
func (t *tape) forget(frames int) {
	rest := t.audio[frames*t.frame:]
	voice := t.voice[min(frames, len(t.voice)):]
	if cap(t.audio) > tapeStep && len(rest) < tapeQuiet/2 { // a long utterance is over
		t.audio, t.voice = append(make([]byte, 0, tapeQuiet), rest...), slices.Clone(voice)
	} else {
		t.audio, t.voice = t.audio[:copy(t.audio, rest)], t.voice[:copy(t.voice, voice)]
	}
	t.start += time.Duration(frames) * frameTime
}
