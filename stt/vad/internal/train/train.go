package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"agentos.dev/dialtone/stt/vad/internal/model"
)

const (
	batch  = 16  // clips that share an update
	window = 100 // frames through which an error flows back
	rate   = 4e-3
	decay  = 0.02 // of the weights, per step and rate
	// How much features are shaken, in their standard deviations, from clip to
	// clip and from frame to frame: real lines differ more than synthetic ones.
	clipShake, frameShake = 0.15, 0.1
)

// trainer fits a network to examples by gradient descent (Adam) through time.
type trainer struct {
	data         []example
	mean, spread []float32      // of each feature
	net          *model.Network // sees features less mean over spread
	grad         *model.Network
	m, v         *model.Network // Adam's moments
	updates      int
	rng          *rand.Rand
	tape         [window]step
	in, back     []float32 // the network's matrices, column after column
	// What a batch leaves for the gradients of the matrices, step after step of the way back:
	// the slopes of the rows, and what each column was multiplied by.
	inSlopes, backSlopes []float32
	seen                 [][]float32
}

const steps = batch * window

// step is what the way back needs of a frame.
type step struct {
	even, odd                []float32                    // the features
	seen                     [2][model.Hidden / 2]float32 // the state before, the same way
	before                   model.State
	update, reset, candidate [model.Hidden]float32
	inner                    [model.Hidden]float32 // the candidate's recurrent part
	state                    model.State
	slope                    float32 // of the loss by the output
}

func newTrainer(data []example, seed uint64) *trainer {
	inputs := data[0].inputs
	t := &trainer{data: data, rng: rand.New(rand.NewPCG(seed, 0)), mean: make([]float32, inputs), spread: make([]float32, inputs),
		net: model.NewNetwork(inputs), grad: model.NewNetwork(inputs), m: model.NewNetwork(inputs), v: model.NewNetwork(inputs)}
	for i := range t.tape {
		t.tape[i].even, t.tape[i].odd = make([]float32, inputs/2), make([]float32, inputs/2)
	}
	t.in, t.back = make([]float32, inputs*model.Gates), make([]float32, model.Hidden*model.Gates)
	t.inSlopes, t.backSlopes = make([]float32, steps*model.Gates), make([]float32, steps*model.Gates)
	t.seen = make([][]float32, inputs+model.Hidden)
	for i := range t.seen {
		t.seen[i] = make([]float32, steps)
	}
	n, sum, squares := 0.0, make([]float64, inputs), make([]float64, inputs)
	for _, e := range data {
		for f := range e.frames() {
			n++
			for i, x := range e.frame(f) {
				sum[i] += float64(x)
				squares[i] += float64(x) * float64(x)
			}
		}
	}
	for i := range sum {
		mean := sum[i] / n
		t.mean[i] = float32(mean)
		t.spread[i] = float32(math.Sqrt(max(0, squares[i]/n-mean*mean)) + 1e-3)
	}
	fill := func(w []float32, scale float64) {
		for i := range w {
			w[i] = float32(t.rng.NormFloat64() * scale)
		}
	}
	fill(t.net.In[:], 1/math.Sqrt(float64(inputs)))
	fill(t.net.Back[:], 1/math.Sqrt(model.Hidden))
	fill(t.net.Out[:model.Hidden], 1/math.Sqrt(model.Hidden))
	for i := range model.Hidden {
		t.net.InBias[i] = 1 // remember, to begin with
	}
	t.turn()
	return t
}

// network returns the trained network with the normalisation folded in.
func (t *trainer) network() *model.Network {
	n := *t.net
	n.In = slices.Clone(n.In)
	for row := range model.Gates {
		for i := range n.Inputs {
			w := &n.In[row*n.Inputs+i]
			*w /= t.spread[i]
			n.InBias[row] -= *w * t.mean[i]
		}
	}
	return &n
}

// epoch goes once over the data, from done to done+part of the whole training.
func (t *trainer) epoch(done, part float64) (loss float64) {
	order := t.rng.Perm(len(t.data))
	frames := 0
	for at := 0; at+batch <= len(order); at += batch {
		progress := done + part*float64(at)/float64(len(order))
		lr := rate * (0.01 + 0.99*(0.5+0.5*math.Cos(math.Pi*progress)))
		var states [batch]model.State
		var shakes [batch][]float32
		for b := range shakes {
			shakes[b] = make([]float32, t.net.Inputs)
			for i := range shakes[b] {
				shakes[b][i] = float32(clipShake * t.rng.NormFloat64())
			}
		}
		for from := 0; from+window <= t.data[0].frames(); from += window {
			t.grad = model.NewNetwork(t.net.Inputs)
			for b := range batch {
				e := &t.data[order[at+b]]
				loss += t.forward(e, from, &states[b], shakes[b])
				t.backward(b)
			}
			t.gather(batch)
			frames += batch * window
			t.descend(lr)
		}
	}
	return loss / float64(frames)
}

