package model

// Sound doubts what the network takes for the caller's speech: by what its frames have in
// common since he began, and by how little of it an echo leaves unexplained. The zero value is
// ready.
type Sound struct {
	frames, run, pause int     // that counted: since he began, without a gap, and since the last
	harmony            float32 // means over the frames that counted
	level, spread      float32 // of the loudness, and of the square of its deviation
	change             float32 // of the spectrum, from frame to frame
	clear              float32 // over the noise
	excess             float32 // over the noise and the expected echo
	sure               float32 // of the probability
}

const (
	counts  = 0.49 // probability from which a frame counts
	doubted = 0.4  // of one that is doubted: it begins nothing and ends nothing
	weighed = 12   // frames after which the means are weighed: 240 ms
	lately  = 20   // frames that they are of
	over    = 14   // frames that end what was said: 280 ms
)

// What is doubted. A voice is harmonic, and its loudness or its spectrum moves: a cough and
// dishes are not harmonic, and held notes do not move. Only where the noise is low enough can
// that be told.
const (
	clean        = 0.7 // as featSNR
	voiceHarmony = 0.5
	voiceSpread  = 0.22 * 0.22
	voiceChange  = 1.2
	echoLeaves   = 0.3  // as echoExcess, of an echo at which the network is
	echoSure     = 0.85 // less sure than this
	// The first frame of what an echo may explain needs more than the next.
	mayExplain = 0.5 // as echoExcess
	mayBeEcho  = 0.3 // as echoScore
	firstSure  = 0.8
)

// Doubt returns the probability that a frame is the caller's speech, of which p is what the
// network thinks: p, or less. echo is nil while the far end is silent.
func (s *Sound) Doubt(p float32, known *[Features]float32, echo *[EchoFeatures]float32) float32 {
	if p < counts {
		if s.run, s.pause = 0, s.pause+1; s.pause >= over {
			s.frames = 0
		}
		return p
	}
	s.pause = 0
	excess, first := float32(1), false
	if echo != nil {
		excess = mean(echo[echoExcess : echoExcess+bands])
		first = s.run == 0 && p < firstSure && excess < mayExplain && echo[echoScore] > mayBeEcho
	}
	s.take(p, excess, known)
	if first || s.frames >= weighed && !s.voice() {
		return doubted
	}
	return p
}

// take adds a frame that counts.
func (s *Sound) take(p, excess float32, known *[Features]float32) {
	if s.frames == 0 {
		*s = Sound{level: known[featCepstra]}
	}
	s.frames, s.run = s.frames+1, s.run+1
	share := 1 / float32(min(s.frames, lately))
	change := float32(0)
	for _, d := range known[featDelta+1 : featDelta+deltas] {
		change += abs(d)
	}
	deviation := known[featCepstra] - s.level
	s.level += share * deviation
	s.spread += share * (deviation*deviation - s.spread)
	s.harmony += share * (known[featHarmony] - s.harmony)
	s.change += share * (change - s.change)
	s.clear += share * (mean(known[featSNR:featSNR+bands]) - s.clear)
	s.excess += share * (excess - s.excess)
	s.sure += share * (p - s.sure)
}

// voice reports whether the frames that counted may be a voice, and no echo.
func (s *Sound) voice() bool {
	if s.excess < echoLeaves && s.sure < echoSure {
		return false
	}
	return s.clear <= clean || s.harmony >= voiceHarmony && (s.spread >= voiceSpread || s.change >= voiceChange)
}

func mean(xs []float32) float32 {
	sum := float32(0)
	for _, x := range xs {
		sum += x
	}
	return sum / float32(len(xs))
}
