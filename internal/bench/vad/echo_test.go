package vad

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/corpus"
	"agentos.dev/dialtone/stt/vad"
)

var hours = flag.Float64("hours", 0, "of calls that TestEcho plays for each figure; 0 = what takes seconds")

// listener hears a call with an echo: the verdicts on its frames, as probabilities.
type listener struct {
	name string
	text bool // what its utterances would do by their words counts as well
	hear func(t *testing.T, talk *corpus.Talk) []float32
}

func listeners(t *testing.T) []listener {
	list := []listener{
		{"energy, 9 dB over the floor", false, func(_ *testing.T, talk *corpus.Talk) []float32 { return energetic(talk.Near) }},
		{"dialtone, without guard", true, func(_ *testing.T, talk *corpus.Talk) []float32 {
			return vad.NewDetector().Append(nil, talk.Near)
		}},
		{"dialtone, with guard", true, func(_ *testing.T, talk *corpus.Talk) []float32 {
			_, own := vad.NewGuard().Append(nil, nil, talk.Near, talk.Far)
			return own
		}},
	}
	if w := newWebRTC(t); w != nil {
		var one sync.Mutex
		list = append(list, listener{"WebRTC mode 0, its default", false, func(t *testing.T, talk *corpus.Talk) []float32 {
			one.Lock()
			defer one.Unlock()
			verdicts, _ := w.judge(t, 0, corpus.Clip{PCM: talk.Near, Voiced: talk.Voiced})
			p := make([]float32, len(verdicts))
			for i, v := range verdicts {
				if v {
					p[i] = 1
				}
			}
			return p
		}})
	}
	return list
}

// energetic takes what is 9 dB over the noise floor for speech.
func energetic(pcm []int16) []float32 {
	p := make([]float32, len(pcm)/corpus.Frame)
	floor := math.Inf(1)
	for i := range p {
		sum := 1.0
		for _, x := range pcm[i*corpus.Frame : (i+1)*corpus.Frame] {
			sum += float64(x) * float64(x)
		}
		level := 10 * math.Log10(sum)
		switch {
		case math.IsInf(floor, 1):
			floor = level
		case level < floor:
			floor += 0.3 * (level - floor)
		default:
			floor += min(0.06, level-floor)
		}
		if level > floor+9 {
			p[i] = 1
		}
	}
	return p
}

// side is a voice of the test calls.
type side struct {
	name string
	said [][]float32
}

// stage is who speaks in the test calls, and what else is heard.
type stage struct {
	bots, callers []side
	noises        []corpus.Noise
	music         []piece
}

// newStage brings flite, voices of espeak-ng, and people of two languages as bots, and people
// of five as callers. Nothing is trained on any of them.
func newStage(t *testing.T) *stage {
	apt.Need(t, "espeak-ng", "espeak-ng")
	apt.Need(t, "flite", "flite")
	rng := rand.New(rand.NewPCG(2026, 18))
	s := &stage{}
	synthetic, phrases, prompts := append(corpus.FliteVoices(), corpus.HeldOutVoices(rng, 6)...), 6, 30
	if *hours == 0 {
		synthetic, phrases, prompts = synthetic[3:6], 3, 6
	}
	for _, v := range synthetic {
		b := side{name: v.Engine}
		for range phrases {
			u, err := v.Say(context.Background(), corpus.Sentence(rng)+" "+corpus.Sentence(rng))
			if err != nil {
				t.Fatal(err)
			}
			b.said = append(b.said, u)
		}
		s.bots = append(s.bots, b)
	}
	for _, p := range speakers[:languages] {
		files := recordings(t, p.files, p.debianPackage)
		c := side{name: p.name}
		for range prompts {
			u := corpus.Telephone(samples(t, files[rng.IntN(len(files))]), corpus.Rate)
			c.said = append(c.said, u[:min(len(u), 5*corpus.Rate)])
		}
		s.callers = append(s.callers, c)
		if p.name == "en" || p.name == "es" { // one woman recorded both
			s.bots = append(s.bots, c, c)
		}
	}
	babble, err := corpus.Babble(context.Background(), rng, corpus.HeldOutVoices(rng, 6), 10*corpus.Rate)
	if err != nil {
		t.Fatal(err)
	}
	s.noises = corpus.Pool(rng, corpus.TestNoises(babble), 30*corpus.Rate)
	s.music = holdMusic(t)
	return s
}

// scene draws up a call of a bot and, if asked for, a caller who is somebody else.
func (s *stage) scene(rng *rand.Rand, calls bool) corpus.Scene {
	bot := s.bots[rng.IntN(len(s.bots))]
	steady := s.noises[rng.IntN(3)]
	scene := corpus.Scene{Frames: 24 * 50, Bot: bot.said, Every: 5, Noise: &steady, SNR: 20}
	if calls {
		caller := s.callers[rng.IntN(len(s.callers))]
		for _, person := range []string{"en", "es"} {
			if bot.name == person {
				caller = s.callers[2+rng.IntN(3)]
			}
		}
		for range 6 {
			scene.Caller = append(scene.Caller, caller.said[rng.IntN(len(caller.said))])
		}
		if rng.IntN(3) == 0 {
			scene.Duck = 9 * rng.Float64()
		}
	}
	return scene
}

