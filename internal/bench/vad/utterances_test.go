package vad

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/corpus"
	"agentos.dev/dialtone/stt/vad"
)

// TestUtterances judges the segmenter: how much of the speech its utterances
// hold, how many hold none, and how far off it sees speech begin and end.
func TestUtterances(t *testing.T) {
	apt.Need(t, "espeak-ng", "espeak-ng")
	apt.Need(t, "flite", "flite")
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(2026, 10))
	voices := append(corpus.FliteVoices(), corpus.HeldOutVoices(rng, 4)...)
	sentences := 4
	if testing.Short() {
		voices, sentences = voices[:2], 2
	}
	dialogues, err := corpus.Dialogues(ctx, rng, voices, sentences)
	if err != nil {
		t.Fatal(err)
	}
	babble, err := corpus.Babble(ctx, rng, corpus.HeldOutVoices(rng, 6), 40*corpus.Rate)
	if err != nil {
		t.Fatal(err)
	}
	noises := corpus.TestNoises(babble)
	if testing.Short() {
		noises = noises[:1]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nutterances of flite and held-out espeak voices, all noises\n%8s %8s %10s %8s   %s\n",
		"SNR", "spoken", "cut off", "noise", "begin seen after the truth, end seen after the truth: p10, median, p90")
	ratios := []float64{math.Inf(1), 20, 10, 5, 0}
	results := make([]result, len(ratios))
	for _, d := range dialogues {
		for _, noise := range noises {
			sound, voiced := noise.Make(rng, len(d)), corpus.Label(d)
			for i, snr := range ratios {
				results[i].add(corpus.Mix(d, sound, voiced, snr, -24))
			}
		}
	}
	for i, r := range results {
		fmt.Fprintf(&b, "%5.0f dB %8d %8.1f %% %8d   %s | %s\n", ratios[i], r.spoken, 100*float64(r.lost)/float64(r.frames), r.invented, spread(r.begins), spread(r.ends))
	}
	t.Log(b.String())
}

// result counts over clips. Times are in frames.
type result struct {
	spoken, invented int
	frames, lost     int // voiced frames, and those in no utterance
	begins, ends     []int
}

func (r *result) add(clip corpus.Clip) {
	s := vad.NewSegmenter(vad.Options{})
	events := slices.Clone(s.Write(clip.PCM))
	events = append(events, s.Flush()...)
	covered := make([]bool, len(clip.Voiced))
	for _, e := range events {
		if e.Kind != vad.Utterance {
			continue
		}
		from, to := int(e.Start/corpus.Frame), int(e.End/corpus.Frame)
		for i := from; i < min(to, len(covered)); i++ {
			covered[i] = true
		}
		heard := clip.Voiced[from:min(to, len(clip.Voiced))]
		if !slices.Contains(heard, true) {
			r.invented++
			continue
		}
		first, last := slices.Index(heard, true), len(heard)-1
		for !heard[last] {
			last--
		}
		r.begins = append(r.begins, int(e.Onset/corpus.Frame)-(from+first))
		r.ends = append(r.ends, int(e.VoicedEnd/corpus.Frame)-(from+last+1))
	}
	silence := 1000
	for i, v := range clip.Voiced {
		if !v {
			silence++
			continue
		}
		if silence >= 14 { // the hang-over
			r.spoken++
		}
		silence = 0
		r.frames++
		if !covered[i] {
			r.lost++
		}
	}
}

func spread(frames []int) string {
	if len(frames) == 0 {
		return "none"
	}
	slices.Sort(frames)
	at := func(share int) time.Duration {
		return time.Duration(frames[len(frames)*share/100]) * 20 * time.Millisecond
	}
	return fmt.Sprintf("%v, %v, %v", at(10), at(50), at(90))
}
