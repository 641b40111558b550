package model

import "math"

const (
	fftSize = 256         // samples under one window
	half    = fftSize / 2 // a real transform of fftSize is a complex one of half
)

// transform computes power spectra of real windows. It is read-only after
// newTransform, so that all detectors of a process share one.
type transform struct {
	window  [fftSize]float32 // Hann
	twiddle [half]complex64  // exp(-2 pi i k / fftSize)
	stages  [half]complex64  // the twiddles of each stage in its own order: those of arm n from n on
	reverse [half]uint8
}

func newTransform() *transform {
	t := new(transform)
	for i := range t.window {
		t.window[i] = float32(0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/fftSize))
	}
	for k := range t.twiddle {
		sin, cos := math.Sincos(-2 * math.Pi * float64(k) / fftSize)
		t.twiddle[k] = complex(float32(cos), float32(sin))
	}
	for arm := 1; arm < half; arm *= 2 {
		for k := range arm {
			t.stages[arm+k] = t.twiddle[k*half/arm]
		}
	}
	for i := range t.reverse {
		for bit := range 7 {
			if i&(1<<bit) != 0 {
				t.reverse[i] |= 1 << (6 - bit)
			}
		}
	}
	return t
}

// power puts |X[k]|^2 of the windowed samples, k = 0..half-1, into out.
func (t *transform) power(out *[half]float32, samples *[fftSize]float32) {
	var z [half]complex64
	for i, r := range t.reverse {
		z[r&(half-1)] = complex(samples[2*i]*t.window[2*i], samples[2*i+1]*t.window[2*i+1])
	}
	for i := 0; i < half; i += 4 { // the first two stages need no multiplication
		a, b, c, d := z[i], z[i+1], z[i+2], z[i+3]
		a, b, c, d = a+b, a-b, c+d, c-d
		d = complex(imag(d), -real(d))
		z[i], z[i+1], z[i+2], z[i+3] = a+c, b+d, a-c, b-d
	}
	for size := 8; size <= half; size *= 2 {
		arm := size / 2
		twiddle := t.stages[arm:size]
		for at := 0; at < half; at += size {
			lo, hi := z[at : at+size][:len(twiddle)], z[at+arm : at+size][:len(twiddle)]
			for k, w := range twiddle {
				x := hi[k]
				re := real(w)*real(x) - imag(w)*imag(x)
				im := real(w)*imag(x) + imag(w)*real(x)
				y := lo[k]
				lo[k] = complex(real(y)+re, imag(y)+im)
				hi[k] = complex(real(y)-re, imag(y)-im)
			}
		}
	}
	out[0] = (real(z[0]) + imag(z[0])) * (real(z[0]) + imag(z[0]))
	for k := 1; k < half; k++ {
		a, b := z[k], z[half-k]
		evenRe, evenIm := (real(a)+real(b))/2, (imag(a)-imag(b))/2
		oddRe, oddIm := (imag(a)+imag(b))/2, (real(b)-real(a))/2
		w := t.twiddle[k]
		re := evenRe + real(w)*oddRe - imag(w)*oddIm
		im := evenIm + real(w)*oddIm + imag(w)*oddRe
		out[k] = re*re + im*im
	}
}