func (t *trainer) forward(e *example, from int, state *model.State, shake []float32) (loss float64) {
	net := t.net
	for i := range t.tape {
		s := &t.tape[i]
		for k, f := range e.frame(from + i) {
			x := (f-t.mean[k])/t.spread[k] + shake[k] + float32(frameShake*t.rng.NormFloat64())
			if k%2 == 0 {
				s.even[k/2] = x
			} else {
				s.odd[k/2] = x
			}
		}
		s.before = *state
		for h, x := range state {
			s.seen[h%2][h/2] = x
		}
		var in, back [model.Gates]float32
		product(&in, t.in, s.even, s.odd)
		product(&back, t.back, s.seen[0][:], s.seen[1][:])
		out := net.Out[model.Hidden]
		for h := range model.Hidden {
			u, r, c := h, model.Hidden+h, 2*model.Hidden+h
			s.update[h] = model.Sigmoid(in[u] + net.InBias[u] + back[u])
			s.reset[h] = model.Sigmoid(in[r] + net.InBias[r] + back[r])
			s.inner[h] = back[c] + net.BackBias[h]
			s.candidate[h] = model.Tanh(in[c] + net.InBias[c] + s.reset[h]*s.inner[h])
			state[h] = s.candidate[h] + s.update[h]*(s.before[h]-s.candidate[h])
			out += net.Out[h] * state[h]
		}
		s.state = *state
		p := model.Sigmoid(out)
		weight := e.weights[from+i]
		if e.voiced[from+i] {
			s.slope = weight * (p - 1)
			loss -= float64(weight) * math.Log(float64(p)+1e-7)
		} else {
			s.slope = weight * p
			loss -= float64(weight) * math.Log(1-float64(p)+1e-7)
		}
	}
	return loss
}

// product is a matrix times the numbers whose even and odd ones are given.
func product(dst *[model.Gates]float32, columns, even, odd []float32) {
	var more [model.Gates]float32
	model.Combine(dst, columns, 2*model.Gates, even)
	model.Combine(&more, columns[model.Gates:], 2*model.Gates, odd)
	for i, x := range more {
		dst[i] += x
	}
}

// turn writes the network's matrices column after column.
func (t *trainer) turn() {
	for row := range model.Gates {
		for i := range t.net.Inputs {
			t.in[i*model.Gates+row] = t.net.In[row*t.net.Inputs+i]
		}
		for i := range model.Hidden {
			t.back[i*model.Gates+row] = t.net.Back[row*model.Hidden+i]
		}
	}
}

// backward adds the gradients of the frames on the tape, of a clip of the batch: those of
// the matrices are left for gather.
func (t *trainer) backward(clip int) {
	net, grad := t.net, t.grad
	var later model.State // slope by the state, from the frames after
	for i := window - 1; i >= 0; i-- {
		s, at := &t.tape[i], clip*window+window-1-i
		grad.Out[model.Hidden] += s.slope
		var before model.State
		for h := range model.Hidden {
			grad.Out[h] += s.slope * s.state[h]
			d := later[h] + s.slope*net.Out[h]
			u, r, c := s.update[h], s.reset[h], s.candidate[h]
			before[h] += d * u
			dc := d * (1 - u) * (1 - c*c)
			du := d * (s.before[h] - c) * u * (1 - u)
			dr := dc * s.inner[h] * r * (1 - r)
			grad.InBias[h] += du
			grad.InBias[model.Hidden+h] += dr
			grad.InBias[2*model.Hidden+h] += dc
			grad.BackBias[h] += dc * r
			for gate, slope := range [3][2]float32{{du, du}, {dr, dr}, {dc, dc * r}} {
				row := gate*model.Hidden + h
				t.inSlopes[at*model.Gates+row], t.backSlopes[at*model.Gates+row] = slope[0], slope[1]
				add(before[:], slope[1], net.Back[row*model.Hidden:(row+1)*model.Hidden])
			}
		}
		for k := range s.even {
			t.seen[2*k][at], t.seen[2*k+1][at] = s.even[k], s.odd[k]
		}
		for k, x := range s.before {
			t.seen[net.Inputs+k][at] = x
		}
		later = before
	}
}

// gather adds the gradients of the matrices over the first clips of the batch.
func (t *trainer) gather(clips int) {
	var column [model.Gates]float32
	for i, seen := range t.seen {
		slopes, grad, width := t.inSlopes, t.grad.In, t.net.Inputs
		if k := i - width; k >= 0 {
			slopes, grad, width, i = t.backSlopes, t.grad.Back[:], model.Hidden, k
		}
		model.Combine(&column, slopes, model.Gates, seen[:clips*window])
		for row, x := range column {
			grad[row*width+i] += x
		}
	}
}

// descend makes a step of Adam.
func (t *trainer) descend(lr float64) {
	const b1, b2, clip = 0.9, 0.999, 1.0
	t.updates++
	grads, ms, vs, ws := t.grad.Weights(), t.m.Weights(), t.v.Weights(), t.net.Weights()
	norm := 0.0
	for _, g := range grads {
		for i := range g {
			g[i] /= batch * window
			norm += float64(g[i]) * float64(g[i])
		}
	}
	scale := float32(min(1, clip/math.Sqrt(norm+1e-12)))
	size := float32(lr * math.Sqrt(1-math.Pow(b2, float64(t.updates))) / (1 - math.Pow(b1, float64(t.updates))))
	for p, g := range grads {
		m, v, w := ms[p], vs[p], ws[p]
		for i, d := range g {
			d *= scale
			m[i] += (1 - b1) * (d - m[i])
			v[i] += (1 - b2) * (d*d - v[i])
			w[i] -= size*m[i]/(float32(math.Sqrt(float64(v[i])))+1e-8) + float32(lr)*decay*w[i]
		}
	}
	t.turn()
}

func add(dst []float32, factor float32, x []float32) {
	x = x[:len(dst)]
	for i := range dst {
		dst[i] += factor * x[i]
	}
}
