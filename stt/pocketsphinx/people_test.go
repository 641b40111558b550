package pocketsphinx

import (
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/stt"
)

// The gate hears a sample. Everything, in half an hour of two cores:
//
//	go test -v -timeout 3h -run 'People|Music|Tones' ./stt/pocketsphinx -whole
var whole = flag.Bool("whole", false, "hear all people and all music, not a sample")

// sample returns all if everything is to be heard, and few otherwise.
func sample(all, few int) int {
	if *whole {
		return all
	}
	return few
}

// prompt is what one person says in English, who recorded an exchange's prompts.
type prompt struct {
	file string
	text string // as the grammar has it
}

// prompts returns those of 2 to 16 words, each text once, in an order of chance that
// is always the same.
func prompts(t *testing.T) []prompt {
	t.Helper()
	var all []prompt
	seen := map[string]bool{}
	for _, p := range apt.Prompts(t) {
		text := p.Text
		if strings.ContainsAny(text, "[(#*0123456789") { // signs are read in several ways
			continue
		}
		words, err := cleanPhrases([]string{text})
		if err != nil {
			continue
		}
		if text = strings.Join(words[0], " "); len(words[0]) < 2 || len(words[0]) > 16 || seen[text] {
			continue
		}
		seen[text] = true
		all = append(all, prompt{p.File, text})
	}
	slices.SortFunc(all, func(a, b prompt) int { return strings.Compare(a.file, b.file) })
	rng := rand.New(rand.NewPCG(14, 1))
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func textsOf(prompts []prompt) (texts []string) {
	for _, p := range prompts {
		texts = append(texts, p.text)
	}
	return texts
}

// shortPhrases is a list that music resembles more than any other: one that ends a
// call is among them.
func shortPhrases() []string {
	return []string{"yes", "no", "stop", "help", "cancel", "hang up", "goodbye", "repeat", "operator", "agent", "main menu", "go back",
		"book a room", "tomorrow", "thank you"}
}

// recorded reads a WAV file, with half a second of silence behind it.
func recorded(t testing.TB, file string) []byte {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	audio, err := codec.ReadMulaw(f)
	require.NoError(t, err, file)
	return append(audio, codec.Format{}.AppendSilence(nil, codec.Rate/2)...)
}

// heard returns the texts of an utterance's finals.
func heard(t testing.TB, e stt.Engine, audio []byte) (texts []string) {
	t.Helper()
	for _, ev := range hear(t, e, audio) {
		texts = append(texts, ev.Transcript.Text)
	}
	return texts
}

// People say what is in the list: 97 % of them are heard word for word.
func TestPeople(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short: it recognises minutes of speech")
	}
	said := prompts(t)[:sample(150, 30)]
	e := newEngine(t, Options{Phrases: textsOf(said)})
	right := 0
	for _, p := range said {
		if got := strings.Join(heard(t, e, recorded(t, p.file)), " | "); got == p.text {
			right++
		} else {
			t.Logf("%s: %q, said was %q", filepath.Base(p.file), got, p.text)
		}
	}
	t.Logf("%d of %d phrases of people heard", right, len(said))
	assert.GreaterOrEqual(t, float64(right), 0.97*float64(len(said)))
}

