package corpus

import (
	"context"
	"math"
	"math/rand/v2"
)

// Noise is a kind of sound other than a caller's speech.
type Noise struct {
	Name string
	Make func(rng *rand.Rand, n int) []float32
}

// TrainingNoises are what the detector learns to ignore. The voices talk in the
// background.
func TrainingNoises(babble []float32) []Noise {
	return []Noise{
		{"white", white},
		{"pink", pink},
		{"brown", brown},
		{"car", car},
		{"street", street},
		{"fan", fan},
		{"hum", hum},
		{"music", Music},
		{"crackle", crackle},
		{"knocks", knocks},
		{"babble", excerpt(babble)},
	}
}

// TestNoises are those of the evaluation. No training noise has the keys of the
// office or the dishes of the kitchen, and others talk in the babble.
func TestNoises(babble []float32) []Noise {
	return []Noise{
		{"white", white},
		{"pink", pink},
		{"car", car},
		{"babble", excerpt(babble)},
		{"office", office},
		{"kitchen", kitchen},
	}
}

// Babble lets the voices talk at once, without pause, for n samples.
func Babble(ctx context.Context, rng *rand.Rand, voices []Voice, n int) ([]float32, error) {
	sum := make([]float32, n)
	for _, v := range voices {
		var one []float32
		for len(one) < n {
			said, err := v.Say(ctx, Sentence(rng))
			if err != nil {
				return nil, err
			}
			one = append(one, said...)
		}
		gain := float32((0.5 + rng.Float64()) / math.Sqrt(Power(one)))
		for i := range sum {
			sum[i] += gain * one[i]
		}
	}
	return sum, nil
}

// Pool makes n samples of each noise once, of which excerpts are taken: that is quicker.
func Pool(rng *rand.Rand, noises []Noise, n int) []Noise {
	pool := make([]Noise, len(noises))
	for i, noise := range noises {
		pool[i] = Noise{noise.Name, excerpt(noise.Make(rng, n))}
	}
	return pool
}

func excerpt(long []float32) func(*rand.Rand, int) []float32 {
	return func(rng *rand.Rand, n int) []float32 {
		out := make([]float32, n)
		at := rng.IntN(len(long))
		for i := range out {
			out[i] = long[(at+i)%len(long)]
		}
		return out
	}
}

func white(rng *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(rng.NormFloat64())
	}
	return out
}

// pink falls by 3 dB an octave: white noise through a sum of low-passes.
func pink(rng *rand.Rand, n int) []float32 {
	out := white(rng, n)
	var a, b, c float32
	for i, x := range out {
		a = 0.99765*a + 0.0990460*x
		b = 0.96300*b + 0.2965164*x
		c = 0.57000*c + 1.0526913*x
		out[i] = a + b + c + 0.1848*x
	}
	return Telephone(out, Rate)
}

// brown falls by 6 dB an octave above a random corner.
func brown(rng *rand.Rand, n int) []float32 {
	return Telephone(lowPass(white(rng, n), 0.9+0.09*rng.Float64()), Rate)
}

// car is road noise with an engine's harmonics in it.
func car(rng *rand.Rand, n int) []float32 {
	out := lowPass(lowPass(white(rng, n), 0.7+0.2*rng.Float64()), 0.5)
	base := 25 + 60*rng.Float64()
	level := math.Sqrt(Power(out)) * (0.1 + 0.4*rng.Float64())
	phase := 0.0
	for i := range out {
		wander := 1 + 0.08*math.Sin(float64(i)*2*math.Pi/(Rate*3))
		phase += 2 * math.Pi * base * wander / Rate
		for h := 4.0; h < 20; h++ {
			out[i] += float32(level / h * 3 * math.Sin(h*phase))
		}
	}
	return Telephone(out, Rate)
}

// street is noise whose level and colour come and go.
func street(rng *rand.Rand, n int) []float32 {
	a, b := pink(rng, n), lowPass(white(rng, n), 0.6)
	x, y := 0.0, 0.0 // log gains, as far as they have wandered
	for i := range a {
		if i%80 == 0 {
			x = 0.975*x + 0.2*rng.NormFloat64()
			y = 0.975*y + 0.2*rng.NormFloat64()
		}
		a[i] = a[i]*float32(math.Exp(x)) + b[i]*float32(math.Exp(y))
	}
	return a
}

// fan is noise through a few sharp resonances.
func fan(rng *rand.Rand, n int) []float32 {
	out := pink(rng, n)
	for range 1 + rng.IntN(4) {
		w := 2 * math.Pi * (200 + 3000*rng.Float64()) / Rate
		r := 0.95 + 0.045*rng.Float64()
		gain := float32(1 - r)
		a1, a2 := float32(2*r*math.Cos(w)), float32(-r*r)
		var y1, y2 float32
		for i, x := range out {
			y := gain*x + a1*y1 + a2*y2
			y2, y1 = y1, y
			out[i] += 3 * y
		}
	}
	return out
}

