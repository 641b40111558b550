package corpus

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strconv"
	"strings"
)

// Voice is a synthetic speaker.
type Voice struct {
	Engine string // the program: "espeak-ng", "flite" or "festival"
	Name   string
	Pitch  int     // espeak-ng: 0 to 99
	Speed  int     // espeak-ng: words a minute
	Size   float64 // scales the vocal tract and the speed; 0 = 1
}

// Say returns the text as speech in the telephone's band.
func (v Voice) Say(ctx context.Context, text string) ([]float32, error) {
	var cmd *exec.Cmd
	switch v.Engine {
	case "espeak-ng":
		cmd = exec.CommandContext(ctx, "espeak-ng", "-v", v.Name, "-p", strconv.Itoa(v.Pitch), "-s", strconv.Itoa(v.Speed), "--stdout", text)
	case "flite":
		cmd = exec.CommandContext(ctx, "flite", "-voice", v.Name, "-t", text, "-o", "/dev/stdout")
	case "festival":
		cmd = exec.CommandContext(ctx, "text2wave", "-eval", "(voice_"+v.Name+")")
		cmd.Stdin = strings.NewReader(text)
	default:
		return nil, fmt.Errorf("corpus: unknown engine %q", v.Engine)
	}
	wav, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("corpus: %s: %w", v.Engine, err)
	}
	const header = 44
	if len(wav) < header || string(wav[:4]) != "RIFF" {
		return nil, fmt.Errorf("corpus: %s gave no WAV", v.Engine)
	}
	rate := int(binary.LittleEndian.Uint32(wav[24:]))
	data := wav[header:]
	samples := make([]float32, len(data)/2)
	for i := range samples {
		samples[i] = float32(int16(binary.LittleEndian.Uint16(data[2*i:])))
	}
	if v.Size > 0 {
		rate = int(float64(rate) / v.Size)
	}
	return Telephone(samples, rate), nil
}

// TrainingVoices are speakers of many languages' sounds.
func TrainingVoices(rng *rand.Rand, n int) []Voice {
	languages := []string{"en-us", "en-gb", "de", "fr-fr", "es", "it", "pt", "ru", "pl", "nl", "sv", "hi", "tr", "fi", "el", "ro", "id", "cmn"}
	variants := []string{"", "+m1", "+m2", "+m3", "+m4", "+m5", "+f1", "+f2", "+f3", "+f4", "+klatt", "+klatt2", "+klatt3", "+Andy", "+Denis", "+Gene", "+Linda", "+Michael", "+Mario", "+Steph", "+croak", "+Pablo"}
	voices := espeak(rng, n, languages, variants)
	for i := range voices {
		voices[i].Size = 0.85 + 0.3*rng.Float64()
	}
	return voices
}

// ValidationVoices share no language and no variant with the training voices.
func ValidationVoices(rng *rand.Rand, n int) []Voice {
	return espeak(rng, n, []string{"en-gb-x-gbcwmd", "sk", "hr", "ca"}, []string{"+m6", "+f5", "+klatt4", "+David", "+Annie"})
}

// HeldOutVoices share none with the training and the validation voices.
func HeldOutVoices(rng *rand.Rand, n int) []Voice {
	languages := []string{"en-gb-scotland", "en-029", "en-gb-x-rp", "da", "hu", "cs", "pt-br", "bg"}
	variants := []string{"+m7", "+m8", "+Alex", "+Andrea", "+Hugo", "+Max", "+Zac", "+Alicia", "+Belinda", "+Diogo"}
	return espeak(rng, n, languages, variants)
}

// FliteVoices are flite's speakers, which nothing here trains on.
func FliteVoices() []Voice {
	return []Voice{{Engine: "flite", Name: "slt"}, {Engine: "flite", Name: "rms"}, {Engine: "flite", Name: "awb"}, {Engine: "flite", Name: "kal16"}}
}

// FestivalVoices are festival's speakers but for those of flite: sounds that people have
// spoken, put together.
func FestivalVoices() []Voice {
	names := []string{"ked_diphone", "lp_diphone", "pc_diphone", "czech_dita", "czech_krb", "czech_machac", "czech_ph", "suo_fi_lj_diphone", "hy_fi_mv_diphone", "upc_ca_ona_hts"}
	voices := make([]Voice, len(names))
	for i, name := range names {
		voices[i] = Voice{Engine: "festival", Name: name}
	}
	return voices
}

func espeak(rng *rand.Rand, n int, languages, variants []string) []Voice {
	voices := make([]Voice, n)
	for i := range voices {
		voices[i] = Voice{
			Engine: "espeak-ng",
			Name:   languages[i%len(languages)] + variants[rng.IntN(len(variants))],
			Pitch:  15 + rng.IntN(75),
			Speed:  110 + rng.IntN(110),
		}
	}
	return voices
}

// Sentence returns one to twelve words that need not make sense.
func Sentence(rng *rand.Rand) string {
	all := strings.Fields(words)
	picked := make([]string, 1+rng.IntN(12))
	for i := range picked {
		picked[i] = all[rng.IntN(len(all))]
	}
	return strings.Join(picked, " ")
}

const words = `
yes no hello help please thank you cancel repeat agent operator menu main account balance order number book room table
hotel flight ticket change my the a is it are was to for of in on at with from about after before next last week month
year today tomorrow monday tuesday wednesday thursday friday saturday sunday morning noon evening night hour minute
half past quarter one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred
thousand zero oh would like want need speak talk call phone message leave send mail address street city town house
office doctor dentist appointment visit price pay card credit debit bank bill money dollar euro cent charge refund
problem question answer service support customer technical sales delivery package box letter door window key car bus
train station airport bridge river island mountain beach weather rain snow sun wind storm cold warm hot water coffee
tea bread cheese apple orange chicken fish soup salad dinner lunch breakfast kitchen garden flower tree dog cat horse
bird mother father brother sister child family friend people woman man girl boy name birthday school teacher student
music movie picture paper book page story world country ask what your can do for how old when where who why which
think know see hear feel find give take make open close start stop turn left right up down over under between behind
quick brown fox jumps lazy judge thought thirsty measure pleasure usual vision church choose shoe shelf sugar yellow
young year quiet queen square strength sixth clothes month rhythm zebra lazy buzz fuzzy very vivid wave valve oath
`