// People say other things, in five languages: nothing is heard. One syllable cannot
// be made safe: "P.M." passes for "yes".
func TestOtherPeople(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short: it recognises minutes of speech")
	}
	all := prompts(t)
	list := all[:78]
	var other []string
	for _, p := range all[78:] {
		said := func(phrase string) bool { return similar(phrase, p.text) }
		if len(other) < sample(20, 3) && !slices.ContainsFunc(append(textsOf(list), shortPhrases()...), said) {
			other = append(other, p.file)
		}
	}
	require.Len(t, other, sample(20, 3))
	for language, voice := range map[string]string{"es": "es_MX_f_Allison", "fr": "fr_CA_f_June", "it": "it_IT_m_Carlo", "ru": "ru_RU_f_IvrvoiceRU"} {
		files := apt.Files(t, "/usr/share/asterisk/sounds/"+voice+"/*-*.wav", "asterisk-core-sounds-"+language+"-wav") // phrases, by their names
		for i := range sample(20, 3) {
			other = append(other, files[(2*i+1)*len(files)/(2*sample(20, 3))])
		}
	}
	for _, list := range []struct {
		name    string
		phrases []string
		most    int
	}{{"15 short phrases", shortPhrases(), 1}, {"78 phrases", textsOf(list), 0}} {
		t.Run(list.name, func(t *testing.T) {
			e := newEngine(t, Options{Phrases: list.phrases})
			invented := 0
			for _, file := range other {
				if got := heard(t, e, recorded(t, file)); len(got) > 0 {
					invented++
					t.Logf("%s: %q", file, got)
				}
			}
			t.Logf("invented from %d of %d recordings of other speech", invented, len(other))
			assert.LessOrEqual(t, invented, list.most)
		})
	}
}

// similar reports whether half of the words of either are in the other.
func similar(a, b string) bool {
	common, in := 0, strings.Fields(b)
	words := strings.Fields(a)
	for _, w := range words {
		if slices.Contains(in, w) {
			common++
		}
	}
	return 2*common >= min(len(words), len(in))
}

// Hold music is heard as music, not as what is in the list: whole pieces, as a
// caller's exchange plays them.
func TestHoldMusic(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short: it recognises minutes of speech")
	}
	files := apt.Files(t, "/usr/share/asterisk/moh/*.wav", "asterisk-moh-opsound-wav")
	if !*whole {
		files = apt.Files(t, "/usr/share/asterisk/moh/manolo*.wav", "asterisk-moh-opsound-wav")
	}
	for _, list := range []struct {
		name    string
		phrases []string
		most    int
	}{{"15 short phrases", shortPhrases(), 1}, {"78 phrases", textsOf(prompts(t)[:78]), 0}} {
		t.Run(list.name, func(t *testing.T) {
			e := newEngine(t, Options{Phrases: list.phrases})
			invented := 0
			for _, file := range files {
				piece, _, _ := strings.Cut(filepath.Base(file), ".")
				t.Run(piece, func(t *testing.T) {
					audio := recorded(t, file)
					held, utterances := 0, 0
					for _, ev := range events(t, e, audio) {
						switch ev.Kind {
						case stt.Final:
							invented++
							t.Logf("%q at %v", ev.Transcript.Text, ev.Transcript.Start)
						case stt.UtteranceEnd:
							if utterances++; ev.OnHold {
								held++
							}
						}
					}
					t.Logf("%v, %d utterances, %d of them on hold", codec.Format{}.Duration(len(audio)).Round(time.Second), utterances, held)
					assert.Greater(t, held, utterances/2, "the line is on hold")
				})
			}
			assert.LessOrEqual(t, invented, list.most)
		})
	}
}

// Phrases are heard over quiet music too.
func TestPhrasesOverMusic(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short: it recognises minutes of speech")
	}
	music := apt.Files(t, "/usr/share/asterisk/moh/*.wav", "asterisk-moh-opsound-wav")
	list := prompts(t)[:78]
	e := newEngine(t, Options{Phrases: textsOf(list)})
	var pieces [][]int16
	for _, file := range music[:sample(len(music), 1)] {
		pieces = append(pieces, codec.AppendDecodeMulaw(nil, recorded(t, file)))
	}
	for _, ratio := range []float64{25, 20, 15, 10}[:sample(4, 1)] {
		rng := rand.New(rand.NewPCG(14, 2))
		right := 0
		said := list[:sample(78, 8)]
		for i, p := range said {
			piece := pieces[i%len(pieces)]
			voice := codec.AppendDecodeMulaw(make([]int16, codec.Rate), recorded(t, p.file))
			at := rng.IntN(len(piece) - len(voice))
			if strings.Join(heard(t, e, over(voice, piece[at:at+len(voice)], ratio)), " ") == p.text {
				right++
			}
		}
		t.Logf("music %.0f dB below the voice: %d of %d phrases heard", ratio, right, len(said))
		if ratio >= 20 {
			assert.GreaterOrEqual(t, right, len(said)*2/3)
		}
	}
}

