package voice

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

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
