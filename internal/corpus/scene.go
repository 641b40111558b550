package corpus

import (
	"math"
	"math/rand/v2"

	"agentos.dev/dialtone/codec"
)

// Scene says what happens on a call in which a bot speaks.
type Scene struct {
	Frames int
	Bot    [][]float32 // what it says; again from the beginning when that is short
	// Caller is what he says, once each; Sounds are what else is heard of his side. One of
	// either comes every Every seconds, in a random order.
	Caller, Sounds [][]float32
	Every          float64
	Path           *Path   // nil: no echo
	Under          float64 // the echo's level, dB under the bot as sent
	Noise          *Noise  // nil: comfort noise only
	SNR            float64 // of the caller to the noise, dB
	Duck           float64 // dB by which the telephone turns the caller down while the bot speaks
}

// Talk is the audio of a call with an echo, and the truth about it.
type Talk struct {
	Near, Far []int16 // whole frames: what came of the caller, and what was sent
	Voiced    []bool  // per frame: the caller speaks
	Speaks    []bool  // per frame: the bot does
	Begins    []int   // frames in which the caller's utterances begin
	Sounds    []int   // frames in which the other sounds begin
}

// Make plays a scene.
func (s Scene) Make(rng *rand.Rand) Talk {
	n := s.Frames * Frame
	bot := s.bot(rng, n)
	t := Talk{Far: coding(bot), Speaks: Label(bot)}
	spoken := voicedPower(bot, t.Speaks)

	caller, sounds := make([]float32, n), make([]float32, n)
	level := -30 + 12*rng.Float64()
	s.schedule(rng, &t, caller, sounds, level)
	t.Voiced = make([]bool, s.Frames)
	for i, begin := range t.Begins {
		end := s.Frames
		if i+1 < len(t.Begins) {
			end = t.Begins[i+1]
		}
		copy(t.Voiced[begin:end], Label(caller[begin*Frame:end*Frame]))
		for t.Begins[i] < end-1 && !t.Voiced[t.Begins[i]] {
			t.Begins[i]++
		}
	}
	if s.Duck > 0 {
		s.duck(bot, caller)
	}
	near := sounds
	for i, x := range caller {
		near[i] += x
	}
	if s.Path != nil && spoken > 0 {
		far := make([]float32, n)
		for i, x := range t.Far {
			far[i] = float32(x)
		}
		echo := s.Path.Make(rng, far)
		if p := voicedPower(echo, Label(echo)); p > 0 {
			gain := float32(math.Sqrt(spoken/p) * math.Pow(10, -s.Under/20))
			for i, x := range echo {
				near[i] += gain * x
			}
		}
	}
	if s.Noise != nil {
		addAt(near, s.Noise.Make(rng, n), level-s.SNR)
	}
	s.comfort(rng, &t, near)
	t.Near = coding(near)
	return t
}

// bot is what the bot says, with pauses for breath and for the caller.
func (s Scene) bot(rng *rand.Rand, n int) []float32 {
	out := make([]float32, n)
	level := -24 + 6*rng.Float64()
	left := 0.0 // seconds until it pauses for the caller
	which := rng.IntN(len(s.Bot))
	for at := Rate / 5; at < n; {
		u := s.Bot[which%len(s.Bot)]
		which++
		set(out[at:min(n, at+len(u))], u, level)
		at += len(u)
		if left -= float64(len(u)) / Rate; left > 0 {
			at += int((0.1 + 0.6*rng.Float64()) * Rate)
		} else {
			at += int((0.5 + 2.5*rng.Float64()) * Rate)
			left = 5 + 10*rng.Float64()
		}
	}
	return out
}

// schedule places what is heard of the caller's side.
func (s Scene) schedule(rng *rand.Rand, t *Talk, caller, sounds []float32, level float64) {
	all := len(s.Caller) + len(s.Sounds)
	at := int((0.3 + rng.Float64()*s.Every) * Rate)
	for _, which := range rng.Perm(all) {
		at = at / Frame * Frame
		var u []float32
		if which < len(s.Caller) {
			u = s.Caller[which]
		} else {
			u = s.Sounds[which-len(s.Caller)]
		}
		if at+min(len(u), Rate) >= len(caller) {
			return
		}
		end := min(len(caller), at+len(u))
		if which < len(s.Caller) {
			t.Begins = append(t.Begins, at/Frame)
			set(caller[at:end], u, level)
		} else {
			t.Sounds = append(t.Sounds, at/Frame)
			addAt(sounds[at:end], u[:end-at], level-6+9*rng.Float64())
		}
		at = end + int((0.4+0.6*rng.Float64())*max(0.5, s.Every-float64(len(u))/Rate)*Rate)
	}
}

// duck turns the caller down while the bot speaks.
func (s Scene) duck(bot, caller []float32) {
	least := math.Pow(10, -s.Duck/20)
	gain, loud := 1.0, 0.0
	for i := range caller {
		from := max(0, i-Rate*3/10)
		loud += 0.002 * (math.Abs(float64(bot[from])) - loud)
		want := 1.0
		if loud > 200 {
			want = least
		}
		gain += 0.001 * (want - gain)
		caller[i] *= float32(gain)
	}
}

// comfort adds comfort noise at -60 to -72 dB, on some lines only while the bot is silent.
func (s Scene) comfort(rng *rand.Rand, t *Talk, near []float32) {
	level := float32(math.Pow(10, (-72+12*rng.Float64())/20) * math.MaxInt16)
	comes := rng.IntN(3) == 0
	for i := range near {
		if !comes || !t.Speaks[i/Frame] {
			near[i] += level * float32(rng.NormFloat64())
		}
	}
}

// set adds speech at a level over its voiced frames, in dB of full scale.
func set(dst, speech []float32, level float64) {
	if p := voicedPower(speech, Label(speech)); p > 0 {
		gain := float32(math.Pow(10, level/20) * math.MaxInt16 / math.Sqrt(p))
		for i := range dst {
			dst[i] += gain * speech[i]
		}
	}
}

// addAt adds sound at a level over all of it.
func addAt(dst, sound []float32, level float64) {
	if p := Power(sound); p > 0 {
		gain := float32(math.Pow(10, level/20) * math.MaxInt16 / math.Sqrt(p))
		for i := range min(len(dst), len(sound)) {
			dst[i] += gain * sound[i]
		}
	}
}

// coding is what mu-law makes of sound.
func coding(sound []float32) []int16 {
	pcm := make([]int16, len(sound))
	for i, x := range sound {
		pcm[i] = int16(max(math.MinInt16, min(math.MaxInt16, math.Round(float64(x)))))
	}
	codes := make([]byte, len(pcm))
	codec.EncodeMulaw(codes, pcm)
	codec.DecodeMulaw(pcm, codes)
	return pcm
}
