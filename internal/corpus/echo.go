package corpus

import (
	"math"
	"math/rand/v2"
)

// Path is a way on which a call's far end comes back: through a loudspeaker, a room, a
// microphone and a telephone. It keeps the length; the level is left to the caller.
type Path struct {
	Name string
	Make func(rng *rand.Rand, far []float32) []float32
}

// TrainingPaths are those that the guard learns from.
func TrainingPaths() []Path {
	return []Path{
		{"clean", func(rng *rand.Rand, far []float32) []float32 {
			return delayed(rng, acoustic(rng, saturated(far, 0.2+0.8*rng.Float64())))
		}},
		{"codec", func(rng *rand.Rand, far []float32) []float32 {
			out := acoustic(rng, saturated(far, 0.2+1.2*rng.Float64()))
			return delayed(rng, coded(rng, out))
		}},
		{"residue", func(rng *rand.Rand, far []float32) []float32 {
			return delayed(rng, residue(rng, acoustic(rng, saturated(far, 0.2+1.2*rng.Float64()))))
		}},
		{"clipped", func(rng *rand.Rand, far []float32) []float32 {
			out := acoustic(rng, clipped(rng, far))
			if rng.IntN(2) == 0 {
				out = coded(rng, out)
			}
			return delayed(rng, out)
		}},
	}
}

// TestPath is one that nothing is trained on: a telephone that levels its loudness by
// itself, in a hall, with an echo of the line beside that of the air, on a cellular codec's
// frames, some of which are lost.
func TestPath() Path {
	return Path{"levelled", func(rng *rand.Rand, far []float32) []float32 {
		air := delayed(rng, acoustic(rng, acoustic(rng, levelled(saturated(far, 1)))))
		line := Colour(rng, far)
		lag, share := (20+rng.IntN(60))*8, float32(0.1+0.3*rng.Float64())
		for i := lag; i < len(air); i++ {
			air[i] += share * line[i-lag]
		}
		return lossy(rng, air)
	}}
}

// saturated is what a loudspeaker makes of loud sounds: drive 0.2 is hardly heard.
func saturated(far []float32, drive float64) []float32 {
	level := math.Sqrt(Power(far)) * 6 / drive
	out := make([]float32, len(far))
	if level == 0 {
		return out
	}
	for i, x := range far {
		out[i] = float32(level * math.Tanh(float64(x)/level))
	}
	return out
}

// clipped is a small loudspeaker at its limit: bent on one side, cut on the other, and
// ringing where its box does.
func clipped(rng *rand.Rand, far []float32) []float32 {
	level := math.Sqrt(Power(far)) * (0.5 + 2*rng.Float64())
	lopsided := 0.5 + 0.5*rng.Float64()
	out := make([]float32, len(far))
	w, r := 2*math.Pi*(500+1500*rng.Float64())/Rate, 0.9+0.08*rng.Float64()
	a1, a2, ring := 2*r*math.Cos(w), -r*r, 0.1*rng.Float64()
	var y1, y2 float64
	for i, v := range far {
		x := max(-level*lopsided, min(level, float64(v)))
		if rng.IntN(4000) == 0 { // it rattles
			x += 0.5 * level * rng.NormFloat64()
		}
		y := x + a1*y1 + a2*y2
		y2, y1 = y1, y
		out[i] = float32(x + ring*y)
	}
	return out
}

// acoustic is the way through a room of at most 64 ms, with the colour of microphones.
func acoustic(rng *rand.Rand, sound []float32) []float32 {
	out := make([]float32, len(sound))
	decay := (0.003 + 0.017*rng.Float64()) * Rate
	for tap := range 40 {
		lag, gain := 0, 1.0
		if tap > 0 {
			lag = rng.IntN(64 * Rate / 1000)
			gain = math.Exp(-float64(lag)/decay) * rng.NormFloat64()
		}
		if math.Abs(gain) < 0.003 {
			continue
		}
		g := float32(gain)
		for i, x := range sound[:max(0, len(sound)-lag)] {
			out[i+lag] += g * x
		}
	}
	return Colour(rng, out)
}

// coded adds the noise of a speech codec, which follows the signal 8 to 18 dB below it.
func coded(rng *rand.Rand, sound []float32) []float32 {
	noise := float32(math.Pow(10, -(8+10*rng.Float64())/20))
	pole := float32(0.2 + 0.6*rng.Float64())
	var loud, low float32
	out := make([]float32, len(sound))
	for i, x := range sound {
		loud += 0.01 * (x*x - loud)
		low += (1 - pole) * (float32(rng.NormFloat64()) - low)
		n := 0.5*x*float32(rng.NormFloat64()) + float32(math.Sqrt(float64(max(loud, 0))))*low
		out[i] = x + noise*n
	}
	return out
}

