package text

import "strings"

// language holds the preparation's data of a language.
type language struct {
	english       bool
	ordinalDot    bool // "3." is "third"
	abbreviations map[string]abbreviation
	starters      map[string]bool // words that begin a sentence, and with it end the one before
}

// abbreviation is a word that is written with a dot: no sentence ends with it but
// as use says.
type abbreviation struct {
	say string // in words; empty = as it is written
	use use
}

type use uint8

const (
	inner        use = iota // something always follows, as behind "Dr."
	ending                  // may end a sentence, as "etc." does
	beforeNumber            // abbreviates only before a number, as "No." does
)

// languageOf returns the table for a BCP 47 tag.
func languageOf(tag string) *language {
	primary, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if l, ok := languages[primary]; ok {
		return l
	}
	return &language{abbreviations: nil}
}

var languages = map[string]*language{
	"": english, "en": english,
	"de": {ordinalDot: true, abbreviations: short("bzw ca d.h dr evtl fr ggf hr inkl kl max min mio mrd nr prof sog st str tel u.a usw vgl z.b z.t"),
		starters: set("der die das ein eine ich wir sie er es und aber wenn dann bitte heute morgen hier jetzt im in am an auf mit für wie was wann wo")},
	"fr": {abbreviations: short("av bd c.-à-d cf dr env etc ex m me mlle mm mme mmes no p prof st ste tél"),
		starters: set("le la les un une je nous vous il elle ils elles et mais si alors ce cette c'est dans pour avec comment quand où que qui")},
	"es": {abbreviations: short("av avda cf d dª dr dra ee.uu etc ej núm pág prof sr sra srta sto tel ud uds"),
		starters: set("el la los las un una yo nosotros usted él ella y pero si entonces en para con cómo cuándo dónde qué quién")},
	"it": {abbreviations: short("avv cf dott dott.ssa ecc es ing n p.es prof prof.ssa sig sig.ra tel"),
		starters: set("il lo la i gli le un una io noi lei lui e ma se allora in per con come quando dove che chi")},
	"pt": {abbreviations: short("av dr dra etc ex eng prof profa sr sra tel v.exa"),
		starters: set("o a os as um uma eu nós você ele ela e mas se então em para com como quando onde que quem")},
	"nl": {ordinalDot: false, abbreviations: short("bijv blz bv ca dhr dr drs enz evt fam ing ir mevr mr mw nl nr o.a prof t.a.v tel"),
		starters: set("de het een ik wij we u hij zij ze en maar als dan in op met voor hoe wat wanneer waar")},
}

// short makes abbreviations that are said as they are written.
func short(words string) map[string]abbreviation {
	m := make(map[string]abbreviation)
	for w := range strings.FieldsSeq(words) {
		m[w] = abbreviation{}
	}
	for _, w := range []string{"etc", "usw", "ecc", "enz"} {
		if _, ok := m[w]; ok {
			m[w] = abbreviation{use: ending}
		}
	}
	return m
}

func set(words string) map[string]bool {
	m := make(map[string]bool)
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}