// hum is the mains and its harmonics, with hiss.
func hum(rng *rand.Rand, n int) []float32 {
	base := 50.0
	if rng.IntN(2) == 0 {
		base = 60
	}
	out := white(rng, n)
	var amp, phase [40]float64
	for h := range amp {
		amp[h] = rng.ExpFloat64() * 6 / float64(1+h)
		phase[h] = rng.Float64() * 2 * math.Pi
	}
	for i := range out {
		for h, a := range amp {
			out[i] += float32(a * math.Sin(phase[h]+2*math.Pi*base*float64(h+1)*float64(i)/Rate))
		}
	}
	return Telephone(out, Rate)
}

// Music plays chords and melodies of decaying or held notes over a beat.
func Music(rng *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	beat := int((0.15 + 0.5*rng.Float64()) * Rate)
	hold := 0.2 + 3*rng.Float64()
	drums := rng.Float64() * 2
	for at := 0; at < n; at += beat {
		for range 1 + rng.IntN(3) {
			freq := 110 * math.Pow(2, float64(rng.IntN(40))/12)
			loud := 0.3 + rng.Float64()
			bright := 0.3 + 0.6*rng.Float64()
			for i := at; i < min(n, at+beat*4); i++ {
				t := float64(i-at) / Rate
				env := loud * min(1, t*60) * math.Exp(-t/hold)
				gain := 1.0
				for h := 1.0; h <= 6 && freq*h < 3400; h++ {
					out[i] += float32(env * gain * math.Sin(2*math.Pi*freq*h*t))
					gain *= bright
				}
			}
		}
		if rng.IntN(2) == 0 {
			for i := at; i < min(n, at+beat); i++ {
				out[i] += float32(drums * rng.NormFloat64() * math.Exp(-float64(i-at)/(0.03*Rate)))
			}
		}
	}
	return Telephone(out, Rate)
}

// crackle is a bad contact: bursts of single impulses over faint hiss.
func crackle(rng *rand.Rand, n int) []float32 {
	out := white(rng, n)
	chance := 0.0
	for i := range out {
		if i%800 == 0 {
			chance = 0.02 * rng.Float64() * rng.Float64() * rng.Float64()
		}
		if rng.Float64() < chance {
			out[i] += float32(60 * rng.NormFloat64())
		}
	}
	return Telephone(out, Rate)
}

// knocks are dull thumps: a handset put down, a door, steps.
func knocks(rng *rand.Rand, n int) []float32 {
	out := pink(rng, n)
	level := math.Sqrt(Power(out))
	pace := 0.2 + 1.2*rng.Float64()
	for at := 0; at < n; at += int((0.05 + rng.ExpFloat64()*pace) * Rate) {
		loud := level * (5 + 25*rng.Float64())
		burst(out, at, loud, (0.004+0.05*rng.Float64())*Rate, lowPass(white(rng, Rate/2), 0.5+0.45*rng.Float64()))
	}
	return Telephone(out, Rate)
}

// office is keys and clicks over an air conditioner.
func office(rng *rand.Rand, n int) []float32 {
	out := lowPass(white(rng, n), 0.85)
	level := math.Sqrt(Power(out))
	for at := 0; at < n; at += int((0.06 + rng.ExpFloat64()*0.25) * Rate) {
		click := ring(600+2600*rng.Float64(), Rate/8)
		for i, x := range white(rng, len(click)) {
			click[i] += 0.7 * x
		}
		burst(out, at, level*(3+12*rng.Float64()), (0.002+0.012*rng.Float64())*Rate, click)
	}
	return Telephone(out, Rate)
}

// kitchen is dishes that ring, over running water.
func kitchen(rng *rand.Rand, n int) []float32 {
	out := white(rng, n)
	for at := 0; at < n; at += int((0.1 + rng.ExpFloat64()*0.7) * Rate) {
		dish := make([]float32, Rate/2)
		for range 4 {
			for i, x := range ring(900+2500*rng.Float64(), len(dish)) {
				dish[i] += x
			}
		}
		burst(out, at, 1+6*rng.Float64(), (0.02+0.1*rng.Float64())*Rate, dish)
	}
	return Telephone(out, Rate)
}

func ring(freq float64, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(math.Sin(2 * math.Pi * freq * float64(i) / Rate))
	}
	return out
}

// burst adds a sound that dies away.
func burst(out []float32, at int, loud, decay float64, sound []float32) {
	for i, x := range sound[:min(len(sound), len(out)-at)] {
		out[at+i] += float32(loud*math.Exp(-float64(i)/decay)) * x
	}
}

func lowPass(samples []float32, pole float64) []float32 {
	a := float32(pole)
	var y float32
	for i, x := range samples {
		y = a*y + (1-a)*x
		samples[i] = y
	}
	return samples
}
