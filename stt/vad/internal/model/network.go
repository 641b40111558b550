package model

import (
	"encoding/binary"
	"math"
)

const (
	Hidden = 24         // units that remember
	Gates  = 3 * Hidden // rows: update, reset, candidate

	recurrent = Gates + Gates*Hidden + Hidden + Hidden + 1 // weights that no input has
)

// Size is the number of weights of a network with this number of features.
func Size(inputs int) int { return Gates*inputs + recurrent }

// Network is a layer of gated recurrent units (Cho et al. 2014, with the reset
// gate after the product, as in cuDNN) and one output. It is read-only once
// filled, so that all detectors share one.
type Network struct {
	Inputs   int       // features
	In       []float32 // Gates rows of Inputs
	InBias   [Gates]float32
	Back     [Gates * Hidden]float32
	BackBias [Hidden]float32     // of the candidate, within the reset gate
	Out      [Hidden + 1]float32 // the last is the bias
}

// NewNetwork returns a network with this number of features, whose weights are zero.
func NewNetwork(inputs int) *Network {
	return &Network{Inputs: inputs, In: make([]float32, Gates*inputs)}
}

// State is what a network remembers of a call.
type State [Hidden]float32

// Detector is a network as it runs: the columns of its matrices one after another. It
// is read-only.
type Detector struct {
	*Network
	in   []float32
	back [Hidden * Gates]float32
}

// Detector returns the network as it is, to be run.
func (n *Network) Detector() *Detector {
	d := &Detector{Network: n, in: make([]float32, len(n.In))}
	for row := range Gates {
		for i := range n.Inputs {
			d.in[i*Gates+row] = n.In[row*n.Inputs+i]
		}
		for i := range Hidden {
			d.back[i*Gates+row] = n.Back[row*Hidden+i]
		}
	}
	return d
}

// Step takes the features of the next frame and returns the log-odds of speech.
func (d *Detector) Step(state *State, features []float32) float32 {
	var in, back [Gates]float32
	combine(&in, d.in, Gates, features[:d.Inputs])
	combine(&back, d.back[:], Gates, state[:])
	sum := d.Out[Hidden]
	for i, h := range state {
		update := sigmoid(in[i] + back[i] + d.InBias[i])
		reset := sigmoid(in[Hidden+i] + back[Hidden+i] + d.InBias[Hidden+i])
		candidate := tanh(in[2*Hidden+i] + d.InBias[2*Hidden+i] + reset*(back[2*Hidden+i]+d.BackBias[i]))
		h = candidate + update*(h-candidate)
		state[i] = h
		sum += h * d.Out[i]
	}
	return sum
}

// Tanh is the hyperbolic tangent.
func Tanh(x float32) float32 { return tanh(x) }

// Sigmoid is the logistic function.
func Sigmoid(x float32) float32 { return sigmoid(x) }

func sigmoid(x float32) float32 { return 0.5 + 0.5*tanh(0.5*x) }

// tanh is a rational approximation, off by less than 1e-6.
func tanh(x float32) float32 {
	if x > 7.9 {
		x = 7.9
	} else if x < -7.9 {
		x = -7.9
	}
	s := x * x
	p := x * (4.89352455891786e-03 + s*(6.37261928875436e-04+s*(1.48572235717979e-05+s*(5.12229709037114e-08+s*(-8.60467152213735e-11+s*(2.00018790482477e-13+s*-2.76076847742355e-16))))))
	q := 4.89352518554385e-03 + s*(2.26843463243900e-03+s*(1.18534705686654e-04+s*1.19825839466702e-06))
	return p / q
}

// Weights returns the parts of the network in the order of its binary form.
func (n *Network) Weights() [][]float32 {
	return [][]float32{n.In, n.InBias[:], n.Back[:], n.BackBias[:], n.Out[:]}
}

// Append appends the binary form: Size(n.Inputs) little-endian float32.
func (n *Network) Append(dst []byte) []byte {
	for _, part := range n.Weights() {
		for _, w := range part {
			dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(w))
		}
	}
	return dst
}

// Load reads the binary form of a network with this number of features. Weights that data is
// too short for are zero.
func Load(inputs int, data string) *Network {
	n := NewNetwork(inputs)
	for _, part := range n.Weights() {
		for i := range part {
			if len(data) < 4 {
				return n
			}
			part[i] = math.Float32frombits(uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24)
			data = data[4:]
		}
	}
	return n
}
