package voice

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/voice/signature"
)

var someInfo = Info{
	Call: policy.Call{
		SID:           "CA00000000000000000000000000000001",
		AccountSID:    "AC00000000000000000000000000000000",
		From:          "+14155550100",
		To:            "+14155550199",
		Direction:     "inbound",
		Country:       "US",
		StirVerstat:   "TN-Validation-Passed-A",
		ForwardedFrom: "+14155550123",
	},
	AnsweredBy: "human",
}

func testRing(t testing.TB, tokens ...string) keyring {
	t.Helper()
	config := Config{AuthTokens: tokens}
	ring, err := deriveKeys(config.keyMaterial(), "session token")
	require.NoError(t, err)
	return ring
}

func TestSessionTokenCarriesTheCall(t *testing.T) {
	now := time.Unix(1_790_000_000, 123_456_789)
	ring := testRing(t, "a token")
	token := ring.sign(newSession(someInfo, now))

	s, err := ring.verify(token, now.Add(sessionTTL))
	require.NoError(t, err)
	require.Equal(t, someInfo, s.info)
	require.True(t, s.issued().Equal(now), "to the nanosecond, as a drain begins between two calls")
	require.NotContains(t, token, "/")
	require.Less(t, len(token), 400, "the stream URL has to stay short")

	heard := someInfo
	heard.Unidirectional = true
	listening := newSession(heard, now)
	listening.wire = listeningWire
	s, err = ring.verify(ring.sign(listening), now)
	require.NoError(t, err)
	require.Equal(t, heard, s.info)
}

func TestSessionTokenIsRefused(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	ring := testRing(t, "a token")
	token := ring.sign(newSession(someInfo, now))
	flipped := []byte(token)
	flipped[40] ^= 1

	for name, test := range map[string]struct {
		token string
		at    time.Time
		err   error
	}{
		"empty":       {"", now, errTokenMalformed},
		"not base64":  {"a token!", now, errTokenMalformed},
		"cut short":   {token[:20], now, errTokenMalformed},
		"too long":    {strings.Repeat("A", maxTokenLength+1), now, errTokenMalformed},
		"changed":     {string(flipped), now, errTokenForged},
		"another key": {testRing(t, "another token").sign(newSession(someInfo, now)), now, errTokenForged},
		"too late":    {token, now.Add(sessionTTL + maxSkew + time.Second), errTokenExpired},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ring.verify(test.token, test.at)
			require.ErrorIs(t, err, test.err)
		})
	}
}

func TestSessionKeysRotate(t *testing.T) {
	now := time.Now()
	old, both := testRing(t, "old"), testRing(t, "new", "old")

	_, err := both.verify(old.sign(newSession(someInfo, now)), now)
	require.NoError(t, err, "what the old key signed must hold until it is removed")
	_, err = old.verify(both.sign(newSession(someInfo, now)), now)
	require.ErrorIs(t, err, errTokenForged, "the first key signs")
}

// TestTokenIsRememberedWhileClocksDiffer: a token of an instance whose clock is
// ahead is good for longer here than one of our own.
func TestTokenIsRememberedWhileClocksDiffer(t *testing.T) {
	const authToken = "0123456789abcdef"
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{
			AuthTokens: []string{authToken},
			PublicURL:  "https://calls.example.com",
			Handler:    HandlerFunc(func(context.Context, *Call) error { return nil }),
		})
		require.NoError(t, err)
		token := s.keys.Load().tokens.sign(newSession(someInfo, time.Now().Add(maxSkew)))
		path := DefaultPath + streamRoute + token
		handshake := func() error {
			r := httptest.NewRequest(http.MethodGet, "https://calls.example.com"+path, nil)
			r.RequestURI = path
			r.Header.Set("Upgrade", "websocket")
			r.Header.Set("X-Twilio-Signature", signature.Sign(authToken, "wss://calls.example.com"+path, nil))
			r.SetPathValue("token", token)
			_, err := s.checkHandshake(r)
			return err
		}
		require.NoError(t, handshake())
		time.Sleep(sessionTTL + 2*maxSkew)
		require.ErrorIs(t, handshake(), errTokenUsed)
		time.Sleep(time.Second)
		require.ErrorIs(t, handshake(), errTokenExpired)
	})
}

func FuzzSessionToken(f *testing.F) {
	now := time.Unix(1_790_000_000, 0)
	ring := testRing(f, "a token")
	f.Add(ring.sign(newSession(someInfo, now)))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		s, err := ring.verify(token, now)
		if err == nil && ring.sign(s) != token {
			t.Fatalf("accepted a token that signing does not make: %q", token)
		}
	})
}
