package pocketsphinx

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"agentos.dev/dialtone/codec"
)

// Tones are told from people by the sound alone, at any rate, loud or soft.
func TestTonal(t *testing.T) {
	tones := func(rate int, level float64, freqs ...float64) []int16 {
		pcm := make([]int16, rate)
		for i := range pcm {
			x := 0.0
			for _, f := range freqs {
				x += level * math.Sin(2*math.Pi*f*float64(i)/float64(rate))
			}
			pcm[i] = int16(x)
		}
		return pcm
	}
	for _, rate := range []int{8000, 16000, 48000} {
		assert.True(t, tonal(tones(rate, 8000, 440), rate), rate)
		assert.True(t, tonal(tones(rate, 8000, 350, 440), rate), rate)
	}
	telephone := codec.AppendDecodeMulaw(nil, codec.AppendEncodeMulaw(nil, tones(8000, 1000, 697, 1209)))
	assert.True(t, tonal(append(append(make([]int16, 3000), telephone...), make([]int16, 5000)...), 8000), "with silence around it")
	assert.False(t, tonal(tones(8000, 4000, 262, 330, 392, 660), 8000), "a chord is music")
	assert.False(t, tonal(nil, 8000))
	assert.False(t, tonal(make([]int16, 100), 8000))
	assert.False(t, tonal(make([]int16, 8000), 8000))
	for _, r := range load(t) {
		if r.Text != "" {
			assert.False(t, tonal(codec.AppendDecodeMulaw(nil, r.audio), 8000), r.File)
		}
	}
}