// count is what a listener made of the calls of a cell.
type count struct {
	starts, sure int
	spoken       int // frames of the bot
	begins       int // that could be noticed
	within       [3]int
	confirmed    int
	already      int // begins while something counted as speech
	sounds       int // that are no speech
	unwanted     int // of them, those that count as speech
	unwantedSure int
	byText       [len(misheard)]int // interruptions by words
	texted       bool
}

var limits = [3]time.Duration{200 * time.Millisecond, 300 * time.Millisecond, 500 * time.Millisecond}

// echoTime is how long after the bot's last word its echo may come, in frames: 1 s.
const echoTime = 50

func (c *count) add(talk *corpus.Talk, p []float32) {
	starts := corpus.Starts(vad.NewSegmenter(vad.Options{}), p)
	for _, s := range starts {
		if !slices.Contains(talk.Speaks[max(0, s.Frame-echoTime):s.Frame+1], true) {
			continue // nothing is said that it could interrupt
		}
		if c.starts++; s.Sure {
			c.sure++
		}
	}
	for _, speaks := range talk.Speaks {
		if speaks {
			c.spoken++
		}
	}
	for _, at := range talk.Begins {
		late, first, already := corpus.Late(starts, at)
		if already {
			c.already++
			continue
		}
		c.begins++
		if late <= limits[2] && first.Sure {
			c.confirmed++
		}
		for i, limit := range limits {
			if late <= limit {
				c.within[i]++
			}
		}
	}
	for i, at := range talk.Sounds {
		end := len(p)
		if i+1 < len(talk.Sounds) {
			end = talk.Sounds[i+1]
		}
		c.sounds++
		any, sure := false, false
		for _, s := range starts {
			if s.Frame >= at && s.Frame < end {
				any, sure = true, sure || s.Sure
			}
		}
		if any {
			c.unwanted++
		}
		if sure {
			c.unwantedSure++
		}
	}
}

func (c *count) merge(o *count) {
	c.starts += o.starts
	c.sure += o.sure
	c.spoken += o.spoken
	c.begins += o.begins
	c.already += o.already
	c.confirmed += o.confirmed
	c.sounds += o.sounds
	c.unwanted += o.unwanted
	c.unwantedSure += o.unwantedSure
	for i := range c.within {
		c.within[i] += o.within[i]
	}
	c.texted = c.texted || o.texted
	for i := range c.byText {
		c.byText[i] += o.byText[i]
	}
}

// hourly writes how often something happens in an hour of the bot's speech.
func (c *count) hourly(times int) string {
	rate := float64(times) * 3600 * corpus.Rate / float64(c.spoken*corpus.Frame)
	if rate >= 100 {
		return fmt.Sprintf("%.0f", rate)
	}
	return fmt.Sprintf("%.2g", rate)
}

// rates are starts and confirmed ones an hour of the bot's speech.
func (c *count) rates() string { return c.hourly(c.starts) + " / " + c.hourly(c.sure) }

// noticed are the shares of callers who are noticed in time, and confirmed. In brackets stands
// what says little, as many of them begin while something counts as speech already.
func (c *count) noticed() string {
	var parts []string
	for _, n := range c.within {
		parts = append(parts, fmt.Sprintf("%.0f", 100*float64(n)/float64(max(1, c.begins))))
	}
	text := fmt.Sprintf("%s, %.0f", strings.Join(parts, "/"), 100*float64(c.confirmed)/float64(max(1, c.begins)))
	if c.already > c.begins/4 {
		text = fmt.Sprintf("(%s, %.0f %% on)", text, 100*float64(c.already)/float64(c.already+c.begins))
	}
	return text
}

// heard are the shares of sounds that count as speech, and as confirmed speech.
func (c *count) heard() string {
	n := float64(max(1, c.sounds))
	return fmt.Sprintf("%.0f / %.0f", 100*float64(c.unwanted)/n, 100*float64(c.unwantedSure)/n)
}

