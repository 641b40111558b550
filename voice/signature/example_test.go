package signature_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"

	"agentos.dev/dialtone/voice/signature"
)

// A webhook behind a proxy, tested as Twilio would call it.
func Example() {
	v, err := signature.New(signature.Options{
		Tokens:    []string{"12345"},
		PublicURL: "https://calls.example.com",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	webhook := v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("call from", r.PostForm.Get("From"))
	}))

	form := url.Values{"CallSid": {"CA01"}, "From": {"+14155550100"}}
	r := httptest.NewRequest("POST", "/inbound", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", signature.Sign("12345", "https://calls.example.com/inbound", form))
	webhook.ServeHTTP(httptest.NewRecorder(), r)

	r.Header.Del("X-Twilio-Signature")
	w := httptest.NewRecorder()
	webhook.ServeHTTP(w, r)
	fmt.Println(w.Code)
	// Output:
	// call from +14155550100
	// 403
}

// The error says what would have been right.
func ExampleValidator_Verify() {
	v, err := signature.New(signature.Options{
		Tokens:    []string{"12345"},
		PublicURL: "https://calls.example.com",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest("GET", "/inbound", nil)
	r.Header.Set("X-Twilio-Signature", signature.Sign("12345", "http://calls.example.com/inbound", nil))
	fmt.Println(v.Verify(r))
	// Output:
	// signature: scheme: would be valid for http://calls.example.com/inbound: PublicURL says https://calls.example.com/inbound
}

// Rotation without a refused call: both tokens, then promote the new one at
// Twilio, then drop the old one when its matches have ceased.
func ExampleValidator_Reload() {
	o := signature.Options{
		Tokens:   []string{"11111", "22222"},
		OnResult: func(r signature.Result) { fmt.Printf("token %d %q\n", r.Key, r.Reason) },
	}
	v, err := signature.New(o)
	if err != nil {
		fmt.Println(err)
		return
	}
	const at = "https://calls.example.com/inbound"
	v.VerifyBody(at, nil, signature.Sign("11111", at, nil))
	v.VerifyBody(at, nil, signature.Sign("22222", at, nil)) // promoted

	o.Tokens = []string{"22222"}
	if err := v.Reload(o); err != nil {
		fmt.Println(err)
		return
	}
	v.VerifyBody(at, nil, signature.Sign("22222", at, nil))
	v.VerifyBody(at, nil, signature.Sign("11111", at, nil))
	// Output:
	// token 0 ""
	// token 1 ""
	// token 0 ""
	// token -1 "mismatch"
}

func ExampleSign() {
	form := url.Values{
		"CallSid": {"CA1234567890ABCDE"},
		"Caller":  {"+14158675309"},
		"Digits":  {"1234"},
		"From":    {"+14158675309"},
		"To":      {"+18005551212"},
	}
	fmt.Println(signature.Sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form))
	// Output:
	// RSOYDt4T1cUTdK1PDd93/VVr8B8=
}

// A list of networks in front of the Validator: that of the account's Static Proxy, whose
// requests come through a balancer of one's own.
func ExampleAllowList() {
	only, err := signature.AllowList(signature.AllowOptions{
		Prefixes:       []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")},
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		OnResult:       func(allowed bool) { fmt.Println("allowed:", allowed) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	webhook := only(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, from := range []string{"203.0.113.7", "198.51.100.7"} {
		r := httptest.NewRequest("POST", "/inbound", nil)
		r.RemoteAddr = "10.0.0.1:40000"
		r.Header.Set("X-Forwarded-For", from)
		w := httptest.NewRecorder()
		webhook.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// allowed: true
	// 200
	// allowed: false
	// 403
}

// The reason of a refusal says whose mistake it is.
func ExampleReason() {
	v, err := signature.New(signature.Options{Tokens: []string{"12345"}, PublicURL: "https://calls.example.com"})
	if err != nil {
		fmt.Println(err)
		return
	}
	r := httptest.NewRequest("POST", "/inbound", strings.NewReader("CallSid=CA01"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", signature.Sign("another token", "https://calls.example.com/inbound", url.Values{"CallSid": {"CA01"}}))
	var refused *signature.Error
	if errors.As(v.Verify(r), &refused) {
		switch refused.Reason {
		case signature.ReasonMissing:
			fmt.Println("not from Twilio")
		case signature.ReasonScheme, signature.ReasonHost, signature.ReasonPort, signature.ReasonPath, signature.ReasonSlash, signature.ReasonQuery:
			fmt.Println("the proxy changes the URL, or PublicURL is wrong:", refused.Reason)
		case signature.ReasonMismatch:
			fmt.Println("another token, or a forgery")
		case signature.ReasonOverloaded, signature.ReasonBodyTimeout:
			fmt.Println("too much at once")
		}
		fmt.Println(refused.Reason.Status())
	}
	// Output:
	// another token, or a forgery
	// 403
}
