package stt

import (
	"fmt"
	"strings"
)

// ParseLanguage returns a BCP 47 language tag in its usual spelling: "EN-GB",
// "en_gb" and "en_GB.UTF-8" are "en-GB". Anything else, as "english", is an
// [ErrRefused] error. An empty tag, the engine's default, stays empty.
//
// It checks the form that RFC 5646, section 2.1, gives a tag, with a language of
// two or three letters, and not whether the language is registered.
func ParseLanguage(tag string) (string, error) {
	tag = strings.TrimSpace(tag)
	if tag == "" {
		return "", nil
	}
	posix, _, _ := strings.Cut(tag, ".") // encoding
	posix, _, _ = strings.Cut(posix, "@")
	subtags := strings.Split(strings.ReplaceAll(posix, "_", "-"), "-")
	private := false // after a singleton, where subtags have other forms
	for i, s := range subtags {
		s = strings.ToLower(s)
		letters, digits := 0, 0
		for _, r := range []byte(s) {
			switch {
			case 'a' <= r && r <= 'z':
				letters++
			case '0' <= r && r <= '9':
				digits++
			}
		}
		n := len(s)
		ok := n > 0 && n <= 8 && letters+digits == n
		switch {
		case i == 0:
			ok = ok && digits == 0 && (n == 2 || n == 3)
		case n == 1:
			ok, private = ok && i < len(subtags)-1, true
		case private:
		case letters == 2 && n == 2:
			if s = strings.ToUpper(s); s == "UK" {
				s = "GB"
			}
		case letters == 4 && n == 4:
			s = strings.ToUpper(s[:1]) + s[1:]
		default: // an extended language, a region in digits or a variant
			ok = ok && (n >= 5 || n == 3 && (letters == 3 || digits == 3) || n == 4 && s[0] <= '9')
		}
		if !ok {
			return "", &Error{Op: "open", Kind: ErrRefused, Err: fmt.Errorf("language %.40q is not a BCP 47 tag such as %q", tag, "en-GB")}
		}
		subtags[i] = s
	}
	return strings.Join(subtags, "-"), nil
}

// Normalize returns the configuration as engines take it: with the Language as
// [ParseLanguage] spells it and Phrases without blanks around, empty ones and line
// breaks. Its error is that of ParseLanguage or of [ValidateFormat].
func (c Config) Normalize() (Config, error) {
	if err := ValidateFormat(c.Format); err != nil {
		return c, err
	}
	var err error
	if c.Language, err = ParseLanguage(c.Language); err != nil {
		return c, err
	}
	c.Phrases = normalPhrases(c.Phrases)
	c.Expected.Phrases = normalPhrases(c.Expected.Phrases)
	return c, nil
}

// normalPhrases returns phrases with single spaces between their words, without empty
// ones.
func normalPhrases(list []string) (phrases []string) {
	for _, p := range list {
		if p = strings.Join(strings.Fields(p), " "); p != "" {
			phrases = append(phrases, p)
		}
	}
	return phrases
}
