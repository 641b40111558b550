// Package capacity says how many lines, workers and dollars a service needs for its
// calls.
package capacity

import "math"

// erlangB returns the share of calls that find all lines taken and are lost, when
// erlangs of traffic (calls per hour times hours per call) are offered to that many
// lines (ITU-T E.501; A. K. Erlang 1917).
func erlangB(erlangs float64, lines int) float64 {
	if erlangs <= 0 {
		return 0
	}
	b := 1.0
	for n := 1; n <= lines; n++ {
		b = erlangs * b / (float64(n) + erlangs*b)
	}
	return b
}

// erlangC returns the share of jobs that have to wait, when erlangs of work are
// offered to that many workers and nobody gives up. It is 1 if the workers cannot keep
// up at all.
func erlangC(erlangs float64, workers int) float64 {
	if erlangs <= 0 {
		return 0
	}
	if float64(workers) <= erlangs {
		return 1
	}
	b := erlangB(erlangs, workers)
	return b / (1 - erlangs/float64(workers)*(1-b))
}

// linesFor returns how many lines keep the share of lost calls at or below blocking,
// such as 0.01.
func linesFor(erlangs, blocking float64) int {
	if erlangs <= 0 {
		return 0
	}
	b, n := 1.0, 0
	for b > max(blocking, 1e-12) {
		n++
		b = erlangs * b / (float64(n) + erlangs*b)
	}
	return n
}

// traffic returns the erlangs that lines carry with the share of lost calls at
// blocking: the reverse of linesFor.
func traffic(lines int, blocking float64) float64 {
	return bisect(func(erlangs float64) bool { return erlangB(erlangs, lines) <= blocking }, float64(lines))
}

// workersFor returns how many workers keep the share of jobs that wait at or below
// waiting, such as 0.05.
func workersFor(erlangs, waiting float64) int {
	if erlangs <= 0 {
		return 0
	}
	n := int(erlangs) + 1
	for erlangC(erlangs, n) > max(waiting, 1e-12) {
		n++
	}
	return n
}

// work returns the erlangs that workers do with the share of jobs that wait at
// waiting: the reverse of workersFor.
func work(workers int, waiting float64) float64 {
	return bisect(func(erlangs float64) bool { return erlangC(erlangs, workers) <= waiting }, float64(workers))
}

// bisect returns the largest x for which ok holds, if it holds up to there.
func bisect(ok func(float64) bool, hint float64) float64 {
	low, high := 0.0, max(1, hint)
	for ok(high) && high < math.MaxFloat64/4 {
		high *= 2
	}
	for range 200 {
		if mid := (low + high) / 2; ok(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}
