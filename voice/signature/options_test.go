package signature_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
)

// TestOptionsTrimmed: what reading from a file puts around a value does not count.
func TestOptionsTrimmed(t *testing.T) {
	o := signature.Options{
		Tokens: []string{"\ufeff" + token + "\r\n"}, TokensByAccount: map[string][]string{subsid: {" " + other + "\n"}},
		SharedKeys: map[string]string{keyID: "shared-key\n"}, SharedKeyPins: map[string]signature.Pin{keyID: {AccountSID: sid + "\n"}},
		AccountSIDs: []string{sid + "\r\n", subsid}, PublicURL: " " + public + "\n",
	}
	v, err := signature.New(o)
	require.NoError(t, err)
	for account, secret := range map[string]string{sid: token, subsid: other} {
		form := []byte("AccountSid=" + account)
		require.NoError(t, v.VerifyBody(public+"/x", form, signature.Sign(secret, public+"/x", map[string][]string{"AccountSid": {account}})))
	}
	form := map[string][]string{"AccountSid": {sid}}
	require.NoError(t, v.VerifyBody(public+"/x", []byte("AccountSid="+sid), signature.HMACSHA256.Sign("shared-key", public+"/x", form), signature.Settings(keyID, signature.HMACSHA256)))
	require.Equal(t, "\ufeff"+token+"\r\n", o.Tokens[0], "the caller's own stay")
	require.Equal(t, "shared-key\n", o.SharedKeys[keyID])
}

// TestOptionsPrinted: no rendering of Options shows a secret.
func TestOptionsPrinted(t *testing.T) {
	o := signature.Options{
		Tokens: []string{"canary-1"}, TokensByAccount: map[string][]string{subsid: {"canary-2"}},
		SharedKeys: map[string]string{keyID: "canary-3"}, PublicURL: "https://user:canary-4@calls.example.com",
	}
	var log bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		fmt.Fprintf(&log, verb+verb+verb, o, &o, struct{ O signature.Options }{o})
	}
	slog.New(slog.NewTextHandler(&log, nil)).Info("", "options", o)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("", "options", o)
	require.NotContains(t, log.String(), "canary")
	require.NotContains(t, log.String(), "63616e617279") // canary
	require.Contains(t, log.String(), "calls.example.com")
}
