package codec

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// conversions are the rates that telephone audio meets.
var conversions = []struct{ in, out int }{
	{8000, 16000}, {8000, 24000}, {8000, 48000}, {16000, 8000}, {24000, 8000}, {48000, 8000},
	{44100, 8000}, {22050, 8000}, {11025, 8000}, {32000, 8000}, {96000, 8000}, {8000, 44100},
	{16000, 24000}, {24000, 16000}, {44100, 48000},
}

func newResampler(t testing.TB, in, out int) *Resampler {
	r, err := NewResampler(in, out)
	require.NoError(t, err)
	return r
}

// impulseResponse returns the filter of all phases together, at inRate*up.
func (r *Resampler) impulseResponse() []float64 {
	h := make([]float64, r.up*r.filter.taps)
	for p, phase := range r.filter.phases {
		for i, c := range phase.taps {
			h[p+(r.filter.taps-1-i)*r.up] = float64(c) / (1 << filterBits) / float64(r.up)
		}
	}
	return h
}

// magnitudeAt returns the response to a frequency in Hz, in dB.
func magnitudeAt(h []float64, rate, hz float64) float64 {
	sum, turn, step := complex128(0), complex128(1), cmplx.Rect(1, -2*math.Pi*hz/rate)
	for _, v := range h {
		sum += complex(v, 0) * turn
		turn *= step
	}
	return 20 * math.Log10(cmplx.Abs(sum)+1e-12)
}

// TestFilterResponses measures every filter as it is used, with its coefficients
// rounded: the ripple in the pass band and the worst of the stop band.
func TestFilterResponses(t *testing.T) {
	for _, c := range conversions {
		r := newResampler(t, c.in, c.out)
		h, rate, low := r.impulseResponse(), float64(c.in*r.up), float64(min(c.in, c.out))
		least, most, worst := math.Inf(1), math.Inf(-1), math.Inf(-1)
		for f := 0.0; f <= 0.425001; f += 0.425 / 50 {
			v := magnitudeAt(h, rate, f*low)
			least, most = min(least, v), max(most, v)
		}
		// Far from the edge the response only falls; steps of 20 Hz meet every lobe near it.
		for f := 0.575; f*low <= rate/2 && f < 4; f += 0.0025 * max(1, f*f) {
			worst = max(worst, magnitudeAt(h, rate, f*low))
		}
		t.Logf("%5d -> %5d Hz: %3d x %2d taps, latency %7.4f ms, pass band %+.4f to %+.4f dB, stop band %.1f dB",
			c.in, c.out, r.up, r.filter.taps, r.Latency().Seconds()*1000, least, most, worst)
		require.GreaterOrEqual(t, least, -0.005)
		require.LessOrEqual(t, most, 0.005)
		require.LessOrEqual(t, worst, -80.0)
		require.LessOrEqual(t, r.Latency().Seconds(), 0.002*8000/low)
	}
}

var blackmanHarris = []float64{0.35875, -0.48829, 0.14128, -0.01168}

// amplitudeOf returns the amplitude of a frequency in x, weighted with a window
// whose side lobes lie below -90 dB.
func amplitudeOf(x []int16, hz, rate float64) float64 {
	var total float64
	sum, turn, step := complex128(0), complex128(1), cmplx.Rect(1, -2*math.Pi*hz/rate)
	for i, v := range x {
		w := cosines(blackmanHarris, 2*math.Pi*(float64(i)+0.5)/float64(len(x)))
		sum += complex(w*float64(v), 0) * turn
		turn *= step
		total += w
	}
	return 2 * cmplx.Abs(sum) / total
}

// residual returns how many dB a tone lies above all else in x.
func residual(x []int16, hz, rate float64) float64 {
	n := float64(len(x))
	var s, c, energy float64
	for i, v := range x {
		a := 2 * math.Pi * hz * float64(i) / rate
		s += float64(v) * math.Sin(a)
		c += float64(v) * math.Cos(a)
		energy += float64(v) * float64(v)
	}
	tone := (s*s + c*c) * 2 / n // hz is one of whole periods
	return 10 * math.Log10(tone/(energy-tone))
}

const loud = 30000

// tone is a loud sine over a soft one of 77 Hz, which keeps the rounding of a few
// units of image or alias from following the tone.
func tone(rate int, hz float64) []int16 {
	x := sine(rate, rate, hz, loud)
	for i, v := range sine(rate, rate, 77, 100) {
		x[i] += v
	}
	return x
}

