package vad

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// call is a recording as a call brings it: with silence around it.
func call(pcm []int16, before, after int) []int16 {
	out := make([]int16, before, before+len(pcm)+after)
	return append(append(out, pcm...), make([]int16, after)...)
}

func TestRecordings(t *testing.T) {
	for _, r := range recordings(t) {
		t.Run(r.File, func(t *testing.T) {
			pcm := call(samples(t, r.File), SampleRate/2, SampleRate)
			s := NewSegmenter(Options{})
			var found []Event
			for _, e := range s.Write(pcm) {
				if e.Kind == Utterance {
					found = append(found, e)
				}
			}
			if r.Text == "" {
				require.Empty(t, found)
				return
			}
			require.NotEmpty(t, found)
			var voiced, heard float64
			for at, energy := range energies(pcm) {
				voiced += energy
				for _, e := range found {
					if from := int64(at * FrameSize); from >= e.Start && from < e.End {
						heard += energy
					}
				}
			}
			assert.Greater(t, heard/voiced, 0.985, "share of the energy inside the utterances")
			t.Log(len(found), "utterances", found)
		})
	}
}

// energies returns the energy of each frame above the recording's own noise.
func energies(pcm []int16) []float64 {
	var all []float64
	for len(pcm) >= FrameSize {
		sum := 0.0
		for _, x := range pcm[:FrameSize] {
			sum += float64(x) * float64(x)
		}
		all = append(all, sum)
		pcm = pcm[FrameSize:]
	}
	return all
}

func TestProbabilityIsOne(t *testing.T) {
	for name, frame := range map[string][]int16{
		"empty":   nil,
		"short":   make([]int16, 7),
		"long":    make([]int16, 1000),
		"square":  square(math.MaxInt16),
		"lowest":  square(math.MinInt16),
		"silence": make([]int16, FrameSize),
	} {
		d := NewDetector()
		for range 100 {
			p := d.Probability(frame)
			require.True(t, p >= 0 && p <= 1, "%s: %v", name, p)
		}
	}
}

func square(level int16) []int16 {
	frame := make([]int16, FrameSize)
	for i := range frame {
		if frame[i] = level; i%20 < 10 {
			frame[i] = -(level + 1)
		}
	}
	return frame
}

func TestAShortFrameEndsInSilence(t *testing.T) {
	pcm := samples(t, "flite_slt_1.8k.ulaw.wav")
	short, full := NewDetector(), NewDetector()
	for at := 0; at+FrameSize <= len(pcm); at += FrameSize {
		frame := append([]int16(nil), pcm[at:at+FrameSize]...)
		clear(frame[100:])
		require.Equal(t, full.Probability(frame), short.Probability(frame[:100]))
	}
}

func TestNothingIsAllocated(t *testing.T) {
	pcm := samples(t, "jfk.8k.ulaw.wav")
	d, s, at := NewDetector(), NewSegmenter(Options{}), 0
	assert.Zero(t, testing.AllocsPerRun(400, func() {
		frame := pcm[at : at+FrameSize]
		at += FrameSize
		d.Probability(frame)
		s.Write(frame)
	}))
}

func BenchmarkProbability(b *testing.B) {
	pcm := samples(b, "jfk.8k.ulaw.wav")
	d, at := NewDetector(), 0
	b.ReportAllocs()
	for b.Loop() {
		if at+FrameSize > len(pcm) {
			at = 0
		}
		d.Probability(pcm[at : at+FrameSize])
		at += FrameSize
	}
}

// BenchmarkGuard is the same while the bot speaks.
func BenchmarkGuard(b *testing.B) {
	pcm, far := samples(b, "jfk.8k.ulaw.wav"), samples(b, "google_book_a_room.8k.ulaw.wav")
	g, at := NewGuard(), 0
	var speech, own [1]float32
	b.ReportAllocs()
	for b.Loop() {
		if at+FrameSize > min(len(pcm), len(far)) {
			at = 0
		}
		g.Append(speech[:0], own[:0], pcm[at:at+FrameSize], far[at:at+FrameSize])
		at += FrameSize
	}
}

// TestALongCall: minutes of noise, tones and silence neither count as speech nor
// wear the detector out.
func TestALongCall(t *testing.T) {
	s := NewSegmenter(Options{})
	for range 30 {
		for _, file := range []string{"neg_comfort_noise_3s.8k.ulaw.wav", "neg_silence_2s.8k.ulaw.wav", "neg_ringback_3s.8k.ulaw.wav"} {
			for _, e := range s.Write(samples(t, file)) {
				require.NotEqual(t, Utterance, e.Kind)
			}
		}
	}
	events := s.Write(call(samples(t, "google_book_a_room.8k.ulaw.wav"), SampleRate, SampleRate))
	require.Len(t, events, 2)
	assert.Equal(t, Utterance, events[1].Kind)
}
