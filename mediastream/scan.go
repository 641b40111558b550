package mediastream

import (
	"bytes"
	"encoding/binary"
	"time"
)

// plain reports whether s can stand in a JSON string as it is: ASCII without
// control characters, quotes and backslashes. It looks at eight bytes at a time.
func plain(s []byte) bool {
	const (
		ones = 0x0101010101010101
		high = 0x80 * ones
	)
	var bad uint64
	for ; len(s) >= 8; s = s[8:] {
		v := binary.LittleEndian.Uint64(s)
		quote, slash := v^'"'*ones, v^'\\'*ones
		bad |= v | (v - ' '*ones) | (quote - ones) | (slash - ones)
	}
	if bad&high != 0 {
		return false
	}
	for _, c := range s {
		if c < ' ' || c >= 0x80 || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// once reports whether bit was not set yet, and sets it.
func once(set *uint, bit uint) bool {
	first := *set&(1<<bit) == 0
	*set |= 1 << bit
	return first
}

// media reads the body of a media message.
func (s *scanner) media(a *Frame) bool {
	const payload = 3
	a.Track = TrackInbound
	var seen uint
	return s.object(func(key []byte) bool {
		var ok bool
		switch string(key) {
		case "track":
			track, ok := s.plainString()
			switch string(track) {
			case string(TrackInbound):
			case string(TrackOutbound):
				a.Track = TrackOutbound
			default:
				return false
			}
			return ok && once(&seen, 0)
		case "chunk":
			a.Chunk, ok = s.number()
			return ok && once(&seen, 1)
		case "timestamp":
			var ms uint64
			ms, ok = s.number()
			a.Timestamp = time.Duration(ms) * time.Millisecond
			return ok && ms <= maxMilliseconds && once(&seen, 2)
		case "payload":
			a.Payload, ok = s.plainString()
			return ok && once(&seen, payload)
		}
		return s.skip(3)
	}) && seen&(1<<payload) != 0
}

// member reads an object of which one string counts.
func (s *scanner) member(name string) (value []byte, ok bool) {
	var seen uint
	ok = s.object(func(key []byte) (ok bool) {
		if string(key) != name {
			return s.skip(3)
		}
		value, ok = s.plainString()
		return ok && once(&seen, 0)
	})
	return value, ok && seen != 0
}

// scanner reads JSON from left to right. Every method leaves the position
// behind what it has read, or anywhere if it returns false.
type scanner struct {
	msg []byte
	pos int
}

// literal reads s itself.
func (s *scanner) literal(text string) bool {
	end := s.pos + len(text)
	if end > len(s.msg) || string(s.msg[s.pos:end]) != text {
		return false
	}
	s.pos = end
	return true
}

// digits reads a number of 1 to 18 digits.
func (s *scanner) digits() (n uint64, ok bool) {
	start := s.pos
	for s.pos < len(s.msg) {
		d := s.msg[s.pos] - '0'
		if d > 9 {
			break
		}
		n = 10*n + uint64(d)
		s.pos++
	}
	length := s.pos - start
	return n, 0 < length && length <= maxDigits
}

// space reads white space and returns the byte behind it, 0 at the end.
func (s *scanner) space() byte {
	for ; s.pos < len(s.msg); s.pos++ {
		switch c := s.msg[s.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// done reads white space to the end.
func (s *scanner) done() bool {
	s.space()
	return s.pos == len(s.msg)
}

// token reads white space and c.
func (s *scanner) token(c byte) bool {
	if s.space() != c {
		return false
	}
	s.pos++
	return true
}

// object reads an object; member reads the value for a key.
func (s *scanner) object(member func(key []byte) bool) bool {
	if !s.token('{') {
		return false
	}
	if s.space() == '}' {
		s.pos++
		return true
	}
	for {
		key, ok := s.plainString()
		if !ok || !s.token(':') || !member(key) {
			return false
		}
		switch s.space() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return true
		default:
			return false
		}
	}
}

// plainString reads a string that needs no decoding.
func (s *scanner) plainString() (text []byte, ok bool) {
	if !s.token('"') {
		return nil, false
	}
	rest := s.msg[s.pos:]
	n := bytes.IndexByte(rest, '"')
	if n < 0 || !plain(rest[:n]) {
		return nil, false
	}
	s.pos += n + 1
	return rest[:n], true
}

// number reads digits, quoted or not.
func (s *scanner) number() (n uint64, ok bool) {
	if s.space() == '"' {
		s.pos++
		if n, ok = s.digits(); !ok || !s.literal(`"`) {
			return 0, false
		}
		return n, true
	}
	start := s.pos
	n, ok = s.digits()
	if !ok || s.msg[start] == '0' && s.pos > start+1 {
		return 0, false
	}
	switch s.space() { // no sign, fraction or exponent
	case ',', '}', ']':
		return n, true
	}
	return 0, false
}

// skip reads any value that is depth objects and arrays deep already.
func (s *scanner) skip(depth int) bool {
	switch c := s.space(); {
	case c == '"':
		_, ok := s.plainString()
		return ok
	case c == '{':
		return depth <= maxDepth && s.object(func([]byte) bool { return s.skip(depth + 1) })
	case c == '[':
		return depth <= maxDepth && s.array(depth)
	case c == 't':
		return s.literal("true")
	case c == 'f':
		return s.literal("false")
	case c == 'n':
		return s.literal("null")
	}
	_, ok := s.number()
	return ok
}

func (s *scanner) array(depth int) bool {
	s.pos++
	if s.space() == ']' {
		s.pos++
		return true
	}
	for {
		if !s.skip(depth + 1) {
			return false
		}
		switch s.space() {
		case ',':
			s.pos++
		case ']':
			s.pos++
			return true
		default:
			return false
		}
	}
}
