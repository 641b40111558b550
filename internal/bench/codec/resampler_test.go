package codec

import (
	"fmt"
	"testing"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/bench"
)

func TestResampler(t *testing.T) {
	var contestants []bench.Contestant
	for _, c := range []struct{ in, out int }{{8000, 16000}, {8000, 24000}, {8000, 48000}, {16000, 8000}, {24000, 8000}, {48000, 8000}, {44100, 8000}} {
		r, err := codec.NewResampler(c.in, c.out)
		if err != nil {
			t.Fatal(err)
		}
		frame, to := speech(c.in/50), make([]int16, 0, c.out/50+1)
		contestants = append(contestants, repeat(fmt.Sprintf("codec.Resampler %d -> %d Hz", c.in, c.out), func() {
			to = r.Resample(to[:0], frame)
		}))
	}
	bench.Report(t, "resampling of one frame of 20 ms", contestants...)
}