// residue is what the suppressor of a telephone leaves: blobs of some bands.
func residue(rng *rand.Rand, sound []float32) []float32 {
	out := make([]float32, len(sound))
	left := float32(math.Pow(10, -(15+15*rng.Float64())/20))
	share := 0.1 + 0.3*rng.Float64()
	for band := range 7 {
		w := 2 * math.Pi * 300 * math.Pow(1.4, float64(band)) / Rate
		r := 1 - 0.16*w
		a1, a2, b := float32(2*r*math.Cos(w)), float32(-r*r), float32(1-r)
		var y1, y2, gain, want float32
		hold := 0
		for i, x := range sound {
			if hold--; hold < 0 {
				hold = int((0.02 + 0.13*rng.Float64()) * Rate)
				if want = left; rng.Float64() < share {
					want = float32(0.3 + 0.7*rng.Float64())
				}
			}
			gain += 0.01 * (want - gain)
			y := b*x + a1*y1 + a2*y2
			y2, y1 = y1, y
			out[i] += gain * y
		}
	}
	return out
}

// levelled brings soft sounds up and loud ones down, slowly, and cuts what is faint.
func levelled(sound []float32) []float32 {
	out := make([]float32, len(sound))
	mean := math.Sqrt(Power(sound)) + 1
	slow, quick := mean, mean
	for i, x := range sound {
		a := math.Abs(float64(x))
		slow += (a - slow) / (0.4 * Rate)
		quick += (a - quick) / (0.01 * Rate)
		gain := math.Pow(mean/max(slow, mean/8), 0.6)
		if quick < mean/20 {
			gain *= 0.1
		}
		out[i] = x * float32(gain)
	}
	return out
}

// lossy repeats, ever fainter, what came before each of the frames that are lost.
func lossy(rng *rand.Rand, sound []float32) []float32 {
	gain := float32(1)
	for at := Frame; at+Frame <= len(sound); at += Frame {
		if rng.IntN(25) > 0 {
			gain = 1
			continue
		}
		gain *= 0.7
		for i := range Frame {
			sound[at+i] = gain * sound[at-Frame+i]
		}
	}
	return sound
}

// delayed comes 150 to 600 ms later, drifts by up to 40 ms and jumps by up to 20 ms: twice
// a minute, or every few seconds where the clock of what is played is bad.
func delayed(rng *rand.Rand, sound []float32) []float32 {
	out := make([]float32, len(sound))
	base := (0.15 + 0.45*rng.Float64()) * Rate
	drift, pace, phase := 0.02*rng.Float64()*Rate, 2*math.Pi/((10+50*rng.Float64())*Rate), 2*math.Pi*rng.Float64()
	every := 30.0
	if rng.IntN(3) == 0 {
		every = 4
	}
	jump, next := 0.0, int(rng.ExpFloat64()*every*Rate)
	for i := range out {
		if i >= next {
			jump = 0.02 * (2*rng.Float64() - 1) * Rate
			next = i + int((0.5+rng.ExpFloat64())*every*Rate)
		}
		at := float64(i) - base - jump - drift*math.Sin(phase+pace*float64(i))
		if at < 0 {
			continue
		}
		n := int(at)
		if n+1 >= len(sound) {
			break
		}
		f := float32(at - float64(n))
		out[i] = sound[n] + f*(sound[n+1]-sound[n])
	}
	return out
}

// Cough is air bursting through a throat, once or a few times.
func Cough(rng *rand.Rand) []float32 {
	var all []float32
	for range 1 + rng.IntN(3) {
		n := int((0.12 + 0.3*rng.Float64()) * Rate)
		one := throat(rng, white(rng, n))
		for i := range one {
			t := float64(i) / float64(n)
			env := math.Exp(-6*t) + 0.5*math.Exp(-30*(t-0.6)*(t-0.6))
			one[i] *= float32(env * min(1, float64(i)/40))
		}
		all = append(all, one...)
		all = append(all, make([]float32, int((0.05+0.25*rng.Float64())*Rate))...)
	}
	return Telephone(all, Rate)
}

// ThroatClearing is a rough buzz in bursts, which nothing is trained on.
func ThroatClearing(rng *rand.Rand) []float32 {
	var all []float32
	for range 1 + rng.IntN(2) {
		n := int((0.2 + 0.3*rng.Float64()) * Rate)
		one := white(rng, n)
		next, pulse := 0, float32(0)
		for i := range one {
			if i >= next {
				pulse, next = float32(4+4*rng.Float64()), i+int(Rate/(35+40*rng.Float64()))
			}
			pulse *= 0.9
			one[i] = one[i]*(0.3+pulse) + pulse
		}
		one = throat(rng, one)
		for i := range one {
			one[i] *= float32(math.Sin(math.Pi * float64(i) / float64(n)))
		}
		all = append(all, one...)
		all = append(all, make([]float32, int((0.05+0.1*rng.Float64())*Rate))...)
	}
	return Telephone(all, Rate)
}

// throat gives noise the resonances of a mouth.
func throat(rng *rand.Rand, sound []float32) []float32 {
	out := make([]float32, len(sound))
	for _, centre := range []float64{350 + 400*rng.Float64(), 1000 + 800*rng.Float64(), 2200 + 900*rng.Float64()} {
		w, r := 2*math.Pi*centre/Rate, 0.9+0.07*rng.Float64()
		a1, a2, b := float32(2*r*math.Cos(w)), float32(-r*r), float32((1-r)*(0.4+rng.Float64()))
		var y1, y2 float32
		for i, x := range sound {
			y := b*x + a1*y1 + a2*y2
			y2, y1 = y1, y
			out[i] += y
		}
	}
	return out
}
