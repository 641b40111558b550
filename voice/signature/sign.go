package signature

import (
	"crypto/fips140"
	"crypto/hmac"
	"crypto/sha1"
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
func Sign(token, rawURL string, form url.Values) string {
	var sum []byte
	fips140.WithoutEnforcement(func() {
		mac := hmac.New(sha1.New, []byte(token))
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
