package signature

import (
	"crypto/fips140"
	"crypto/hmac"
	"encoding/base64"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Sign returns the X-Twilio-Signature that Twilio sends with a request to
// rawURL, for tests and diagnosis. form is the body of a POST, nil for a GET, for
// a WebSocket handshake (a wss URL) and for a body that rawURL names in its
// bodySHA256 parameter. A fragment of rawURL is not signed.
func Sign(token, rawURL string, form url.Values) string { return HMACSHA1.Sign(token, rawURL, form) }

// Sign is [Sign] with the algorithm, for the secret of a shared key. The request
// also carries [Settings].
func (a Algorithm) Sign(secret, rawURL string, form url.Values) string {
	var sum []byte
	fips140.WithoutEnforcement(func() {
		mac := hmac.New(a.hash(), []byte(secret))
		signed, _, _ := strings.Cut(rawURL, "#")
		io.WriteString(mac, signed)
		for _, key := range slices.Sorted(maps.Keys(form)) {
			for _, value := range slices.Compact(slices.Sorted(slices.Values(form[key]))) {
				io.WriteString(mac, key)
				io.WriteString(mac, value)
			}
		}
		sum = mac.Sum(nil)
	})
	return base64.StdEncoding.EncodeToString(sum)
}
