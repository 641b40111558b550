package fraud

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// ChallengeOptions configures [NewChallenge].
type ChallengeOptions struct {
	// Keys sign the questions: the first signs, all are accepted, so that a key can
	// be changed without failing the callers of that minute. Each has at least 32
	// bytes; all instances need the same ones.
	Keys [][]byte

	Digits   int           // how many digits the caller has to press, 3 to 8; 0 means 4
	Attempts int           // how many questions a caller gets; 0 means 2
	TTL      time.Duration // how long a question may be answered; 0 means a minute
}

// Format implements fmt.Formatter: however options are printed, it is without the keys.
func (o ChallengeOptions) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "fraud.ChallengeOptions{Keys: %d [redacted], Digits: %d, Attempts: %d, TTL: %v}", len(o.Keys), o.Digits, o.Attempts, o.TTL)
}

// LogValue implements slog.LogValuer, without the keys.
func (o ChallengeOptions) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(o)) }

// Challenge is a voice CAPTCHA: the caller hears some digits and presses them. It
// has no memory. What it has to know is in the question's token, signed, bound to
// the CallSid and short-lived, which travels in the action URL of the <Gather>;
// any instance can check the answer. The digits are not in the token, only a
// signature over them.
//
// A person passes at the first attempt or the second; guessing four digits twice
// succeeds in one of 5,000 calls.
//
// NewChallenge makes it; the zero value is not usable.
type Challenge struct{ o ChallengeOptions }

// Format implements fmt.Formatter: however a challenge is printed, it is without its keys.
func (c Challenge) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "fraud.Challenge{%v}", c.o) }

// Question is what to ask a caller.
type Question struct {
	Digits  string // to be spoken one by one
	Token   string // URL-safe, 71 characters; goes into the action URL
	Attempt int    // 1 for the first
}

// Answer says what an answer led to.
type Answer uint8

// The outcomes.
const (
	AnswerFail  Answer = iota // hang up
	AnswerRetry               // ask the next question
	AnswerPass                // go on with the call
)

// String returns "fail", "retry" or "pass".
func (o Answer) String() string {
	switch o {
	case AnswerPass:
		return "pass"
	case AnswerRetry:
		return "retry"
	}
	return "fail"
}

// Errors of [Challenge.Answer].
var (
	ErrToken   = errors.New("fraud: challenge token is not ours or not this call's")
	ErrExpired = errors.New("fraud: challenge was answered too late")
	ErrWrong   = errors.New("fraud: challenge was answered wrongly")
)

const minKey = 32