// TestTonesFromTelephoneRate sends tones through the sample path, not the formula:
// gain, image and signal-to-noise ratio.
func TestTonesFromTelephoneRate(t *testing.T) {
	for _, out := range []int{16000, 24000, 48000} {
		worst := math.Inf(-1)
		for hz := 200.0; hz <= 3400; hz += 200 {
			y := newResampler(t, 8000, out).Resample(nil, tone(8000, hz))[out/4 : 3*out/4]
			gain := 20 * math.Log10(amplitudeOf(y, hz, float64(out))/loud)
			require.InDelta(t, 0, gain, 0.05, "%v Hz to %d", hz, out)
			for image := 8000 - hz; image < float64(out)/2; image += 8000 {
				for _, f := range []float64{image, image + 2*hz} {
					if f < float64(out)/2 {
						worst = max(worst, 20*math.Log10(amplitudeOf(y, f, float64(out))/loud))
					}
				}
			}
			if hz == 1000 || hz == 3200 {
				y = newResampler(t, 8000, out).Resample(nil, sine(8000, 8000, hz, loud))[out/4 : 3*out/4]
				snr := residual(y, hz, float64(out))
				t.Logf("8000 -> %d Hz: a tone of %v Hz stands %.1f dB above everything else", out, hz, snr)
				require.GreaterOrEqual(t, snr, 80.0)
			}
		}
		t.Logf("8000 -> %d Hz: worst image of tones up to 3.4 kHz %.1f dB", out, worst)
		require.LessOrEqual(t, worst, -80.0)
	}
}

// TestTonesToTelephoneRate sends tones that must pass and tones that would alias.
func TestTonesToTelephoneRate(t *testing.T) {
	for _, in := range []int{16000, 24000, 48000, 44100, 22050} {
		worst := math.Inf(-1)
		for hz := 200.0; hz < float64(in)/2; hz += 200 * max(1, math.Trunc(hz/8000)) {
			if hz > 3400 && hz < 4600 {
				continue // the transition band
			}
			y := newResampler(t, in, 8000).Resample(nil, tone(in, hz))[2000:6000]
			if hz <= 3400 {
				gain := 20 * math.Log10(amplitudeOf(y, hz, 8000)/loud)
				require.InDelta(t, 0, gain, 0.05, "%v Hz from %d", hz, in)
				continue
			}
			alias := math.Abs(hz - 8000*math.Round(hz/8000))
			worst = max(worst, 20*math.Log10(amplitudeOf(y, alias, 8000)/loud))
		}
		t.Logf("%d -> 8000 Hz: worst alias of tones from 4.6 kHz %.2f dB", in, worst)
		require.LessOrEqual(t, worst, -80.0)
	}
}

// TestLatencyIsExact compares the phase of a tone with the latency that is reported.
func TestLatencyIsExact(t *testing.T) {
	for _, c := range conversions {
		r := newResampler(t, c.in, c.out)
		const hz = 1000.0
		y := r.Resample(nil, sine(c.in, c.in, hz, loud))[c.out/4 : c.out/2]
		var sum complex128
		for i, v := range y {
			sum += complex(float64(v), 0) * cmplx.Rect(1, -2*math.Pi*hz*float64(i+c.out/4)/float64(c.out))
		}
		late := -(cmplx.Phase(sum) + math.Pi/2) / (2 * math.Pi * hz)
		late -= math.Round((late-r.Latency().Seconds())*hz) / hz // whole periods
		require.InDelta(t, r.Latency().Seconds(), late, 1e-7, "%d -> %d", c.in, c.out)
	}
	require.InDelta(t, 0.0019375, newResampler(t, 8000, 16000).Latency().Seconds(), 1e-9)
}

func noise(n int) []int16 {
	rng := rand.New(rand.NewPCG(3, uint64(n)))
	x := make([]int16, n)
	for i := range x {
		x[i] = int16(rng.Uint32())
	}
	return x
}

// TestResamplerMatchesTheKernel evaluates the continuous-time kernel in floating
// point at every output sample.
func TestResamplerMatchesTheKernel(t *testing.T) {
	eachKernelSet(t, func(t *testing.T) {
		for _, c := range conversions {
			x := noise(700)
			for i := range x {
				x[i] /= 4 // no clipping here
			}
			r := newResampler(t, c.in, c.out)
			low := float64(min(c.in, c.out))
			for j, got := range r.Resample(nil, x) {
				at := float64(j)/float64(c.out) - float64(r.filter.delay)/float64(c.in*r.up)
				var want float64
				for i, v := range x {
					want += float64(v) * kernel((at-float64(i)/float64(c.in))*low)
				}
				want *= low / float64(c.in)
				require.InDelta(t, want, got, 1.5, "%d -> %d, sample %d", c.in, c.out, j)
			}
		}
	})
}

