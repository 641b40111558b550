package stt

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Expectation describes the answer that the caller was asked for. The zero value is an
// open question.
type Expectation struct {
	// YesNo is set when yes or no is an answer: a turn of one of these words alone ends
	// sooner.
	YesNo bool
	// Digits is the number of digits of the answer: a turn with fewer waits for the rest,
	// and one with all of them ends sooner. 0 = unknown.
	Digits int
	// Phrases replace those of the Config for this answer; nil = those of the Config.
	// Engines of [Segmented] and others that take them in mid-call use them at once, the
	// rest on a new connection.
	Phrases []string
}

// Expecter is a Stream that takes an Expectation in mid-call. The streams of [Open]
// implement it, and pass it on to an engine's stream that does.
type Expecter interface {
	// Expect sets the Expectation until the next Expect. It waits for no network and
	// may be called from any goroutine.
	Expect(Expectation) error
}

// ending is the kind of ending of a turn's text: a sign that its speaker has finished
// or goes on.
type ending uint8

const (
	plain      ending = iota // it does not tell
	complete                 // it is all that was asked for
	unfinished               // the sentence or the number goes on, or the speaker is looking for words
)

// endings are the silences after the last voiced sample that end a turn, by the
// ending of its text.
var endings = [...]time.Duration{
	plain:      700 * time.Millisecond,
	complete:   400 * time.Millisecond,
	unfinished: 2 * time.Second,
}

// words are the words of a language that mark an ending. An entry of several words is
// compared with the last words of a text. Words that often end a sentence are in none.
type words struct {
	answers    []string // yes and no: a turn of nothing else answers a question for them
	hesitant   []string // the whole text of a caller who only hesitates
	fillers    []string // at the end, or as all of it
	goesOn     []string // conjunctions, articles, and what needs a word after it
	links      []string // prepositions and verbs, which may end a question or a short answer
	questions  []string // words of questions, after which a link may be the last
	subjects   []string // after which a link is the verb, and may be the last
	digits     []string
	quantities []string // before a digit: "double five"
	telephones []string // say that a number of a telephone is dictated
	cards      []string // say that the number of a payment card is dictated
}

// The fewest digits of a telephone number and of a payment card.
const (
	telephoneDigits = 7
	cardDigits      = 15
)

