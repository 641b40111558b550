package voice

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"agentos.dev/dialtone/policy/fraud"
)

const (
	// maxSkew is how far the clocks of instances may be apart.
	maxSkew    = 5 * time.Minute
	sessionTTL = time.Minute // Twilio opens the stream within seconds of the TwiML
)

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

// minKeyLength is the least number of bytes of a configured session key.
const minKeyLength = 16

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

// signed tries every key, whichever matches, so that timing reveals nothing.
func (k keyring) signed(body, sum []byte) bool {
	ok := false
	for _, key := range k {
		ok = hmac.Equal(mac(key, body), sum) || ok
	}
	return ok
}

// macSize is how many bytes of a MAC a token carries.
const macSize = 16

func mac(key, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(body)
	return h.Sum(nil)[:macSize]
}

// seal encrypts with the first key. What goes with it must be the same to open it.
func (k keyring) seal(body []byte, with string) []byte {
	aead := gcm(k[0])
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(body)+aead.Overhead())
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, body, []byte(with))
}

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

var errSealed = errors.New("voice: not sealed with any of the session keys")

func gcm(key []byte) cipher.AEAD {
	block, _ := aes.NewCipher(key) // of 32 bytes, which never fails
	aead, _ := cipher.NewGCM(block)
	return aead
}