// TestResamplerIgnoresChunks is also the proof that all kernel sets agree.
func TestResamplerIgnoresChunks(t *testing.T) {
	x := noise(2500)
	for _, c := range conversions {
		want := newResampler(t, c.in, c.out).Resample(nil, x)
		require.Len(t, want, (len(x)*c.out+c.in-1)/c.in)
		eachKernelSet(t, func(t *testing.T) {
			for _, size := range []int{1, 7, 80, 160, 479, 480, 481, 2500} {
				r := newResampler(t, c.in, c.out)
				var got []int16
				for at := 0; at < len(x); at += size {
					end := min(at+size, len(x))
					got = r.Resample(got, x[at:end])
					require.Len(t, got, (end*c.out+c.in-1)/c.in)
				}
				require.Equal(t, want, got, "%d -> %d by %d", c.in, c.out, size)
			}
		})
	}
}

// TestResamplerClips drives every sum to its limit: full-scale samples with the
// signs of the coefficients.
func TestResamplerClips(t *testing.T) {
	eachKernelSet(t, func(t *testing.T) {
		for _, c := range conversions {
			r := newResampler(t, c.in, c.out)
			for p := range r.filter.phases {
				phase := &r.filter.phases[p]
				var sum int64
				x := make([]int16, len(phase.taps)+3*lane)
				for i, tap := range phase.taps {
					x[i] = math.MaxInt16
					if tap < 0 {
						x[i] = math.MinInt16
					}
					sum += int64(x[i]) * int64(tap)
				}
				require.EqualValues(t, min((sum+1<<(filterBits-1))>>filterBits, math.MaxInt16), dot(x, phase))
				out := make([]int16, lane)
				fir(out, x, phase)
				require.Equal(t, dotGeneric(x, phase), out[0])
			}
		}
	})
}

func TestResamplerResetForgets(t *testing.T) {
	for _, c := range conversions {
		r := newResampler(t, c.in, c.out)
		want := r.Resample(nil, noise(333))
		r.Resample(nil, noise(77))
		r.Reset()
		require.Equal(t, want, r.Resample(nil, noise(333)))
	}
}

func TestResamplerKeepsItsOwnSamples(t *testing.T) {
	x := noise(400)
	y := newResampler(t, 8000, 16000).Resample(nil, x)
	for i := 0; i < 380; i++ {
		require.Equal(t, x[i], y[2*i+31])
	}
	same := newResampler(t, 8000, 8000)
	require.Equal(t, x, same.Resample(nil, x))
	require.Zero(t, same.Latency())
}

func TestResamplerRefusesOddRates(t *testing.T) {
	for _, c := range []struct{ in, out int }{{0, 8000}, {8000, -1}, {7999, 8000}, {8000, 96001}, {8000, 11027}, {95999, 8000}} {
		r, err := NewResampler(c.in, c.out)
		require.Error(t, err, "%+v", c)
		require.Nil(t, r)
	}
	for _, in := range []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000} {
		for _, out := range []int{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000} {
			newResampler(t, in, out)
		}
	}
}

func FuzzResampler(f *testing.F) {
	f.Add(uint8(0), uint64(1), []byte("some samples, cut into chunks"))
	f.Add(uint8(6), uint64(99), []byte("\xff\x7f\x00\x80\xff\x7f\x00\x80"))
	f.Fuzz(func(t *testing.T, which uint8, seed uint64, raw []byte) {
		c := conversions[int(which)%len(conversions)]
		x := make([]int16, len(raw)/2)
		DecodePCM(x, raw)
		want := newResampler(t, c.in, c.out).Resample(nil, x)
		best := kernels
		defer func() { kernels = best }()
		for _, kernels = range kernelSets() {
			rng := rand.New(rand.NewPCG(seed, 0))
			r, got := newResampler(t, c.in, c.out), []int16(nil)
			for rest := x; len(rest) > 0; {
				n := rng.IntN(len(rest) + 1)
				got = r.Resample(got, rest[:n])
				rest = rest[n:]
			}
			if len(x) == 0 {
				require.Empty(t, got)
				continue
			}
			require.Equal(t, want, got)
		}
	})
}
