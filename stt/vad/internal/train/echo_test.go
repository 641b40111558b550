package main

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/corpus"
	"agentos.dev/dialtone/stt/vad/internal/model"
)

// TestTalk: what is taught are the frames with a far end; those without are the detector's,
// and at the end frames that cost nothing make all examples as long.
func TestTalk(t *testing.T) {
	rng := rand.New(rand.NewPCG(18, 4))
	tune := corpus.Music(rng, 2*corpus.Rate)
	talk := corpus.Scene{Frames: 400, Bot: [][]float32{tune}, Caller: [][]float32{tune}, Every: 1}.Make(rng)
	clear(talk.Far[200*corpus.Frame:])
	e, alone := newTalk(talk, model.NewNetwork(model.Features).Detector())
	require.Equal(t, 400, e.frames())
	require.Len(t, e.features, 400*model.EchoFeatures)
	taught := 0
	for i, p := range alone {
		if p >= 0 {
			require.EqualValues(t, 0.5, p)
			continue
		}
		require.Less(t, i, 252)
		require.Equal(t, talk.Voiced[i], e.voiced[taught])
		require.NotZero(t, e.weights[taught])
		taught++
	}
	require.Greater(t, taught, 100)
	for _, w := range e.weights[taught:] {
		require.Zero(t, w)
	}
}

// TestRecordings: those of people are there, without the synthetic ones.
func TestRecordings(t *testing.T) {
	pieces, err := recordings("../../testdata")
	require.NoError(t, err)
	require.Len(t, pieces, 16)
	for _, p := range pieces {
		require.LessOrEqual(t, len(p), 3*corpus.Rate)
	}
	_, err = recordings("corpus")
	require.Error(t, err)
}
