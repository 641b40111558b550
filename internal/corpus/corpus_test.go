package corpus

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

func tone(freq float64, rate, n int, level float64) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(level * math.Sin(2*math.Pi*freq*float64(i)/float64(rate)))
	}
	return out
}

func TestTelephoneBand(t *testing.T) {
	for freq, want := range map[float64]float64{50: -40, 150: -20, 500: 0, 1000: 0, 3200: 0, 3700: -30, 6000: -40} {
		out := Telephone(tone(freq, 22050, 22050, 1000), 22050)
		require.Len(t, out, Rate)
		got := 10 * math.Log10(Power(out[1000:7000])/(1000*1000/2))
		if want == 0 {
			assert.InDelta(t, 0, got, 0.5, "%v Hz", freq)
		} else {
			assert.Less(t, got, want, "%v Hz", freq)
		}
	}
}

func TestLabel(t *testing.T) {
	clean := make([]float32, 100*Frame)
	copy(clean[20*Frame:], tone(500, Rate, 10*Frame, 5000))
	copy(clean[34*Frame:], tone(500, Rate, 10*Frame, 5000)) // after 80 ms
	copy(clean[60*Frame:], tone(500, Rate, 10*Frame, 5000)) // after 320 ms
	copy(clean[80*Frame:], tone(500, Rate, 10*Frame, 50))   // 40 dB fainter
	for i, v := range Label(clean) {
		assert.Equal(t, i >= 20 && i < 44 || i >= 60 && i < 70, v, "frame %d", i)
	}
	assert.NotContains(t, Label(make([]float32, 10*Frame)), true)
}

func TestMixHasTheRatio(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	speech := append(make([]float32, 50*Frame), tone(500, Rate, 50*Frame, 100)...)
	noise := white(rng, 30*Frame)
	for _, snr := range []float64{0, 10, 20} {
		clip := Mix(speech, noise, Label(speech), snr, -20)
		var first, last []float32
		for i, x := range clip.PCM {
			if i < 49*Frame {
				first = append(first, float32(x))
			} else if i >= 50*Frame {
				last = append(last, float32(x))
			}
		}
		assert.InDelta(t, snr, 10*math.Log10((Power(last)-Power(first))/Power(first)), 0.5)
		level := 10 * math.Log10((Power(last)-Power(first))/(math.MaxInt16*math.MaxInt16))
		assert.InDelta(t, -20, level, 0.3)
	}
}

func TestNoisesAreSound(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	babble := white(rng, Rate)
	for _, noise := range append(append(TrainingNoises(babble), TestNoises(babble)...), Noise{"tones", Tones}) {
		out := noise.Make(rng, 2*Rate)
		require.Len(t, out, 2*Rate, noise.Name)
		p := Power(out)
		require.True(t, p > 0 && p < 1e9, "%s: %v", noise.Name, p)
	}
}

func TestVoices(t *testing.T) {
	apt.Need(t, "espeak-ng", "espeak-ng")
	apt.Need(t, "flite", "flite")
	rng := rand.New(rand.NewPCG(3, 3))
	for _, v := range []Voice{TrainingVoices(rng, 1)[0], HeldOutVoices(rng, 1)[0], FliteVoices()[0]} {
		said, err := v.Say(context.Background(), "book a room")
		require.NoError(t, err)
		assert.Greater(t, len(said), Rate/3)
		again, err := v.Say(context.Background(), "book a room")
		require.NoError(t, err)
		require.Equal(t, said, again, "training can be repeated")
		assert.Contains(t, Label(Dialogue(rng, said)), true)
	}
	_, err := Voice{Engine: "nobody"}.Say(context.Background(), "hello")
	require.Error(t, err)
}

func TestScore(t *testing.T) {
	var s Score
	s.Add(Clip{Voiced: []bool{true, true, false, false, true}}, []bool{true, false, true, false, true})
	assert.Equal(t, Score{Hits: 2, Misses: 1, FalseAlarms: 1, Silences: 1}, s)
	assert.InDelta(t, 2.0/3, s.F1(), 1e-9)
	assert.Zero(t, Score{}.F1())
}

// TestVoicesAreApart: nobody is judged on what the network was trained on.
func TestVoicesAreApart(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	seen := map[string]string{} // language or variant -> group
	for group, voices := range map[string][]Voice{
		"training": TrainingVoices(rng, 2000), "validation": ValidationVoices(rng, 500), "held out": HeldOutVoices(rng, 500),
	} {
		for _, v := range voices {
			language, variant, _ := strings.Cut(v.Name, "+")
			for _, name := range []string{language, "+" + variant} {
				require.Contains(t, []string{"", group}, seen[name], name)
				seen[name] = group
			}
		}
	}
}
