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
}

// scratch is what checking one request works in. It is reused, and holds
// nothing that outlives the check.
type scratch struct {
	decoded  []byte
	pairs    []pair  // in the order of the body
	order    []int32 // indices of pairs, in the order of sorted
	sorted   []pair
	repeated bool   // some key comes more than once
	params   []byte // what is signed after the URL
	url      []byte
	mac      [maxMAC + 3]byte
	sum      [maxMAC]byte
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
				s.pairs = append(s.pairs, pair{prefix(out[key:], value-key), int32(key), int32(value), int32(n)})
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

// canonical sorts the pairs by key and then by value, in byte order, and sets
// params to the text that Twilio signs after the URL: every key with every
// distinct value of it.
//
// Twilio sends the same parameters in the same order for each kind of webhook.
// So the order that was right the last time is tried first.
func (s *scratch) canonical() {
	if s.arrange() {
		return
	}
	s.order = s.order[:0]
	for i := range s.pairs {
		s.order = append(s.order, int32(i))
	}
	slices.SortFunc(s.order, func(a, b int32) int { return s.compare(&s.pairs[a], &s.pairs[b]) })
	s.arrange()
}

// arrange sets sorted and params by order, and reports whether order is right.
func (s *scratch) arrange() bool {
	if len(s.order) != len(s.pairs) {
		return false
	}
	s.sorted, s.params, s.repeated = s.sorted[:0], s.params[:0], false
	for i, at := range s.order {
		p := &s.pairs[at]
		if i > 0 {
			last := &s.sorted[i-1]
			if last.prefix >= p.prefix {
				c := s.compare(last, p)
				if c > 0 {
					return false
				}
				s.repeated = s.repeated || bytes.Equal(s.key(last), s.key(p))
				if c == 0 {
					s.sorted = append(s.sorted, *p)
					continue
				}
			}
		}
		s.sorted = append(s.sorted, *p)
		s.params = append(s.params, s.decoded[p.key:p.end]...)
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

// values returns the form; text is what decoded holds, in memory of the form's
// own. The values of a key are in the order of the body.
func (s *scratch) values(text string) url.Values {
	form := make(url.Values, len(s.pairs))
	all := make([]string, len(s.pairs))
	for i, p := range s.pairs {
		key, value := text[p.key:p.value], text[p.value:p.end]
		if s.repeated && len(form[key]) > 0 {
			form[key] = append(form[key], value)
			continue
		}
		all[i] = value
		form[key] = all[i : i+1 : i+1]
	}
	return form
}
