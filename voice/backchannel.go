package voice

import (
	"slices"
	"strings"
	"unicode"
)

// interruptionWords are by language. What affirms is in each language's own list besides: it
// answers a question, and is a backchannel elsewhere.
var interruptionWords = map[string]languageWords{
	"en": {
		backchannels: "uh|um|ah|oh|hm|hmm|mm|mhm|uh huh|mm hm|mm hmm|aha|right|sure|i see|okay|ok|alright|all right|got it|thank you|thanks|cool|great|of course",
		affirmative:  "yes|yeah|yep|yup|ya",
		hard:         "stop|wait|no|cancel|hold on|hang on|excuse me",
	},
	"de": {
		backchannels: "äh|ähm|ah|oh|hm|hmm|mhm|mm|aha|ach so|achso|okay|ok|gut|genau|klar|richtig|stimmt|alles klar|verstehe|ich verstehe|danke|danke schön|super",
		affirmative:  "ja|jo|jawohl|jaja",
		hard:         "stopp|stop|halt|warte|warten sie|moment|nein|abbrechen|entschuldigung",
	},
	"es": {
		backchannels: "eh|ah|oh|mm|mhm|ajá|aja|ya|vale|bueno|claro|de acuerdo|entiendo|ok|okay|gracias|muchas gracias|perfecto|bien|muy bien",
		affirmative:  "sí|si",
		hard:         "para|pare|alto|espera|espere|no|cancela|cancelar|un momento|perdón",
	},
	"fr": {
		backchannels: "euh|ah|oh|hm|mm|mhm|hum|d'accord|ok|okay|bien|très bien|je vois|entendu|c'est ça|voilà|merci|merci beaucoup|parfait|bien sûr",
		affirmative:  "oui|ouais",
		hard:         "stop|arrêtez|arrête|attendez|attends|non|annuler|annulez|un moment|une minute|pardon",
	},
	"it": {
		backchannels: "eh|ehm|ah|oh|mm|mhm|va bene|bene|certo|capisco|ho capito|d'accordo|ok|okay|giusto|esatto|grazie|grazie mille|perfetto",
		affirmative:  "sì|si",
		hard:         "stop|ferma|fermati|aspetta|aspetti|no|annulla|un momento|un attimo|scusi",
	},
	"nl": {
		backchannels: "eh|uh|ah|oh|hm|mm|mhm|aha|oké|oke|ok|okay|goed|precies|klopt|juist|ik begrijp het|ik snap het|dank u|dank je|bedankt|prima",
		affirmative:  "ja|jaja",
		hard:         "stop|wacht|nee|annuleren|momentje|een moment|pardon",
	},
	"pt": {
		backchannels: "é|eh|ah|oh|hm|mm|mhm|aham|uhum|certo|tá|tá bom|está bem|ok|okay|entendi|entendo|claro|isso|obrigado|obrigada|muito obrigado|beleza|bom",
		affirmative:  "sim",
		hard:         "pare|para|espera|espere|não|cancela|cancelar|um momento|desculpe",
	},
}

// languageWords are lists of phrases, between bars.
type languageWords struct{ backchannels, affirmative, hard string }

// phrases are lists of words that are told apart in a transcript.
type phrases [][]string

// lexicon is what a transcript is held against.
type lexicon struct{ backchannels, hard phrases }

// lexiconOf returns the words of a language. What affirms is a backchannel unless the
// server asks.
func lexiconOf(own map[string]InterruptionWords, language string, asks bool) lexicon {
	code := languageOf(language)
	if code == "" {
		code = "en"
	}
	if w, ok := own[code]; ok {
		return lexicon{phrasesOf(w.Backchannels), phrasesOf(w.Hard)}
	}
	w := interruptionWords[code]
	v := lexicon{phrasesOf(strings.Split(w.backchannels, "|")), phrasesOf(strings.Split(w.hard, "|"))}
	if !asks {
		v.backchannels = append(v.backchannels, phrasesOf(strings.Split(w.affirmative, "|"))...)
	}
	return v
}

func phrasesOf(list []string) phrases {
	var p phrases
	for _, phrase := range list {
		if words := wordsOf(phrase); len(words) > 0 {
			p = append(p, words)
		}
	}
	return p
}

// wordsOf returns the words of a text in small letters, without punctuation.
func wordsOf(text string) []string {
	text = strings.Map(func(r rune) rune {
		switch {
		case isApostrophe(r):
			return '\''
		case spelled(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, text)
	return strings.Fields(text)
}

// at returns how many words the longest of the phrases has that stands at the beginning of
// words; 0 if none does.
func (p phrases) at(words []string) (n int) {
	for _, phrase := range p {
		if len(phrase) > n && len(phrase) <= len(words) && slices.Equal(phrase, words[:len(phrase)]) {
			n = len(phrase)
		}
	}
	return n
}

// begun reports whether words may be the beginning of one of the phrases.
func (p phrases) begun(words []string) bool {
	return slices.ContainsFunc(p, func(phrase []string) bool {
		return len(words) < len(phrase) && slices.Equal(words, phrase[:len(words)])
	})
}

// meant returns the words that are no backchannels. Of words that are not final the last may
// become one.
func (v *lexicon) meant(words []string, final bool) (meant []string) {
	for len(words) > 0 {
		n := v.backchannels.at(words)
		switch {
		case n == 0 && !final && v.backchannels.begun(words):
			return meant
		case n == 0:
			meant, n = append(meant, words[0]), 1
		}
		words = words[n:]
	}
	return meant
}

// hardWord returns the first hard word, of one or several; nil if there is none.
func (v *lexicon) hardWord(words []string) []string {
	for i := range words {
		if n := v.hard.at(words[i:]); n > 0 {
			return words[i : i+n]
		}
	}
	return nil
}
