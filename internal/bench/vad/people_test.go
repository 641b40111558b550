package vad

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/internal/corpus"
)

// speaker is a person who recorded an exchange's prompts.
type speaker struct{ name, files, debianPackage string }

// languages is how many speakers are one of each language; the others are more.
const languages = 5

// speakers lists those whom Debian has. Nothing is trained on them.
var speakers = []speaker{
	{"en", "en_US_f_Allison/*.wav", "asterisk-core-sounds-en-wav"},
	{"es", "es_MX_f_Allison/*.wav", "asterisk-core-sounds-es-wav"},
	{"fr", "fr_CA_f_June/*.wav", "asterisk-core-sounds-fr-wav"},
	{"it", "it_IT_m_Carlo/*.wav", "asterisk-core-sounds-it-wav"},
	{"ru", "ru_RU_f_IvrvoiceRU/*.wav", "asterisk-core-sounds-ru-wav"},
	{"es 2", "es/*.gsm", "asterisk-prompt-es-co"},
	{"fr 2", "fr/*.gsm", "asterisk-prompt-fr-armelle"},
	{"it 2", "it_IT_f_Menardi/*.wav", "asterisk-prompt-it-menardi-wav"},
}

// ratio is that of speech to noise in every condition but the clean one, in dB.
const ratio = 10

