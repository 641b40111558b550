package model

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSound: the guard doubts sounds other than a voice, and sounds that may be an echo.
func TestSound(t *testing.T) {
	type frame struct {
		p, clear, harmony, swing, change float32
		excess, score                    float32
	}
	voice := frame{p: 0.9, clear: 1, harmony: 0.8, swing: 0.4, change: 1.5, excess: 0.9}
	with := func(change func(*frame)) frame {
		f := voice
		change(&f)
		return f
	}
	for name, test := range map[string]struct {
		frame frame
		from  int // the first frame that is doubted; 0 = none is
		first bool
	}{
		"voice":                     {frame: voice},
		"cough":                     {frame: with(func(f *frame) { f.harmony = 0.4 }), from: weighed},
		"held note":                 {frame: with(func(f *frame) { f.swing, f.change = 0.1, 0.9 }), from: weighed},
		"voice that keeps loud":     {frame: with(func(f *frame) { f.swing = 0.1 })},
		"cough in noise":            {frame: with(func(f *frame) { f.clear, f.harmony = 0.6, 0.4 })},
		"what an echo explains":     {frame: with(func(f *frame) { f.p, f.excess = 0.7, 0.2 }), from: weighed},
		"the same, but surely his":  {frame: with(func(f *frame) { f.excess = 0.2 })},
		"onset that may be an echo": {frame: with(func(f *frame) { f.p, f.excess, f.score = 0.7, 0.4, 0.5 }), first: true},
		"the same without an echo":  {frame: with(func(f *frame) { f.p, f.excess = 0.7, 0.4 })},
	} {
		t.Run(name, func(t *testing.T) {
			var s Sound
			var known [Features]float32
			var echo [EchoFeatures]float32
			f := test.frame
			for b := range bands {
				known[featSNR+b], echo[echoExcess+b] = f.clear, f.excess
			}
			known[featHarmony], known[featDelta+1], echo[echoScore] = f.harmony, f.change, f.score
			for i := 1; i <= 40; i++ {
				known[featCepstra] = 2 + f.swing*float32(i%2*2-1)
				want := f.p
				if test.from > 0 && i >= test.from || test.first && i == 1 {
					want = doubted
				}
				require.Equal(t, want, s.Doubt(f.p, &known, &echo), "frame %d", i)
			}
		})
	}
}

// TestSoundForgets what was heard before a pause.
func TestSoundForgets(t *testing.T) {
	var s Sound
	var cough, voice [Features]float32
	for b := range bands {
		cough[featSNR+b], voice[featSNR+b] = 1, 1
	}
	voice[featHarmony], voice[featDelta+1] = 0.8, 1.5
	for range 30 {
		s.Doubt(0.9, &cough, nil)
	}
	require.Equal(t, float32(doubted), s.Doubt(0.9, &voice, nil))
	for range over {
		require.Equal(t, float32(0.1), s.Doubt(0.1, &voice, nil))
	}
	for range 30 {
		require.Equal(t, float32(0.9), s.Doubt(0.9, &voice, nil))
	}
}