// cell plays n calls of a kind to all listeners.
func cell(t *testing.T, list []listener, seed uint64, n int, scene func(rng *rand.Rand, i int) corpus.Scene, note func(i, l int, c *count)) []count {
	sums := make([]count, len(list))
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				talk := scene(rng, i).Make(rng)
				for l := range list {
					var c count
					p := list[l].hear(t, &talk)
					c.add(&talk, p)
					if list[l].text && len(talk.Begins)+len(talk.Sounds) == 0 {
						c.addText(seed, i, &talk, p)
					}
					mu.Lock()
					sums[l].merge(&c)
					if note != nil {
						note(i, l, &c)
					}
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return sums
}

// TestEcho plays calls in which a bot speaks and comes back as an echo, and counts how often
// it would interrupt itself, whether people who interrupt it are noticed, and what else
// counts as speech. With -hours it prints the tables of docs/vad.md:
//
//	go test -v -run TestEcho -timeout 0 ./vad -args -hours 2
func TestEcho(t *testing.T) {
	s, list := newStage(t), listeners(t)
	calls := func(share float64) int {
		if *hours == 0 {
			return 6
		}
		return max(6, int(*hours*share*3600/20))
	}
	paths := append(corpus.TrainingPaths(), corpus.TestPath())
	levels := []float64{6, 12, 18, 24, 30}
	guard := 2 // in the list

	var b strings.Builder
	row := func(title string, cells []string) { fmt.Fprintf(&b, "%-30s | %s\n", title, strings.Join(cells, " | ")) }
	table := func(title string, columns []string, results [][]count, print func(*count) string) {
		fmt.Fprintf(&b, "\n%s\n", title)
		row("", columns)
		for l := range list {
			if print(&results[0][l]) == "" {
				continue
			}
			var cells []string
			for i := range results {
				cells = append(cells, print(&results[i][l]))
			}
			row(list[l].name, cells)
		}
	}

	var heads []string
	var results [][]count
	byPath := make([][]count, len(paths))
	for i := range byPath {
		byPath[i] = make([]count, len(levels))
	}
	for k, under := range levels {
		heads = append(heads, fmt.Sprintf("-%.0f dB", under))
		results = append(results, cell(t, list, 100+uint64(k), calls(1), func(rng *rand.Rand, i int) corpus.Scene {
			scene := s.scene(rng, false)
			scene.Path, scene.Under = &paths[i%len(paths)], under
			return scene
		}, func(i, l int, c *count) {
			if l == guard {
				byPath[i%len(paths)][k].merge(c)
			}
		}))
	}
	table("The bot interrupts itself: starts / confirmed, an hour of its speech, by the echo's level", heads, results, (*count).rates)
	table("The same with a recogniser that hears 10 / 30 % of the words wrongly: interruptions an hour", heads, results, (*count).texts)
	fmt.Fprintf(&b, "\nwith guard, by path\n")
	row("", heads)
	for i, p := range paths {
		var cells []string
		for k := range levels {
			cells = append(cells, byPath[i][k].rates())
		}
		row(p.Name, cells)
	}

	heads, results = nil, nil
	for k, under := range []float64{math.Inf(1), 18, 12, 6} {
		heads = append(heads, strings.Replace(fmt.Sprintf("-%.0f dB", under), "-+Inf dB", "no echo", 1))
		results = append(results, cell(t, list, 200+uint64(k), calls(0.5), func(rng *rand.Rand, i int) corpus.Scene {
			scene := s.scene(rng, true)
			if !math.IsInf(under, 1) {
				scene.Path, scene.Under = &paths[i%len(paths)], under
			}
			return scene
		}, nil))
	}
	table("People who interrupt it, noticed within 200/300/500 ms, and confirmed, %", heads, results, (*count).noticed)

	heads, results = nil, nil
	for k, kind := range s.sounds() {
		heads = append(heads, kind.Name)
		results = append(results, cell(t, list, 300+uint64(k), calls(0.25), func(rng *rand.Rand, i int) corpus.Scene {
			scene := s.scene(rng, false)
			if scene.SNR = 25; kind.Name == cleanTones {
				scene.Noise = nil
			}
			for range 4 {
				scene.Sounds = append(scene.Sounds, kind.Make(rng, 4*corpus.Rate))
			}
			return scene
		}, nil))
	}
	table("What is no speech, while the bot speaks without an echo: starts / confirmed, %", heads, results, (*count).heard)
	t.Log(b.String())
}

const cleanTones = "tones, clean line"

// sounds are what is no caller.
func (s *stage) sounds() []corpus.Noise {
	return []corpus.Noise{
		{Name: "coughs", Make: func(rng *rand.Rand, _ int) []float32 { return corpus.Cough(rng) }},
		{Name: "throats, never trained", Make: func(rng *rand.Rand, _ int) []float32 { return corpus.ThroatClearing(rng) }},
		{Name: cleanTones, Make: corpus.Tones},
		{Name: "tones, noise 25 dB lower", Make: corpus.Tones},
		{Name: "keys of an office", Make: func(rng *rand.Rand, n int) []float32 { return s.noises[4].Make(rng, n/4) }},
		{Name: "dishes", Make: func(rng *rand.Rand, n int) []float32 { return s.noises[5].Make(rng, n/4) }},
		{Name: "hold music", Make: func(rng *rand.Rand, n int) []float32 {
			music := s.music[rng.IntN(len(s.music))].sound
			at := rng.IntN(len(music) - n)
			return music[at : at+n]
		}},
	}
}
