// Package signature compares dialtone's validator with twilio-go's.
package signature

import (
	"bytes"
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/twilio/twilio-go/client"

	"agentos.dev/dialtone/internal/bench"
	"agentos.dev/dialtone/voice/signature"
)

const (
	token  = "0123456789abcdef0123456789abcdef"
	public = "https://calls.example.com"
	path   = "/api/voice/twilio/inbound"
)

// inbound is the body of an inbound call's webhook: twenty parameters in the
// order of a hash table, as Twilio is seen to send them.
const inbound = "Called=%2B14155550199&ToState=CA&CallerCountry=US&Direction=inbound&CallerState=CA&ToZip=94105" +
	"&CallSid=CA0123456789abcdef0123456789abcdef&To=%2B14155550199&CallerZip=94601&ToCountry=US&ApiVersion=2010-04-01" +
	"&StirVerstat=TN-Validation-Passed-A&CallToken=%7B%22parentCallInfoToken%22%3A%22eyJhbGciOiJFUzI1NiJ9%22%7D" +
	"&CalledCity=SAN+FRANCISCO&CallStatus=ringing&From=%2B14155550100&AccountSid=AC0123456789abcdef0123456789abcdef" +
	"&CallerCity=OAKLAND&Caller=%2B14155550100&FromCountry=US"

func sign(body string) string {
	form, err := url.ParseQuery(body)
	if err != nil {
		panic(err)
	}
	return signature.Sign(token, public+path, form)
}

func validator(t *testing.T) *signature.Validator {
	v, err := signature.New(signature.Options{Tokens: []string{token}, PublicURL: public})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// loop makes a contestant out of a job that must succeed.
func loop(t *testing.T, name string, job func() bool) bench.Contestant {
	if !job() {
		t.Fatal(name + " refuses a signed request")
	}
	return bench.Contestant{Name: fmt.Sprintf("%s (%.0f allocs)", name, testing.AllocsPerRun(100, func() { job() })),
		Run: func(n int) {
			for range n {
				job()
			}
		}}
}

func TestBody(t *testing.T) {
	v, theirs := validator(t), client.NewRequestValidator(token)
	sig, body := sign(inbound), []byte(inbound)
	// The port toggled: the second URL that is tried matches.
	form, _ := url.ParseQuery(inbound)
	second := signature.Sign(token, "https://calls.example.com:443"+path, form)
	// The floor: one HMAC over as many bytes, its key states cached.
	mac := hmac.New(sha1.New, []byte(token))
	message := make([]byte, len(public+path)+len(canonical(form)))
	sum := make([]byte, 0, sha1.Size)
	pairs := strings.Split(inbound, "&")
	slices.Sort(pairs)
	sorted := []byte(strings.Join(pairs, "&"))
	bench.Report(t, "an inbound webhook of 20 parameters, from its body",
		loop(t, "dialtone VerifyBody", func() bool { return v.VerifyBody(public+path, body, sig) == nil }),
		loop(t, "dialtone VerifyBody, second URL matches", func() bool { return v.VerifyBody(public+path, body, second) == nil }),
		loop(t, "dialtone VerifyBody, parameters sent in order", func() bool { return v.VerifyBody(public+path, sorted, sig) == nil }),
		loop(t, "one HMAC", func() bool { mac.Reset(); mac.Write(message); sum = mac.Sum(sum[:0]); return true }),
		loop(t, "twilio-go ValidateBody", func() bool { return theirs.ValidateBody(public+path, body, sig) }),
	)
}

func canonical(form url.Values) (text string) {
	for k, v := range form {
		text += k + v[0]
	}
	return text
}

func TestMiddleware(t *testing.T) {
	v, theirs := validator(t), client.NewRequestValidator(token)
	sig := sign(inbound)
	ok := false
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ok = r.PostForm.Get("CallStatus") == "ringing"
	})
	// As Twilio's guides write it.
	guide := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		params := make(map[string]string)
		for key, value := range r.PostForm {
			params[key] = value[0]
		}
		if !theirs.Validate(public+r.URL.RequestURI(), params, r.Header.Get("X-Twilio-Signature")) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
	serve := func(h http.Handler) func() bool {
		r := httptest.NewRequest("POST", path, nil)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		r.Header.Set("X-Twilio-Signature", sig)
		r.ContentLength = int64(len(inbound))
		body := strings.NewReader(inbound)
		closer := io.NopCloser(body)
		return func() bool {
			body.Reset(inbound)
			r.Body, r.Form, r.PostForm = closer, nil, nil
			ok = false
			h.ServeHTTP(nil, r)
			return ok
		}
	}
	form, _ := url.ParseQuery(inbound)
	bench.Report(t, "the same, as middleware: body read, checked, PostForm filled",
		loop(t, "a map of the 20 parameters, nothing else", func() bool {
			m := make(url.Values, len(form))
			for k, v := range form {
				m[k] = v
			}
			return len(m) == len(form)
		}),
		loop(t, "dialtone Middleware", serve(v.Middleware(next))),
		loop(t, "no check: ParseForm alone", serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { r.ParseForm(); next(w, r) }))),
		loop(t, "twilio-go, as its guides write it", serve(guide)),
	)
}

