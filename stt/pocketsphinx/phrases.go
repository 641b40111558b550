package pocketsphinx

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode"

	"agentos.dev/dialtone/stt/wer"
)

// cleanPhrases reduces phrases to words of a to z and apostrophes, so that nothing of a
// grammar's syntax is left in them, and drops repetitions. Numbers become words as
// package wer reads them, and letters lose their accents. The error names every phrase
// without words, and every word with another letter.
func cleanPhrases(phrases []string) ([][]string, error) {
	var clean [][]string
	var errs []error
	seen := map[string]bool{}
	for i, phrase := range phrases {
		var words []string
		for _, word := range spoken(phrase) {
			word = strings.ReplaceAll(word, "’", "'")
			if word = strings.Trim(word, "'"); word == "" {
				continue
			}
			if strings.ContainsFunc(word, func(r rune) bool { return r != '\'' && (r < 'a' || r > 'z') }) {
				errs = append(errs, fmt.Errorf("pocketsphinx: phrase %d: %q has a letter that is not one of a to z", i, word))
			}
			words = append(words, word)
		}
		if len(words) == 0 {
			errs = append(errs, fmt.Errorf("pocketsphinx: phrase %d has no words", i))
		}
		if key := strings.Join(words, " "); !seen[key] {
			seen[key] = true
			clean = append(clean, words)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return clean, nil
}

// spoken cuts a phrase into words and writes numbers out.
func spoken(phrase string) []string {
	var words []string
	for _, part := range strings.Fields(plain(phrase)) {
		if strings.ContainsAny(part, "0123456789") {
			words = append(words, wer.Words(part)...)
		} else {
			words = append(words, strings.FieldsFunc(part, separates)...)
		}
	}
	return words
}

// separates reports whether r stands between words.
func separates(r rune) bool {
	return r != '\'' && r != '’' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// plain returns text in lower case without accents.
func plain(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) { // an accent of its own
			return -1
		}
		return unicode.ToLower(r)
	}, text)
	return accents.Replace(text)
}

var accents = strings.NewReplacer(
	"à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "ā", "a", "ă", "a", "ą", "a", "æ", "ae",
	"ç", "c", "ć", "c", "č", "c", "ď", "d", "đ", "d", "è", "e", "é", "e", "ê", "e", "ë", "e", "ē", "e", "ė", "e", "ę", "e", "ě", "e",
	"ğ", "g", "ì", "i", "í", "i", "î", "i", "ï", "i", "ī", "i", "ı", "i", "ł", "l", "ñ", "n", "ń", "n", "ň", "n",
	"ò", "o", "ó", "o", "ô", "o", "õ", "o", "ö", "o", "ø", "o", "ō", "o", "ő", "o", "œ", "oe", "ř", "r", "ś", "s", "š", "s", "ș", "s", "ş", "s", "ß", "ss",
	"ť", "t", "ț", "t", "ţ", "t", "ù", "u", "ú", "u", "û", "u", "ü", "u", "ū", "u", "ů", "u", "ű", "u", "ý", "y", "ÿ", "y", "ź", "z", "ż", "z", "ž", "z",
)

// grammar returns a JSGF grammar of whole phrases.
func grammar(phrases [][]string) []byte {
	var b bytes.Buffer
	b.WriteString("#JSGF V1.0;\ngrammar phrases;\npublic <phrase> =")
	for i, words := range phrases {
		if i > 0 {
			b.WriteString(" |")
		}
		b.WriteString(" " + strings.Join(words, " ") + "\n")
	}
	b.WriteString(";\n")
	return b.Bytes()
}

// dictionaryOf returns those lines of the dictionary that the phrases need, a
// tenth of the memory and of the time to start of the whole, and the words that
// are in neither the dictionary nor pronunciations.
func dictionaryOf(file string, phrases [][]string, pronunciations map[string]string) (dictionary []byte, missing []string, err error) {
	needed := map[string]bool{}
	for _, words := range phrases {
		for _, word := range words {
			needed[word] = true
		}
	}
	var b bytes.Buffer
	for _, word := range slices.Sorted(maps.Keys(pronunciations)) {
		phones := pronunciations[word]
		word = strings.ToLower(word)
		if !needed[word] {
			continue
		}
		if phones == "" || strings.ContainsFunc(phones, func(r rune) bool { return r != ' ' && (r < 'A' || r > 'Z') }) {
			return nil, nil, fmt.Errorf("pocketsphinx: pronunciation of %q: %q is not a list of phones such as \"B UH K\"", word, phones)
		}
		fmt.Fprintf(&b, "%s %s\n", word, phones)
		delete(needed, word)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	found := map[string]bool{}
	for lines.Scan() {
		word, _, _ := bytes.Cut(lines.Bytes(), []byte(" "))
		word, _, _ = bytes.Cut(word, []byte("(")) // word(2) is a second pronunciation
		if needed[string(word)] {
			found[string(word)] = true
			b.Write(lines.Bytes())
			b.WriteByte('\n')
		}
	}
	if err := lines.Err(); err != nil {
		return nil, nil, err
	}
	maps.DeleteFunc(needed, func(word string, _ bool) bool { return found[word] })
	return b.Bytes(), slices.Sorted(maps.Keys(needed)), nil
}

// lengths returns how many phones each word of a dictionary has, in its shortest
// pronunciation.
func lengths(dictionary []byte) map[string]int {
	n := map[string]int{}
	for line := range bytes.Lines(dictionary) {
		f := bytes.Fields(line)
		if len(f) < 2 {
			continue
		}
		word, _, _ := strings.Cut(string(f[0]), "(")
		if old, ok := n[word]; !ok || len(f)-1 < old {
			n[word] = len(f) - 1
		}
	}
	return n
}
