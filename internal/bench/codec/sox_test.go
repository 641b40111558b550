package codec

import (
	"bytes"
	"math"
	"math/cmplx"
	"os/exec"
	"strings"
	"testing"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/apt"
)

// TestResamplerAgainstSox compares what conversions from 8 to 16 kHz do to tones:
// their gain near the edge of the telephone band, and the worst of their images.
func TestResamplerAgainstSox(t *testing.T) {
	sox := apt.Need(t, "sox", "sox")
	convert := map[string]func([]int16) []int16{
		"codec.Resampler": func(x []int16) []int16 {
			r, err := codec.NewResampler(8000, 16000)
			if err != nil {
				t.Fatal(err)
			}
			return r.Resample(nil, x)
		},
		"every sample twice": func(x []int16) (y []int16) {
			for _, v := range x {
				y = append(y, v, v)
			}
			return y
		},
		"straight lines between samples": func(x []int16) (y []int16) {
			last := int16(0)
			for _, v := range x {
				y = append(y, int16((int(last)+int(v))/2), v)
				last = v
			}
			return y
		},
	}
	for _, quality := range []string{"-q", "-l", "-m", "-h", "-v"} {
		convert["sox rate "+quality] = func(x []int16) []int16 {
			raw := "-t raw -e signed-integer -b 16 -c 1 -r "
			cmd := exec.Command(sox, strings.Fields("-D "+raw+"8000 - "+raw+"16000 - rate "+quality)...)
			cmd.Stdin = bytes.NewReader(codec.AppendPCM(nil, x))
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			y := make([]int16, len(out)/2)
			codec.DecodePCM(y, out)
			return y
		}
	}
	for _, name := range []string{"codec.Resampler", "sox rate -v", "sox rate -h", "sox rate -m", "sox rate -l", "sox rate -q", "straight lines between samples", "every sample twice"} {
		gain, worst := map[float64]float64{}, math.Inf(-1)
		for hz := 200.0; hz <= 3400; hz += 200 {
			x := make([]int16, 8000)
			for i := range x {
				x[i] = int16(math.Round(30000*math.Sin(2*math.Pi*hz*float64(i)/8000) + 100*math.Sin(2*math.Pi*77*float64(i)/8000)))
			}
			y := convert[name](x)[4000:12000]
			gain[hz] = decibels(y, hz)
			worst = max(worst, decibels(y, 8000-hz))
		}
		t.Logf("%-32s 3.0 kHz %+7.3f dB, 3.2 kHz %+7.3f dB, 3.4 kHz %+7.3f dB, worst image %6.1f dB", name, gain[3000], gain[3200], gain[3400], worst)
	}
}

// decibels returns the level of a frequency in sound of 16 kHz against the tone.
func decibels(y []int16, hz float64) float64 {
	var sum complex128
	for i, v := range y {
		hann := 1 - math.Cos(2*math.Pi*(float64(i)+0.5)/float64(len(y)))
		sum += complex(hann*float64(v), 0) * cmplx.Rect(1, -2*math.Pi*hz*float64(i)/16000)
	}
	return 20 * math.Log10(2*cmplx.Abs(sum)/float64(len(y))/30000)
}