// NewChallenge makes a challenge, or says what is wrong with the options.
func NewChallenge(o ChallengeOptions) (*Challenge, error) {
	var errs []error
	if len(o.Keys) == 0 {
		errs = append(errs, errors.New("fraud: challenge needs a key"))
	}
	keys := make([][]byte, len(o.Keys))
	for i, k := range o.Keys {
		if len(k) < minKey {
			errs = append(errs, fmt.Errorf("fraud: challenge key %d has %d bytes, fewer than %d", i, len(k), minKey))
		}
		keys[i] = append([]byte(nil), k...)
	}
	o.Keys = keys
	if o.Digits == 0 {
		o.Digits = 4
	}
	if o.Digits < 3 || o.Digits > 8 {
		errs = append(errs, fmt.Errorf("fraud: challenge of %d digits: want 3 to 8", o.Digits))
	}
	if o.Attempts == 0 {
		o.Attempts = 2
	}
	if o.Attempts < 1 || o.Attempts > 255 {
		errs = append(errs, fmt.Errorf("fraud: challenge of %d attempts: want 1 to 255", o.Attempts))
	}
	if o.TTL == 0 {
		o.TTL = time.Minute
	}
	if o.TTL < time.Second {
		errs = append(errs, fmt.Errorf("fraud: challenge valid for %v: want at least a second", o.TTL))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &Challenge{o}, nil
}

// Digits returns how many digits the caller has to press.
func (c *Challenge) Digits() int { return c.o.Digits }

// Ask makes the first question for a call.
func (c *Challenge) Ask(callSID string) Question { return c.ask(callSID, 1) }

// Answer checks the digits the caller pressed against the token of the question
// asked on the same call. On Retry, next is the question to ask now. On anything
// but Pass, err says why, for the log.
//
// A token can be answered again until it expires, but only by the same call, and
// only Twilio can speak for a call if the webhook's signature is verified.
func (c *Challenge) Answer(callSID, token, digits string) (outcome Answer, next Question, err error) {
	var raw [tokenLen]byte
	encoding := base64.RawURLEncoding.Strict()
	if len(token) != encoding.EncodedLen(tokenLen) {
		return AnswerFail, Question{}, ErrToken
	}
	if _, err := encoding.Decode(raw[:], []byte(token)); err != nil {
		return AnswerFail, Question{}, ErrToken
	}
	key := c.keyOf(callSID, raw[:])
	if key == nil {
		return AnswerFail, Question{}, ErrToken
	}
	attempt := int(raw[0])
	expires := time.Unix(int64(binary.BigEndian.Uint64(raw[1:9])), 0)
	if time.Now().After(expires) {
		return AnswerFail, Question{}, ErrExpired
	}
	want := sum(key, "answer", callSID, digits, raw[:plainLen])
	if subtle.ConstantTimeCompare(want[:], raw[plainLen:plainLen+sumLen]) == 1 {
		return AnswerPass, Question{}, nil
	}
	if attempt >= c.o.Attempts {
		return AnswerFail, Question{}, ErrWrong
	}
	return AnswerRetry, c.ask(callSID, attempt+1), ErrWrong
}

// A token is attempt (1 byte), expiry (8, Unix seconds), nonce (12), the signature
// of the right answer (16) and the signature of all that (16), in base64url.
const (
	nonceLen = 12
	plainLen = 1 + 8 + nonceLen
	sumLen   = 16
	tokenLen = plainLen + 2*sumLen
)

func (c *Challenge) ask(callSID string, attempt int) Question {
	var raw [tokenLen]byte
	raw[0] = byte(attempt)
	binary.BigEndian.PutUint64(raw[1:9], uint64(time.Now().Add(c.o.TTL).Unix()))
	rand.Read(raw[9:plainLen]) // never fails (crypto/rand)

	digits := make([]byte, c.o.Digits)
	for i := range digits {
		digits[i] = digit()
	}
	answer := sum(c.o.Keys[0], "answer", callSID, string(digits), raw[:plainLen])
	copy(raw[plainLen:], answer[:])
	all := sum(c.o.Keys[0], "token", callSID, "", raw[:plainLen+sumLen])
	copy(raw[plainLen+sumLen:], all[:])
	return Question{Digits: string(digits), Token: base64.RawURLEncoding.EncodeToString(raw[:]), Attempt: attempt}
}

// digit returns a random digit, each as likely as the others.
func digit() byte {
	var b [1]byte
	for {
		rand.Read(b[:])
		if b[0] < 250 {
			return '0' + b[0]%10
		}
	}
}

// keyOf returns the key that signed the token for this call, or nil. It tries all
// of them, so that the time says nothing about which.
func (c *Challenge) keyOf(callSID string, raw []byte) (key []byte) {
	for _, k := range c.o.Keys {
		want := sum(k, "token", callSID, "", raw[:plainLen+sumLen])
		if subtle.ConstantTimeCompare(want[:], raw[plainLen+sumLen:]) == 1 {
			key = k
		}
	}
	return key
}

// sum signs the parts, each with its length, so that no two lists of parts look alike.
func sum(key []byte, purpose, callSID, digits string, rest []byte) (out [sumLen]byte) {
	h := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte(purpose), []byte(callSID), []byte(digits), rest} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write(part)
	}
	copy(out[:], h.Sum(nil))
	return out
}
