package model

import "math"

// EchoFeatures is how many numbers describe a frame together with what was played.
const EchoFeatures = Features + 2*bands + 12

// Where each kind of feature starts, behind those of Features.
const (
	echoExcess     = Features           // band energy over the echo that is expected and the floor
	echoExpected   = echoExcess + bands // the expected echo over the floor
	echoScore      = echoExpected + bands
	echoReturn     = echoScore + 1    // mean of the gains, log
	echoSpeech     = echoReturn + 1   // what the detector thinks that knows of no echo
	echoLoudness   = echoSpeech + 1   // mean of echoExpected
	echoFar        = echoLoudness + 1 // level of the far end at the delay
	echoShare      = echoFar + 1      // bands far over the expected echo and the floor
	echoShort      = echoShare + 1    // scores
	echoLatest     = echoShort + 1
	echoShortest   = echoLatest + 1
	echoBest       = echoShortest + 1
	echoRecent     = echoBest + 1   // loudest level of the far end 100 to 800 ms ago
	echoExperience = echoRecent + 1 // seconds of far end so far
)

// follow is how fast the return of each band is learnt, per frame: 2.5 s.
const follow = 0.008

// awake is for how long after the far end's last sound its echo may come, in hops: 1 s.
const awake = 1000 / 10

// quietLevel is the level of silence.
var quietLevel = log2(quiet)

// Echo turns frames and what was played meanwhile into features. It learns how the far
// end comes back: after what delay, and how loud in each band.
type Echo struct {
	tables *tables
	powers *[256]float32
	far    far
	delay  delay
	// Leaky means of the magnitudes in each band, of their product and of the far end's
	// square: the return is a regression, so that what is near all the time is none of it.
	near, sent, product, square [bands]float32
	heard                       float32 // seconds of far end
	asleep                      bool
}

// NewEcho returns an Echo at the start of a call.
func NewEcho() *Echo {
	e := &Echo{tables: shared(), powers: powers(), asleep: true}
	e.far.start()
	for b := range e.sent {
		e.sent[b], e.square[b] = sqrt(quiet), quiet
	}
	return e
}

// Asleep reports whether the far end has been silent for so long that there is no echo.
func (e *Echo) Asleep() bool { return e.far.quiet >= awake }

// Extract puts the features of the next frame into dst, after near has extracted those of
// Features into known: speech is what the detector makes of these. It returns false while
// the far end is silent; then there is nothing in dst.
func (e *Echo) Extract(dst *[EchoFeatures]float32, near *Extractor, known *[Features]float32, speech float32, played *[FrameSize]int16) bool {
	if e.Asleep() && !audible(played) {
		e.delay.settle(&near.energy)
		e.asleep = true
		return false
	}
	if e.asleep {
		e.wake()
	}
	e.far.take(e.tables, played)
	if e.far.quiet == 0 {
		e.heard += 0.02
	}
	e.delay.look(&e.far, &near.energy)

	copy(dst[:], known[:])
	expected := e.expect(dst, near)
	dst[echoScore] = e.delay.long(&e.far, e.delay.hops)
	dst[echoSpeech] = speech
	dst[echoLoudness] = expected
	dst[echoShort], dst[echoLatest] = e.delay.around(&e.far)
	dst[echoShortest], dst[echoBest] = e.delay.soon, e.delay.best
	dst[echoRecent] = (e.loudest() - 17) * 0.25
	dst[echoExperience] = log2(0.1+e.heard) * 0.25
	return true
}

// wake takes what the near end sounded like while the far end was silent for what it
// sounds like without an echo: that moves the means and leaves the return as it was.
func (e *Echo) wake() {
	e.asleep = false
	for b, level := range e.delay.mean {
		more := exp2(0.5*level) - e.near[b]
		e.near[b] += more
		e.product[b] += more * e.sent[b]
	}
}

// expect learns how the far end comes back, and compares the frame with what it expects.
func (e *Echo) expect(dst *[EchoFeatures]float32, near *Extractor) (loudness float32) {
	var rows [tail + 2]*[bands]uint8 // the far end, from one hop after the delay on
	for i := range rows {
		hops := max(0, e.delay.hops-1+i)
		rows[i] = &e.far.levels[(e.far.newest-hops+2*room)%room]
	}
	gains, far, over := float32(0), float32(0), 0
	for b, level := range near.energy {
		at := max(rows[0][b], rows[1][b], rows[2][b])
		power := e.powers[at]
		power = max(power, 0.4*e.powers[rows[3][b]], 0.15*e.powers[rows[5][b]], 0.05*e.powers[rows[7][b]])
		x, y := sqrt(power), exp2(0.5*level)
		e.near[b] += follow * (y - e.near[b])
		e.sent[b] += follow * (x - e.sent[b])
		e.product[b] += follow * (x*y - e.product[b])
		e.square[b] += follow * (power - e.square[b])
		gain := float32(0)
		if v := e.square[b] - e.sent[b]*e.sent[b]; v > 1 {
			gain = max(0, (e.product[b]-e.near[b]*e.sent[b])/v)
		}
		floor := near.floor[b]
		echo := gain*gain*power + quiet/16
		excess := level - log2(echo+exp2(floor))
		if excess > 2 {
			over++
		}
		dst[echoExcess+b] = max(-1, min(1.5, excess*0.25))
		above := max(-1, min(3, (log2(echo)-floor)*0.25))
		dst[echoExpected+b] = above
		loudness += above / bands
		gains += gain / bands
		far += float32(rows[1][b])
	}
	dst[echoReturn] = log2(gains+1e-3) * 0.25
	dst[echoFar] = (far/(bands*step) + lowest - 17) * 0.25
	dst[echoShare] = float32(over) / bands
	return loudness
}

// loudest returns the far end's highest mean level 100 to 800 ms ago.
func (e *Echo) loudest() float32 {
	most := uint16(0)
	for hops := 10; hops <= 80; hops += 2 {
		most = max(most, e.far.means[(e.far.newest-hops+room)%room])
	}
	return float32(most)/(bands*step) + lowest
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// exp2 of a number that is neither large nor small, to within 0.2 %.
func exp2(x float32) float32 {
	whole := float32(int32(x))
	if x < 0 {
		whole--
	}
	m := x - whole
	m = 1 + m*(0.6957+m*(0.2262+m*0.0781))
	return math.Float32frombits(math.Float32bits(m) + uint32(int32(whole))<<23)
}
