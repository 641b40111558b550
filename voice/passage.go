package voice

import (
	"encoding/binary"
	"time"
)

// passage is what a stream of a call must know of those before it.
type passage struct {
	chain   int64         // which series of streams of the call; 0: none
	leg     int           // the last stream that began; 0: none
	start   time.Time     // when the call's first stream began, or its webhook was answered
	broke   time.Time     // when the stream before ended, or Twilio asked for the next; zero: it has not
	cause   Reason        // of that; "" is not known
	refused int           // how often in a row the next stream was not taken
	unheard int           // playbacks of the stream before that were not heard to their end
	owed    time.Duration // for streams that broke: legEarned each, less the time since
	state   []byte        // a conversation, sealed; nil if there is none
}

// breakLease is how long a call whose stream has broken may take to go on, or Twilio to
// say that it is over, until it counts as cut.
const breakLease = 30 * time.Second

func appendText[T string | []byte](b []byte, text T) []byte {
	b = binary.AppendUvarint(b, uint64(len(text)))
	return append(b, text...)
}

func appendFlag(b []byte, set bool) []byte {
	if set {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendTime(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendUvarint(b, 0)
	}
	return binary.AppendUvarint(b, uint64(max(t.UnixNano(), 1)))
}

func appendInfo(b []byte, info *Info) []byte {
	for _, field := range info.fields() {
		b = appendText(b, *field)
	}
	return binary.AppendUvarint(b, uint64(info.Leg))
}

func appendPassage(b []byte, p passage) []byte {
	b = binary.AppendUvarint(b, uint64(p.chain))
	b = binary.AppendUvarint(b, uint64(p.leg))
	b = appendTime(appendTime(b, p.start), p.broke)
	b = appendText(b, string(p.cause))
	b = binary.AppendUvarint(b, uint64(p.refused))
	b = binary.AppendUvarint(b, uint64(p.unheard))
	b = binary.AppendUvarint(b, uint64(p.owed))
	return appendText(b, p.state)
}

// decoder reads what these wrote. After something that cannot be read, bad is set and
// everything is empty.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) number() uint64 {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 {
		d.bad, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[size:]
	return n
}

func (d *decoder) text() string {
	n := d.number()
	if n > uint64(len(d.rest)) {
		d.bad, d.rest = true, nil
		return ""
	}
	text := string(d.rest[:n])
	d.rest = d.rest[n:]
	return text
}

func (d *decoder) time() time.Time {
	if n := d.number(); n != 0 {
		return time.Unix(0, int64(n))
	}
	return time.Time{}
}

func (d *decoder) info(info *Info) {
	for _, field := range info.fields() {
		*field = d.text()
	}
	info.Leg = int(d.number())
}

func (d *decoder) passage() passage {
	p := passage{chain: int64(d.number()), leg: int(d.number()), start: d.time(), broke: d.time(), cause: Reason(d.text()), refused: int(d.number()), unheard: int(d.number()), owed: time.Duration(d.number())}
	if state := d.text(); state != "" {
		p.state = []byte(state)
	}
	return p
}
