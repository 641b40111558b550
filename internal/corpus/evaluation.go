package corpus

import (
	"context"
	"math/rand/v2"
)

// Cell is the clips of an evaluation that share noise and ratio.
type Cell struct {
	Noise string
	SNR   float64 // dB
	Clips []Clip
}

// SNRs are the ratios of an evaluation in dB.
func SNRs() []float64 { return []float64{20, 10, 5, 0} }

// Evaluate mixes every dialogue with every noise at every ratio.
func Evaluate(rng *rand.Rand, dialogues [][]float32, noises []Noise) []Cell {
	var cells []Cell
	for _, noise := range noises {
		row := make([]Cell, len(SNRs()))
		for _, d := range dialogues {
			sound, voiced, level := noise.Make(rng, len(d)), Label(d), -30+12*rng.Float64()
			for i, snr := range SNRs() {
				row[i].Noise, row[i].SNR = noise.Name, snr
				row[i].Clips = append(row[i].Clips, Mix(d, sound, voiced, snr, level))
			}
		}
		cells = append(cells, row...)
	}
	return cells
}

// Dialogues lets each voice say n sentences.
func Dialogues(ctx context.Context, rng *rand.Rand, voices []Voice, n int) ([][]float32, error) {
	var all [][]float32
	for _, v := range voices {
		var utterances [][]float32
		for range n {
			said, err := v.Say(ctx, Sentence(rng))
			if err != nil {
				return nil, err
			}
			utterances = append(utterances, said)
		}
		all = append(all, Dialogue(rng, utterances...))
	}
	return all, nil
}

// Score counts a detector's verdicts on frames.
type Score struct {
	Hits, Misses, FalseAlarms, Silences int
}

// Add compares the verdicts on a clip with the truth.
func (s *Score) Add(clip Clip, verdicts []bool) {
	for i, truth := range clip.Voiced {
		switch {
		case truth && verdicts[i]:
			s.Hits++
		case truth:
			s.Misses++
		case verdicts[i]:
			s.FalseAlarms++
		default:
			s.Silences++
		}
	}
}

// F1 is the harmonic mean of precision and recall.
func (s Score) F1() float64 {
	return 2 * float64(s.Hits) / float64(max(1, 2*s.Hits+s.Misses+s.FalseAlarms))
}