var languages = map[string]words{
	"en": {
		answers: []string{"yes", "yeah", "yep", "yup", "no", "nope", "nah", "sure", "correct", "right", "exactly", "absolutely", "definitely",
			"yes please", "no thanks", "no thank you", "of course", "that's right", "that is right", "that's correct", "that is correct", "yes it is", "no it isn't", "not really"},
		hesitant: []string{"well", "like", "so", "okay so", "wait", "let me check", "let me look", "what was it"},
		fillers: []string{"um", "uh", "uhm", "umm", "er", "erm", "hmm", "hm", "you know", "i mean", "let me see", "let me think", "let's see",
			"hold on", "hang on", "one moment", "just a moment", "one second", "just a second", "how do i say"},
		goesOn: []string{"and", "or", "but", "nor", "because", "if", "unless", "until", "although", "whereas", "whether", "than", "as well as", "and so", "and then", "so that", "such as",
			"a", "an", "the", "my", "your", "our", "their", "every", "i'd like", "i would like", "i'm", "you're", "we're", "they're", "i'll", "we'll", "i've", "we've", "can i", "could i", "can you", "could you", "would you",
			"please tell me", "i was wondering", "instead of", "because of", "due to", "according to", "the number is", "it's", "and it's"},
		links:     []string{"of", "for", "with", "to", "at", "from", "about", "into", "between", "during", "without", "toward", "towards", "is", "are", "am", "was", "were", "will", "would", "should", "could", "can"},
		questions: []string{"what", "who", "whom", "where", "which", "how", "when", "why", "what's", "who's", "where's"},
		subjects: []string{"i", "you", "he", "she", "it", "we", "they", "that", "this", "there", "here", "want", "like", "need", "have", "going", "able", "supposed", "love", "used", "trying", "not", "don't", "prefer", "happy",
			"looking", "waiting", "asking", "sort", "kind", "yes"},
		digits:     []string{"zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"},
		quantities: []string{"double", "triple"},
		telephones: []string{"phone", "telephone", "mobile", "cell", "call me at", "call me on", "reach me at", "reach me on"},
		cards:      []string{"card number", "credit card", "debit card"},
	},
	"de": {
		answers:  []string{"ja", "nein", "nee", "ne", "genau", "richtig", "stimmt", "klar", "gerne", "ja bitte", "ja gerne", "nein danke", "das stimmt", "das ist richtig"},
		hesitant: []string{"also", "sagen wir", "mal sehen", "wie heißt das"},
		fillers:  []string{"äh", "ähm", "öh", "hm", "hmm", "einen moment", "warten sie", "eine sekunde"},
		goesOn: []string{"und", "oder", "aber", "weil", "dass", "wenn", "ob", "obwohl", "sondern", "sowie", "bevor", "nachdem", "des", "gern ein", "gern eine", "gern einen", "gerne ein", "gerne eine", "gerne einen", "möchte ein", "möchte eine", "möchte einen",
			"mit der", "mit dem", "mit einer", "mit einem", "für die", "für den", "für das", "für ein", "für eine", "für einen", "in die", "in der", "in den", "auf die", "auf der", "auf dem", "nach der", "bei der", "von der", "von dem",
			"mein", "ich möchte", "ich hätte gern", "ich hätte gerne", "ich wollte", "ich bin", "können sie", "zum", "zur", "im", "am", "vom", "beim"},
		links:      []string{"für", "von", "zwischen", "gegen", "ist", "sind", "war"},
		questions:  []string{"wer", "was", "wie", "wo", "wann", "warum", "welche", "welcher", "wieviel"},
		subjects:   []string{"ich", "du", "er", "sie", "es", "wir", "das", "da", "ja", "dafür", "dagegen"},
		digits:     []string{"null", "eins", "zwei", "zwo", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"},
		quantities: []string{"doppel"},
		telephones: []string{"telefonnummer", "handynummer", "rückrufnummer"},
		cards:      []string{"kartennummer", "kreditkarte", "kreditkartennummer"},
	},
	"es": {
		answers:  []string{"sí", "si", "no", "claro", "correcto", "exacto", "de acuerdo", "sí por favor", "no gracias", "eso es", "por supuesto"},
		hesitant: []string{"este", "pues", "bueno", "o sea", "a ver", "déjeme ver"},
		fillers:  []string{"eh", "em", "ehm", "un momento", "espere", "un segundo"},
		goesOn: []string{"y", "e", "o", "u", "pero", "porque", "que", "si no", "aunque", "mientras", "el", "la", "los", "las", "un", "con una", "para una", "de una", "en una", "por una", "a una", "mi", "mis", "su", "sus", "quisiera",
			"del", "al"},
		links:      []string{"de", "para", "con", "a", "en", "por", "sin", "sobre", "entre", "hasta", "desde", "es", "son", "está", "quiero", "necesito", "puede"},
		questions:  []string{"qué", "quién", "cómo", "dónde", "cuándo", "cuál", "cuánto"},
		subjects:   []string{"ya", "así", "lo", "la", "los", "las", "sí", "si", "no", "eso", "donde", "cuando", "como"},
		digits:     []string{"cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"},
		quantities: []string{"doble"},
		telephones: []string{"teléfono", "móvil", "celular"},
		cards:      []string{"tarjeta"},
	},
	"fr": {
		answers:  []string{"oui", "non", "ouais", "si", "d'accord", "bien sûr", "exactement", "c'est ça", "oui s'il vous plaît", "non merci", "tout à fait", "c'est exact"},
		hesitant: []string{"ben", "bah", "alors", "enfin", "voyons", "comment dire"},
		fillers:  []string{"euh", "heu", "attendez", "un instant", "une seconde", "un moment"},
		goesOn: []string{"et", "ou", "mais", "que", "parce que", "puisque", "lorsque", "le", "la", "les", "des", "du", "pour un", "pour une", "avec un", "avec une", "dans un", "dans une", "mon", "ma", "mes", "votre", "je voudrais", "j'aimerais", "je suis",
			"pouvez-vous", "au", "aux"},
		links:      []string{"de", "pour", "avec", "à", "en", "par", "sans", "sur", "entre", "chez", "vers", "est", "sont", "c'est", "veux"},
		questions:  []string{"qui", "quoi", "comment", "où", "combien", "quand"},
		subjects:   []string{"il", "elle", "ça", "oui", "fait", "le", "la", "les", "en", "y"},
		digits:     []string{"zéro", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"},
		quantities: []string{"double"},
		telephones: []string{"téléphone", "portable", "mobile"},
		cards:      []string{"numéro de carte", "carte bancaire", "carte bleue"},
	},
	"it": {
		answers:  []string{"sì", "si", "no", "certo", "esatto", "giusto", "d'accordo", "sì grazie", "no grazie", "certamente"},
		hesitant: []string{"allora", "dunque", "insomma", "vediamo", "come si dice"},
		fillers:  []string{"ehm", "eh", "cioè", "un attimo", "aspetti", "un momento"},
		goesOn: []string{"e", "ed", "o", "oppure", "ma", "però", "perché", "che", "se", "mentre", "il", "lo", "la", "i", "gli", "le", "un", "con una", "per una", "di una", "in una", "a una", "da una", "mio", "mia",
			"del", "della", "al", "alla", "nel", "nella", "il numero è"},
		links:      []string{"di", "per", "con", "a", "in", "da", "senza", "su", "tra", "fra", "fino", "è", "sono", "vorrei", "voglio", "può"},
		questions:  []string{"chi", "come", "dove", "quale", "quali", "quanto", "quanti", "quando", "cosa"},
		subjects:   []string{"lui", "lei", "ci", "sì", "così", "lo", "la", "li", "non", "no"},
		digits:     []string{"zero", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"},
		quantities: []string{"doppio"},
		telephones: []string{"telefono", "cellulare"},
		cards:      []string{"carta di credito", "numero di carta", "numero della carta"},
	},
}

// endingOf returns the ending of a turn's text. A text without a language is taken for
// English; in a language outside the table only numerals count.
func endingOf(text, language string, e Expectation) ending {
	list := plainWords(text)
	tag, _, _ := strings.Cut(strings.ToLower(language), "-")
	if tag == "" {
		tag = "en"
	}
	w, all := languages[tag], strings.Join(list, " ")
	digits, last, double := w.count(list)
	switch {
	case len(list) == 0:
		return plain
	case e.Digits > 0 && digits >= e.Digits, e.YesNo && slices.Contains(w.answers, all):
		return complete
	case last > 0 && digits < e.Digits, last > 1 && last < w.least(all), double,
		slices.Contains(w.hesitant, all), ends(list, w.fillers), ends(list, w.goesOn) && !spelled(list), w.needsMore(list):
		return unfinished
	}
	return plain
}

// plainWords returns the words of the end of a text in small letters, without
// punctuation around them.
func plainWords(text string) []string {
	const most = 1024 // bytes: more than any rule looks at
	if len(text) > most {
		text = strings.ToValidUTF8(text[len(text)-most:], "")
	}
	list := strings.Fields(strings.ToLower(strings.ReplaceAll(text, "’", "'")))
	for i, word := range list {
		list[i] = strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	}
	return slices.DeleteFunc(list, func(word string) bool { return word == "" })
}

// ends reports whether a list of words ends in one of the phrases.
func ends(list, phrases []string) bool {
	for _, p := range phrases {
		if len(list) == 0 || !strings.HasSuffix(p, list[len(list)-1]) {
			continue
		}
		n := strings.Count(p, " ") + 1
		if n <= len(list) && strings.Join(list[len(list)-n:], " ") == p {
			return true
		}
	}
	return false
}

// spelled reports whether a list of words ends in letters, one by one.
func spelled(list []string) bool {
	n := len(list)
	return n > 1 && utf8.RuneCountInString(list[n-1]) == 1 && utf8.RuneCountInString(list[n-2]) == 1
}

// needsMore reports whether the last word links what comes before to a word that is
// missing. It does not in "where are you from" and "yes it is".
func (w *words) needsMore(list []string) bool {
	n := len(list)
	if !slices.Contains(w.links, list[n-1]) || slices.ContainsFunc(list, func(word string) bool { return slices.Contains(w.questions, word) }) {
		return false
	}
	return n == 1 || !slices.Contains(w.subjects, list[n-2])
}

// count returns how many digits a text has, spelled or as numerals, and how many of
// them it ends in; a spelled one counts beside another, or at the end. double reports
// whether it ends in "double" after a digit.
func (w *words) count(list []string) (digits, last int, double bool) {
	for i, word := range list {
		n := numeral(word)
		if n == 0 && slices.Contains(w.digits, word) && (i == len(list)-1 || w.ofNumber(list[i+1]) || i > 0 && w.ofNumber(list[i-1])) {
			n = 1
		}
		if i > 0 {
			n *= 1 + 1 + slices.Index(w.quantities, list[i-1]) // "double five" are two
		}
		digits += n
		switch {
		case n > 0:
			last += n
		case !slices.Contains(w.quantities, word):
			last = 0
		}
	}
	return digits, last, last > 0 && slices.Contains(w.quantities, list[len(list)-1])
}

// ofNumber reports whether a word is a part of a number that is dictated.
func (w *words) ofNumber(word string) bool {
	return numeral(word) > 0 || slices.Contains(w.digits, word) || slices.Contains(w.quantities, word)
}

// least returns the fewest digits of the number that a text says it has; 0 = it says
// none.
func (w *words) least(text string) int {
	named := func(phrases []string) bool {
		return slices.ContainsFunc(phrases, func(p string) bool { return strings.Contains(" "+text+" ", " "+p+" ") })
	}
	switch {
	case named(w.cards):
		return cardDigits
	case named(w.telephones):
		return telephoneDigits
	}
	return 0
}

// numeral returns the number of digits in a word of digits alone, dashes and the like
// between them; 0 for others, as "2:30" and "5pm".
func numeral(word string) (n int) {
	for _, r := range word {
		switch {
		case r >= '0' && r <= '9':
			n++
		case r != '-' && r != '.' && r != '/' && r != '(' && r != ')':
			return 0
		}
	}
	return n
}