// TestHostile shows what an unsigned request can cost at the default limits, and
// that it grows with its size and no faster.
func TestHostile(t *testing.T) {
	wrong := base64.StdEncoding.EncodeToString(make([]byte, sha1.Size))
	h := validator(t).Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	serve := func(text, sig string, status int) func(int) {
		r := httptest.NewRequest("POST", path, nil)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Twilio-Signature", sig)
		r.ContentLength = int64(len(text))
		body := strings.NewReader(text)
		closer := io.NopCloser(body)
		w := &answer{header: make(http.Header)}
		return func(n int) {
			for range n {
				body.Reset(text)
				r.Body, r.Form, r.PostForm = closer, nil, nil
				w.status = http.StatusOK
				if h.ServeHTTP(w, r); w.status != status {
					t.Fatal(w.status)
				}
			}
		}
	}
	refused := func(body []byte) func(int) { return serve(string(body), wrong, 403) }
	contestants := []bench.Contestant{{Name: "a normal, signed request", Run: serve(inbound, sign(inbound), 200)}}
	shapes := []struct {
		name  string
		param func(size, i int) string
	}{
		{"plain", func(size, i int) string { return fmt.Sprintf("k%03d=%s", 255-i, strings.Repeat("v", size-6)) }},
		{"long equal keys", func(size, i int) string { return strings.Repeat("k", size-1) + "=" }},
		{"long keys that differ at the end", func(size, i int) string { return strings.Repeat("k", size-5) + fmt.Sprintf("%03d=", 255-i) }},
		{"escapes", func(size, i int) string { return strings.Repeat("%41", size/3) }},
	}
	for _, shape := range shapes {
		for _, kib := range []int{16, 32, 64} {
			var b bytes.Buffer
			size := kib<<10/256 - 1
			for i := range 256 {
				if i > 0 {
					b.WriteByte('&')
				}
				b.WriteString(shape.param(size, i))
			}
			contestants = append(contestants, bench.Contestant{Name: fmt.Sprintf("%d KiB, 256 parameters, %s", kib, shape.name), Run: refused(b.Bytes())})
		}
	}
	bench.Report(t, "hostile bodies, through the middleware", contestants...)
}

