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
)

// cleanPhrases reduces phrases to words of a to z and apostrophes, so that
// nothing of a grammar's syntax is left in them, and drops repetitions. The error tells
// of every phrase that cannot be heard.
func cleanPhrases(phrases []string) ([][]string, error) {
	var clean [][]string
	var errs []error
	seen := map[string]bool{}
	for i, phrase := range phrases {
		var words []string
		for _, word := range strings.FieldsFunc(strings.ToLower(phrase), separates) {
			word = strings.ReplaceAll(word, "’", "'")
			if word = strings.Trim(word, "'"); word == "" {
				continue
			}
			if strings.ContainsFunc(word, func(r rune) bool { return r != '\'' && (r < 'a' || r > 'z') }) {
				errs = append(errs, fmt.Errorf("pocketsphinx: phrase %d: %q: only the letters a to z; write numbers out", i, word))
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

// separates reports whether r stands between words.
func separates(r rune) bool {
	return r != '\'' && r != '’' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

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

// dictionaryOf returns those lines of the dictionary that the phrases need: a
// tenth of the memory, and of the time to start, of the whole.
func dictionaryOf(file string, phrases [][]string, pronunciations map[string]string) ([]byte, error) {
	missing := map[string]bool{}
	for _, words := range phrases {
		for _, word := range words {
			missing[word] = true
		}
	}
	var b bytes.Buffer
	for _, word := range slices.Sorted(maps.Keys(pronunciations)) {
		phones := pronunciations[word]
		word = strings.ToLower(word)
		if !missing[word] {
			continue
		}
		if phones == "" || strings.ContainsFunc(phones, func(r rune) bool { return r != ' ' && (r < 'A' || r > 'Z') }) {
			return nil, fmt.Errorf("pocketsphinx: pronunciation of %q: %q is not a list of phones such as \"B UH K\"", word, phones)
		}
		fmt.Fprintf(&b, "%s %s\n", word, phones)
		delete(missing, word)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	found := map[string]bool{}
	for lines.Scan() {
		word, _, _ := bytes.Cut(lines.Bytes(), []byte(" "))
		word, _, _ = bytes.Cut(word, []byte("(")) // word(2) is a second pronunciation
		if missing[string(word)] {
			found[string(word)] = true
			b.Write(lines.Bytes())
			b.WriteByte('\n')
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	maps.DeleteFunc(missing, func(word string, _ bool) bool { return found[word] })
	if len(missing) > 0 {
		return nil, fmt.Errorf("pocketsphinx: not in the dictionary: %s; spell them differently or set Options.Pronunciations",
			strings.Join(slices.Sorted(maps.Keys(missing)), ", "))
	}
	return b.Bytes(), nil
}
