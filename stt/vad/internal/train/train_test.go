package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/stt/vad/internal/model"
)

func TestMain(m *testing.M) { leak.Main(m) }

// examples are clips whose frames are voiced when their first feature is high.
func examples(n int) []example {
	rng := rand.New(rand.NewPCG(1, 1))
	data := make([]example, n)
	for i := range data {
		e := example{inputs: model.Features, features: make([]float32, clipFrames*model.Features), voiced: make([]bool, clipFrames), weights: make([]float32, clipFrames)}
		voiced := false
		for f := range clipFrames {
			if rng.IntN(30) == 0 {
				voiced = !voiced
			}
			for k := range e.frame(f) {
				e.frame(f)[k] = float32(rng.NormFloat64())
			}
			if e.weights[f] = 1; voiced {
				e.frame(f)[0] += 1.5
				e.weights[f] = 1.2
			}
			e.voiced[f] = voiced
		}
		data[i] = e
	}
	return data
}

// TestGradient compares the gradient with what the loss does when a weight is moved.
func TestGradient(t *testing.T) {
	tr := newTrainer(examples(1), 2)
	loss := func() float64 {
		tr.turn()
		tr.rng = rand.New(rand.NewPCG(9, 9))
		var state model.State
		return tr.forward(&tr.data[0], 0, &state, make([]float32, model.Features))
	}
	loss()
	tr.grad = model.NewNetwork(model.Features)
	tr.backward(0)
	tr.gather(1)
	for part, weights := range tr.net.Weights() {
		grads := tr.grad.Weights()[part]
		for i := 0; i < len(weights); i += 1 + len(weights)/20 {
			const step = 1e-2
			before := weights[i]
			weights[i] = before + step
			up := loss()
			weights[i] = before - step
			down := loss()
			weights[i] = before
			want := (up - down) / (2 * step)
			assert.InDelta(t, want, grads[i], 0.02+0.03*math.Abs(want), "part %d weight %d", part, i)
		}
	}
}

// TestItLearns, and as it is taught with normalised features, so it answers to
// plain ones.
func TestItLearns(t *testing.T) {
	tr := newTrainer(examples(32), 2)
	first := tr.epoch(0, 0.25)
	last := 0.0
	for i := range 3 {
		last = tr.epoch(float64(i+1)/4, 0.25)
	}
	require.Less(t, last, first/1.5)

	net, right := tr.network().Detector(), 0
	var state model.State
	for i, voiced := range tr.data[0].voiced {
		if net.Step(&state, tr.data[0].frame(i)) > 0 == voiced {
			right++
		}
	}
	require.Greater(t, right, clipFrames*85/100)
}

// TestTheSameDataGiveTheSameWeights, bit for bit.
func TestTheSameDataGiveTheSameWeights(t *testing.T) {
	data := examples(batch)
	a, b := newTrainer(data, 2), newTrainer(data, 2)
	a.epoch(0, 1)
	b.epoch(0, 1)
	require.Equal(t, a.network().Append(nil), b.network().Append(nil))
}