// over adds music to a voice, ratio dB below it.
func over(voice, music []int16, ratio float64) []byte {
	power := func(pcm []int16, floor int16) float64 {
		sum, n := 0.0, 0
		for _, x := range pcm {
			if x > floor || x < -floor {
				sum += float64(x) * float64(x)
				n++
			}
		}
		return sum / float64(max(n, 1))
	}
	gain := math.Sqrt(power(voice, 200)/power(music, 0)) * math.Pow(10, -ratio/20)
	mixed := make([]int16, len(voice))
	for i := range mixed {
		mixed[i] = int16(max(math.MinInt16, min(math.MaxInt16, float64(voice[i])+gain*float64(music[i]))))
	}
	return codec.AppendEncodeMulaw(nil, mixed)
}

// The tones of exchanges, fax machines, alarms and keys match no phrase.
func TestTones(t *testing.T) {
	sine := func(seconds float64, freq func(t float64) []float64) []int16 {
		pcm := make([]int16, int(seconds*codec.Rate))
		phase := make([]float64, 4)
		for i := range pcm {
			for k, f := range freq(float64(i) / codec.Rate) {
				phase[k] += 2 * math.Pi * f / codec.Rate
				pcm[i] += int16(6000 * math.Sin(phase[k]))
			}
		}
		return pcm
	}
	steady := func(freqs ...float64) func(float64) []float64 { return func(float64) []float64 { return freqs } }
	cadence := func(on, off float64, freqs ...float64) func(float64) []float64 {
		return func(t float64) []float64 {
			if math.Mod(t, on+off) < on {
				return freqs
			}
			return nil
		}
	}
	sweep := func(low, high, period float64) func(float64) []float64 {
		return func(t float64) []float64 {
			return []float64{low + (high-low)*math.Abs(2*math.Mod(t/period, 1)-1)}
		}
	}
	turns := func(each float64, freqs ...float64) func(float64) []float64 {
		return func(t float64) []float64 { return freqs[int(t/each)%len(freqs):][:1] }
	}
	keys := func(t float64) []float64 {
		rows, columns := []float64{697, 770, 852, 941}, []float64{1209, 1336, 1477}
		if n := int(t / 0.25); math.Mod(t, 0.25) < 0.12 {
			return []float64{rows[n%4], columns[n%3]}
		}
		return nil
	}
	sounds := map[string][]int16{
		"dial tone": sine(5, steady(350, 440)), "ringback": sine(12, cadence(2, 4, 440, 480)), "ringback, Europe": sine(10, cadence(1, 4, 425)),
		"busy": sine(5, cadence(0.5, 0.5, 480, 620)), "reorder": sine(5, cadence(0.25, 0.25, 480, 620)), "information": sine(6, turns(0.33, 950, 1400, 1800)),
		"fax calls": sine(8, cadence(0.5, 3, 1100)), "fax answers": sine(4, steady(2100)), "keys": sine(8, keys), "beeps": sine(8, cadence(0.2, 0.8, 1400)),
		"wail": sine(20, sweep(500, 1300, 5)), "yelp": sine(15, sweep(600, 1500, 0.35)), "slow wail": sine(24, sweep(300, 800, 12)),
		"two tones": sine(15, turns(0.6, 440, 585)), "phaser": sine(10, sweep(700, 1600, 0.08)), "glide": sine(10, sweep(250, 900, 2)),
		"melody": sine(15, turns(0.4, 262, 330, 392, 523, 440, 349, 294, 392)), "chord": sine(8, steady(262, 330, 392)),
	}
	for name, phrases := range map[string][]string{"15 short phrases": shortPhrases(), "78 phrases": textsOf(prompts(t)[:78])} {
		t.Run(name, func(t *testing.T) {
			e := newEngine(t, Options{Phrases: phrases})
			for sound, pcm := range sounds {
				assert.Empty(t, heard(t, e, codec.AppendEncodeMulaw(nil, pcm)), sound)
			}
		})
	}
}
