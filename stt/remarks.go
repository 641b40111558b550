package stt

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// remarks removes from fields, in place, remarks about sound and control tokens.
func remarks(fields []string) {
	text := strings.Join(fields, " ")
	cuts := marked(text)
	at, dirty := 0, false
	for i, f := range fields {
		kept := without(text, at, at+len(f), cuts)
		if bare[strings.Trim(kept, ".,")] {
			kept = ""
		}
		if len(kept) < len(f) {
			if dirty = true; !said(kept) {
				kept = "" // punctuation that belonged to it
			}
			fields[i] = kept
		}
		at += len(f) + 1
		for len(cuts) > 0 && cuts[0].end < at {
			cuts = cuts[1:]
		}
	}
	if dirty {
		trim(fields)
	}
}

// trim removes punctuation from the ends of the text: it belonged to remarks.
func trim(fields []string) {
	for i, f := range fields {
		if said(f) {
			fields[i] = strings.TrimLeft(f, ",;:.!?")
			break
		}
		fields[i] = ""
	}
	for i := len(fields) - 1; i >= 0; i-- {
		if said(fields[i]) {
			fields[i] = strings.TrimRight(fields[i], ",;:")
			return
		}
		fields[i] = ""
	}
}

// bare are tokens without brackets: silence and noise in models of Kaldi's and HTK's kind,
// IBM's hesitation, and what SentencePiece cannot write.
var bare = map[string]bool{"SIL": true, "SPN": true, "NSN": true, "UNK": true, "!SIL": true, "%HESITATION": true, "⁇": true}

// cut is a stretch of a text that is removed.
type cut struct{ begin, end int }

// without returns text[from:to] without the cuts, which are in order.
func without(text string, from, to int, cuts []cut) string {
	var b strings.Builder
	for _, c := range cuts {
		if c.begin >= to {
			break
		}
		if c.begin > from {
			b.WriteString(text[from:c.begin])
		}
		from = max(from, min(c.end, to))
	}
	b.WriteString(text[from:to])
	return b.String()
}

// maxRemark is how long a remark may be, in bytes.
const maxRemark = 80

// melody are the notes that text about music and what is sung stands between.
const melody = "♩♪♫♬🎵🎶"

// maxSung is how much text may stand between two notes, in bytes: a line of a song.
const maxSung = 240

// notes are signs of music, and SenseVoice's signs of other sounds.
const notes = melody + "🎼👏😀😂😊😭🤧"

// picture makes a picture of the sign before it.
const picture = '\uFE0F'

// skipNotes returns the end of the notes that begin at i.
func skipNotes(text string, i int) int {
	rest := strings.TrimLeftFunc(text[i:], func(r rune) bool { return r == picture || strings.ContainsRune(notes, r) })
	return len(text) - len(rest)
}

// closing are the brackets that remarks stand in.
var closing = map[rune]rune{'[': ']', '(': ')', '{': '}', '<': '>', '（': '）', '［': '］', '【': '】', '〔': '〕', '*': '*'}

// marked returns the remarks and tokens in text, in order.
func marked(text string) []cut {
	var cuts []cut
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		end := i
		switch {
		case strings.ContainsRune(notes, r):
			end = skipNotes(text, i)
			if c := strings.IndexAny(text[end:min(len(text), end+maxSung)], melody); strings.ContainsRune(melody, r) && c >= 0 {
				end = skipNotes(text, end+c) // sung, or about what is heard
			}
		case strings.HasPrefix(text[i:], "<|"):
			if end = i + strings.Index(window(text, i), "|>") + 2; end < i+2 {
				end = i + len(firstField(text[i:]))
			}
		case strings.HasPrefix(text[i:], "++"):
			if c := strings.Index(window(text, i+2), "++"); c > 0 && !strings.ContainsFunc(text[i+2:i+2+c], notUpper) {
				end = i + c + 4
			}
		case closing[r] != 0:
			for r == '*' && strings.HasPrefix(text[i+n:], "*") {
				n++
			}
			inside := window(text, i+n)
			c := strings.IndexRune(inside, closing[r])
			if c >= 0 && (remark(r, inside[:c]) || alone(text, i, i+n+c+utf8.RuneLen(closing[r]), inside[:c])) {
				end = i + n + c + utf8.RuneLen(closing[r])
				for r == '*' && strings.HasPrefix(text[end:], "*") {
					end++
				}
			}
		}
		if end > i {
			cuts = append(cuts, cut{i, end})
			i = end
			continue
		}
		i += n
	}
	return cuts
}

