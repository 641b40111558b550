package voice

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"
)

// session is the state carried from a call's webhook to its stream. It travels inside the stream URL, signed, so that any instance can take the
// stream and no instance has to remember the call.
type session struct {
	nonce   [8]byte
	expires time.Time
	info    Info // Leg is that of the stream
	passage
	wire  wire   // of its connection
	owned uint64 // of this handshake, not of the token: see Server.use
	again bool   // the same
}

// wire is what a call's connection speaks.
type wire byte

const (
	mediaWire          wire = iota // Media Streams
	relayWire                      // ConversationRelay
	reconnectRelayWire             // the same; Twilio connects again when the connection breaks
	listeningWire                  // Media Streams in one direction
)

// comesBack reports whether Twilio may connect again with the token.
func (s *session) comesBack() bool { return s.wire == reconnectRelayWire }

const (
	sessionVersion = 7
	headerSize     = 1 + 8 + 8 // version, expiry in Unix nanoseconds, nonce
	maxTokenLength = maxTicket
)

// Reasons why a session token is refused. The caller only ever sees a 403.
var (
	errTokenMalformed = errors.New("voice: session token is malformed")
	errTokenForged    = errors.New("voice: session token was not signed with any of the session keys")
	errTokenExpired   = errors.New("voice: session token has expired")
)

// issued returns when the webhook was answered.
func (s *session) issued() time.Time { return s.expires.Add(-sessionTTL) }

// verify returns the session of a token that one of the keys signed, or one of
// the keys in force a minute ago.
func (s *sessionKeys) verify(token string, now time.Time) (session, error) {
	found, err := s.tokens.verify(token, now)
	if err == errTokenForged && now.Before(s.until) {
		return s.former.tokens.verify(token, now)
	}
	return found, err
}

// newSession returns a session for the call that starts now.
func newSession(info Info, now time.Time) session {
	s := session{expires: now.Add(sessionTTL), info: info}
	rand.Read(s.nonce[:])
	return s
}

// sign returns the session as a token that is safe as a URL path segment.
func (k keyring) sign(s session) string {
	buf := make([]byte, headerSize, 256)
	buf[0] = sessionVersion
	binary.BigEndian.PutUint64(buf[1:], uint64(s.expires.UnixNano()))
	copy(buf[9:], s.nonce[:])
	buf = append(appendPassage(appendInfo(buf, &s.info), s.passage), byte(s.wire))
	return base64.RawURLEncoding.EncodeToString(append(buf, mac(k[0], buf)...))
}

// verify returns the session of a token that one of the keys signed.
func (k keyring) verify(token string, now time.Time) (session, error) {
	if len(token) > maxTokenLength {
		return session{}, errTokenMalformed
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < headerSize+macSize || raw[0] != sessionVersion {
		return session{}, errTokenMalformed
	}
	body, sum := raw[:len(raw)-macSize], raw[len(raw)-macSize:]
	if !k.signed(body, sum) {
		return session{}, errTokenForged
	}
	s := session{expires: time.Unix(0, int64(binary.BigEndian.Uint64(body[1:])))}
	copy(s.nonce[:], body[9:])
	d := decoder{rest: body[headerSize:]}
	d.info(&s.info)
	s.passage, s.wire = d.passage(), wire(d.number())
	s.info.Unidirectional = s.wire == listeningWire
	if d.bad || s.wire > listeningWire {
		return session{}, errTokenMalformed
	}
	if now.After(s.expires.Add(maxSkew)) {
		return s, errTokenExpired
	}
	return s, nil
}
