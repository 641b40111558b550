package ws

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// FuzzAgainstCoder reads one stream of bytes, cut at random places, by the reader
// of this package and by coder's: the messages, the pongs and the end are the same.
//
// The bytes are sent as they are or, if program is true, are the plan of a stream
// that is mostly well-formed.
func FuzzAgainstCoder(f *testing.F) {
	for i, c := range conformanceCases() {
		if len(c.send) < 2000 {
			f.Add([]byte(c.send), uint64(i), false)
		}
	}
	f.Add([]byte("\x81\x05Hello\x09\x00\x01\xfe\x80\xff"), uint64(1), true)
	f.Add([]byte("\x01\xf0\x00\xf1\x89\x03\x00\x7e\x80\x08\x82\xff\x88\x02"), uint64(7)<<32, true)
	f.Add([]byte(strings.Repeat("\x89\xbf\x00\x00\x00\x00"+strings.Repeat("b", 63), 40)), uint64(0x1f9), false)
	f.Fuzz(func(t *testing.T, stream []byte, cuts uint64, program bool) {
		if program {
			stream = assemble(stream)
		}
		limit := []int64{1, 125, 300, 1100, 4000}[cuts>>56%5]
		request := fuzzRequest()
		ours, theirs := readOurs(t, stream, cuts, limit), readTheirs(t, stream, cuts, limit, request)
		if len(theirs.pongs) > maxPongs && ours.answersLatestOf(theirs) {
			ours.pongs = theirs.pongs
		}
		if ours == theirs {
			return
		}
		// A message over the limit is refused by its header; coder reads it up to the limit first.
		if ours.end == "broken 1009" && theirs.end == "lost" {
			if ours.end = theirs.end; ours == theirs {
				return
			}
		}
		t.Fatalf("limit %d, cuts %x, %q:\nours  %+q\ncoder %+q", limit, cuts, stream, ours, theirs)
	})
}

// exchange is what a socket made of a stream.
type exchange struct{ messages, pongs, end string }

// answersLatestOf reports whether the pongs are some of the other's, in order, and the last
// one: RFC 6455 section 5.5.3 lets a flood of pings be answered so.
func (x exchange) answersLatestOf(y exchange) bool {
	own := pongs(x.pongs)
	all := pongs(y.pongs)
	if len(own) == 0 || own[len(own)-1] != all[len(all)-1] {
		return false
	}
	for _, pong := range all {
		if len(own) > 0 && own[0] == pong {
			own = own[1:]
		}
	}
	return len(own) == 0
}

// pongs splits frames of less than 126 bytes.
func pongs(frames string) (all []string) {
	for frames != "" {
		n := 2 + int(frames[1])
		all, frames = append(all, frames[:n]), frames[n:]
	}
	return all
}

// script is a connection in memory: what the peer sends, in pieces, and what it is sent.
type script struct {
	net.Conn
	in   []byte
	cuts uint64
	out  bytes.Buffer
}

func (s *script) Read(p []byte) (n int, err error) {
	if len(s.in) == 0 {
		return 0, io.EOF
	}
	s.cuts = s.cuts*6364136223846793005 + 1442695040888963407
	most := []uint64{1, 3, 17, 400, 5000}[s.cuts>>33%5]
	if len(s.in) > 500 {
		most = max(most, 400)
	}
	n = copy(p[:min(uint64(len(p)), 1+s.cuts>>40%most)], s.in)
	s.in = s.in[n:]
	return n, nil
}

func (s *script) Write(p []byte) (int, error)   { return s.out.Write(p) }
func (*script) SetReadDeadline(time.Time) error { return nil }
func (*script) SetDeadline(time.Time) error     { return nil }
func (*script) Close() error                    { return nil }

// inMemory is a socket of this package that is sent a stream in pieces.
func inMemory(t *testing.T, stream []byte, cuts uint64, limit int64) (*conn, *script) {
	s := &script{in: stream, cuts: cuts}
	c, err := newConn(s, nil, nil, &Options{ReadLimit: limit})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func readOurs(t *testing.T, stream []byte, cuts uint64, limit int64) exchange {
	c, peer := inMemory(t, stream, cuts, limit)
	messages, end := drain(c)
	c.out.running.Wait()
	if held := len(c.in.buf); held > bufferSize+int(limit)+maxHeader {
		t.Fatalf("a buffer of %d bytes", held)
	}
	return exchange{messages, peer.pongs(), end}
}

func readTheirs(t *testing.T, stream []byte, cuts uint64, limit int64, r *http.Request) exchange {
	peer := &script{in: stream, cuts: cuts}
	c, err := newCoder(peer, nil, r, &Options{ReadLimit: limit})
	if err != nil {
		t.Fatal(err)
	}
	messages, end := drain(c)
	_ = c.ws.CloseNow()
	return exchange{messages, peer.pongs(), end}
}

// pongs returns the pongs among what was written: all such frames are short.
func (s *script) pongs() string {
	var b []byte
	for frames := s.out.Bytes(); len(frames) >= 2; {
		n := 2 + int(frames[1])
		if frames[0] == fin|opPong {
			b = append(b, frames[:n]...)
		}
		frames = frames[n:]
	}
	return string(b)
}

// drain reads a socket to its end, and returns the messages with their lengths
// in front and how it ended.
func drain(s Socket) (messages, end string) {
	var b []byte
	for {
		msg, isText, err := s.Read()
		if err != nil {
			end, _ = outcome(err)
			return string(b), end
		}
		kind := byte('b')
		if isText {
			kind = 't'
		}
		b = append(binary.AppendUvarint(append(b, kind), uint64(len(msg))), msg...)
	}
}

// fuzzRequest is a handshake that coder takes.
func fuzzRequest() *http.Request {
	return &http.Request{Method: http.MethodGet, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{
		"Connection":            {"Upgrade"},
		"Upgrade":               {"websocket"},
		"Sec-Websocket-Version": {"13"},
		"Sec-Websocket-Key":     {"dGhlIHNhbXBsZSBub25jZQ=="},
	}}
}

// assemble makes frames of a plan: of each two bytes, the first is the frame's
// first, with its rare values made rarer, and the second says how long it is and
// what is in it.
func assemble(plan []byte) []byte {
	var b []byte
	for ; len(plan) >= 2; plan = plan[2:] {
		first, kind := plan[0], plan[1]
		if first&0x70 != 0x70 { // else whatever it says
			first &^= 0x70
			if op := first & 0xf; op > 2 && op < 8 || op > 10 {
				first = first&fin | op%3
			}
		}
		n := int(kind & 0x3f)
		size := 0
		switch kind >> 6 {
		case 1:
			n = n*2 + 60 // around the limit of control frames
			size = shortest(n)
		case 2:
			n, size = n*7, 2
		case 3:
			n, size = n*50, 8
		}
		payload := bytes.Repeat([]byte{'a' + kind&7}, n)
		switch {
		case first&0xf == opClose && n >= 2:
			binary.BigEndian.PutUint16(payload, 998+uint16(kind))
		case kind&0xf == 0xf && n > 0:
			payload[n/2] = first // not UTF-8, if it is high
		}
		b = append(b, sized(first, int64(n), size, string(payload))...)
	}
	return append(b, plan...)
}
