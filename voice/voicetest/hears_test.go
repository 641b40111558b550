package voicetest

import (
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"agentos.dev/dialtone/codec"

	"github.com/stretchr/testify/require"
)

func recorded(t testing.TB) []byte {
	f, err := os.Open("testdata/book_a_room.wav")
	require.NoError(t, err)
	defer f.Close()
	audio, err := codec.ReadMulaw(f)
	require.NoError(t, err)
	return audio
}

// change applies f to every sample of a sound.
func change(mulaw []byte, f func(int16) int16) []byte {
	pcm := codec.AppendDecodeMulaw(nil, mulaw)
	for i := range pcm {
		pcm[i] = f(pcm[i])
	}
	return codec.AppendEncodeMulaw(nil, pcm)
}

// resampled sends a sound through another rate, as a host does that knows no 8 kHz.
func resampled(t testing.TB, rate int, mulaw []byte) []byte {
	up, err := codec.NewResampler(8000, rate)
	require.NoError(t, err)
	down, err := codec.NewResampler(rate, 8000)
	require.NoError(t, err)
	pcm := append(codec.AppendDecodeMulaw(nil, mulaw), make([]int16, 800)...) // room for the latency
	return codec.AppendEncodeMulaw(nil, down.Resample(nil, up.Resample(nil, pcm)))
}

func TestWhatCountsAsHeard(t *testing.T) {
	audio := recorded(t)
	noise := rand.New(rand.NewPCG(1, 2))
	other := change(audio, func(int16) int16 { return int16(noise.IntN(20000) - 10000) })
	backwards := slices.Clone(audio)
	slices.Reverse(backwards)
	quiet := sound(8000, mulawZero)
	for name, tc := range map[string]struct {
		audio, heard []byte
		want         bool
	}{
		"the same":             {audio, audio, true},
		"between other sound":  {audio, slices.Concat(other, audio, other), true},
		"half as loud":         {audio, change(audio, func(v int16) int16 { return v / 2 }), true},
		"with noise":           {audio, change(audio, func(v int16) int16 { return v + int16(noise.IntN(1200)-600) }), true},
		"with a little noise":  {audio, change(audio, func(v int16) int16 { return v + int16(noise.IntN(200)-100) }), true},
		"from 44.1 kHz":        {audio, slices.Concat(other[:1234], resampled(t, 44100, audio)), true},
		"from 16 kHz":          {audio, slices.Concat(other[:1234], resampled(t, 16000, audio)), true},
		"silence":              {quiet[:100], quiet, true},
		"nothing":              {audio, nil, false},
		"cut short":            {audio, audio[:len(audio)*3/4], false},
		"cut short, then more": {audio, slices.Concat(audio[:len(audio)/2], quiet, quiet), false},
		"other sound":          {audio, slices.Concat(other, other), false},
		"backwards":            {audio, slices.Concat(backwards, backwards), false},
		"only silence":         {audio, slices.Concat(quiet, quiet), false},
	} {
		t.Run(name, func(t *testing.T) {
			found, end := newSearch(tc.audio).find(tc.heard, 0)
			require.Equal(t, tc.want, found)
			require.LessOrEqual(t, end, len(tc.heard))

			// The same when it is heard bit by bit.
			s, found := newSearch(tc.audio), false
			for n := 0; n < len(tc.heard) && !found; n += 400 {
				found, _ = s.find(tc.heard[:n], 0)
			}
			if !found {
				found, _ = s.find(tc.heard, 0)
			}
			require.Equal(t, tc.want, found)
		})
	}
}

func TestASoundIsFoundOncePerPlayback(t *testing.T) {
	audio := recorded(t)
	heard := slices.Concat(audio, audio)
	found, end := newSearch(audio).find(heard, 0)
	require.True(t, found)
	require.Equal(t, len(audio), end)
	found, end = newSearch(audio).find(heard, end)
	require.Equal(t, len(heard), end)
	require.True(t, found)
	found, _ = newSearch(audio).find(heard, end)
	require.False(t, found)
}

// TestResumed finds audio that was stopped and went on, and none of which a part is missing,
// however often it was stopped.
func TestResumed(t *testing.T) {
	audio := recorded(t)[:8000]
	join := func(parts ...[]byte) []byte { return slices.Concat(parts...) }
	for name, c := range map[string]struct {
		heard []byte
		cuts  []int
		end   int // 0 = not found
	}{
		"never stopped":           {audio, nil, 0}, // the caller of resumed looks for it whole
		"once":                    {audio, []int{4000}, 8000},
		"a part twice":            {join(audio[:4000], audio[3900:]), []int{4000}, 8100},
		"all of it twice":         {join(audio[:4000], audio), []int{4000}, 12000},
		"a part missing":          {join(audio[:4000], audio[4001:]), []int{4000}, 0},
		"not to its end":          {audio[:7999], []int{4000}, 0},
		"twice at one place":      {join(audio[:4000], audio[3900:]), []int{4000, 4000}, 8100},
		"many times at one place": {audio[:7000], slices.Repeat([]int{4000}, 100), 0},
		"many times":              {join(audio[:2000], audio[1000:3000], audio[2500:5000], audio[100:]), []int{2000, 4000, 6500}, 14400},
		"the wrong end":           {join(audio[:6000], audio[:4000]), []int{6000}, 0},
	} {
		end, found := resumed(c.heard, 0, c.cuts, audio)
		require.Equal(t, c.end, end, name)
		require.Equal(t, c.end > 0, found, name)
	}
}
