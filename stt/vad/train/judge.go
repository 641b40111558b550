package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"agentos.dev/dialtone/stt/vad"
	"agentos.dev/dialtone/stt/vad/internal/model"
	"agentos.dev/dialtone/stt/vad/train/corpus"
)

// trial is calls of one kind that no training call resembles in its voices.
type trial struct {
	name   string
	barges bool
	talks  []corpus.Talk
	data   []example
}

// makeTrials plays calls of validation voices: bots alone with their echo, then callers who
// interrupt them.
func makeTrials(ctx context.Context, s *speakers, detector *model.Detector, talks int) ([]trial, error) {
	rng := rand.New(rand.NewPCG(13, 0))
	voices := corpus.ValidationVoices(rng, 10)
	said := make([][][]float32, len(voices))
	for i, v := range voices {
		for range phrases {
			u, err := v.Say(ctx, corpus.Sentence(rng))
			if err != nil {
				return nil, err
			}
			said[i] = append(said[i], u)
		}
	}
	var trials []trial
	for _, barges := range []bool{false, true} {
		for _, under := range []float64{6, 12, 18, 30, math.Inf(1)} {
			name := fmt.Sprintf("self -%.0f", under)
			if barges {
				name = fmt.Sprintf("barge -%.0f", under)
			} else if math.IsInf(under, 1) {
				continue
			}
			tr := trial{name: name, barges: barges, talks: make([]corpus.Talk, talks), data: make([]example, talks)}
			seed := rng.Uint64()
			err := parallel(talks, func(i int) error {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				paths := corpus.TrainingPaths()
				bot := rng.IntN(len(said))
				scene := corpus.Scene{Frames: talkFrames, Bot: said[bot], Every: 4, SNR: 20, Under: under}
				if !math.IsInf(under, 1) {
					scene.Path = &paths[i%len(paths)]
				}
				scene.Noise = &s.noises[rng.IntN(6)]
				if barges {
					scene.Caller = said[(bot+1+rng.IntN(len(said)-1))%len(said)]
				}
				tr.talks[i] = scene.Make(rng)
				tr.data[i] = newTalk(tr.talks[i], detector)
				return ctx.Err()
			})
			if err != nil {
				return nil, err
			}
			trials = append(trials, tr)
		}
	}
	return trials, nil
}

// report says how often a network would have a bot interrupt itself, an hour of its speech
// and of that confirmed, and which share of callers it notices within 200 and 300 ms.
func report(network *model.Network, trials []trial) string {
	var b strings.Builder
	net := network.Detector()
	for _, threshold := range []float32{0.5, 0.6, 0.7, 0.8} {
		fmt.Fprintf(&b, "  at %.1f:", threshold)
		shift := float32(math.Log(float64(threshold / (1 - threshold))))
		for _, tr := range trials {
			starts, sure, spoken, begins, in200, in300 := 0, 0, 0, 0, 0, 0
			for i, talk := range tr.talks {
				e := &tr.data[i]
				var state model.State
				p := make([]float32, e.frames())
				for f := range p {
					if e.weights[f] > 0 {
						p[f] = model.Sigmoid(net.Step(&state, e.frame(f)) - shift)
					}
				}
				barge := corpus.Starts(vad.NewSegmenter(vad.Options{}), p)
				for _, s := range talk.Speaks {
					if s {
						spoken++
					}
				}
				for _, s := range barge {
					starts++
					if s.Sure {
						sure++
					}
				}
				for _, at := range talk.Begins {
					begins++
					for _, s := range barge {
						if late := s.Frame + 1 - at; late > 0 && late <= 15 {
							in300++
							if late <= 10 {
								in200++
							}
							break
						}
					}
				}
			}
			if tr.barges {
				fmt.Fprintf(&b, "  %s %.0f/%.0f", tr.name, 100*float64(in200)/float64(begins), 100*float64(in300)/float64(begins))
			} else {
				hours := float64(spoken) / 50 / 3600
				fmt.Fprintf(&b, "  %s %.0f/%.0f", tr.name, float64(starts)/hours, float64(sure)/hours)
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}
