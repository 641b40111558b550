package fraud

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// TestChallengePrinted: no rendering shows a key.
func TestChallengePrinted(t *testing.T) {
	o := ChallengeOptions{Keys: [][]byte{[]byte(strings.Repeat("topsecret ", 4))}}
	c, err := NewChallenge(o)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%t"} {
		for _, v := range []any{o, &o, c, *c, struct{ C *Challenge }{c}} {
			text := strings.ToLower(fmt.Sprintf(verb, v))
			for _, key := range []string{"topsecret", "746f70", "116 111 112", "0x74, 0x6f"} {
				require.NotContains(t, text, key)
			}
		}
	}
	require.Contains(t, o.LogValue().String(), "1 [redacted]")
}

func key(b byte) []byte { return bytes.Repeat([]byte{b}, 32) }

func newChallenge(t *testing.T, o ChallengeOptions) *Challenge {
	if o.Keys == nil {
		o.Keys = [][]byte{key(1)}
	}
	c, err := NewChallenge(o)
	require.NoError(t, err)
	return c
}

func wrong(q Question) string {
	if q.Digits[0] == '0' {
		return "1" + q.Digits[1:]
	}
	return "0" + q.Digits[1:]
}

func TestChallenge(t *testing.T) {
	c := newChallenge(t, ChallengeOptions{})
	q := c.Ask("CA1")
	require.Len(t, q.Digits, 4)
	require.Len(t, q.Token, 71)
	require.Equal(t, 1, q.Attempt)
	outcome, _, err := c.Answer("CA1", q.Token, q.Digits)
	require.NoError(t, err)
	require.Equal(t, AnswerPass, outcome)

	outcome, again, err := c.Answer("CA1", q.Token, wrong(q))
	require.ErrorIs(t, err, ErrWrong)
	require.Equal(t, AnswerRetry, outcome)
	require.Equal(t, 2, again.Attempt)
	outcome, _, _ = c.Answer("CA1", again.Token, again.Digits)
	require.Equal(t, AnswerPass, outcome)
	outcome, none, err := c.Answer("CA1", again.Token, wrong(again))
	require.ErrorIs(t, err, ErrWrong)
	require.Equal(t, AnswerFail, outcome)
	require.Empty(t, none)
}

func TestChallengeRefusesOtherTokens(t *testing.T) {
	c := newChallenge(t, ChallengeOptions{})
	q := c.Ask("CA1")
	other := newChallenge(t, ChallengeOptions{Keys: [][]byte{key(2)}}).Ask("CA1")
	for name, token := range map[string]string{
		"empty": "", "garbage": strings.Repeat("!", 71), "short": q.Token[:70], "long": q.Token + "A", "other key": other.Token,
	} {
		outcome, _, err := c.Answer("CA1", token, other.Digits)
		require.ErrorIs(t, err, ErrToken, name)
		require.Equal(t, AnswerFail, outcome, name)
	}
	_, _, err := c.Answer("CA2", q.Token, q.Digits)
	require.ErrorIs(t, err, ErrToken, "another call's")

	raw, err := base64.RawURLEncoding.DecodeString(q.Token)
	require.NoError(t, err)
	for i := range raw { // the attempt, the expiry, the nonce, both signatures
		for _, bit := range []byte{1, 0x80} {
			raw[i] ^= bit
			_, _, err := c.Answer("CA1", base64.RawURLEncoding.EncodeToString(raw), q.Digits)
			require.ErrorIs(t, err, ErrToken, "byte %d", i)
			raw[i] ^= bit
		}
	}
}

func TestChallengeExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChallenge(t, ChallengeOptions{TTL: 30 * time.Second})
		q := c.Ask("CA1")
		time.Sleep(30 * time.Second)
		outcome, _, err := c.Answer("CA1", q.Token, q.Digits)
		require.NoError(t, err)
		require.Equal(t, AnswerPass, outcome)
		time.Sleep(2 * time.Second)
		outcome, _, err = c.Answer("CA1", q.Token, q.Digits)
		require.ErrorIs(t, err, ErrExpired)
		require.Equal(t, AnswerFail, outcome)
	})
}

func TestChallengeKeyRotation(t *testing.T) {
	before := newChallenge(t, ChallengeOptions{Keys: [][]byte{key(1)}})
	during := newChallenge(t, ChallengeOptions{Keys: [][]byte{key(2), key(1)}})
	after := newChallenge(t, ChallengeOptions{Keys: [][]byte{key(2)}})
	q := before.Ask("CA1")
	outcome, _, _ := during.Answer("CA1", q.Token, q.Digits)
	require.Equal(t, AnswerPass, outcome)
	q = during.Ask("CA1")
	outcome, _, _ = after.Answer("CA1", q.Token, q.Digits)
	require.Equal(t, AnswerPass, outcome)
}

// TestChallengeHidesDigits: nothing in the URL tells the digits, and they are as
// likely as each other.
func TestChallengeHidesDigits(t *testing.T) {
	c := newChallenge(t, ChallengeOptions{Digits: 8})
	var count [10]int
	for range 2000 {
		q := c.Ask("CA1")
		raw, err := base64.RawURLEncoding.DecodeString(q.Token)
		require.NoError(t, err)
		require.NotContains(t, string(raw), q.Digits)
		for _, d := range q.Digits {
			count[d-'0']++
		}
	}
	for d, n := range count { // 1600 expected, standard deviation 38
		require.InDelta(t, 1600, n, 250, "digit %d", d)
	}
}

func TestChallengeOptions(t *testing.T) {
	_, err := NewChallenge(ChallengeOptions{Keys: [][]byte{{1}}, Digits: 2, Attempts: -1, TTL: time.Millisecond})
	for _, want := range []string{"key 0 has 1 bytes", "2 digits", "-1 attempts", "1ms"} {
		require.ErrorContains(t, err, want)
	}
	_, err = NewChallenge(ChallengeOptions{})
	require.ErrorContains(t, err, "needs a key")
}

func FuzzAnswer(f *testing.F) {
	c, err := NewChallenge(ChallengeOptions{Keys: [][]byte{key(1)}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("CA1", c.Ask("CA1").Token, "1234")
	f.Fuzz(func(t *testing.T, sid, token, digits string) {
		if outcome, _, err := c.Answer(sid, token, digits); (outcome == AnswerPass) != (err == nil) {
			t.Fatal(outcome, err)
		}
	})
}
