package model

import "math"

// How fast the means of a delay's score follow, per frame: 1.3 s and 0.33 s.
const (
	slow = 0.015
	fast = 0.06
)

const (
	better   = 0.15 // by which another delay's score has to exceed the present one's
	somewhat = 0.03 // or by this, in six looks that agree
	looks    = 6
	agree    = 1 // hops between two looks that agree
)

// delay finds how long the far end takes to come back as an echo: the deviations of the
// near end resemble those of the far end some hops ago.
type delay struct {
	mean         [bands]float32 // slow means of the near end's levels
	begun        bool
	now          [lags]float32 // the latest frame's products with the far end; [i] at maxDelay-i hops
	slow, fast   [lags]float32 // their leaky means
	nearSlow     float32       // leaky means of the near end's energy
	nearFast     float32
	energy       float32 // of the latest frame
	hops         int     // the delay
	other, times int     // another one that looked somewhat better, and how often
	best, soon   float32 // the best score of any delay, in the long and in the short run
}

// settle follows the near end's mean while nothing else is to be found.
func (d *delay) settle(near *[bands]float32) {
	if !d.begun {
		d.mean, d.begun = *near, true
		return
	}
	for b, level := range near {
		d.mean[b] += 0.02 * (level - d.mean[b])
	}
}

// look compares the near end's levels with the far end's.
func (d *delay) look(f *far, near *[bands]float32) {
	d.settle(near)
	var deviation [bands]float32
	d.energy = 0
	for b, level := range near {
		x := max(-clip, min(clip, level-d.mean[b]))
		deviation[b] = x
		d.energy += x * x
	}
	var products [wide]float32
	combine(&products, f.rows[f.at-maxDelay:], room, deviation[:])
	copy(d.now[:], products[:])
	combine(&products, f.rows[f.at-wide+1:], room, deviation[:])
	copy(d.now[lags-wide:], products[:])
	d.nearSlow += slow * (d.energy - d.nearSlow)
	d.nearFast += fast * (d.energy - d.nearFast)

	farSlow := (*[lags]float32)(f.rows[rowSlow*room+f.at-maxDelay:])
	farFast := (*[lags]float32)(f.rows[rowFast*room+f.at-maxDelay:])
	var best, bestFar, soon, soonFar float32 = 0, 1, 0, 1
	at := maxDelay - d.hops
	for i, c := range d.now {
		s := d.slow[i] + slow*(c-d.slow[i])
		d.slow[i] = s
		if e := farSlow[i] + little; s > 0 && s*s*bestFar > best*best*e {
			best, bestFar, at = s, e, i
		}
		s = d.fast[i] + fast*(c-d.fast[i])
		d.fast[i] = s
		if e := farFast[i] + little; s > 0 && s*s*soonFar > soon*soon*e {
			soon, soonFar = s, e
		}
	}
	d.best = score(best, d.nearSlow, bestFar)
	d.soon = score(soon, d.nearFast, soonFar)
	d.choose(f, maxDelay-at)
}

// little keeps the score of silence at nothing.
const little = 0.5

// score is a correlation: 1 for a likeness.
func score(product, near, far float32) float32 {
	return product / float32(math.Sqrt(float64((near+little)*far)))
}

// choose takes another delay if it is better.
func (d *delay) choose(f *far, hops int) {
	gain := d.best - d.long(f, d.hops)
	switch {
	case gain > better:
		d.hops, d.times = hops, 0
	case gain > somewhat && hops != d.hops:
		if d.times > 0 && max(hops-d.other, d.other-hops) <= agree {
			if d.times++; d.times >= looks {
				d.hops, d.times = hops, 0
			}
		} else {
			d.times = 1
		}
		d.other = hops
	default:
		d.times = 0
	}
}

// long returns the score of a delay in the long run.
func (d *delay) long(f *far, hops int) float32 {
	return score(d.slow[maxDelay-hops], d.nearSlow, f.rows[rowSlow*room+f.at-hops]+little)
}

// around returns the best short score of the present delay and its neighbours, and the
// best likeness of the latest frame.
func (d *delay) around(f *far) (short, latest float32) {
	short, latest = -1, -1
	for hops := max(0, d.hops-1); hops <= min(maxDelay, d.hops+1); hops++ {
		i := maxDelay - hops
		short = max(short, score(d.fast[i], d.nearFast, f.rows[rowFast*room+f.at-hops]+little))
		latest = max(latest, score(d.now[i], d.energy, f.rows[rowEnergy*room+f.at-hops]+little))
	}
	return short, latest
}
