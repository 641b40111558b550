package model

import (
	"math"
	"sync"
)

const (
	hopSize  = 80  // samples between two looks at the far end: 10 ms
	maxDelay = 100 // hops: an echo comes at most 1 s after its sound
	lags     = maxDelay + 1
	room     = 120 // hops that fit into the rings
	tail     = 6   // hops of room behind a sound
	clip     = 4   // limit of deviations, log2 of power
)

// Rows of the ring of the far end: the deviation of each band from its mean, then what
// is known of a hop.
const (
	rowEnergy = bands + iota // sum of the squares of the deviations
	rowSlow                  // its leaky means
	rowFast
	farRows
)

// far is what the far end sounded like in the last second, in hops.
type far struct {
	in, out float32                 // of the high-pass filter
	window  [fftSize]float32        // the latest samples
	quiet   int                     // hops that were all but silent, up to now
	mean    [bands]float32          // slow means of the levels
	at      int                     // the newest hop in rows
	rows    [farRows * room]float32 // hop after hop for each row; the newest at at
	newest  int                     // the newest hop in levels
	levels  [room][bands]uint8      // of each hop as a ring, in steps of 1/step
	means   [room]uint16            // their sums
}

// start makes it silent.
func (f *far) start() {
	f.at, f.quiet = maxDelay, awake
	for b := range f.mean {
		f.mean[b] = quietLevel
	}
	for i := range f.levels {
		f.put(i, &f.mean)
	}
}

// put keeps the levels of a hop.
func (f *far) put(at int, levels *[bands]float32) {
	f.means[at] = 0
	for b, level := range levels {
		f.levels[at][b] = uint8(max(0, min(255, (level-lowest)*step+0.5)))
		f.means[at] += uint16(f.levels[at][b])
	}
}

const (
	lowest = 10 // log2 of power that level 0 stands for
	step   = 12 // levels that double the power
	silent = 32 // samples below it are silence
)

// powers are what the levels stand for.
var powers = sync.OnceValue(func() *[256]float32 {
	p := new([256]float32)
	for i := range p {
		p[i] = float32(math.Exp2(lowest + float64(i)/step))
	}
	return p
})

// audible reports whether a frame holds more than silence.
func audible(frame *[FrameSize]int16) bool {
	for _, s := range frame {
		if s >= silent || s <= -silent {
			return true
		}
	}
	return false
}

// take adds a frame: two hops.
func (f *far) take(t *tables, frame *[FrameSize]int16) {
	quiet := !audible(frame)
	for half := 0; half < FrameSize; half += hopSize {
		copy(f.window[:], f.window[hopSize:])
		in, out := f.in, f.out
		fresh := f.window[fftSize-hopSize:]
		for i, s := range frame[half : half+hopSize] {
			x := float32(s)
			out = x - in + 0.94*out
			in = x
			fresh[i] = out
		}
		if abs(out) < 1e-12 {
			out = 0
		}
		f.in, f.out = in, out
		if f.quiet++; !quiet {
			f.quiet = 0
		}
		f.hop(t)
	}
}

// hop analyses the window.
func (f *far) hop(t *tables) {
	var energy [bands]float32
	if f.quiet <= fftSize/hopSize+1 {
		var power [half]float32
		t.power(&power, &f.window)
		levels(&energy, &power)
	} else {
		for b := range energy {
			energy[b] = quietLevel
		}
	}
	if f.at++; f.at == room {
		f.at = maxDelay + 1
		for row := 0; row < len(f.rows); row += room {
			copy(f.rows[row:], f.rows[row+room-lags:row+room])
		}
	}
	f.newest = (f.newest + 1) % room
	sum := float32(0)
	for b, level := range energy {
		f.mean[b] += 0.01 * (level - f.mean[b])
		d := max(-clip, min(clip, level-f.mean[b]))
		f.rows[b*room+f.at] = d
		sum += d * d
	}
	f.put(f.newest, &energy)
	f.rows[rowEnergy*room+f.at] = sum
	f.leak(rowSlow, slow/2, sum)
	f.leak(rowFast, fast/2, sum)
}

// leak adds a hop's energy to a leaky mean.
func (f *far) leak(row int, rate, energy float32) {
	before := f.rows[row*room+f.at-1]
	f.rows[row*room+f.at] = before + rate*(energy-before)
}
