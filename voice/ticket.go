package voice

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
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

// ticket is what a call needs to go on with another stream. It travels through Twilio,
// sealed, in the URL behind the stream.
type ticket struct {
	info    Info // Leg is that of the stream in front of it; 0 if there was none
	issued  time.Time
	expires time.Time
	tries   int  // how often in a row the call was sent on without a stream
	sent    bool // it was sent on by the answer before, which had no stream
	legs    bool // the connection in front of it may have been several legs, as Twilio connects again
	passage
}

const (
	ticketVersion = 3
	ticketNonce   = 22 // characters of a token that hold its version and nonce, and no two share
	// ticketGrace is how much longer a call may resume than it may last.
	ticketGrace = time.Minute
	// maxTicket is the length of a token with as much state as goes through Twilio.
	maxTicket = 8 << 10
	// maxSkew is how far the clocks of instances may be apart.
	maxSkew = 5 * time.Minute
)

var (
	errTicket        = errors.New("voice: resume token is malformed, of another call, or not sealed with any of the session keys")
	errTicketExpired = errors.New("voice: resume token has expired")
)

// sealTicket returns the ticket as a token that is safe as a URL path segment and that
// only these keys open, for this call.
func (s *sessionKeys) sealTicket(t ticket) string {
	body := []byte{ticketVersion}
	body = appendTime(appendTime(body, t.issued), t.expires)
	body = appendFlag(appendFlag(binary.AppendUvarint(body, uint64(t.tries)), t.sent), t.legs)
	body = appendInfo(body, &t.info)
	body = appendPassage(body, t.passage)
	return base64.RawURLEncoding.EncodeToString(s.tickets.seal(body, t.info.SID+t.info.AccountSID))
}

// openTicket returns the ticket of a call. Tickets of the auth tokens before are good for
// as long as their calls.
func (s *sessionKeys) openTicket(token, callSID, accountSID string, now time.Time) (ticket, error) {
	if len(token) > maxTicket {
		return ticket{}, errTicket
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil {
		return ticket{}, errTicket
	}
	body, err := s.tickets.open(sealed, callSID+accountSID)
	if err != nil && s.former != nil {
		body, err = s.former.tickets.open(sealed, callSID+accountSID)
	}
	if err != nil || len(body) < 1 || body[0] != ticketVersion {
		return ticket{}, errTicket
	}
	t := ticket{}
	d := decoder{rest: body[1:]}
	t.issued, t.expires, t.tries, t.sent = d.time(), d.time(), int(d.number()), d.number() != 0
	t.legs = d.number() != 0
	d.info(&t.info)
	t.passage = d.passage()
	switch {
	case d.bad:
		return ticket{}, errTicket
	case now.After(t.expires.Add(maxSkew)):
		return ticket{}, errTicketExpired
	}
	return t, nil
}

// seal encrypts with the first key. What goes with it must be the same to open it.
func (k keyring) seal(body []byte, with string) []byte {
	aead := gcm(k[0])
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(body)+aead.Overhead())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, body, []byte(with))
}

var errSealed = errors.New("voice: not sealed with any of the session keys")

// open decrypts with whichever key fits.
func (k keyring) open(sealed []byte, with string) ([]byte, error) {
	for _, key := range k {
		aead := gcm(key)
		if len(sealed) < aead.NonceSize() {
			break
		}
		nonce, rest := sealed[:aead.NonceSize()], sealed[aead.NonceSize():]
		if body, err := aead.Open(nil, nonce, rest, []byte(with)); err == nil {
			return body, nil
		}
	}
	return nil, errSealed
}

func gcm(key []byte) cipher.AEAD {
	block, _ := aes.NewCipher(key) // of 32 bytes, which never fails
	aead, _ := cipher.NewGCM(block)
	return aead
}

// sealConversation hides what a host saved and what the caller said from whoever reads the store
// or Twilio's logs.
func (s *sessionKeys) sealConversation(m *conversation, callSID string, leg int) []byte {
	if m.empty() {
		return nil
	}
	return s.states.seal(m.append(nil), fmt.Sprint(callSID, " ", leg))
}

func (s *sessionKeys) openConversation(sealed []byte, callSID string, leg int) (conversation, error) {
	if len(sealed) == 0 {
		return conversation{}, nil
	}
	with := fmt.Sprint(callSID, " ", leg)
	body, err := s.states.open(sealed, with)
	if err != nil && s.former != nil {
		body, err = s.former.states.open(sealed, with)
	}
	d := decoder{rest: body}
	m := d.conversation()
	if err == nil && d.bad {
		err = errSealed
	}
	return m, err
}

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