// TestPeople judges people in five languages, clean and with six noises and hold
// music 10 dB under their voices, and then music alone.
func TestPeople(t *testing.T) {
	apt.Need(t, "espeak-ng", "espeak-ng")
	prompts, dialogues := 5, 12
	if testing.Short() {
		prompts, dialogues = 2, 1
	}
	rng := rand.New(rand.NewPCG(2026, 11))
	babble, err := corpus.Babble(context.Background(), rng, corpus.HeldOutVoices(rng, 6), 40*corpus.Rate)
	if err != nil {
		t.Fatal(err)
	}
	pieces := holdMusic(t)
	music := corpus.Noise{Name: "music", Make: func(rng *rand.Rand, n int) []float32 {
		piece := pieces[rng.IntN(len(pieces))].sound
		at := rng.IntN(len(piece) - n)
		return piece[at : at+n]
	}}
	noises := append(corpus.TestNoises(babble), music)
	list := contestants(t)

	conditions := []string{"clean"}
	for _, n := range noises {
		conditions = append(conditions, n.Name)
	}
	scores := make([]map[string]map[string]*corpus.Score, len(list)) // by speaker and condition
	for i := range scores {
		scores[i] = map[string]map[string]*corpus.Score{}
	}
	for _, s := range speakers {
		for i := range scores {
			scores[i][s.name] = map[string]*corpus.Score{}
			for _, c := range conditions {
				scores[i][s.name][c] = new(corpus.Score)
			}
		}
		said := recordings(t, s.files, s.debianPackage)
		for range dialogues {
			var utterances [][]float32
			for range prompts {
				utterances = append(utterances, corpus.Telephone(samples(t, said[rng.IntN(len(said))]), corpus.Rate))
			}
			d := corpus.Dialogue(rng, utterances...)
			voiced, level := corpus.Label(d), -30+12*rng.Float64()
			judge := func(condition string, clip corpus.Clip) {
				for i, c := range list {
					scores[i][s.name][condition].Add(clip, c.judge(t, clip))
				}
			}
			judge("clean", corpus.Mix(d, nil, voiced, math.Inf(1), level))
			for _, n := range noises {
				judge(n.Name, corpus.Mix(d, n.Make(rng, len(d)), voiced, ratio, level))
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nF1, people, noise %d dB below; the five languages, then each speaker\n%-22s %6s | %s\n", ratio, "", "mean", strings.Join(conditions, "  "))
	row := func(name string, score map[string]map[string]*corpus.Score, who ...speaker) (mean float64) {
		var cells strings.Builder
		for _, condition := range conditions {
			f := 0.0
			for _, s := range who {
				f += score[s.name][condition].F1() / float64(len(who))
			}
			fmt.Fprintf(&cells, " %6.3f", f)
			mean += f / float64(len(conditions))
		}
		fmt.Fprintf(&b, "%-22s %6.3f |%s\n", name, mean, cells.String())
		return mean
	}
	ours, best := 0.0, 0.0
	for i, c := range list {
		switch mean := row(c.name, scores[i], speakers[:languages]...); {
		case c.name == "dialtone":
			ours = mean
		case strings.HasPrefix(c.name, "WebRTC"):
			best = max(best, mean)
		}
	}
	for _, s := range speakers {
		for i, c := range list {
			row(s.name+" "+c.name, scores[i], s)
		}
	}
	fmt.Fprintf(&b, "\nframes of music taken for speech, %%\n")
	for _, c := range list {
		fmt.Fprintf(&b, "%-16s", c.name)
		for _, p := range pieces {
			level := -24 - 20*math.Log10(math.Sqrt(corpus.Power(p.sound))/math.MaxInt16)
			clip := corpus.Clip{PCM: make([]int16, len(p.sound)), Voiced: make([]bool, len(p.sound)/corpus.Frame)}
			for i, x := range p.sound {
				clip.PCM[i] = int16(max(math.MinInt16, min(math.MaxInt16, float64(x)*math.Pow(10, level/20))))
			}
			heard := 0
			for _, v := range c.judge(t, clip) {
				if v {
					heard++
				}
			}
			fmt.Fprintf(&b, "  %s %.0f", p.name, 100*float64(heard)/float64(len(clip.Voiced)))
		}
		b.WriteByte('\n')
	}
	t.Log(b.String())
	if best > 0 && !testing.Short() && ours < best+0.05 {
		t.Errorf("mean F1 %.3f, WebRTC's best mode %.3f", ours, best)
	}
}

// piece is hold music.
type piece struct {
	name  string
	sound []float32
}

func holdMusic(t *testing.T) []piece {
	var all []piece
	for _, f := range apt.Files(t, "/usr/share/asterisk/moh/*.wav", "asterisk-moh-opsound-wav") {
		name, _, _ := strings.Cut(filepath.Base(f), "-")
		sound := samples(t, f)
		if testing.Short() {
			sound = sound[:30*corpus.Rate]
		}
		all = append(all, piece{name, corpus.Telephone(sound, corpus.Rate)})
	}
	return all
}

// recordings returns the files of prompts of 1 to 12 s.
func recordings(t *testing.T, pattern, debianPackage string) []string {
	var all []string
	for _, f := range apt.Files(t, "/usr/share/asterisk/sounds/"+pattern, debianPackage) {
		if name := filepath.Base(f); strings.Contains(name, "tone") || strings.Contains(name, "beep") {
			continue
		}
		info, err := os.Stat(f)
		if err != nil {
			t.Fatal(err)
		}
		samples := (info.Size() - 44) / 2 // of a WAV file
		if filepath.Ext(f) == ".gsm" {
			samples = info.Size() / 33 * 160
		}
		if samples >= corpus.Rate && samples <= 12*corpus.Rate {
			all = append(all, f)
		}
	}
	return all
}

// samples reads a recording of 8 kHz, WAV or GSM.
func samples(t *testing.T, file string) []float32 {
	data, err := os.ReadFile(file)
	if filepath.Ext(file) == ".gsm" {
		data, err = exec.Command(apt.Need(t, "sox", "sox"), file, "-t", "wav", "-e", "signed", "-b", "16", "-").Output()
	}
	if err != nil {
		t.Fatal(err)
	}
	_, data, ok := bytes.Cut(data, []byte("data"))
	if !ok || len(data) < 4 {
		t.Fatalf("%s: no samples", file)
	}
	data = data[4:]
	out := make([]float32, len(data)/2)
	for i := range out {
		out[i] = float32(int16(binary.LittleEndian.Uint16(data[2*i:])))
	}
	return out
}
