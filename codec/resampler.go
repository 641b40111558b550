package codec

import (
	"fmt"
	"slices"
	"time"
)

const (
	minRate   = 4000
	maxRate   = 192000
	maxPhases = 640 // bounds the filter's memory; 44.1 kHz to 8 kHz has 80, from 11.025 kHz 320

	resampleBlock = 480 // how many samples are filtered at a time
)

// Resampler converts a stream of samples from one rate to another with a
// linear-phase low-pass filter: flat to 0.425 of the lower rate (3.4 kHz at
// 8 kHz), silent from 0.575 of it (4.6 kHz).
//
// The output does not depend on how the stream is cut into calls, and no sample
// is withheld: after N samples in, exactly ceil(N*outRate/inRate) have come out.
type Resampler struct {
	up, down int     // the rates' ratio in lowest terms
	taps     int     // length of the filter of one phase
	filter   []int32 // the filter of phase p is filter[p*taps:][:taps], oldest sample first
	tick     int     // when the next output is due, in 1/up of an input sample from the next input
	history  []int16 // the last taps-1 inputs, then room for a block
	delay    int     // group delay in 1/up of an input sample
	latency  time.Duration
}

// NewResampler returns a Resampler from inRate to outRate in Hz. Rates from 4 kHz
// to 192 kHz are supported if their ratio in lowest terms has at most 640
// filter phases: that includes every pair of 8, 11.025, 12, 16, 22.05, 24, 32,
// 44.1 and 48 kHz.
func NewResampler(inRate, outRate int) (*Resampler, error) {
	for _, rate := range []int{inRate, outRate} {
		if rate < minRate || rate > maxRate {
			return nil, fmt.Errorf("codec: sample rate %d Hz is outside %d to %d Hz", rate, minRate, maxRate)
		}
	}
	d := gcd(inRate, outRate)
	r := &Resampler{up: outRate / d, down: inRate / d}
	if r.up > maxPhases {
		return nil, fmt.Errorf("codec: cannot resample %d Hz to %d Hz: the ratio %d/%d has more than %d phases", inRate, outRate, r.up, r.down, maxPhases)
	}
	if r.up == r.down {
		return r, nil
	}
	f := designFilter(inRate, r.up, min(inRate, outRate))
	r.taps, r.filter, r.delay = f.taps, f.coefficients, f.delay
	r.history = make([]int16, r.taps-1+resampleBlock)
	ticks := int64(inRate) * int64(r.up)
	r.latency = time.Duration((int64(f.delay)*int64(time.Second) + ticks/2) / ticks)
	return r, nil
}

// Latency returns by how much the output lags behind the input: the filter's
// group delay, the same at every frequency. It is 0 for equal rates.
func (r *Resampler) Latency() time.Duration { return r.latency }

// Resample appends the next samples of the converted stream to dst. It allocates
// only when dst lacks the capacity. dst must not overlap src.
func (r *Resampler) Resample(dst, src []int16) []int16 {
	if r.taps == 0 {
		return append(dst, src...)
	}
	dst = slices.Grow(dst, r.outputs(len(src)))
	for len(src) > 0 {
		n := min(len(src), resampleBlock)
		copy(r.history[r.taps-1:], src[:n])
		dst = r.filterBlock(dst, n)
		copy(r.history, r.history[n:n+r.taps-1])
		src = src[n:]
	}
	return dst
}

// Reset forgets the stream: the next sample begins a new one.
func (r *Resampler) Reset() {
	r.tick = 0
	clear(r.history)
}

// outputs returns how many samples the next n inputs yield.
func (r *Resampler) outputs(n int) int {
	ticks := int64(n)*int64(r.up) - int64(r.tick)
	return int((ticks + int64(r.down) - 1) / int64(r.down))
}

// filterBlock appends the outputs due within the n inputs that follow the history.
func (r *Resampler) filterBlock(dst []int16, n int) []int16 {
	end := n * r.up
	for ; r.tick < end; r.tick += r.down {
		i, phase := r.tick/r.up, r.tick%r.up
		dst = append(dst, dot(r.history[i:i+r.taps], r.filter[phase*r.taps:][:r.taps]))
	}
	r.tick -= end
	return dst
}

// dot returns one filtered sample.
func dot(x []int16, filter []int32) int16 {
	acc := int64(1) << (filterBits - 1)
	filter = filter[:len(x)]
	for i, v := range x {
		acc += int64(v) * int64(filter[i])
	}
	return int16(min(max(acc>>filterBits, -32768), 32767))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// delayed returns the latency in output samples, rounded.
func (r *Resampler) delayed() int { return (r.delay + r.down/2) / r.down }
