package corpus

import (
	"math"
	"math/rand/v2"
)

// Colour gives speech the tilt and resonances of some microphone and line.
func Colour(rng *rand.Rand, speech []float32) []float32 {
	tilt := float32(-0.8 + 3*rng.Float64())
	pole := float32(0.5 + 0.4*rng.Float64())
	w := 2 * math.Pi * (400 + 2600*rng.Float64()) / Rate
	const r = 0.8
	a1, a2 := float32(2*r*math.Cos(w)), float32(-r*r)
	peak := float32(0.5 * rng.Float64())
	out := make([]float32, len(speech))
	var low, y1, y2 float32
	for i, x := range speech {
		low = pole*low + (1-pole)*x
		x += tilt * low
		y := x + a1*y1 + a2*y2
		y2, y1 = y1, y
		out[i] = x + peak*y
	}
	return out
}

// Room adds the echoes of a small room.
func Room(rng *rand.Rand, speech []float32) []float32 {
	decay := (0.02 + 0.08*rng.Float64()) * Rate // to 1/e
	loud := 0.1 + 0.5*rng.Float64()
	out := append([]float32(nil), speech...)
	for range 30 {
		delay := 8 + rng.IntN(int(4*decay))
		gain := float32(loud * math.Exp(-float64(delay)/decay) * rng.NormFloat64())
		for i, x := range speech[:max(0, len(speech)-delay)] {
			out[i+delay] += gain * x
		}
	}
	return out
}
