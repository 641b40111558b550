package signature

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"net/url"
	"slices"
)

// A pair is one parameter of a form; its key and value lie one after the other
// in scratch.decoded, in the order of the body.
type pair struct {
	prefix          uint64 // the first eight bytes of the key: most comparisons need no more
	key, value, end int32  // offsets in decoded
	index           int32  // in the body
}

// scratch is what checking one request works in. It is reused, and holds
// nothing that outlives the check.
type scratch struct {
	body    []byte
	decoded []byte
	pairs   []pair
	sorted  []pair  // room for sort
	order   []int32 // the indices of the pairs that sort sorted last
	joined  []byte  // room for canonical
	params  []byte  // what is signed after the URL: decoded or joined
	url     []byte
	mac     [maxMAC + 3]byte
	sum     [maxMAC]byte
}

func (s *scratch) key(p *pair) []byte   { return s.decoded[p.key:p.value] }
func (s *scratch) value(p *pair) []byte { return s.decoded[p.value:p.end] }

// special marks the bytes of a form that do not stand for themselves.
var special = [256]bool{'&': true, '=': true, '%': true, '+': true, ';': true}

// parse decodes an application/x-www-form-urlencoded body into decoded and
// pairs. It accepts what url.ParseQuery accepts without error, and reads the
// same from it. The reason is empty when all is well.
func (s *scratch) parse(body []byte, maxParams int) Reason {
	s.pairs = s.pairs[:0]
	if cap(s.decoded) < len(body)+8 { // eight more, so that a prefix can be loaded at any key
		s.decoded = make([]byte, len(body)+8)
	}
	out := s.decoded[:cap(s.decoded)]
	n, key, value := 0, 0, -1 // value is negative while reading a key
	start := 0                // of the pair in body
	for i := 0; ; i++ {
		for i < len(body) && !special[body[i]] {
			out[n] = body[i]
			n++
			i++
		}
		if i == len(body) || body[i] == '&' {
			if i > start { // "&&" holds no parameter, "&=&" one with an empty key
				if len(s.pairs) == maxParams {
					return ReasonTooManyParams
				}
				if value < 0 {
					value = n
				}
				s.pairs = append(s.pairs, pair{prefix(out[key:], value-key), int32(key), int32(value), int32(n), int32(len(s.pairs))})
			}
			if i == len(body) {
				break
			}
			key, value, start = n, -1, i+1
			continue
		}
		c := body[i]
		switch c {
		case '=':
			if value < 0 {
				value = n
				continue
			}
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(body) {
				return ReasonMalformedBody
			}
			hi, lo := unhex(body[i+1]), unhex(body[i+2])
			if hi|lo > 15 {
				return ReasonMalformedBody
			}
			c = hi<<4 | lo
			i += 2
		case ';': // which some parsers take for '&'
			return ReasonMalformedBody
		}
		out[n] = c
		n++
	}
	s.decoded = out[:n]
	return ""
}

// prefix is the first n, at most eight, bytes of key as a number that sorts as
// they do. key has at least eight bytes.
func prefix(key []byte, n int) uint64 {
	p := binary.BigEndian.Uint64(key)
	if n < 8 {
		p &= ^uint64(0) << (64 - 8*n)
	}
	return p
}

func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// sort orders the pairs by key and then by value, in byte order, and reports
// whether that is the order they came in, none of them twice. Twilio sends the
// same parameters in the same order for each kind of webhook, so the order that
// was right the last time mostly is right again.
func (s *scratch) sort() (asSent bool) {
	if s.ascending() {
		return true
	}
	if len(s.order) == len(s.pairs) {
		s.sorted = s.sorted[:0]
		for _, i := range s.order {
			s.sorted = append(s.sorted, s.pairs[i])
		}
		s.pairs, s.sorted = s.sorted, s.pairs
		if s.ascending() {
			return false
		}
	}
	slices.SortFunc(s.pairs, func(a, b pair) int { return s.compare(&a, &b) })
	s.order = s.order[:0]
	for i := range s.pairs {
		s.order = append(s.order, s.pairs[i].index)
	}
	return false
}

// ascending reports whether every pair is greater than the one before it.
func (s *scratch) ascending() bool {
	for i := 1; i < len(s.pairs); i++ {
		a, b := &s.pairs[i-1], &s.pairs[i]
		if a.prefix > b.prefix || a.prefix == b.prefix && s.compare(a, b) >= 0 {
			return false
		}
	}
	return true
}

func (s *scratch) compare(a, b *pair) int {
	if a.prefix != b.prefix {
		return cmp.Compare(a.prefix, b.prefix)
	}
	if c := bytes.Compare(s.key(a), s.key(b)); c != 0 {
		return c
	}
	return bytes.Compare(s.value(a), s.value(b))
}

// sameKey reports whether two neighbours in the sorted pairs have one key.
func (s *scratch) sameKey(a, b *pair) bool {
	return a.prefix == b.prefix && bytes.Equal(s.key(a), s.key(b))
}

// canonical sorts the pairs and sets params to the text that Twilio signs after
// the URL: every key with every distinct value of it.
func (s *scratch) canonical() {
	if s.sort() {
		s.params = s.decoded
		return
	}
	s.joined = s.joined[:0]
	for i := range s.pairs {
		p := &s.pairs[i]
		if i > 0 && s.compare(&s.pairs[i-1], p) == 0 {
			continue
		}
		s.joined = append(s.joined, s.decoded[p.key:p.end]...)
	}
	s.params = s.joined
}

// account is the AccountSid that a request claims.
type account struct {
	sid     []byte
	refused bool
}

// accountSID finds AccountSid in the sorted pairs. Two different ones are
// refused: which of them a handler reads is not for us to guess.
func (s *scratch) accountSID() account {
	var a account
	for i := range s.pairs {
		p := &s.pairs[i]
		if string(s.key(p)) != "AccountSid" {
			continue
		}
		if a.sid != nil && !bytes.Equal(a.sid, s.value(p)) {
			return account{refused: true}
		}
		a.sid = s.value(p)
	}
	return a
}

// values returns the form of the sorted pairs; text is what decoded holds, in
// memory of the form's own. The values of a key are in the order of the body.
func (s *scratch) values(text string) url.Values {
	form := make(url.Values, len(s.pairs))
	all := make([]string, 0, len(s.pairs))
	for i := 0; i < len(s.pairs); {
		first, j := i, i+1
		for j < len(s.pairs) && s.sameKey(&s.pairs[first], &s.pairs[j]) {
			j++
		}
		group := s.pairs[first:j]
		if len(group) > 1 {
			slices.SortFunc(group, func(a, b pair) int { return int(a.index - b.index) })
		}
		from := len(all)
		for _, p := range group {
			all = append(all, text[p.value:p.end])
		}
		form[text[group[0].key:group[0].value]] = all[from:len(all):len(all)]
		i = j
	}
	return form
}
