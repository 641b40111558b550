package model

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func TestPowerIsTheDiscreteFourierTransform(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	tr := newTransform()
	var samples [fftSize]float32
	for i := range samples {
		samples[i] = float32(rng.NormFloat64() * 1000)
	}
	var got [half]float32
	tr.power(&got, &samples)
	for k := range got {
		var sum complex128
		for i, x := range samples {
			sum += complex(float64(x)*float64(tr.window[i]), 0) * cmplx.Rect(1, -2*math.Pi*float64(k*i)/fftSize)
		}
		want := real(sum)*real(sum) + imag(sum)*imag(sum)
		require.InEpsilon(t, want, got[k], 1e-3, "bin %d", k)
	}
}

func TestApproximations(t *testing.T) {
	for x := -12.0; x < 12; x += 0.01 {
		assert.InDelta(t, math.Tanh(x), tanh(float32(x)), 2e-6)
		assert.InDelta(t, 1/(1+math.Exp(-x)), Sigmoid(float32(x)), 2e-6)
	}
	for x := 1e-3; x < 1e12; x *= 1.01 {
		assert.InDelta(t, math.Log2(x), log2(float32(x)), 0.01)
	}
}

// TestStepIsTheGatedRecurrentUnit, computed as the paper writes it.
func TestStepIsTheGatedRecurrentUnit(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	n := NewNetwork(Features)
	for _, part := range n.Weights() {
		for i := range part {
			part[i] = float32(rng.NormFloat64() * 0.3)
		}
	}
	d := n.Detector()
	var state State
	h := make([]float64, Hidden)
	logistic := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	for range 50 {
		var x [Features]float32
		for i := range x {
			x[i] = float32(rng.NormFloat64())
		}
		in, back := make([]float64, Gates), make([]float64, Gates)
		for row := range Gates {
			for i, v := range x {
				in[row] += float64(n.In[row*Features+i]) * float64(v)
			}
			in[row] += float64(n.InBias[row])
			for i, v := range h {
				back[row] += float64(n.Back[row*Hidden+i]) * v
			}
		}
		want := float64(n.Out[Hidden])
		for i := range h {
			z := logistic(in[i] + back[i])
			r := logistic(in[Hidden+i] + back[Hidden+i])
			c := math.Tanh(in[2*Hidden+i] + r*(back[2*Hidden+i]+float64(n.BackBias[i])))
			h[i] = z*h[i] + (1-z)*c
			want += float64(n.Out[i]) * h[i]
		}
		require.InDelta(t, want, d.Step(&state, x[:]), 1e-4)
	}
}

func TestWeightsSurviveTheirBinaryForm(t *testing.T) {
	n := NewNetwork(Features)
	next := float32(0)
	for _, part := range n.Weights() {
		for i := range part {
			next++
			part[i] = next
		}
	}
	require.EqualValues(t, Size(Features), next)
	data := n.Append(nil)
	require.Len(t, data, 4*Size(Features))
	require.Equal(t, n, Load(Features, string(data)))
	require.Equal(t, NewNetwork(Features), Load(Features, ""))
}

// TestPitch: a buzz repeats itself after its period, noise does not.
func TestPitch(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	for _, freq := range []float64{80, 120, 200, 320} {
		strength, period := lastPitch(func(i int) float64 {
			at := 2 * math.Pi * freq * float64(i) / 8000
			return 2000 * (math.Sin(3*at) + math.Sin(4*at) + math.Sin(5*at))
		})
		assert.Greater(t, strength, float32(0.95), "%v Hz", freq)
		// The longest period may also be a multiple of the shortest.
		periods := float64(period) * freq / 4000
		assert.InDelta(t, math.Round(periods), periods, 0.12, "%v Hz", freq)
	}
	strength, _ := lastPitch(func(int) float64 { return 2000 * rng.NormFloat64() })
	assert.Less(t, strength, float32(0.6))
	strength, _ = lastPitch(func(int) float64 { return 0 })
	assert.Zero(t, strength)
}

func lastPitch(sound func(i int) float64) (strength, period float32) {
	e := NewExtractor()
	var frame [FrameSize]int16
	for at := 0; at < 20*FrameSize; at += FrameSize {
		for i := range frame {
			frame[i] = int16(sound(at + i))
		}
		e.take(&frame)
	}
	return e.pitch()
}

// TestFeaturesAreFinite for any input, so that no call's detector is lost to it.
func TestFeaturesAreFinite(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	for _, loud := range []float64{0, 1, 100, 30000} {
		e := NewExtractor()
		var frame [FrameSize]int16
		var features [Features]float32
		for range 200 {
			for i := range frame {
				frame[i] = int16(max(math.MinInt16, min(math.MaxInt16, rng.NormFloat64()*loud)))
			}
			e.Extract(&features, &frame)
			for i, f := range features {
				require.Less(t, math.Abs(float64(f)), 20.0, "feature %d", i)
			}
		}
	}
}

// TestDigitalSilence is told from what was computed before: the features are
// those of the whole computation, to the bit, in it and after it.
func TestDigitalSilence(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	quick, whole := NewExtractor(), NewExtractor()
	skipped := 0
	for _, stretch := range []struct {
		frames int
		loud   float64
	}{{20, 1000}, {30, 0}, {5, 1000}, {3, 0}, {5, 30}, {40, 0}, {20, 1000}} {
		for range stretch.frames {
			var frame [FrameSize]int16
			for i := range frame {
				frame[i] = int16(rng.NormFloat64() * stretch.loud)
			}
			var got, want [Features]float32
			quick.Extract(&got, &frame)
			whole.silent = 0
			whole.Extract(&want, &frame)
			require.Equal(t, want, got)
			if quick.silent >= forgotten {
				skipped++
			}
		}
	}
	require.Greater(t, skipped, 40)
}

// TestNoiseFloorFollows the noise, not the speech above it.
func TestNoiseFloorFollows(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	e := NewExtractor()
	var frame [FrameSize]int16
	var features [Features]float32
	rise := func(frames int, loud float64) float64 {
		sum := 0.0
		for range frames {
			for i := range frame {
				frame[i] = int16(rng.NormFloat64() * loud)
			}
			e.Extract(&features, &frame)
			sum = 0
			for _, f := range features[featSNR : featSNR+bands] {
				sum += float64(f) / bands
			}
		}
		return sum
	}
	assert.Less(t, rise(100, 100), 0.6, "steady noise")
	assert.Greater(t, rise(10, 3000), 2.0, "200 ms of sound 30 dB above it")
	assert.Less(t, rise(100, 100), 0.6, "the noise again")
}

// TestCombine: the vector kernel adds in the order of the Go code, and reads no further.
func TestCombine(t *testing.T) {
	if !vector {
		t.Skip("this processor has no vector kernel")
	}
	rng := rand.New(rand.NewPCG(5, 5))
	for _, stride := range []int{1, 7, Gates} {
		for n := 1; n < 100; n++ {
			x, m := make([]float32, n), make([]float32, (n-1)*stride+wide)
			for i := range x {
				x[i] = float32(rng.NormFloat64())
			}
			for i := range m {
				m[i] = float32(rng.NormFloat64())
			}
			var want, got [wide]float32
			combineGeneric(&want, m, stride, x)
			combine(&got, m, stride, x)
			require.Equal(t, want, got, "stride %d, %d numbers", stride, n)
			require.Panics(t, func() { combine(&got, m[:len(m)-1:len(m)-1], stride, x) })
		}
	}
}
