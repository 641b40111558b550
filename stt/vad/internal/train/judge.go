package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"agentos.dev/dialtone/internal/corpus"
	"agentos.dev/dialtone/stt/vad"
	"agentos.dev/dialtone/stt/vad/internal/model"
)

// trial is calls of one kind that no training call resembles in its voices.
type trial struct {
	name   string
	barges bool
	talks  []corpus.Talk
	data   []example
	alone  [][]float32
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
			tr := trial{name: name, barges: barges, talks: make([]corpus.Talk, talks), data: make([]example, talks), alone: make([][]float32, talks)}
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
				tr.data[i], tr.alone[i] = newTalk(tr.talks[i], detector)
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
	for _, threshold := range []float64{0.5, 0.6, 0.7, 0.8} {
		fmt.Fprintf(&b, "  at %.1f:", threshold)
		for _, tr := range trials {
			b.WriteString("  " + tr.name + " ")
			b.WriteString(tr.judge(net, threshold))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// judge lets a network hear the calls of a trial. Its threshold is put in the place of 0.5.
func (tr *trial) judge(net *model.Detector, threshold float64) string {
	shift := logit(threshold)
	starts, sure, spoken, begins, in200, in300 := 0, 0, 0, 0, 0, 0
	for i, talk := range tr.talks {
		var state model.State
		p, next := slices.Clone(tr.alone[i]), 0
		for f := range p {
			if p[f] < 0 {
				p[f] = model.Sigmoid(net.Step(&state, tr.data[i].frame(next)) - shift)
				next++
			}
			if talk.Speaks[f] {
				spoken++
			}
		}
		heard := corpus.Starts(vad.NewSegmenter(vad.Options{}), p)
		for _, s := range heard {
			if starts++; s.Sure {
				sure++
			}
		}
		begins += len(talk.Begins)
		for _, at := range talk.Begins {
			late, _, already := corpus.Late(heard, at)
			if already {
				begins--
				continue
			}
			if late <= 300*time.Millisecond {
				in300++
			}
			if late <= 200*time.Millisecond {
				in200++
			}
		}
	}
	if tr.barges {
		return fmt.Sprintf("%.0f/%.0f", 100*float64(in200)/float64(max(1, begins)), 100*float64(in300)/float64(max(1, begins)))
	}
	hours := float64(spoken*corpus.Frame) / corpus.Rate / 3600
	return fmt.Sprintf("%.0f/%.0f", float64(starts)/hours, float64(sure)/hours)
}
