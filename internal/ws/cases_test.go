package ws

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// conformance is one case: what a client sends, and what must come of it.
type conformance struct {
	rfc, name string // section of RFC 6455
	send      string
	want      string   // messages and how the connection ends
	code      int      // what the client is told; 0 = nothing
	pongs     []string // payloads
}

// caseLimit is the read limit of the cases.
const caseLimit = 1 << 16

// conformanceCases returns the cases of the field's test suite (Autobahn|Testsuite,
// sections 1 to 7, 9 and 10) that apply to a server without extensions, and more,
// by section of RFC 6455.
func conformanceCases() []conformance {
	var all cases
	all.lengths()
	all.reserved()
	all.opcodes()
	all.masking()
	all.fragmentation()
	all.control()
	all.closing()
	all.utf8()
	all.limits()
	return all
}

type cases []conformance

// add adds a case that ends as the connection does after send.
func (cs *cases) add(rfc, name, send string, pongs []string, want ...string) {
	var code int
	_, _ = fmt.Sscanf(want[len(want)-1], "closed %d", &code)
	_, _ = fmt.Sscanf(want[len(want)-1], "broken %d", &code)
	*cs = append(*cs, conformance{rfc, name, send, strings.Join(want, ", "), code, pongs})
}

// good adds a case in which all messages arrive and the client closes.
func (cs *cases) good(rfc, name, send string, messages ...string) {
	cs.add(rfc, name, send+closing(1000, ""), nil, append(messages, "closed 1000")...)
}

// bad adds a case which the server ends with a code, whatever comes behind it.
func (cs *cases) bad(rfc, name string, code int, send string, messages ...string) {
	cs.add(rfc, name, send+text("late")+closing(1000, ""), nil, append(messages, fmt.Sprintf("broken %d", code))...)
}

func asText(s string) string   { return "text " + brief(s) }
func asBinary(s string) string { return "binary " + brief(s) }

func (cs *cases) lengths() {
	for _, n := range []int{0, 1, 2, 125, 126, 127, 128, 255, 256, 65534, 65535, 65536} {
		s := strings.Repeat("*", n)
		cs.good("5.2", fmt.Sprintf("text of %d bytes", n), text(s), asText(s))
		s = strings.Repeat("\xfe", n)
		cs.good("5.2", fmt.Sprintf("binary of %d bytes", n), binaryf(s), asBinary(s))
	}
	for _, n := range []int{0, 5, 125} {
		s := strings.Repeat("*", n)
		cs.good("5.2", fmt.Sprintf("%d bytes in a 16 bit length", n), sized(fin|opText, int64(n), 2, s), asText(s))
	}
	for _, n := range []int{0, 5, 126, 65535} {
		s := strings.Repeat("*", n)
		cs.good("5.2", fmt.Sprintf("%d bytes in a 64 bit length", n), sized(fin|opText, int64(n), 8, s), asText(s))
	}
	cs.good("5.2", "three messages in one write", text("a")+binaryf("b")+text("c"), asText("a"), asBinary("b"), asText("c"))
	cs.bad("5.2", "a 64 bit length with its highest bit", 1002, sized(fin|opText, -1<<63, 8, ""))
	cs.bad("5.2", "a 64 bit length of all bits", 1002, sized(fin|opBinary, -1, 8, ""))
}

func (cs *cases) reserved() {
	for rsv := byte(1); rsv < 8; rsv++ {
		bits := rsv << 4
		cs.bad("5.2", fmt.Sprintf("reserved bits %03b on text", rsv), 1002, frame(fin|bits|opText, "Hello"))
		cs.bad("5.2", fmt.Sprintf("reserved bits %03b on binary after text", rsv), 1002, text("a")+frame(fin|bits|opBinary, "Hello"), asText("a"))
		cs.bad("5.2", fmt.Sprintf("reserved bits %03b on an empty text", rsv), 1002, frame(fin|bits|opText, ""))
		cs.bad("5.2", fmt.Sprintf("reserved bits %03b on a ping", rsv), 1002, frame(fin|bits|opPing, ""))
		cs.bad("5.2", fmt.Sprintf("reserved bits %03b on a close", rsv), 1002, frame(fin|bits|opClose, ""))
		cs.bad("5.4", fmt.Sprintf("reserved bits %03b on a continuation", rsv), 1002, frame(opText, "a")+frame(fin|bits|opContinuation, "b"))
	}
}

