package signature_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
)

const token = "12345"

// TestDocumentedExample holds the example of Twilio's documentation, which the
// test suites of its SDKs share.
func TestDocumentedExample(t *testing.T) {
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}, "Caller": {"+14158675309"}}
	const at, want = "https://mycompany.com/myapp.php?foo=1&bar=2", "RSOYDt4T1cUTdK1PDd93/VVr8B8="
	require.Equal(t, want, signature.Sign(token, at, form))

	v, err := signature.New(signature.Options{Tokens: []string{token}, PublicURL: "https://mycompany.com"})
	require.NoError(t, err)
	require.NoError(t, v.VerifyBody(at, []byte(form.Encode()), want))

	r := httptest.NewRequest("POST", "/myapp.php?foo=1&bar=2", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
	r.Header.Set("X-Twilio-Signature", want)
	require.NoError(t, v.Verify(r))
	require.Equal(t, form, r.PostForm)

	w := httptest.NewRecorder()
	v.Middleware(http.NotFoundHandler()).ServeHTTP(w, r)
	require.Equal(t, 404, w.Code)
}
