package pocketsphinx

import (
	"bufio"
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/wer"
)

// say returns a phrase in one of flite's voices, as a telephone carries it.
func say(t *testing.T, voice, text string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "said.wav")
	out, err := exec.Command(apt.Need(t, "flite", "flite"), "-voice", voice, "-t", text, "-o", file).CombinedOutput()
	require.NoError(t, err, string(out))
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	audio, err := codec.ReadMulaw(f)
	require.NoError(t, err)
	return append(audio, codec.Format{}.AppendSilence(nil, codec.Rate/2)...)
}

// Phrases with names, numbers, abbreviations and accents are heard, and the log
// names the words that are pronounced by rule.
func TestWordsOutsideTheDictionary(t *testing.T) {
	apt.Need(t, "espeak-ng", "espeak-ng")
	var log bytes.Buffer
	said := map[string]string{
		"Ask for Kubernetes":     "ask for kubernetes",
		"call Saoirsé O’Grady":   "call saoirse o'grady",
		"dialtone support":       "dialtone support",
		"Room 4":                 "room four",
		"flight 212 at 2:30 p.m": "flight two hundred twelve at two thirty p m",
		"Dr. Smith, please":      "dr smith please",
		"a café crème":           "a cafe creme",
	}
	var phrases []string
	for phrase := range said {
		phrases = append(phrases, phrase)
	}
	e := newEngine(t, Options{Phrases: phrases, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for _, voice := range []string{"rms", "slt"} {
		for phrase, want := range said {
			if strings.Contains(want, "saoirse") {
				continue // flite's own rules say it in another way
			}
			finals := hear(t, e, say(t, voice, strings.NewReplacer("dr ", "doctor ", "cafe creme", "cafay krem").Replace(want)))
			if assert.Len(t, finals, 1, "%s: %s", voice, phrase) {
				assert.Equal(t, want, finals[0].Transcript.Text, voice)
			}
		}
	}
	assert.Contains(t, log.String(), `word=kubernetes phones="K Y UW B ER N IY T S"`)
	assert.Contains(t, log.String(), "word=saoirse")
	assert.NotContains(t, log.String(), "word=support")
}

func TestWithoutTheSpeller(t *testing.T) {
	binary := apt.Need(t, "pocketsphinx_batch", "pocketsphinx")
	t.Setenv("PATH", t.TempDir())
	_, err := New(Options{Phrases: []string{"ask kubernetes", "yes"}, Binary: binary})
	require.ErrorIs(t, err, stt.ErrUnavailable)
	require.ErrorContains(t, err, "kubernetes")
	require.ErrorContains(t, err, "apt-get install espeak-ng")
	require.NotContains(t, err.Error(), "yes")
	e, err := New(Options{Phrases: []string{"ask kubernetes"}, Binary: binary, Pronunciations: map[string]string{"Kubernetes": "K UW B ER N EH T IY Z"}})
	require.NoError(t, err)
	require.NoError(t, e.Close())
}

// The rules pronounce the dictionary's own words much as it does: nine phones of
// ten, and every second word exactly.
func TestRulesAgreeWithTheDictionary(t *testing.T) {
	if testing.Short() {
		t.Skip("left out with -short: it spells a whole dictionary")
	}
	apt.Need(t, "espeak-ng", "espeak-ng")
	newEngine(t, Options{Phrases: []string{"yes"}}) // skips without the model
	f, err := os.Open(debianModel + "/cmudict-en-us.dict")
	require.NoError(t, err)
	defer f.Close()
	dictionary := map[string][]string{}
	var words []string
	for lines, n := bufio.NewScanner(f), 0; lines.Scan(); n++ {
		word, phones, _ := strings.Cut(lines.Text(), " ")
		base, _, variant := strings.Cut(word, "(")
		if !variant && n%661 == 0 && !strings.ContainsAny(base, "'.-_") {
			words, dictionary[base] = append(words, base), nil
		}
		if _, ok := dictionary[base]; ok {
			dictionary[base] = append(dictionary[base], phones)
		}
	}
	require.Greater(t, len(words), 150)
	spelled, err := spell(words, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	var errors wer.Errors
	exact := 0
	for line := range strings.Lines(string(spelled)) {
		word, phones, _ := strings.Cut(strings.TrimSpace(line), " ")
		best := wer.Errors{Deletions: 1 << 10}
		for _, want := range dictionary[word] {
			if e := wer.Count(wer.Align(strings.Fields(want), strings.Fields(phones))); e.Total() < best.Total() {
				best = e
			}
		}
		errors = errors.Add(best)
		if best.Total() == 0 {
			exact++
		}
	}
	t.Logf("%d of %d words exact, %.1f %% of the phones wrong", exact, len(words), 100*errors.Rate())
	assert.Less(t, errors.Rate(), 0.12)
	assert.Greater(t, exact, len(words)/2)
}

func TestPhonesOf(t *testing.T) {
	for ipa, want := range map[string]string{
		"dˈaɪəltˌoʊn":     "D AY AH L T OW N",
		"tʃˈɛɹi dʒˈæm\n":  "CH EH R IY JH AE M",
		"bˈʌʔn̩":          "B AH T AH N",
		"kjˈuːbɚnˌiːts":   "K Y UW B ER N IY T S",
		"":                "",
		" ˈˌ_\n(en)(fr)":  "EH N F R",
		"\xff\xfe\u0301ɾ": "T",
	} {
		assert.Equal(t, want, phonesOf(ipa), ipa)
	}
}