func (cs *cases) opcodes() {
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		cs.bad("5.2", fmt.Sprintf("opcode %d", op), 1002, frame(fin|op, ""))
		cs.bad("5.2", fmt.Sprintf("opcode %d with a payload", op), 1002, frame(fin|op, "unexpected"))
		cs.bad("5.2", fmt.Sprintf("opcode %d after text", op), 1002, text("a")+frame(fin|op, "b"), asText("a"))
		cs.bad("5.4", fmt.Sprintf("opcode %d among fragments", op), 1002, frame(opText, "a")+frame(fin|op, "b")+frame(fin|opContinuation, "c"))
	}
}

func (cs *cases) masking() {
	for _, op := range []byte{opText, opBinary, opClose, opPing, opPong} {
		cs.bad("5.1", fmt.Sprintf("an unmasked frame of opcode %d", op), 1002, string([]byte{fin | op, 0}))
	}
	cs.bad("5.1", "an unmasked text after a masked one", 1002, text("a")+"\x81\x01b", asText("a"))
	cs.bad("5.1", "an unmasked continuation", 1002, frame(opText, "a")+"\x80\x01b")
	cs.bad("5.1", "an unmasked text of 126 bytes", 1002, "\x81\x7e\x00\x7e"+strings.Repeat("*", 126))
	for _, mask := range []string{"\x00\x00\x00\x00", "\xff\xff\xff\xff", "\x00\x00\x00\x01", "\x80\x00\x00\x00"} {
		s := strings.Repeat("0123456789", 8)
		var masked strings.Builder
		for i := range len(s) {
			masked.WriteByte(s[i] ^ mask[i&3])
		}
		cs.good("5.3", fmt.Sprintf("the mask %x", mask), string([]byte{fin | opText, 0x80 | byte(len(s))})+mask+masked.String(), asText(s))
	}
	for n := range 17 {
		s := strings.Repeat("*", 32+n)
		cs.good("5.3", fmt.Sprintf("unmasking %d bytes", len(s)), text(s), asText(s))
	}
}

func (cs *cases) fragmentation() {
	parts := func(op byte, list ...string) string {
		var b strings.Builder
		for i, s := range list {
			first := byte(opContinuation)
			if i == 0 {
				first = op
			}
			if i == len(list)-1 {
				first |= fin
			}
			b.WriteString(frame(first, s))
		}
		return b.String()
	}
	cs.good("5.4", "two fragments", parts(opText, "frag", "ment"), asText("fragment"))
	cs.good("5.4", "three fragments", parts(opText, "a", "b", "c"), asText("abc"))
	cs.good("5.4", "binary fragments", parts(opBinary, "\xff", "\xfe"), asBinary("\xff\xfe"))
	cs.good("5.4", "empty fragments", parts(opText, "", "", ""), asText(""))
	cs.good("5.4", "an empty first fragment", parts(opText, "", "b"), asText("b"))
	cs.good("5.4", "an empty fragment in between", parts(opText, "a", "", "c"), asText("ac"))
	cs.good("5.4", "an empty last fragment", parts(opText, "a", ""), asText("a"))
	cs.good("5.4", "two messages in fragments", parts(opText, "a", "b")+parts(opBinary, "c", "d"), asText("ab"), asBinary("cd"))
	cs.good("5.4", "a whole message behind one in fragments", parts(opText, "a", "b")+text("c"), asText("ab"), asText("c"))
	for _, size := range []int{1, 7, 256, 1300, 4096} {
		s := strings.Repeat("0123456789abcdef", 256)
		var list []string
		for rest := s; rest != ""; {
			n := min(size, len(rest))
			list, rest = append(list, rest[:n]), rest[n:]
		}
		cs.good("5.4", fmt.Sprintf("4 KiB in fragments of %d", size), parts(opText, list...), asText(s))
		cs.good("5.4", fmt.Sprintf("binary 4 KiB in fragments of %d", size), parts(opBinary, list...), asBinary(s))
	}
	for _, first := range []byte{opContinuation, fin | opContinuation} {
		cs.bad("5.4", fmt.Sprintf("a continuation %x of nothing", first), 1002, frame(first, "a"))
		cs.bad("5.4", fmt.Sprintf("an empty continuation %x of nothing", first), 1002, frame(first, ""))
		cs.bad("5.4", fmt.Sprintf("a continuation %x behind a whole message", first), 1002, text("a")+frame(first, "b"), asText("a"))
		cs.bad("5.4", fmt.Sprintf("a continuation %x behind a fragmented message", first), 1002, parts(opText, "a", "b")+frame(first, "c"), asText("ab"))
		cs.bad("5.4", fmt.Sprintf("a continuation %x behind a pong", first), 1002, pong("")+frame(first, "c"))
	}
	for _, first := range []byte{opText, opBinary, fin | opText, fin | opBinary} {
		cs.bad("5.4", fmt.Sprintf("a new message %x within fragments", first), 1002, frame(opText, "a")+frame(first, "b"))
		cs.bad("5.4", fmt.Sprintf("a new message %x behind two fragments", first), 1002, frame(opBinary, "a")+frame(opContinuation, "b")+frame(first, "c"))
	}
}

