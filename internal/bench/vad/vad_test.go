// Package vad compares the voice activity detector with WebRTC's on speech in
// noise. The table it prints is the one in docs/vad.md.
package vad

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/bench"
	"agentos.dev/dialtone/internal/corpus"
	"agentos.dev/dialtone/stt/vad"
)

// contestant gives a verdict for each frame of a clip.
type contestant struct {
	name  string
	judge func(t *testing.T, clip corpus.Clip) []bool
}

func contestants(t *testing.T) []contestant {
	list := []contestant{
		{"dialtone", func(_ *testing.T, clip corpus.Clip) []bool {
			d := vad.NewDetector()
			return each(clip, func(frame []int16) bool { return d.Probability(frame) >= 0.5 })
		}},
		{"always speech", func(_ *testing.T, clip corpus.Clip) []bool {
			return each(clip, func([]int16) bool { return true })
		}},
	}
	if w := newWebRTC(t); w != nil {
		for mode := range 4 {
			list = append(list, contestant{fmt.Sprintf("WebRTC mode %d", mode), func(t *testing.T, clip corpus.Clip) []bool {
				verdicts, _ := w.judge(t, mode, clip)
				return verdicts
			}})
		}
	}
	return list
}

func each(clip corpus.Clip, judge func([]int16) bool) []bool {
	verdicts := make([]bool, len(clip.Voiced))
	for i := range verdicts {
		verdicts[i] = judge(clip.PCM[i*corpus.Frame : (i+1)*corpus.Frame])
	}
	return verdicts
}

func TestSpeechInNoise(t *testing.T) {
	apt.Need(t, "espeak-ng", "espeak-ng")
	apt.Need(t, "flite", "flite")
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(2026, 7))
	sentences := 5
	if testing.Short() {
		sentences = 1
	}
	heldOut := corpus.HeldOutVoices(rng, 8)
	flite := corpus.FliteVoices()
	sets := map[string][][]float32{"human": humans(t, rng)}
	for name, voices := range map[string][]corpus.Voice{"espeak": heldOut, "flite": flite} {
		dialogues, err := corpus.Dialogues(ctx, rand.New(rand.NewPCG(2026, 8)), voices, sentences)
		if err != nil {
			t.Fatal(err)
		}
		sets[name] = dialogues
	}
	babble, err := corpus.Babble(ctx, rng, append(flite, heldOut[:3]...), 40*corpus.Rate)
	if err != nil {
		t.Fatal(err)
	}
	noises := corpus.TestNoises(babble)
	if testing.Short() {
		noises = noises[:1]
	}
	list := contestants(t)
	for _, name := range []string{"espeak", "flite", "human"} {
		report(t, name, list, corpus.Evaluate(rand.New(rand.NewPCG(2026, 9)), sets[name], noises))
	}
}

// report prints F1 by noise, by ratio and in the mean.
func report(t *testing.T, title string, list []contestant, cells []corpus.Cell) {
	var noises, head []string
	for _, c := range cells {
		if !slices.Contains(noises, c.Noise) {
			noises = append(noises, c.Noise)
		}
	}
	for _, snr := range corpus.SNRs() {
		head = append(head, fmt.Sprintf("%3.0f dB", snr))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-16s %6s | %s | %s\n", title+": mean F1", "", strings.Join(head, "  "), strings.Join(noises, "  "))
	for _, c := range list {
		sum, bySNR, byNoise := 0.0, map[float64]float64{}, map[string]float64{}
		for _, cell := range cells {
			var score corpus.Score
			for _, clip := range cell.Clips {
				score.Add(clip, c.judge(t, clip))
			}
			sum += score.F1()
			bySNR[cell.SNR] += score.F1()
			byNoise[cell.Noise] += score.F1()
		}
		fmt.Fprintf(&b, "%-16s %6.3f |", c.name, sum/float64(len(cells)))
		for _, snr := range corpus.SNRs() {
			fmt.Fprintf(&b, " %6.3f", bySNR[snr]/float64(len(noises)))
		}
		b.WriteString(" |")
		for _, noise := range noises {
			fmt.Fprintf(&b, " %6.3f", byNoise[noise]/float64(len(corpus.SNRs())))
		}
		b.WriteByte('\n')
	}
	t.Log(b.String())
}

// humans returns the recordings of people, with pauses.
func humans(t *testing.T, rng *rand.Rand) [][]float32 {
	const folder = "../../../stt/vad/testdata"
	data, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []struct{ File string }
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	var all [][]float32
	for _, r := range list {
		if strings.HasPrefix(r.File, "neg_") || strings.HasPrefix(r.File, "flite_") {
			continue
		}
		wav, err := os.ReadFile(filepath.Join(folder, r.File))
		if err != nil {
			t.Fatal(err)
		}
		codes := wav[58:]
		pcm := make([]int16, len(codes))
		codec.DecodeMulaw(pcm, codes)
		speech := make([]float32, len(pcm))
		for i, x := range pcm {
			speech[i] = float32(x)
		}
		all = append(all, corpus.Dialogue(rng, corpus.Telephone(speech, corpus.Rate)))
	}
	return all
}

func TestSpeed(t *testing.T) {
	pcm := make([]int16, 50*vad.FrameSize)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range pcm {
		pcm[i] = int16(rng.NormFloat64() * 2000 * float64(i%vad.FrameSize) / vad.FrameSize)
	}
	const calls = 16 // in turn, as on a server
	var detectors [calls]*vad.Detector
	var asleep, awake [calls]*vad.Guard
	for i := range calls {
		detectors[i], asleep[i], awake[i] = vad.NewDetector(), vad.NewGuard(), vad.NewGuard()
	}
	var dst, own [1]float32
	inTurn := func(hear func(call int, frame []int16)) func(int) {
		call, at := 0, 0
		return func(n int) {
			for range n {
				hear(call, pcm[at:at+vad.FrameSize])
				call, at = (call+1)%calls, (at+vad.FrameSize)%len(pcm)
			}
		}
	}
	list := []bench.Contestant{
		{Name: "dialtone, 20 ms frame", Run: inTurn(func(call int, frame []int16) { detectors[call].Append(dst[:0], frame) })},
		{Name: "with guard, while the bot is silent", Run: inTurn(func(call int, frame []int16) { asleep[call].Append(dst[:0], own[:0], frame, nil) })},
		{Name: "with guard, while it speaks", Run: inTurn(func(call int, frame []int16) { awake[call].Append(dst[:0], own[:0], frame, frame) })},
	}
	bench.Report(t, "voice activity", list...)

	w := newWebRTC(t)
	if w == nil {
		return
	}
	clip := corpus.Clip{PCM: pcm, Voiced: make([]bool, len(pcm)/vad.FrameSize)}
	var times []float64
	for range 200 {
		_, took := w.judge(t, 3, clip)
		times = append(times, float64(took.Nanoseconds())/float64(len(clip.Voiced)))
	}
	slices.Sort(times)
	t.Logf("WebRTC mode 3 (C, own process): p10 %.0f ns, median %.0f ns", times[20], times[100])
}
