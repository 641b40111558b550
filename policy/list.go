package policy

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Visible removes invisible characters (the Unicode category Cf) from a text: byte order
// marks, directional marks, zero-width characters. They come with text that is copied
// from elsewhere, so the parsers of lists call Visible first.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text)
}

// ParseNumbers reads a list of entries separated by commas, white space or line
// ends. An entry is
//
//	+14155550100      a number in E.164, without anything between the digits
//	+1900*            all numbers with this prefix
//	anonymous         callers who withheld their number
//	sip:bob@host      a SIP address, whatever its port and parameters
//	sip:*@host        all SIP addresses of a host
//	client:alice      another address
//	sip:*             all addresses with this prefix, compared with what Call.Caller returns
//
// What follows a # is a comment up to the end of the line. A byte order mark, empty
// entries and trailing separators are left out. All mistakes are returned at once, or
// the first hundred of them, each naming its line, if there are several, and its entry.
func ParseNumbers(list string) (*Numbers, error) {
	n := new(Numbers)
	var errs mistakes
	list = Visible(list)
	lines := strings.Count(strings.TrimSpace(list), "\n") + 1
	number := 0
	for line := range strings.Lines(list) {
		number++
		line, _, _ = strings.Cut(line, "#")
		for part := range strings.SplitSeq(line, ",") {
			for _, entry := range entries(part) {
				err := n.rules.add(entry, 1)
				if err != nil && lines > 1 {
					err = fmt.Errorf("line %d: %w", number, err)
				}
				errs.add(err)
			}
		}
	}
	if err := errs.join(); err != nil {
		return nil, err
	}
	n.rules.sort()
	return n, nil
}

// entries splits a part of a line at white space, except in a number that is written
// with blanks: that is one mistake, not three.
func entries(part string) []string {
	part = strings.TrimSpace(part)
	if strings.HasPrefix(part, "+") && strings.Count(part, "+") == 1 && IsE164(identify(part).Caller) {
		return []string{part}
	}
	return strings.Fields(part)
}

// mistakes collects errors, of many only the first.
type mistakes struct {
	errs []error
	more int
}

const maxMistakes = 100

func (m *mistakes) add(err error) {
	switch {
	case err == nil:
	case len(m.errs) < maxMistakes:
		m.errs = append(m.errs, err)
	default:
		m.more++
	}
}

func (m *mistakes) join() error {
	if m.more > 0 {
		return errors.Join(append(m.errs, fmt.Errorf("and %d more", m.more))...)
	}
	return errors.Join(m.errs...)
}
