package pocketsphinx

import (
	"context"
	"fmt"
	"log/slog"
	"os/exec"
	"strings"
	"time"

	"agentos.dev/dialtone/stt"
)

// spellTime is how long espeak-ng may take for a word: a thousand times what it
// does on a machine that has nothing else to do.
const spellTime = 20 * time.Second

// spell returns dictionary lines for words that the dictionary lacks, by the rules
// of espeak-ng's American English, of which nine phones of ten are the
// dictionary's. A name that is said in another way needs Options.Pronunciations.
func spell(words []string, log *slog.Logger) ([]byte, error) {
	if len(words) == 0 {
		return nil, nil
	}
	binary, err := exec.LookPath("espeak-ng")
	if err != nil {
		return nil, &stt.Error{Engine: name, Op: "open", Kind: stt.ErrUnavailable,
			Err: fmt.Errorf("not in the dictionary: %s; espeak-ng, which says how they are pronounced, was not found: apt-get install espeak-ng, or set Options.Pronunciations",
				strings.Join(words, ", "))}
	}
	var lines []byte
	for _, word := range words {
		ctx, cancel := context.WithTimeout(context.Background(), spellTime)
		cmd := exec.CommandContext(ctx, binary, "-q", "--ipa", "-v", "en-us", word)
		cmd.Env = environment()
		ipa, err := cmd.Output()
		cancel()
		if err != nil {
			return nil, &stt.Error{Engine: name, Op: "open", Kind: stt.ErrUnavailable, Err: fmt.Errorf("espeak-ng on %q: %w", word, err)}
		}
		phones := phonesOf(string(ipa))
		if phones == "" {
			return nil, fmt.Errorf("pocketsphinx: %q cannot be pronounced; set Options.Pronunciations", word)
		}
		log.Warn("word is not in the dictionary, pronounced by rule", "word", word, "phones", phones)
		lines = fmt.Appendf(lines, "%s %s\n", word, phones)
	}
	return lines, nil
}

// phonesOf turns the International Phonetic Alphabet, as espeak-ng writes American
// English in it, into the model's phones. What is neither vowel nor consonant, as
// stress, is left out.
func phonesOf(ipa string) string {
	var phones []string
	for ipa != "" {
		n := 1
		for _, p := range ipaPhones {
			if strings.HasPrefix(ipa, p.ipa) {
				phones, n = append(phones, p.phones), len(p.ipa)
				break
			}
		}
		ipa = ipa[n:]
	}
	return strings.Join(phones, " ")
}

// ipaPhones are tried in this order: longer ones before what they begin with.
var ipaPhones = [...]struct{ ipa, phones string }{
	{"aɪə", "AY AH"}, {"aɪɚ", "AY ER"}, {"aʊɚ", "AW ER"}, {"tʃ", "CH"}, {"dʒ", "JH"},
	{"eɪ", "EY"}, {"aɪ", "AY"}, {"aʊ", "AW"}, {"ɔɪ", "OY"}, {"oʊ", "OW"}, {"n̩", "AH N"},
	{"ɚɹ", "ER"}, {"ɜːɹ", "ER"}, {"oːɹ", "AO R"}, {"ɑːɹ", "AA R"}, {"ɔːɹ", "AO R"}, {"əl", "AH L"}, {"ɪɹ", "IH R"}, {"ɜː", "ER"},
	{"iə", "IY AH"}, {"iː", "IY"}, {"ɑː", "AA"}, {"ɔː", "AO"}, {"uː", "UW"}, {"oː", "AO"},
	{"i", "IY"}, {"ɪ", "IH"}, {"ᵻ", "IH"}, {"ɛ", "EH"}, {"e", "EH"}, {"æ", "AE"}, {"a", "AA"}, {"ɑ", "AA"}, {"ɔ", "AO"},
	{"ʊ", "UH"}, {"u", "UW"}, {"ʌ", "AH"}, {"ə", "AH"}, {"ɐ", "AH"}, {"ɚ", "ER"}, {"ɜ", "ER"}, {"o", "OW"},
	{"p", "P"}, {"b", "B"}, {"t", "T"}, {"d", "D"}, {"k", "K"}, {"ɡ", "G"}, {"f", "F"}, {"v", "V"},
	{"θ", "TH"}, {"ð", "DH"}, {"s", "S"}, {"z", "Z"}, {"ʃ", "SH"}, {"ʒ", "ZH"}, {"h", "HH"}, {"x", "K"},
	{"m", "M"}, {"n", "N"}, {"ŋ", "NG"}, {"l", "L"}, {"ɫ", "L"}, {"ɹ", "R"}, {"r", "R"}, {"j", "Y"}, {"w", "W"},
	{"ɾ", "T"}, {"ʔ", "T"},
}
