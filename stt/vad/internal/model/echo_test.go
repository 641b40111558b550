package model

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// syllables are bursts of noise whose loudness and colour change, as speech's do.
func syllables(rng *rand.Rand, n int) []float64 {
	out := make([]float64, n)
	loud, pole, low := 0.0, 0.0, 0.0
	for i := range out {
		if i%1200 == 0 {
			loud, pole = 4000*math.Pow(rng.Float64(), 3), 1.8*rng.Float64()-0.9
		}
		low = pole*low + (1-math.Abs(pole))*rng.NormFloat64()
		out[i] = loud * low
	}
	return out
}

// TestDelayIsFound within 20 ms, and the return in each band.
func TestDelayIsFound(t *testing.T) {
	for _, delay := range []int{0, 400, 1600, 4800, 7600} {
		rng := rand.New(rand.NewPCG(18, uint64(delay)))
		far := syllables(rng, 12*50*FrameSize)
		e, near := NewEcho(), NewExtractor()
		var dst [EchoFeatures]float32
		var known [Features]float32
		for at := 0; at < len(far); at += FrameSize {
			var played, heard [FrameSize]int16
			for i := range played {
				played[i] = int16(far[at+i])
				if at+i >= delay {
					heard[i] = int16(0.25*far[at+i-delay] + 4*rng.NormFloat64())
				}
			}
			near.Extract(&known, &heard)
			e.Extract(&dst, near, &known, 0.5, &played)
			for i, f := range dst {
				require.Less(t, math.Abs(float64(f)), 20.0, "feature %d", i)
			}
		}
		assert.InDelta(t, float64(delay)/hopSize, e.delay.hops, 2, "%d samples", delay)
		for b := range bands {
			gain := (e.product[b] - e.near[b]*e.sent[b]) / (e.square[b] - e.sent[b]*e.sent[b])
			assert.InDelta(t, 0.25, gain, 0.1, "%d samples, band %d", delay, b)
		}
	}
}

// TestSteadyNoiseIsNoReturn, however loud: what does not follow the far end is none of it.
func TestSteadyNoiseIsNoReturn(t *testing.T) {
	rng := rand.New(rand.NewPCG(18, 3))
	far := syllables(rng, 10*50*FrameSize)
	e, near := NewEcho(), NewExtractor()
	var dst [EchoFeatures]float32
	var known [Features]float32
	for at := 0; at < len(far); at += FrameSize {
		var played, heard [FrameSize]int16
		for i := range played {
			played[i], heard[i] = int16(far[at+i]), int16(1000*rng.NormFloat64())
		}
		near.Extract(&known, &heard)
		e.Extract(&dst, near, &known, 0.5, &played)
	}
	for b := range bands {
		assert.Less(t, (e.product[b]-e.near[b]*e.sent[b])/(e.square[b]-e.sent[b]*e.sent[b]), float32(0.15), "band %d", b)
	}
}

func TestExp2(t *testing.T) {
	for x := -10.0; x < 30; x += 0.01 {
		assert.InEpsilon(t, math.Exp2(x), exp2(float32(x)), 2e-3)
	}
}
