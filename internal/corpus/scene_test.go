package corpus

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt/vad"
)

// tune is a second of something that has a level.
func tune(rng *rand.Rand) []float32 { return Music(rng, Rate) }

// TestScene: what was sent comes back as late and as faint as asked for, the truth says who
// speaks when, and a seed makes the same call again.
func TestScene(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 18))
	said := [][]float32{tune(rng), tune(rng)}
	scene := Scene{Frames: 600, Bot: said, Caller: said, Sounds: [][]float32{Cough(rng)}, Every: 2, Duck: 6}
	for _, path := range append(TrainingPaths(), TestPath()) {
		scene.Path, scene.Under = &path, 12
		talk := scene.Make(rand.New(rand.NewPCG(2, 18)))
		require.Equal(t, talk, scene.Make(rand.New(rand.NewPCG(2, 18))), path.Name)
		require.Len(t, talk.Near, 600*Frame)
		require.Len(t, talk.Far, 600*Frame)
		require.Len(t, talk.Begins, 2)
		require.Len(t, talk.Sounds, 1)
		for _, at := range talk.Begins {
			assert.True(t, talk.Voiced[at])
			assert.False(t, talk.Voiced[at-1])
		}
		assert.False(t, talk.Speaks[0])
		assert.True(t, talk.Speaks[15])
	}

	scene.Caller, scene.Sounds = nil, nil
	loud := func(s Scene) (near, far float64) {
		talk := s.Make(rand.New(rand.NewPCG(3, 18)))
		near = voicedPower(floats(talk.Near), talk.Speaks)
		return near, voicedPower(floats(talk.Far), talk.Speaks)
	}
	near, far := loud(scene)
	assert.InDelta(t, -12, 10*math.Log10(near/far), 3)
	scene.Path = nil
	near, far = loud(scene)
	assert.Less(t, 10*math.Log10(near/far), -30.0)
}

func floats(pcm []int16) []float32 {
	out := make([]float32, len(pcm))
	for i, x := range pcm {
		out[i] = float32(x)
	}
	return out
}

// TestStarts: three frames begin speech, 400 ms of it confirm it, and what began before is
// not noticed again.
func TestStarts(t *testing.T) {
	p := make([]float32, 200)
	for i := 20; i < 60; i++ {
		p[i] = 0.9
	}
	for i := 120; i < 124; i++ {
		p[i] = 0.9
	}
	starts := Starts(vad.NewSegmenter(vad.Options{}), p)
	require.Equal(t, []Start{{22, 73, true}, {122, 137, false}}, starts)
	late, first, already := Late(starts, 18)
	require.Equal(t, 100*time.Millisecond, late)
	require.True(t, first.Sure)
	require.False(t, already)
	_, _, already = Late(starts, 50)
	require.True(t, already)
	late, _, _ = Late(starts, 150)
	require.EqualValues(t, math.MaxInt64, late)
}
