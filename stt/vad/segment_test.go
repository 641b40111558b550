package vad

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// stretch is n frames of one probability.
type stretch struct {
	n int
	p float32
}

// play steps a segmenter through the stretches; positions are in frames.
func play(s *Segmenter, stretches ...stretch) []Event {
	var all []Event
	for _, st := range stretches {
		for range st.n {
			s.events = s.events[:0]
			s.step(st.p)
			for _, e := range s.events {
				e.Start /= FrameSize
				e.Onset /= FrameSize
				e.VoicedEnd /= FrameSize
				e.End /= FrameSize
				all = append(all, e)
			}
		}
	}
	return all
}

func TestUtterance(t *testing.T) {
	s := NewSegmenter(Options{})
	events := play(s, stretch{50, 0}, stretch{20, 0.9}, stretch{50, 0})
	require.Equal(t, []Event{
		{Kind: SpeechStart, Start: 38, Onset: 50},
		{Kind: Utterance, Start: 38, Onset: 50, VoicedEnd: 70, End: 84},
	}, events)
}

func TestSpeechStartIsReportedAfterStart(t *testing.T) {
	s := NewSegmenter(Options{})
	require.Empty(t, play(s, stretch{50, 0}, stretch{2, 0.9}))
	require.Len(t, play(s, stretch{1, 0.9}), 1)
}

func TestAClickIsNoSpeech(t *testing.T) {
	s := NewSegmenter(Options{})
	require.Empty(t, play(s, stretch{50, 0}, stretch{2, 1}, stretch{50, 0}, stretch{2, 1}, stretch{1, 0}, stretch{2, 1}, stretch{9, 0}))
}

func TestTooShortIsDiscarded(t *testing.T) {
	s := NewSegmenter(Options{})
	events := play(s, stretch{50, 0}, stretch{4, 1}, stretch{50, 0})
	require.Equal(t, []Event{
		{Kind: SpeechStart, Start: 38, Onset: 50},
		{Kind: Discard, Start: 38, Onset: 50, VoicedEnd: 54, End: 68},
	}, events)
	require.Equal(t, Utterance, play(s, stretch{5, 1}, stretch{50, 0})[1].Kind)
}

func TestReleaseIsLower(t *testing.T) {
	s := NewSegmenter(Options{})
	require.Empty(t, play(s, stretch{50, 0.49}))
	events := play(s, stretch{3, 0.5}, stretch{100, 0.36}, stretch{14, 0.34})
	require.Len(t, events, 2)
	require.EqualValues(t, 153, events[1].VoicedEnd)
}

func TestAPauseShorterThanTheHangOver(t *testing.T) {
	s := NewSegmenter(Options{})
	events := play(s, stretch{50, 0}, stretch{10, 1}, stretch{13, 0}, stretch{10, 1}, stretch{14, 0})
	require.Len(t, events, 2)
	require.EqualValues(t, 83, events[1].VoicedEnd)
}

func TestUtterancesDoNotOverlap(t *testing.T) {
	s := NewSegmenter(Options{HangOver: 100 * time.Millisecond})
	events := play(s, stretch{5, 0}, stretch{10, 1}, stretch{6, 0}, stretch{10, 1}, stretch{9, 0})
	require.Len(t, events, 4)
	assert.EqualValues(t, 0, events[0].Start, "pre-roll before the call")
	assert.EqualValues(t, 20, events[1].End)
	assert.EqualValues(t, 20, events[2].Start, "pre-roll in the utterance before")
}

func TestMaxLengthCutsAtTheWeakestFrame(t *testing.T) {
	s := NewSegmenter(Options{MaxLength: 2 * time.Second})
	// 88 frames after the 12 of pre-roll fill two seconds; frame 75 is weak.
	events := play(s, stretch{12, 0}, stretch{75 - 12, 0.9}, stretch{1, 0.4}, stretch{100 - 76, 0.9}, stretch{14, 0})
	require.Equal(t, []Event{
		{Kind: SpeechStart, Start: 0, Onset: 12},
		{Kind: Utterance, Start: 0, Onset: 12, VoicedEnd: 76, End: 76, Forced: true},
		{Kind: SpeechStart, Start: 76, Onset: 76},
		{Kind: Utterance, Start: 76, Onset: 76, VoicedEnd: 100, End: 114},
	}, events)
}

func TestNothingIsSaidAfterACut(t *testing.T) {
	s := NewSegmenter(Options{MaxLength: 2 * time.Second})
	events := play(s, stretch{12, 0}, stretch{87, 0.9}, stretch{20, 0})
	require.Equal(t, []Event{
		{Kind: SpeechStart, Start: 0, Onset: 12},
		{Kind: Utterance, Start: 0, Onset: 12, VoicedEnd: 99, End: 100, Forced: true},
		{Kind: SpeechStart, Start: 100, Onset: 100},
		{Kind: Discard, Start: 100, Onset: 100, VoicedEnd: 100, End: 114},
	}, events)
}

func TestFlush(t *testing.T) {
	s := NewSegmenter(Options{})
	play(s, stretch{50, 0}, stretch{20, 1})
	s.Write(make([]int16, 7)) // the caller hung up within a frame
	events := s.Flush()
	require.Equal(t, []Event{{
		Kind: Utterance, Start: 38 * FrameSize, Onset: 50 * FrameSize,
		VoicedEnd: 70 * FrameSize, End: 70*FrameSize + 7, Forced: true,
	}}, events)
	require.Empty(t, s.Flush())
	require.EqualValues(t, 70*FrameSize+7, s.Needed())
}