func (cs *cases) control() {
	pinged := func(rfc, name, send string, messages []string, pongs ...string) {
		cs.add(rfc, name, send+closing(1000, ""), pongs, append(messages, "closed 1000")...)
	}
	for _, s := range []string{"", "Hello", "\x00\xff\xfe\xfd\xfc\xfb\x00\xff", strings.Repeat("\xfe", 124), strings.Repeat("\xfe", 125)} {
		pinged("5.5.2", "a ping of "+brief(s), ping(s), nil, s)
		pinged("5.5.3", "a pong of "+brief(s)+" that nobody asked for", pong(s), nil)
		pinged("5.5.3", "a pong of "+brief(s)+" and a ping", pong(s)+ping("x"), nil, "x")
	}
	var ten []string
	var send strings.Builder
	for i := range 10 {
		ten = append(ten, fmt.Sprint("payload-", i))
		send.WriteString(ping(ten[i]))
	}
	pinged("5.5.2", "ten pings", send.String(), nil, ten...)
	pinged("5.4", "a ping among fragments", frame(opText, "a")+ping("p")+frame(fin|opContinuation, "b"), []string{asText("ab")}, "p")
	pinged("5.4", "pings among fragments", frame(opText, "a")+ping("p")+ping("q")+frame(opContinuation, "")+ping("r")+frame(fin|opContinuation, "b"), []string{asText("ab")}, "p", "q", "r")
	pinged("5.4", "a pong among fragments", frame(opBinary, "a")+pong("p")+frame(fin|opContinuation, "b"), []string{asBinary("ab")})
	pinged("5.5.2", "a ping between messages", text("a")+ping("p")+text("b"), []string{asText("a"), asText("b")}, "p")
	for _, op := range []byte{opClose, opPing, opPong} {
		for _, n := range []int{126, 127, 128, 65535, 65536} {
			cs.bad("5.5", fmt.Sprintf("opcode %d with %d bytes", op, n), 1002, frame(fin|op, strings.Repeat("*", n)))
		}
		cs.bad("5.5", fmt.Sprintf("opcode %d that announces 126 bytes", op), 1002, sized(fin|op, 126, 2, ""))
		cs.bad("5.5", fmt.Sprintf("opcode %d in fragments", op), 1002, frame(op, "a")+frame(fin|opContinuation, "b"))
		cs.bad("5.5", fmt.Sprintf("an empty opcode %d in fragments", op), 1002, frame(op, ""))
		cs.bad("5.5", fmt.Sprintf("opcode %d in fragments within a message", op), 1002, frame(opText, "a")+frame(op, "b"))
	}
}

