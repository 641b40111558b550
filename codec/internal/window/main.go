// Command window designs the window of the resampler's kernel and prints the
// coefficients that package codec holds.
//
// The kernel is a sinc, zero at every other sample of the lower rate, times a window
// of a few cosines. Its response is linear in their coefficients, so Lawson's method
// finds those whose worst stop-band level is least: solve weighted least squares,
// raise the weights where the error is large, repeat. All the rates at which the
// kernel will be sampled count, since each folds its spectrum differently.
package main

import (
	"fmt"
	"math"
)

const (
	reach      = 16    // of the kernel to each side, in samples of the lower rate
	cosines    = 13    // terms of the window
	edge       = 0.575 // where the stop band begins, in cycles per sample
	iterations = 3000
)

func main() {
	rows := stopBand()
	window, worst := minimax(rows)
	fmt.Printf("stop band %.2f dB\n", 20*math.Log10(worst))
	for i, a := range window {
		fmt.Printf("%.12f,", a)
		if i%5 == 4 {
			fmt.Println()
		}
	}
	fmt.Println()
}

// stopBand returns a row for every rate and frequency: what each cosine of the
// window contributes to the response there. Sampled 40 times the kernel is as good
// as continuous.
func stopBand() [][]float64 {
	var rows [][]float64
	for _, oversampling := range []float64{2, 3, 6, 40} {
		for f := edge; f <= min(oversampling/2, 8); f += step(f) {
			rows = append(rows, contributions(oversampling, f))
		}
	}
	return rows
}

// step resolves every lobe near the edge and half as finely beyond.
func step(f float64) float64 {
	if f > 2 {
		return 1.0 / reach / 20
	}
	return 1.0 / reach / 40
}

func contributions(oversampling, f float64) []float64 {
	row := make([]float64, cosines)
	for i := -reach * oversampling; i <= reach*oversampling; i++ {
		t := i / oversampling
		if t == math.Trunc(t) && t != 0 {
			continue // a zero of the sinc
		}
		v := math.Cos(2*math.Pi*f*t) / oversampling
		if t != 0 {
			v *= math.Sin(math.Pi*t) / (math.Pi * t)
		}
		for k := range row {
			row[k] += v * math.Cos(math.Pi*float64(k)*t/reach)
		}
	}
	return row
}

// minimax returns the window with the least worst response and that response. Its
// coefficients sum to one, so the first is what the others leave.
func minimax(rows [][]float64) (best []float64, worst float64) {
	weights := make([]float64, len(rows))
	for i := range weights {
		weights[i] = 1
	}
	worst = math.Inf(1)
	for range iterations {
		a := leastSquares(rows, weights)
		errors, most := make([]float64, len(rows)), 0.0
		for i, row := range rows {
			for k, c := range row {
				errors[i] += a[k] * c
			}
			errors[i] = math.Abs(errors[i])
			most = max(most, errors[i])
		}
		if most < worst {
			best, worst = a, most
		}
		total := 0.0
		for i := range weights {
			weights[i] *= math.Pow(errors[i]/most+1e-4, 0.7)
			total += weights[i]
		}
		for i := range weights {
			weights[i] *= float64(len(weights)) / total
		}
	}
	return best, worst
}

func leastSquares(rows [][]float64, weights []float64) []float64 {
	const n = cosines - 1
	var normal [n][n + 1]float64
	for m, row := range rows {
		for i := range n {
			x := (row[i+1] - row[0]) * weights[m]
			for j := range n {
				normal[i][j] += x * (row[j+1] - row[0])
			}
			normal[i][n] -= x * row[0]
		}
	}
	for i := range n { // Gaussian elimination; the matrix is positive definite
		for r := i + 1; r < n; r++ {
			f := normal[r][i] / normal[i][i]
			for c := i; c <= n; c++ {
				normal[r][c] -= f * normal[i][c]
			}
		}
	}
	a := make([]float64, cosines)
	a[0] = 1
	for i := n - 1; i >= 0; i-- {
		v := normal[i][n]
		for c := i + 1; c < n; c++ {
			v -= normal[i][c] * a[c+1]
		}
		a[i+1] = v / normal[i][i]
		a[0] -= a[i+1]
	}
	return a
}
