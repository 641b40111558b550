package journal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// redactor leaves out of one file what is not to be kept. Its lock is held by whoever uses
// it, and never with that of the call, for which audio waits.
type redactor struct {
	sync.Mutex
	o       *Options
	numbers map[string]string // by their digits
}

// maxNumbers bounds how many numbers of a call are told apart.
const maxNumbers = 1000

// pseudonym returns the number of fiction that stands for a number: +1 and an area code, with
// 555-01 and two digits, in the order in which numbers appear.
func (r *redactor) pseudonym(number string) string {
	key := strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, number)
	known, ok := r.numbers[key]
	if !ok {
		n := min(len(r.numbers), maxNumbers)
		known = fmt.Sprintf("+1%03d55501%02d", 202+n/100, n%100)
		if n < maxNumbers {
			r.numbers[key] = known
		}
	}
	return known
}

var (
	// e164 is a number as Twilio writes them, also in a URL.
	e164 = regexp.MustCompile(`(?:\+|%2[bB])[1-9][0-9]{6,14}\b`)
	// national is one as people and other systems do.
	national = regexp.MustCompile(`\b[0-9]{10,15}\b|(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}\b`)
	// token is what a path of package voice has behind it: a secret, with numbers in it.
	token = regexp.MustCompile(`(/twilio/(?:stream|resume|challenge)/)[A-Za-z0-9_.~-]+`)
	// spoken is the text of a verb.
	spoken = regexp.MustCompile(`(?s)(<Say\b[^>]*>)(.*?)(</Say>)`)
	// pressed is an attribute of keys.
	pressed = regexp.MustCompile(`(?i)(\bsendDigits\s*=\s*["'])([^"']*)`)
	address = regexp.MustCompile(`^(sips?:)([^@;]+)(.*)$`)
	dialled = regexp.MustCompile(`^[+0-9 ().*#-]+$`)
)

// text returns a text without numbers and tokens.
func (r *redactor) text(s string) string {
	s = token.ReplaceAllString(s, "${1}{token}")
	if r.o.Numbers {
		return s
	}
	s = e164.ReplaceAllStringFunc(s, func(number string) string {
		if number[0] == '%' {
			return "%2B" + r.pseudonym(number[len("%2B"):])[1:]
		}
		return r.pseudonym(number)
	})
	return national.ReplaceAllStringFunc(s, func(number string) string {
		if fiction(number) {
			return number
		}
		return r.pseudonym(number)[1:]
	})
}

// fiction reports whether digits are those of a pseudonym.
func fiction(digits string) bool {
	return len(digits) == 11 && digits[0] == '1' && digits[4:9] == "55501" && digits[1:4] >= "202" && digits[1:4] <= "212"
}

// number returns what stands for the address of somebody, which may be a number, a SIP
// address, a client or a word such as anonymous.
func (r *redactor) number(s string) string {
	if r.o.Numbers || s == "" {
		return s
	}
	if m := address.FindStringSubmatch(s); m != nil {
		if digitsIn(m[2]) >= 3 {
			return m[1] + r.pseudonym(m[2]) + m[3]
		}
		return s
	}
	if dialled.MatchString(s) && digitsIn(s) >= 3 {
		return r.pseudonym(s)
	}
	return r.text(s)
}

func digitsIn(s string) (n int) {
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			n++
		}
	}
	return n
}

// keys returns what stands for keys that were pressed.
func (r *redactor) keys(s string) string {
	if r.o.Digits {
		return s
	}
	return noDigits(s)
}

func noDigits(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsDigit(c) {
			return '0'
		}
		return c
	}, s)
}

// speech returns what is kept of what was said.
func (r *redactor) speech(s string) string {
	if !r.o.Speech {
		s = strings.Map(func(c rune) rune {
			switch {
			case unicode.IsLetter(c), unicode.IsMark(c):
				return 'x'
			}
			return c
		}, s)
	}
	switch {
	case !r.o.Digits || !r.o.Speech:
		return noDigits(s)
	}
	return r.text(s)
}

// document returns TwiML without what is not kept.
func (r *redactor) document(s string) string {
	s = spoken.ReplaceAllStringFunc(s, func(say string) string {
		m := spoken.FindStringSubmatch(say)
		if strings.ContainsAny(m[2], "<&") { // SSML, or references: their names are not said
			return m[1] + r.text(m[2]) + m[3]
		}
		return m[1] + r.speech(m[2]) + m[3]
	})
	if !r.o.Digits {
		s = pressed.ReplaceAllStringFunc(s, func(attr string) string {
			m := pressed.FindStringSubmatch(attr)
			return m[1] + noDigits(m[2])
		})
	}
	return r.text(s)
}

// class is what a parameter or member holds.
type class uint8

const (
	plain class = iota
	aNumber
	aKey
	said
	secret
)

// classes are those of the names that Twilio uses, in small letters.
var classes = map[string]class{
	"from": aNumber, "to": aNumber, "caller": aNumber, "called": aNumber, "forwardedfrom": aNumber, "callername": secret, "outgoingcallerid": aNumber,
	"digits": aKey, "digit": aKey, "senddigits": aKey,
	"speechresult": said, "unstablespeechresult": said, "stablespeechresult": said, "transcriptiontext": said, "transcript": said,
	"voiceprompt": said, "token": said, "utteranceuntilinterrupt": said, "transcriptiondata": said,
	"calltoken": secret,
}

// withheld stands for what is never written.
const withheld = "{withheld}"

func (r *redactor) value(name, s string) string {
	switch classes[strings.ToLower(name)] {
	case aNumber:
		return r.number(s)
	case aKey:
		return r.keys(s)
	case said:
		return r.speech(s)
	case secret:
		if s != "" {
			return withheld
		}
	}
	return r.text(s)
}

func (r *redactor) form(form map[string][]string) map[string][]string {
	clean := make(map[string][]string, len(form))
	for name, values := range form {
		for _, s := range values {
			clean[name] = append(clean[name], r.value(name, s))
		}
	}
	return clean
}

// message returns a message of JSON, on one line, without what is not kept; false if it is
// not JSON.
func (r *redactor) message(message []byte) (json.RawMessage, bool) {
	d := json.NewDecoder(bytes.NewReader(message))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil || d.More() {
		return nil, false
	}
	b, err := json.Marshal(r.member("", value))
	return b, err == nil
}

// member cleans a value by the name of its member.
func (r *redactor) member(name string, value any) any {
	switch v := value.(type) {
	case string:
		return r.value(name, v)
	case []any:
		for i := range v {
			v[i] = r.member(name, v[i])
		}
	case map[string]any:
		if v["name"] == "tokensPlayed" {
			if s, ok := v["value"].(string); ok {
				v["value"] = r.speech(s)
			}
		}
		for key, inner := range v {
			if s, ok := inner.(string); ok && key == "payload" && !r.o.Audio {
				delete(v, key)
				v["bytes"] = decodedLen([]byte(s))
				continue
			}
			v[key] = r.member(key, inner)
		}
	}
	return value
}