// TestInvariants: whatever the probabilities, starts and ends alternate,
// utterances do not overlap or outgrow MaxLength, and Needed keeps its word.
func TestInvariants(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		s := NewSegmenter(Options{MaxLength: time.Duration(1+rng.IntN(3000)) * time.Millisecond, PreRoll: time.Duration(rng.IntN(500)) * time.Millisecond})
		open, end, needed, level := false, int64(0), int64(0), float32(0)
		for range 2000 {
			if rng.IntN(12) == 0 {
				level = rng.Float32()
			}
			s.events = s.events[:0]
			s.step(level)
			for _, e := range s.events {
				require.GreaterOrEqual(t, e.Start, needed)
				require.GreaterOrEqual(t, e.Start, end)
				require.GreaterOrEqual(t, e.Onset, e.Start)
				if e.Kind == SpeechStart {
					require.False(t, open)
					open = true
					continue
				}
				require.True(t, open)
				require.Greater(t, e.End, e.Start)
				require.GreaterOrEqual(t, e.VoicedEnd, e.Onset)
				require.LessOrEqual(t, e.VoicedEnd, e.End)
				require.LessOrEqual(t, e.End-e.Start, s.opts.maxLength)
				require.LessOrEqual(t, e.End, s.Position())
				open, end = false, e.End
			}
			require.GreaterOrEqual(t, s.Needed(), needed)
			needed = s.Needed()
		}
	}
}

func TestPiecesOfAnyLength(t *testing.T) {
	pcm := call(samples(t, "vosk_digits.8k.ulaw.wav"), 0, SampleRate)
	whole := append([]Event(nil), NewSegmenter(Options{}).Write(pcm)...)
	require.NotEmpty(t, whole)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 20 {
		s := NewSegmenter(Options{})
		var got []Event
		for rest := pcm; len(rest) > 0; {
			n := min(len(rest), rng.IntN(700))
			got = append(got, s.Write(rest[:n])...)
			rest = rest[n:]
		}
		require.Equal(t, whole, got)
	}
}

// TestOneDetectorForSeveral: what one detector heard cuts as if each had listened.
func TestOneDetectorForSeveral(t *testing.T) {
	pcm := call(samples(t, "vosk_digits.8k.ulaw.wav"), 0, SampleRate)
	alone := append([]Event(nil), NewSegmenter(Options{HangOver: time.Second}).Write(pcm)...)
	d, s := NewDetector(), NewSegmenter(Options{HangOver: time.Second})
	var told []Event
	var heard []float32
	for rest := pcm; len(rest) > 0; rest = rest[min(len(rest), 1000):] {
		heard = d.Append(heard[:0], rest[:min(len(rest), 1000)])
		told = append(told, s.Step(heard...)...)
	}
	require.NotEmpty(t, alone)
	require.Equal(t, alone, told)
	require.EqualValues(t, len(pcm)/FrameSize*FrameSize, s.Position())
}

// FuzzWrite: whatever the audio, events come in pairs and in order.
func FuzzWrite(f *testing.F) {
	f.Add([]byte("\x00\x01\x7f\xff"), uint16(7))
	f.Fuzz(func(t *testing.T, pattern []byte, piece uint16) {
		if len(pattern) < 2 || piece == 0 {
			return
		}
		pcm := make([]int16, 4*SampleRate)
		for i := range pcm {
			at := i * 2 % (len(pattern) - 1)
			pcm[i] = int16(uint16(pattern[at]) | uint16(pattern[at+1])<<8)
		}
		s, end, open := NewSegmenter(Options{MaxLength: time.Second}), int64(0), false
		check := func(events []Event) {
			for _, e := range events {
				require.Equal(t, open, e.Kind != SpeechStart)
				require.GreaterOrEqual(t, e.Start, end)
				if open = !open; !open {
					require.LessOrEqual(t, e.End, s.Position())
					end = e.End
				}
			}
		}
		for rest := pcm; len(rest) > 0; {
			n := min(len(rest), int(piece))
			check(s.Write(rest[:n]))
			rest = rest[n:]
		}
		check(s.Flush())
		require.False(t, open)
		require.EqualValues(t, len(pcm), s.Position())
	})
}

// A frame that was cut by Flush begins what comes after it.
func TestSpeechRightAfterFlush(t *testing.T) {
	s := NewSegmenter(Options{})
	play(s, stretch{50, 0}, stretch{20, 1})
	s.Write(make([]int16, 7))
	end := s.Flush()[0].End
	for range 5 {
		s.step(1)
	}
	events := append(s.events, s.Flush()...)
	require.Equal(t, end, events[0].Start)
	require.Equal(t, end, events[0].Onset, "not before the utterance")
}

// Who never wants a cut asks for the longest time there is.
func TestOptionsDoNotOverflow(t *testing.T) {
	s := NewSegmenter(Options{MaxLength: math.MaxInt64, PreRoll: math.MaxInt64})
	events := play(s, stretch{50, 0}, stretch{5000, 1}, stretch{14, 0})
	require.Equal(t, []Event{
		{Kind: SpeechStart, Start: 0, Onset: 50},
		{Kind: Utterance, Start: 0, Onset: 50, VoicedEnd: 5050, End: 5064},
	}, events)
}
