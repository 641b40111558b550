package vad

import (
	_ "embed"
	"sync"

	"agentos.dev/dialtone/stt/vad/internal/model"
)

//go:generate go run ./internal/train -echo -weights weights.bin -people testdata -music music -clips 7000 -epochs 5 -seed 4 -out echo.bin
//go:embed echo.bin
var echoWeights string

var echoNetwork = sync.OnceValue(func() *model.Detector { return model.Load(model.EchoFeatures, echoWeights).Detector() })

// Guard is a [Detector] that knows what is played to the caller, the far end, and tells him
// from its echo: it follows the echo's delay of up to a second, learns how loud it comes back
// in each band, and asks a network that looks at both. While nothing has been played for a
// second the Detector decides, at its price. A sound that goes on without a voice's harmony
// and movement, such as a cough, dishes or a held note, stays under a probability of 0.49 from
// its 240th millisecond on. A Guard is not safe for concurrent use; different Guards are
// independent. It is made by [NewGuard]; the zero value is not usable.
type Guard struct {
	detector Detector
	echo     *model.Echo
	network  *model.Detector
	state    model.State
	sound    model.Sound
	features [model.EchoFeatures]float32
	played   [FrameSize]int16 // of the frame that is being filled
}

// NewGuard returns a guard at the start of a call.
func NewGuard() *Guard {
	return &Guard{detector: *NewDetector(), echo: model.NewEcho(), network: echoNetwork()}
}

// Append takes the call's next samples in pieces of any length, and what was played while
// they were spoken, as far as is known: both are 8 kHz PCM, and where played is shorter,
// silence was played. For each frame that they complete it appends to speech the probability
// of anybody's speech, as the Detector does, and to own that of the caller's own; it returns
// both. A delay between the two sides that is always the same does no harm, as long as the
// echo still comes within a second. It does not allocate.
func (g *Guard) Append(speech, own []float32, samples, played []int16) (_, _ []float32) {
	d := &g.detector
	for len(samples) > 0 {
		n := copy(d.frame[d.filled:], samples)
		m := copy(g.played[d.filled:d.filled+n], played)
		clear(g.played[d.filled+m : d.filled+n])
		samples, played = samples[n:], played[m:]
		if d.filled += n; d.filled == FrameSize {
			d.filled = 0
			anybody, caller := g.judge()
			speech, own = append(speech, anybody), append(own, caller)
		}
	}
	return speech, own
}

func (g *Guard) judge() (anybody, caller float32) {
	p := g.detector.judge()
	if !g.echo.Extract(&g.features, g.detector.extractor, &g.detector.features, p, &g.played) {
		return p, g.sound.Doubt(p, &g.detector.features, nil)
	}
	own := model.Sigmoid(g.network.Step(&g.state, g.features[:]))
	return p, g.sound.Doubt(own, &g.detector.features, &g.features)
}