// window returns as much of the text from i on as a remark may have.
func window(text string, i int) string { return text[i:min(len(text), i+maxRemark)] }

func firstField(text string) string {
	field, _, _ := strings.Cut(text, " ")
	return field
}

func notUpper(r rune) bool { return (r < 'A' || r > 'Z') && r != '_' && r != '+' }

// alone reports whether the brackets from i to end hold all of the text, written as
// remarks are: services write the names of redacted entities in capitals.
func alone(text string, i, end int, inside string) bool {
	if said(text[:i]) || said(text[end:]) || keys[strings.ToLower(inside)] || answers(inside) {
		return false
	}
	return strings.ContainsFunc(inside, unicode.IsLetter) && !strings.ContainsFunc(inside, unicode.IsDigit) && strings.ToUpper(inside) != inside
}

// answers reports whether a text is yes or no, whose brackets are emphasis.
func answers(text string) bool {
	all := strings.Join(plainWords(text), " ")
	for _, w := range languages {
		if slices.Contains(w.answers, all) {
			return true
		}
	}
	return false
}

// keys are names of a telephone's keys, which recognisers may write in brackets.
var keys = map[string]bool{"star": true, "pound": true, "hash": true}

// remark reports whether the text inside brackets is a remark about sound, a
// speaker's label, a time or a control token.
func remark(bracket rune, inside string) bool {
	inside = strings.TrimSpace(inside)
	if strings.HasPrefix(inside, "_") || strings.Contains(inside, "-->") {
		return true // whisper.cpp's [_BEG_], and its times
	}
	words := normalized([]string{inside})
	switch {
	case len(words) == 0:
		return strings.Trim(inside, ".…-–— ?") == ""
	case words[0] == "speaker" && len(words) == 2 && strings.Trim(words[1], "0123456789") == "":
		return true
	case len(words) > 6 || strings.ContainsFunc(inside, unicode.IsDigit):
		return false
	}
	control := bracket == '<' || bracket == '[' || bracket == '{'
	for _, w := range words {
		if sounds[w] {
			return true
		}
		control = control && (tokens[w] || w == "s" && bracket == '<')
	}
	return control
}

// tokens are names of control tokens.
var tokens = set(`unk unknown pad blank blk eps sil sos eos bos eou eob cls sep mask nospeech speech uh smack
	endoftext startoftranscript transcribe translate notimestamps nse spn nsn`)

// sounds are words of remarks about sound.
var sounds = set(`music musical song singing sings applause applauding clapping claps cheering cheers laughter laughing laughs laugh
	chuckle chuckles chuckling giggles giggling cough coughs coughing sneeze sneezes sneezing sniff sniffs sniffles sniffling sigh sighs
	sighing gasp gasps gasping groan groans groaning grunt grunts snoring snores breath breathing breathes exhales inhales yawns yawning
	hiccups whisper whispers whispering whistle whistles whistling hum hums humming moans moaning mumbles mumbling murmurs murmuring
	scream screams screaming shouting yelling crying cries sobbing sobs weeping silence silent noise noises noisy sound sounds static
	buzz buzzing buzzes beep beeps beeping bleep ringing rings dialing click clicks clicking clacking clatter clattering thud thuds
	knock knocks knocking typing footsteps rustling crackling hissing whirring rumbling chirping barking barks meows meowing mooing
	chimes chiming dings dinging siren sirens honks honking engine revving slams creaks closes inaudible unintelligible indistinct
	inaudibly garbled muffled crosstalk chatter chattering background audio speaking speaks foreign throat laughingly pause
	musik musique música musica muziek музыка müzik muzyka hudba zene glazba muzika музика музыкальная موسيقى संगीत applaus applaudissements aplausos applausi аплодисменты gelächter lachen rires risas risate
	смех stille silencio silenzio silêncio тишина rauschen bruit ruido rumore шум husten toux tos кашель
	音乐 音樂 音楽 音楽再生中 掌声 掌聲 拍手 笑 笑い 笑声 笑聲 静音 무음 음악 박수 웃음`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}
