package codec

import (
	"fmt"
	"slices"
	"time"
)

const (
	minRate         = 8000
	maxRate         = 96000
	maxCoefficients = 1 << 16 // bounds a filter's memory

	resampleBlock = 30 * lane // how many samples are filtered at a time
)

// Resampler converts a stream of samples from one rate to another with a
// linear-phase low-pass filter that is flat up to 0.425 of the lower rate (3.4 kHz
// at 8 kHz) and at least 80 dB down from 0.575 of it (4.6 kHz).
//
// The output does not depend on how the stream is cut into calls or on the
// processor, and no sample is withheld: after N samples in, exactly
// ceil(N*outRate/inRate) have come out. The zero value passes samples on unchanged.
type Resampler struct {
	up, down int // the rates' ratio in lowest terms
	filter   filter
	tick     int     // when the next output is due, in ticks from the next input
	history  []int16 // the last taps-1 inputs, room for a block and for what vectors read beyond it
	filtered []int16 // one phase's output of a block
	latency  time.Duration
}

// NewResampler returns a Resampler from inRate to outRate in Hz, both from 8000 to
// 96000. The rates must have a common divisor that keeps the filter small: all
// pairs of the usual rates do, 8, 11.025, 12, 16, 22.05, 24, 32, 44.1, 48 and 96 kHz.
func NewResampler(inRate, outRate int) (*Resampler, error) {
	for _, rate := range []int{inRate, outRate} {
		if rate < minRate || rate > maxRate {
			return nil, fmt.Errorf("codec: sample rate %d Hz is not within %d to %d Hz", rate, minRate, maxRate)
		}
	}
	d := gcd(inRate, outRate)
	r := &Resampler{up: outRate / d, down: inRate / d}
	if r.up == r.down {
		return r, nil
	}
	lowRate := min(inRate, outRate)
	if taps, _ := filterTaps(inRate, r.up, lowRate); taps > maxCoefficients/r.up {
		return nil, fmt.Errorf("codec: resampling %d Hz to %d Hz, a ratio of %d/%d, needs too large a filter", inRate, outRate, r.up, r.down)
	}
	r.filter = designFilter(inRate, r.up, lowRate)
	r.history = make([]int16, r.filter.taps-1+resampleBlock+2*lane)
	r.filtered = make([]int16, resampleBlock)
	ticks := int64(inRate) * int64(r.up)
	r.latency = time.Duration((int64(r.filter.delay)*int64(time.Second) + ticks/2) / ticks)
	return r, nil
}

// Latency returns by how much the output lags behind the input: the filter's
// group delay, the same at every frequency. It is 0 for equal rates.
func (r *Resampler) Latency() time.Duration { return r.latency }

// Resample appends the next samples of the converted stream to dst. It allocates
// only when dst lacks the capacity. dst must not overlap src.
func (r *Resampler) Resample(dst, src []int16) []int16 {
	if r.up == r.down {
		return append(dst, src...)
	}
	dst = slices.Grow(dst, r.outputs(len(src)))
	keep := r.filter.taps - 1
	for len(src) > 0 {
		n := copy(r.history[keep:keep+resampleBlock], src)
		if r.down == 1 {
			dst = r.interpolate(dst, n)
		} else {
			dst = r.convert(dst, n)
		}
		copy(r.history, r.history[n:n+keep])
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

// interpolate appends the up outputs of each of the n inputs after the history.
func (r *Resampler) interpolate(dst []int16, n int) []int16 {
	at := len(dst)
	dst = dst[:at+n*r.up]
	if p := r.filter.phases; len(p) == 2 { // half-band: the other phase only delays
		firPairs(dst[at:], r.history, r.history[p[1].only:][:n], &p[0])
		return dst
	}
	for i := range r.filter.phases {
		p := &r.filter.phases[i]
		samples := r.filtered[:n]
		if p.only >= 0 {
			samples = r.history[p.only:][:n]
		} else {
			fir(samples, r.history, p)
		}
		out := dst[at+i:]
		for j, v := range samples {
			out[j*r.up] = v
		}
	}
	return dst
}

// convert appends the outputs due within the n inputs after the history.
func (r *Resampler) convert(dst []int16, n int) []int16 {
	i, phase := r.tick/r.up, r.tick%r.up
	whole, part := r.down/r.up, r.down%r.up
	for i < n {
		dst = append(dst, dot(r.history[i:], &r.filter.phases[phase]))
		i += whole
		phase += part
		if phase >= r.up {
			phase -= r.up
			i++
		}
	}
	r.tick = (i-n)*r.up + phase
	return dst
}

// delayed returns the latency in output samples, rounded.
func (r *Resampler) delayed() int { return (r.filter.delay + r.down/2) / r.down }

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
