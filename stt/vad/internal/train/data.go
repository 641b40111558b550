package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"agentos.dev/dialtone/internal/corpus"
	"agentos.dev/dialtone/stt/vad/internal/model"
)

const (
	clipFrames = 1000 // 20 s
	sentences  = 6    // of each voice
)

// example is a clip as a network sees it.
type example struct {
	inputs   int
	features []float32 // inputs for each frame
	voiced   []bool
	weights  []float32 // what a wrong verdict on a frame costs
}

func (e *example) frames() int { return len(e.voiced) }

func (e *example) frame(i int) []float32 { return e.features[i*e.inputs : (i+1)*e.inputs] }

// voicedWeight is how much more a missed voiced frame costs than a false alarm: at a
// threshold of 0.5 it is about what makes F1 highest.
const voicedWeight = 1.2

// makeData mixes the training clips.
func makeData(ctx context.Context, clips int) ([]example, error) {
	rng := rand.New(rand.NewPCG(1, 0))
	voices := corpus.TrainingVoices(rng, 320)
	var said [][]float32
	for _, v := range voices {
		for range sentences {
			u, err := v.Say(ctx, corpus.Sentence(rng))
			if err != nil {
				return nil, err
			}
			said = append(said, u)
		}
	}
	babble, err := corpus.Babble(ctx, rng, voices[:7], 90*corpus.Rate)
	if err != nil {
		return nil, err
	}
	fmt.Printf("%d utterances\n", len(said))

	noises := append(corpus.TrainingNoises(babble), corpus.Noise{Name: "tones", Make: corpus.Tones})
	data := make([]example, clips)
	for i := range data {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		data[i] = newExample(mix(rng, said, noises))
	}
	return data, nil
}

// mix makes one clip: speech on nine of ten lines, and most kinds of trouble.
func mix(rng *rand.Rand, said [][]float32, noises []corpus.Noise) corpus.Clip {
	const n = clipFrames * corpus.Frame
	speech := make([]float32, n)
	if rng.IntN(10) > 0 {
		var utterances [][]float32
		colour, room := rng.IntN(4) > 0, rng.IntN(2) == 0
		voice := rng.IntN(len(said) / sentences)
		for range 9 {
			u := said[voice*sentences+rng.IntN(sentences)]
			if rng.IntN(6) == 0 { // someone else takes the telephone
				voice = rng.IntN(len(said) / sentences)
			}
			if room {
				u = corpus.Room(rng, u)
			}
			utterances = append(utterances, louder(u, -8+12*rng.Float64()))
		}
		talk := corpus.Dialogue(rng, utterances...)
		if colour {
			talk = corpus.Colour(rng, talk)
		}
		copy(speech, talk[rng.IntN(max(1, min(len(talk)-n, 4*corpus.Rate))):])
	}
	kind := noises[rng.IntN(len(noises))]
	noise := kind.Make(rng, n)
	if rng.IntN(6) == 0 {
		gate(rng, noise)
	}
	if rng.IntN(4) == 0 {
		noise = corpus.Colour(rng, noise)
	}
	snr := -4 + 30*rng.Float64()
	if rng.IntN(8) == 0 {
		snr = math.Inf(1)
	}
	return corpus.Mix(speech, noise, corpus.Label(speech), snr, -42+34*rng.Float64())
}

func louder(samples []float32, db float64) []float32 {
	gain := float32(math.Pow(10, db/20))
	out := make([]float32, len(samples))
	for i, x := range samples {
		out[i] = gain * x
	}
	return out
}

// gate lets noise come and go, as lines with comfort noise or echo suppression do.
func gate(rng *rand.Rand, noise []float32) {
	for at := 0; at < len(noise); {
		at += int((0.3 + 4*rng.Float64()) * corpus.Rate)
		end := at + int((0.3+3*rng.Float64())*corpus.Rate)
		for ; at < min(end, len(noise)); at++ {
			noise[at] = 0
		}
	}
}

func newExample(clip corpus.Clip) example {
	e := example{inputs: model.Features, voiced: clip.Voiced, weights: make([]float32, len(clip.Voiced))}
	for i, v := range clip.Voiced {
		if e.weights[i] = 1; v {
			e.weights[i] = voicedWeight
		}
	}
	extractor := model.NewExtractor()
	var features [model.Features]float32
	for i := range clip.Voiced {
		extractor.Extract(&features, (*[corpus.Frame]int16)(clip.PCM[i*corpus.Frame:]))
		e.features = append(e.features, features[:]...)
	}
	return e
}
