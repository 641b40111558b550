package voice

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"agentos.dev/dialtone/policy/fraud"
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
	sessionTTL     = time.Minute // Twilio opens the stream within seconds of the TwiML
	macSize        = 16
	headerSize     = 1 + 8 + 8 // version, expiry in Unix nanoseconds, nonce
	maxTokenLength = maxTicket
	minKeyLength   = 16 // bytes of a configured session key
)

// Reasons why a session token is refused. The caller only ever sees a 403.
var (
	errTokenMalformed = errors.New("voice: session token is malformed")
	errTokenForged    = errors.New("voice: session token was not signed with any of the session keys")
	errTokenExpired   = errors.New("voice: session token has expired")
	errTokenUsed      = errors.New("voice: session token was used before")
	errFull           = errors.New("voice: every place is taken, or the server has shut down")
	errDraining       = errors.New("voice: the call came after the server began to shut down")
	errTokensFull     = errors.New("voice: too many session tokens to remember which were used")
)

// issued returns when the webhook was answered.
func (s *session) issued() time.Time { return s.expires.Add(-sessionTTL) }

// sessionKeys are the keys that sign the tokens sent through Twilio. They change as a whole
// when the auth tokens do.
type sessionKeys struct {
	tokens    keyring
	tickets   keyring
	states    keyring
	challenge *fraud.Challenge

	former *sessionKeys // of the auth tokens before, for the calls being set up; or nil
	until  time.Time
}

// newSessionKeys derives the keys of all purposes.
func newSessionKeys(from [][]byte) (*sessionKeys, error) {
	keys, err := deriveKeys(from, "session token")
	if err != nil {
		return nil, fmt.Errorf("voice: session keys: %w", err)
	}
	tickets, err := deriveKeys(from, "resume token")
	if err != nil {
		return nil, fmt.Errorf("voice: resume keys: %w", err)
	}
	states, err := deriveKeys(from, "call state")
	if err != nil {
		return nil, fmt.Errorf("voice: state keys: %w", err)
	}
	questions, err := deriveKeys(from, "challenge")
	if err != nil {
		return nil, fmt.Errorf("voice: challenge keys: %w", err)
	}
	challenge, err := fraud.NewChallenge(fraud.ChallengeOptions{Keys: questions})
	if err != nil {
		return nil, fmt.Errorf("voice: %w", err)
	}
	return &sessionKeys{tokens: keys, tickets: tickets, states: states, challenge: challenge}, nil
}

// after returns the keys as the successors of others, which stay valid for a minute.
func (s *sessionKeys) after(former *sessionKeys, now time.Time) *sessionKeys {
	if slices.EqualFunc(s.tokens, former.tokens, bytes.Equal) {
		return former // nothing has changed, and the ones before it may still be needed
	}
	s.former, s.until = &sessionKeys{tokens: former.tokens, tickets: former.tickets, states: former.states, challenge: former.challenge}, now.Add(sessionTTL)
	return s
}

// verify returns the session of a token that one of the keys signed, or one of
// the keys in force a minute ago.
func (s *sessionKeys) verify(token string, now time.Time) (session, error) {
	found, err := s.tokens.verify(token, now)
	if err == errTokenForged && now.Before(s.until) {
		return s.former.tokens.verify(token, now)
	}
	return found, err
}

// answer checks the digits that were pressed for a question, which may have been
// asked with the keys in force a minute ago.
func (s *sessionKeys) answer(callSID, token, digits string, now time.Time) (fraud.Answer, fraud.Question, error) {
	outcome, next, err := s.challenge.Answer(callSID, token, digits)
	if err == fraud.ErrToken && now.Before(s.until) {
		return s.former.challenge.Answer(callSID, token, digits)
	}
	return outcome, next, err
}

// keyring signs session tokens with its first key and accepts all of them, so
// that a key can be replaced while calls are being set up.
type keyring [][]byte

// deriveKeys makes a key ring for one purpose out of secrets that may serve
// others. Instances that share the secrets share the keys.
func deriveKeys(secrets [][]byte, purpose string) (keyring, error) {
	ring := make(keyring, len(secrets))
	for i, secret := range secrets {
		key, err := hkdf.Key(sha256.New, secret, nil, "dialtone "+purpose, sha256.Size)
		if err != nil {
			return nil, err
		}
		ring[i] = key
	}
	return ring, nil
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

// signed tries every key, whichever matches, so that timing reveals nothing.
func (k keyring) signed(body, sum []byte) bool {
	ok := false
	for _, key := range k {
		ok = hmac.Equal(mac(key, body), sum) || ok
	}
	return ok
}

func mac(key, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(body)
	return h.Sum(nil)[:macSize]
}
