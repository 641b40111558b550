package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/corpus"
	"agentos.dev/dialtone/stt/vad/internal/model"
)

const (
	talkFrames = 1200 // 24 s
	phrases    = 6    // of each synthetic voice
	lines      = 24   // of each voice that is put together from people's sounds
	warps      = 144  // speakers made of the recordings of people
	sizes      = 12   // speakers made of each voice that is put together
)

// speakers are the voices of the training calls. People and synthetic voices are callers
// and bots, never both in one call.
type speakers struct {
	synthetic, people [][][]float32 // of each, what it says
	noises            []corpus.Noise
	tunes             [][]float32 // pieces of music
}

// findSpeakers lets the synthetic voices speak and warps the recordings of people in a
// folder, and the voices that are put together, into more of them.
func findSpeakers(ctx context.Context, voices int, folder, music string) (*speakers, error) {
	rng := rand.New(rand.NewPCG(11, 0))
	list := corpus.TrainingVoices(rng, voices)
	s := &speakers{synthetic: make([][][]float32, len(list))}
	seeds := make([]uint64, len(list))
	for i := range seeds {
		seeds[i] = rng.Uint64()
	}
	err := parallel(len(list), func(i int) error {
		rng := rand.New(rand.NewPCG(seeds[i], 0))
		for range phrases {
			u, err := list[i].Say(ctx, corpus.Sentence(rng))
			if err != nil {
				return err
			}
			s.synthetic[i] = append(s.synthetic[i], u)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	pieces, err := recordings(folder)
	if err != nil {
		return nil, err
	}
	for range warps {
		rate := int(corpus.Rate * (0.82 + 0.36*rng.Float64()))
		var said [][]float32
		for _, p := range pieces {
			said = append(said, corpus.Colour(rng, corpus.Telephone(p, rate)))
		}
		s.people = append(s.people, said)
	}
	together, err := festival(ctx, rng)
	if err != nil {
		return nil, err
	}
	s.people = append(s.people, together...)
	if s.tunes, err = tunes(music); err != nil {
		return nil, err
	}
	babble, err := corpus.Babble(ctx, rng, list[:7], 60*corpus.Rate)
	s.noises = corpus.Pool(rng, corpus.TrainingNoises(babble), 60*corpus.Rate)
	return s, err
}

// festival lets each voice that is put together speak, and makes speakers of other sizes of it.
func festival(ctx context.Context, rng *rand.Rand) ([][][]float32, error) {
	list := corpus.FestivalVoices()
	said := make([][][]float32, len(list))
	seed := rng.Uint64()
	err := parallel(len(list), func(i int) error {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		for range lines {
			u, err := list[i].Say(ctx, corpus.Sentence(rng))
			if err != nil {
				return err
			}
			said[i] = append(said[i], u)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	speakers := make([][][]float32, len(list)*sizes)
	seed = rng.Uint64()
	return speakers, parallel(len(speakers), func(i int) error {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		rate := int(corpus.Rate * (0.82 + 0.4*rng.Float64()))
		for _, u := range said[i%len(list)] {
			speakers[i] = append(speakers[i], corpus.Colour(rng, corpus.Telephone(u, rate)))
		}
		return nil
	})
}

// tunes returns the pieces of music in a folder: WAV files of 16-bit stereo.
func tunes(folder string) ([][]float32, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.wav"))
	if err != nil || len(files) < 20 {
		return nil, fmt.Errorf("%d pieces of music in %s, wanted 20 or more: %w", len(files), folder, err)
	}
	tunes := make([][]float32, len(files))
	return tunes, parallel(len(files), func(i int) error {
		wav, err := os.ReadFile(files[i])
		if err != nil {
			return err
		}
		const header = 44
		if len(wav) < header || string(wav[:4]) != "RIFF" {
			return fmt.Errorf("%s is not a WAV file", files[i])
		}
		rate := int(binary.LittleEndian.Uint32(wav[24:]))
		data := wav[header:]
		data = data[:min(len(data), 4*rate*150)]
		sound := make([]float32, len(data)/4)
		for k := range sound {
			left, right := int16(binary.LittleEndian.Uint16(data[4*k:])), int16(binary.LittleEndian.Uint16(data[4*k+2:]))
			sound[k] = float32(left)/2 + float32(right)/2
		}
		tunes[i] = corpus.Telephone(sound, rate)
		return nil
	})
}

// music is a piece of a tune, or of the computed ones.
func (s *speakers) music(rng *rand.Rand, n int) []float32 {
	if k := rng.IntN(6); k == 0 {
		return corpus.Music(rng, n)
	} else if k < 3 {
		return corpus.Band(rng, n)
	}
	tune := s.tunes[rng.IntN(len(s.tunes))]
	if len(tune) <= n {
		return tune
	}
	from := rng.IntN(len(tune) - n)
	piece := tune[from : from+n]
	if rng.IntN(2) == 0 {
		return corpus.Room(rng, piece)
	}
	return corpus.Colour(rng, piece)
}

// recordings returns pieces of at most 3 s of the recordings of people, of which there are
// 16: the manifest says that their licences allow that.
func recordings(folder string) (pieces [][]float32, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.8k.ulaw.wav"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if name := filepath.Base(file); strings.HasPrefix(name, "neg_") || strings.HasPrefix(name, "flite_") {
			continue
		}
		wav, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		const header = 58
		if len(wav) < header {
			return nil, fmt.Errorf("%s is not a recording", file)
		}
		pcm := make([]int16, len(wav)-header)
		codec.DecodeMulaw(pcm, wav[header:])
		sound := make([]float32, len(pcm))
		for i, x := range pcm {
			sound[i] = float32(x)
		}
		for n, most := 0, 3*corpus.Rate; len(sound) >= corpus.Rate/2 && n < 3; n++ {
			piece := sound[:min(most, len(sound))]
			sound = sound[len(piece):]
			pieces = append(pieces, piece)
		}
	}
	if len(pieces) < 10 {
		return nil, fmt.Errorf("%d pieces of people's speech in %s, wanted 10 or more", len(pieces), folder)
	}
	return pieces, nil
}

// parallel calls do for 0 to n-1 on all processors.
func parallel(n int, do func(i int) error) error {
	var wg sync.WaitGroup
	next := make(chan int)
	errs := make([]error, n)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				errs[i] = do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// makeTalks plays the training calls. The detector that the network builds on is given.
func makeTalks(ctx context.Context, s *speakers, detector *model.Detector, seed uint64, calls int) ([]example, error) {
	data := make([]example, calls)
	err := parallel(calls, func(i int) error {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		data[i], _ = newTalk(s.scene(rng).Make(rng), detector)
		return ctx.Err()
	})
	return data, err
}

// scene draws up a training call: a quarter has no echo, a fifth no caller, a tenth is on
// hold, and not quite half of the callers are people.
func (s *speakers) scene(rng *rand.Rand) corpus.Scene {
	voice := func(people float64) [][]float32 {
		if rng.Float64() < people {
			return s.people[rng.IntN(len(s.people))]
		}
		return s.synthetic[rng.IntN(len(s.synthetic))]
	}
	bot, caller := voice(0.2), voice(0.45)
	for &bot[0] == &caller[0] {
		caller = voice(0.45)
	}
	scene := corpus.Scene{Frames: talkFrames, Bot: bot, Every: 3 + 3*rng.Float64(), SNR: 5 + 25*rng.Float64()}
	if rng.IntN(4) > 0 {
		paths := corpus.TrainingPaths()
		p := paths[rng.IntN(len(paths))]
		scene.Path, scene.Under = &p, 3+27*rng.Float64()
	}
	noises := s.noises
	if rng.IntN(5) > 0 {
		noise := noises[rng.IntN(len(noises))]
		scene.Noise = &noise
	}
	if rng.IntN(3) == 0 {
		scene.Duck = 9 * rng.Float64()
	}
	if rng.IntN(10) == 0 { // the line is on hold
		scene.Sounds = [][]float32{s.music(rng, talkFrames*corpus.Frame)}
		scene.Every = 1
		return scene
	}
	alone := rng.IntN(5) == 0
	for range 10 {
		switch k := rng.IntN(10); {
		case k < 5 && !alone:
			u := caller[rng.IntN(len(caller))]
			if rng.IntN(3) == 0 {
				u = u[:min(len(u), int((0.3+0.7*rng.Float64())*corpus.Rate))]
			}
			if rng.IntN(3) == 0 {
				u = corpus.Room(rng, u)
			}
			scene.Caller = append(scene.Caller, u)
		case k == 6:
			scene.Sounds = append(scene.Sounds, corpus.Cough(rng))
		case k == 7:
			scene.Sounds = append(scene.Sounds, corpus.Tones(rng, int((0.5+2.5*rng.Float64())*corpus.Rate)))
		case k == 8:
			scene.Sounds = append(scene.Sounds, s.music(rng, int((1+7*rng.Float64())*corpus.Rate)))
		case k == 9:
			noise := noises[rng.IntN(len(noises)-1)]
			scene.Sounds = append(scene.Sounds, noise.Make(rng, int((0.2+2*rng.Float64())*corpus.Rate)))
		}
	}
	return scene
}

// What a wrong verdict costs: the beginning of an utterance is what an answer is cut off
// by, but for its first two frames, which hold breath; and silence is where an echo would.
const (
	beginCost, breathCost = 5, 1
	silenceCost           = 1.5
)

// newTalk is the example of a call: its frames with a far end, and in the end as many that
// cost nothing as make it as long as the others. It returns as well what the detector alone
// thinks of each frame, or -1 for those in the example.
func newTalk(t corpus.Talk, detector *model.Detector) (example, []float32) {
	frames := len(t.Voiced)
	e := example{inputs: model.EchoFeatures, features: make([]float32, 0, frames*model.EchoFeatures), voiced: make([]bool, 0, frames), weights: make([]float32, 0, frames)}
	near, echo := model.NewExtractor(), model.NewEcho()
	var state model.State
	var known [model.Features]float32
	var features [model.EchoFeatures]float32
	alone := make([]float32, frames)
	spoken, silence := 0, 1000 // frames of the utterance, and since the one before
	for i, voiced := range t.Voiced {
		weight := float32(silenceCost)
		if voiced {
			if silence >= 15 {
				spoken = 0
			}
			silence = 0
			switch spoken++; {
			case spoken <= 2:
				weight = breathCost
			case spoken <= 11:
				weight = beginCost
			default:
				weight = 1
			}
		} else {
			silence++
		}
		near.Extract(&known, (*[corpus.Frame]int16)(t.Near[i*corpus.Frame:]))
		p := model.Sigmoid(detector.Step(&state, known[:]))
		alone[i] = p
		if echo.Extract(&features, near, &known, p, (*[corpus.Frame]int16)(t.Far[i*corpus.Frame:])) {
			e.features = append(e.features, features[:]...)
			e.voiced = append(e.voiced, voiced)
			e.weights = append(e.weights, weight)
			alone[i] = -1
		}
	}
	for len(e.voiced) < frames {
		e.features = append(e.features, features[:]...)
		e.voiced = append(e.voiced, false)
		e.weights = append(e.weights, 0)
	}
	return e, alone
}