func (cs *cases) closing() {
	closed := func(name, send, want string, messages ...string) {
		cs.add("5.5.1", name, send+text("late")+ping("late"), nil, append(messages, want)...)
	}
	closed("an empty close", frame(fin|opClose, ""), "closed 1005")
	closed("a close after a message", text("a")+closing(1000, ""), "closed 1000", asText("a"))
	closed("a second close", closing(1000, "")+closing(1001, ""), "closed 1000")
	closed("a close within fragments", frame(opText, "a")+closing(1000, ""), "closed 1000")
	closed("a close with a reason", closing(1000, "Hello"), "closed 1000 Hello")
	closed("a close with a reason of 123 bytes", closing(1000, strings.Repeat("*", 123)), "closed 1000 "+strings.Repeat("*", 123))
	closed("a close with a reason in Greek", closing(1000, "κόσμε"), "closed 1000 κόσμε")
	cs.bad("5.5.1", "a close of one byte", 1002, frame(fin|opClose, "\x03"))
	cs.bad("5.5.1", "a close with a reason of 124 bytes", 1002, closing(1000, strings.Repeat("*", 124)))
	cs.bad("8.1", "a close with a reason that is not UTF-8", 1007, closing(1000, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited"))
	cs.bad("8.1", "a close with half a character", 1007, closing(1000, "\xce"))
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		closed(fmt.Sprintf("code %d", code), closing(code, ""), fmt.Sprintf("closed %d", code))
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		cs.bad("7.4.1", fmt.Sprintf("code %d", code), 1002, closing(code, ""))
		cs.bad("7.4.1", fmt.Sprintf("code %d with a reason", code), 1002, closing(code, "because"))
	}
	lost := func(name, send string, messages ...string) {
		cs.add("7.1.1", name, send, nil, append(messages, "lost")...)
	}
	lost("the end of the connection without a close", "")
	lost("the end behind a message", text("a"), asText("a"))
	lost("the end within a header", "\x81")
	lost("the end within an extended length", "\x81\xfe\x01")
	lost("the end within a mask", text("Hello")[:4])
	lost("the end within a payload", text("Hello")[:8])
	lost("the end within fragments", frame(opText, "Hello"))
	lost("the end within a close", closing(1000, "bye")[:7])
	lost("the end within a ping", ping("p")[:6])
}

func (cs *cases) limits() {
	over := strings.Repeat("*", caseLimit+1)
	cs.bad("10.4", "a message one byte over the limit", 1009, text(over))
	cs.bad("10.4", "a binary message one byte over the limit", 1009, binaryf(over))
	cs.bad("10.4", "a fragment one byte over the limit", 1009, frame(opText, over))
	cs.bad("10.4", "fragments over the limit", 1009, frame(opText, over[1:])+frame(fin|opContinuation, "*"))
	cs.bad("10.4", "a long second fragment", 1009, frame(opText, "*")+frame(fin|opContinuation, over[1:]))
	cs.good("10.4", "fragments up to the limit", frame(opText, over[2:])+frame(fin|opContinuation, "*"), asText(over[1:]))
	cs.good("10.4", "two messages up to the limit", text(over[1:])+text(over[1:]), asText(over[1:]), asText(over[1:]))
	cs.good("10.4", "an empty fragment at the limit", frame(opText, over[1:])+frame(fin|opContinuation, ""), asText(over[1:]))
}

// utf8 is section 6 of the suite, in whole messages, in single bytes and, where
// it says so, cut within a character.
func (cs *cases) utf8() {
	bytewise := func(s string) string {
		b := strings.Builder{}
		b.WriteString(frame(opText, ""))
		for i := range len(s) {
			b.WriteString(frame(opContinuation, s[i:i+1]))
		}
		b.WriteString(frame(fin|opContinuation, ""))
		return b.String()
	}
	check := func(name, s string) {
		for how, send := range map[string]string{"": text(s), ", byte by byte": bytewise(s)} {
			if utf8.ValidString(s) {
				cs.good("8.1", name+how, send, asText(s))
			} else {
				cs.bad("8.1", name+how, 1007, send)
			}
		}
	}
	const kosme = "κόσμε"
	check("mixed", "Hello-µ@ßöäüàá-UTF-8!!")
	check(kosme, kosme)
	check("a surrogate", kosme+"\xed\xa0\x80edited")
	check("beyond U+10FFFF", kosme+"\xf4\x90\x80\x80edited")
	cs.good("8.1", "cut within a character", frame(opText, kosme[:3])+frame(fin|opContinuation, kosme[3:]), asText(kosme))
	cs.good("8.1", "binary that is not UTF-8", binaryf("\xff\xfe"), asBinary("\xff\xfe"))
	for i := range len(kosme) {
		check(fmt.Sprintf("%d bytes of %s", i, kosme), kosme[:i])
	}
	for name, list := range map[string][]string{
		"first of its length":          {"\x00", "\u0080", "\u0800", "\U00010000", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"},
		"last of its length":           {"\x7f", "\u07ff", "\uffff", "\U0010ffff", "\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"},
		"boundary":                     {"\ud7ff", "\ue000", "\ufffd", "\U0010ffff", "\xf4\x90\x80\x80"},
		"unexpected continuation":      {"\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf\x80\xbf", "\x80\x81\x82\xbe"},
		"lonely start":                 {"\xc0 \xc1 \xdf ", "\xe0 \xe1 \xef ", "\xf0 \xf4 \xf7 ", "\xf8 \xfb ", "\xfc \xfd "},
		"last continuation missing":    {"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80", "\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf"},
		"incomplete ones in a row":     {"\xc0\xe0\x80\xf0\x80\x80\xdf\xef\xbf\xf7\xbf\xbf"},
		"impossible byte":              {"\xfe", "\xff", "\xfe\xfe\xff\xff"},
		"overlong slash":               {"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf"},
		"longest overlong":             {"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf"},
		"overlong NUL":                 {"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80"},
		"surrogate":                    {"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf"},
		"pair of surrogates":           {"\xed\xa0\x80\xed\xb0\x80", "\xed\xa0\x80\xed\xbf\xbf", "\xed\xad\xbf\xed\xb0\x80", "\xed\xaf\xbf\xed\xbf\xbf"},
		"noncharacter, which is valid": {"\ufffe", "\uffff", "\ufdd0", "\U0001fffe", "\U0001ffff", "\U0008fffe", "\U0010fffe"},
	} {
		for _, s := range list {
			check(fmt.Sprintf("%s %x", name, s), s)
		}
	}
}
