package pocketsphinx

import (
	"math"

	"agentos.dev/dialtone/codec"
)

const (
	toneFrame = 256   // samples at 8 kHz: 32 ms
	toneShare = 0.985 // of a frame's power in two lines of its spectrum
)

// tonal reports whether audio is nothing but one or two tones at a time, steady or
// gliding, as those of exchanges, keys, fax machines and sirens. Nine of ten frames
// that are not faint are then all in two lines of the spectrum, which those of speech
// never are.
func tonal(pcm []int16, rate int) bool {
	step := max(rate/codec.Rate, 1)
	var powers []float64
	loudest := 0.0
	for at := 0; at+toneFrame*step <= len(pcm); at += toneFrame * step {
		sum := 0.0
		for i := range toneFrame {
			x := float64(pcm[at+i*step])
			sum += x * x
		}
		powers = append(powers, sum)
		loudest = max(loudest, sum)
	}
	loud := 0
	for _, p := range powers {
		if p > loudest/100 {
			loud++
		}
	}
	others := 0
	for i, p := range powers {
		if p > loudest/100 && twoLines(pcm[i*toneFrame*step:], step) < toneShare {
			if others++; 10*others > loud {
				return false // speech is known after a few frames
			}
		}
	}
	return loud > 0
}

// twoLines returns the share of a frame's power that is in the two strongest lines
// of its spectrum. It takes every step-th sample.
func twoLines(pcm []int16, step int) float64 {
	var sin, frame [toneFrame]float64
	for i := range frame {
		sin[i] = math.Sin(2 * math.Pi * float64(i) / toneFrame)
		frame[i] = float64(pcm[i*step]) * (0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/toneFrame))
	}
	var spectrum [toneFrame / 2]float64
	all, lines := 1.0, 0.0
	for k := 3; k < len(spectrum); k++ { // from 100 Hz
		re, im := 0.0, 0.0
		for i, x := range frame {
			re += x * sin[(k*i+toneFrame/4)%toneFrame]
			im += x * sin[k*i%toneFrame]
		}
		spectrum[k] = re*re + im*im
		all += spectrum[k]
	}
	for range 2 {
		peak := 0
		for k, p := range spectrum {
			if p > spectrum[peak] {
				peak = k
			}
		}
		for k := max(peak-2, 0); k <= min(peak+2, len(spectrum)-1); k++ { // as wide as the window makes a line
			lines += spectrum[k]
			spectrum[k] = 0
		}
	}
	return lines / all
}
