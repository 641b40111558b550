package vad

import (
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt/vad/internal/model"
)

// line is what comes of a call: what was played, a while later and fainter, what the caller
// says, and comfort noise.
func line(played, said []int16, gain float64, delay int) []int16 {
	rng := rand.New(rand.NewPCG(18, 1))
	out := make([]int16, len(played))
	for i := range out {
		x := 8 * rng.NormFloat64()
		if i >= delay {
			x += gain * float64(played[i-delay])
		}
		if i < len(said) {
			x += float64(said[i])
		}
		out[i] = int16(max(math.MinInt16, min(math.MaxInt16, x)))
	}
	return out
}

// starts returns the frames in which speech starts.
func starts(probabilities []float32) (frames []int) {
	s := NewSegmenter(Options{})
	for i, p := range probabilities {
		for _, e := range s.Step(p) {
			if e.Kind == SpeechStart {
				frames = append(frames, i)
			}
		}
	}
	return frames
}

// answers are 40 s of a bot's speech, with pauses.
func answers(t *testing.T) (played []int16) {
	for len(played) < 40*SampleRate {
		for _, name := range []string{"flite_slt_4", "flite_slt_1", "flite_slt_0"} {
			played = append(append(played, samples(t, name+".8k.ulaw.wav")...), make([]int16, SampleRate/2)...)
		}
	}
	return played[:len(played)/FrameSize*FrameSize]
}

// TestGuardHearsNoEcho, at which the detector starts all the time, and hears the caller over it.
func TestGuardHearsNoEcho(t *testing.T) {
	played := answers(t)
	for _, under := range []float64{6, 12, 18, 24, 30} {
		gain := math.Pow(10, -under/20)
		alone := line(played, nil, gain, 2400)
		began := len(starts(NewDetector().Append(nil, alone)))
		require.Greater(t, began, 8, "-%v dB", under)
		assert.LessOrEqual(t, len(starts(ownOf(NewGuard(), alone, played))), 1, "-%v dB", under)

		const at = 30 * SampleRate
		said := append(make([]int16, at), samples(t, "jfk.8k.ulaw.wav")...)
		heard := starts(ownOf(NewGuard(), line(played, said, gain/2, 2400), played))
		noticed := false
		for _, frame := range heard {
			noticed = noticed || frame >= at/FrameSize && frame < at/FrameSize+50
		}
		assert.True(t, noticed, "-%v dB: %v", under, heard)
	}
}

// TestGuardWithoutFarEnd is the detector, always, and after a second of silence: but for
// frames that it takes for speech and that are doubted, which begin and end nothing.
func TestGuardWithoutFarEnd(t *testing.T) {
	same := func(want, got []float32) {
		t.Helper()
		require.Len(t, got, len(want))
		for i, p := range want {
			if got[i] != 0.4 || p < 0.49 {
				require.Equal(t, p, got[i], "frame %d", i)
			}
		}
		require.Equal(t, starts(want), starts(got))
	}
	said := line(samples(t, "jfk.8k.ulaw.wav"), nil, 1, 0)
	want := NewDetector().Append(nil, said)
	same(want, ownOf(NewGuard(), said, nil))
	same(want, ownOf(NewGuard(), said, make([]int16, len(said))))

	played := samples(t, "flite_slt_0.8k.ulaw.wav")
	got := ownOf(NewGuard(), said, played)
	silent := (len(played)+SampleRate)/FrameSize + 1
	require.NotEqual(t, want[:silent], got[:silent])
	same(want[silent:], got[silent:])
}

// TestGuardPieces: the length of the pieces makes no difference.
func TestGuardPieces(t *testing.T) {
	played := samples(t, "flite_slt_4.8k.ulaw.wav")
	near := line(played, samples(t, "google_230pm.8k.ulaw.wav"), 0.3, 2000)
	want := ownOf(NewGuard(), near, played)
	rng := rand.New(rand.NewPCG(18, 2))
	g, far := NewGuard(), played
	var got []float32
	for len(near) > 0 {
		n := min(len(near), 1+rng.IntN(400))
		_, got = g.Append(nil, got, near[:n], far[:n])
		near, far = near[n:], far[n:]
	}
	require.Equal(t, want, got)
}

// TestGuardCosts no allocation, and no more memory than 24 KiB with the 7 KiB that a stream
// keeps of what it sent.
func TestGuardCosts(t *testing.T) {
	size := unsafe.Sizeof(Guard{}) + unsafe.Sizeof(model.Extractor{}) + unsafe.Sizeof(model.Echo{})
	require.LessOrEqual(t, int(size), 17<<10)

	played := samples(t, "flite_slt_4.8k.ulaw.wav")
	near := line(played, nil, 0.3, 2000)
	g, at, speech, own := NewGuard(), 0, make([]float32, 0, 1), make([]float32, 0, 1)
	require.Zero(t, testing.AllocsPerRun(len(near)/FrameSize-1, func() {
		g.Append(speech, own, near[at:at+FrameSize], played[at:at+FrameSize])
		at += FrameSize
	}))
}

// ownOf returns the probabilities of the caller's own speech.
func ownOf(g *Guard, near, played []int16) []float32 {
	_, own := g.Append(nil, nil, near, played)
	return own
}