// TestStrangers shows what a refusal costs at most, however many accounts and keys
// there are, as a multiple of the refusal of a webhook of a usual size.
//
//	go test -v -run '^TestStrangers$' ./signature
func TestStrangers(t *testing.T) {
	const wrong, wrong256 = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	large := "AccountSid=AC0123456789abcdef0123456789abcdef"
	for i := range 255 {
		large += fmt.Sprintf("&k%03d=%s", 255-i, strings.Repeat("v", 250))
	}
	anonymous := strings.Replace(inbound, "AccountSid=", "Account=", 1)
	unknown := strings.Replace(inbound, "AC0123456789abcdef", "ACfedcba9876543210", 1)
	long := "/" + strings.Repeat("x", 16<<10-1)
	const form = "application/x-www-form-urlencoded"
	shapes := []struct {
		name, method, target, body, kind, settings string
		upgrade                                    bool
	}{
		{name: "webhook", body: inbound, kind: form},
		{name: "webhook of an unknown account", body: unknown, kind: form},
		{name: "webhook without an account", body: anonymous, kind: form},
		{name: "webhook of 64 KiB", body: large, kind: form},
		{name: "webhook of 64 KiB without an account", body: strings.Replace(large, "AccountSid=", "Account=", 1), kind: form},
		{name: "webhook of 64 KiB, shared key", body: large, kind: form, settings: "key=k1,algorithm=HMAC_SHA256"},
		{name: "webhook of 64 KiB, unknown shared key", body: large, kind: form, settings: "key=none,algorithm=HMAC_SHA256"},
		{name: "JSON of 64 KiB", target: "/in?bodySHA256=00", body: large, kind: "application/json"},
		{name: "GET of 16 KiB", method: "GET", target: long},
		{name: "handshake", method: "GET", upgrade: true},
		{name: "handshake of 2 KiB", method: "GET", target: "/?" + strings.Repeat("a=b&", 255) + strings.Repeat("c", 2<<10-1022), upgrade: true},
		{name: "handshake of 16 KiB", method: "GET", target: long[:8<<10] + "?" + strings.Repeat("a=b&", 200), upgrade: true},
		{name: "settings of 32 KiB", body: inbound, kind: form, settings: strings.Repeat("key=x,", 5000)},
	}
	var one float64
	worst := func(o signature.Options, title string) {
		o.PublicURL = public
		v, err := signature.New(o)
		if err != nil {
			t.Fatal(err)
		}
		h := v.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("accepted") }))
		var contestants []bench.Contestant
		for _, shape := range shapes {
			method, target := cmp.Or(shape.method, "POST"), cmp.Or(shape.target, path)
			r := httptest.NewRequest(method, "/", nil)
			r.RequestURI, r.ContentLength = target, int64(len(shape.body))
			r.Header.Set("X-Twilio-Signature", wrong)
			if shape.kind != "" {
				r.Header.Set("Content-Type", shape.kind)
			}
			if shape.settings != "" {
				r.Header.Set(signature.SettingsHeader, shape.settings)
				r.Header.Set("X-Twilio-Signature", wrong256)
			}
			if shape.upgrade {
				r.Header.Set("Upgrade", "websocket")
			}
			body := strings.NewReader(shape.body)
			closer := io.NopCloser(body)
			w := &answer{header: make(http.Header)}
			run := func(n int) {
				for range n {
					body.Reset(shape.body)
					r.Body = closer
					h.ServeHTTP(w, r)
				}
			}
			run(20) // the first ten refusals are looked into
			contestants = append(contestants, bench.Contestant{Name: shape.name, Run: run})
		}
		results := bench.Report(t, title, contestants...)
		base := results[0].P10
		if one == 0 {
			one = base
		}
		most := results[0]
		for _, r := range results {
			if r.P10 > most.P10 {
				most = r
			}
		}
		t.Logf("%s: at most %.0f times a usual refusal, %.0f times that of one auth token (%s)", title, most.P10/base, most.P10/one, most.Name)
		if !testing.Short() && most.P10 > 100*base {
			t.Errorf("%s costs more than 100 refusals", most.Name)
		}
	}
	worst(signature.Options{Tokens: []string{token}}, "one auth token")
	for _, n := range []int{1, 15, 1000, 10_000} {
		o := signature.Options{Tokens: []string{token}, TokensByAccount: map[string][]string{}, SharedKeys: map[string]string{}}
		for i := range n {
			o.TokensByAccount[fmt.Sprintf("AC%032x", i)] = []string{fmt.Sprint("token", i)}
			o.SharedKeys[fmt.Sprint("k", i)] = fmt.Sprint("secret", i)
		}
		worst(o, fmt.Sprintf("%d accounts and shared keys", n))
	}
	worst(signature.Options{Tokens: []string{token, "two", "three", "four"}}, "four auth tokens")
}

// TestTiming shows that the place of the first wrong character does not.
func TestTiming(t *testing.T) {
	v := validator(t)
	right := sign(inbound)
	wrongAt := func(i int) bench.Contestant {
		c := byte('A')
		if right[i] == c {
			c = 'B'
		}
		sig := right[:i] + string(c) + right[i+1:]
		return bench.Contestant{Name: fmt.Sprintf("character %d is wrong", i), Run: func(n int) {
			for range n {
				if v.VerifyBody(public+path, []byte(inbound), sig) == nil {
					t.Fatal("accepted")
				}
			}
		}}
	}
	accounts, err := signature.New(signature.Options{SharedKeys: map[string]string{"known": token},
		TokensByAccount: map[string][]string{"AC0123456789abcdef0123456789abcdef": {token}, "AC00000000000000000000000000000000": {"one", "two"}}})
	if err != nil {
		t.Fatal(err)
	}
	account := func(name, sid string) bench.Contestant {
		body := []byte(strings.Replace(inbound, "AC0123456789abcdef0123456789abcdef", sid, 1))
		sig := signature.Sign("another", public+path, nil)
		return bench.Contestant{Name: name, Run: func(n int) {
			for range n {
				if accounts.VerifyBody(public+path, body, sig) == nil {
					t.Fatal("accepted")
				}
			}
		}}
	}
	shared := func(name, id string) bench.Contestant {
		body, sig, settings := []byte(inbound), signature.HMACSHA256.Sign("another", public+path, nil), signature.Settings(id, signature.HMACSHA256)
		return bench.Contestant{Name: name, Run: func(n int) {
			for range n {
				if accounts.VerifyBody(public+path, body, sig, settings) == nil {
					t.Fatal("accepted")
				}
			}
		}}
	}
	contestants := []bench.Contestant{wrongAt(0), wrongAt(13), wrongAt(25),
		shared("shared key: wrong signature", "known"), shared("shared key: unknown", "other"),
		account("subaccounts: wrong signature", "AC0123456789abcdef0123456789abcdef"),
		account("subaccounts: unknown account", "ACfedcba98765432100123456789abcdef")}
	for _, c := range contestants {
		c.Run(100) // the first ten refusals are looked into, and would mislead the calibration
	}
	bench.Report(t, "wrong signatures", contestants...)
}

// answer is a response that costs nothing.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(b []byte) (int, error) { return len(b), nil }
func (a *answer) WriteHeader(status int)      { a.status = status }
