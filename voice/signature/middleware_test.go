package signature_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	stdnet "net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/signature"
)

func TestMiddlewareHandsOverWhatItVerified(t *testing.T) {
	form := [][2]string{{"b", "2"}, {"From", "+14155550100"}, {"b", "1"}, {"b", "2"}}
	v := newValidator(t, signature.Options{PublicURL: public})
	called := false
	h := v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		called = true
		require.Equal(t, url.Values{"b": {"2", "1", "2"}, "From": {"+14155550100"}}, r.PostForm, "in the order of the body")
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		require.Equal(t, encode(form), string(body))
		require.NoError(t, r.Body.Close())
		require.Equal(t, "+14155550100", r.FormValue("From"))
		require.Equal(t, "1", r.FormValue("q"))
	}))
	r := request{form: form, target: "/in?q=1", signed: public + "/in?q=1"}.build()
	r.Form = url.Values{"From": {"+19005550100"}} // what something before us put there
	h.ServeHTTP(httptest.NewRecorder(), r)
	require.True(t, called)

	// Twice is as good as once.
	called = false
	v.Middleware(h).ServeHTTP(httptest.NewRecorder(), request{form: form, target: "/in?q=1", signed: public + "/in?q=1"}.build())
	require.True(t, called)

	// JSON.
	const payload = `{"a":1}`
	target := "/in?bodySHA256=" + sum256(payload)
	w := httptest.NewRecorder()
	v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body)
		require.NoError(t, r.ParseForm())
		require.Empty(t, r.PostForm)
	})).ServeHTTP(w, request{body: payload, target: target, header: json, signed: public + target}.build())
	require.Equal(t, payload, w.Body.String())
}

// TestUnderStripPrefix mounts the middleware where r.URL is not what was sent.
func TestUnderStripPrefix(t *testing.T) {
	v := newValidator(t, signature.Options{PublicURL: public})
	h := http.StripPrefix("/api", v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/in", r.URL.Path)
	})))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, request{form: call, target: "/api/in", signed: public + "/api/in"}.build())
	require.Equal(t, 200, w.Code)
	w = httptest.NewRecorder()
	h.ServeHTTP(w, request{form: call, target: "/api/in", signed: public + "/in"}.build())
	require.Equal(t, 403, w.Code)
}

func TestMiddlewareAnswers(t *testing.T) {
	v := newValidator(t, signature.Options{PublicURL: public, MaxBody: 100, MaxParams: 3})
	h := v.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("called") }))
	for _, c := range []struct {
		request request
		status  int
	}{
		{request{form: call[:2], signed: public + "/other"}, 403},
		{request{form: call[:2], header: http.Header{"X-Twilio-Signature": nil}}, 403},
		{request{body: "a=%", signed: public + "/in"}, 403},
		{request{method: "DELETE", signed: public + "/in"}, 405},
		{request{form: many(4), signed: public + "/in"}, 413},
		{request{body: strings.Repeat("x", 101), signed: public + "/in"}, 413},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, c.request.build())
		require.Equal(t, c.status, w.Code)
		require.Empty(t, w.Body.String())
		require.NotContains(t, fmt.Sprint(w.Header()), "Content-Type")
	}
}

func TestReportOnlyLetsEverythingThroughWhole(t *testing.T) {
	var reasons []signature.Reason
	v := newValidator(t, signature.Options{PublicURL: public, MaxBody: 10, ReportOnly: true,
		OnResult: func(r signature.Result) { reasons = append(reasons, r.Reason) }})
	h := v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		fmt.Fprintf(w, "%s %s", r.PostForm, body)
	}))
	for _, body := range []string{"a=1", "a=%zz", strings.Repeat("x", 11), strings.Repeat("x", 5000)} {
		for _, chunked := range []bool{false, true} {
			r := request{body: body, signed: public + "/other"}.build()
			if chunked {
				r.ContentLength = -1
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			require.Equal(t, "map[] "+body, w.Body.String())
		}
	}
	require.Equal(t, []signature.Reason{"mismatch", "mismatch", "malformed_body", "malformed_body",
		"body_too_large", "body_too_large", "body_too_large", "body_too_large"}, reasons)
}

func TestReadBeforeUs(t *testing.T) {
	v := newValidator(t, signature.Options{PublicURL: public})
	for _, before := range []func(*http.Request){
		func(r *http.Request) { r.ParseForm() },
		func(r *http.Request) { io.Copy(io.Discard, r.Body) },
		func(r *http.Request) { r.ParseForm(); r.ContentLength = 0 },
	} {
		r := request{form: call, signed: public + "/in"}.build()
		before(r)
		got, err := reason(t, v, r)
		require.Equal(t, signature.ReasonBodyConsumed, got)
		require.Equal(t, "signature: body_consumed: something read the body before the signature was checked", err.Error())
	}
}

func TestResultNamesTheKey(t *testing.T) {
	var got signature.Result
	v := newValidator(t, signature.Options{PublicURL: public, Tokens: []string{"old-token", token},
		TokensByAccount: map[string][]string{subsid: {other}}, SharedKeys: map[string]string{keyID: "shared-key"},
		OnResult: func(r signature.Result) { got = r }})
	verify := func(q request) signature.Result { v.Verify(q.build()); return got }

	require.Equal(t, signature.Result{Key: 1}, verify(request{form: call, signed: public + "/in"}))
	require.Equal(t, signature.Result{Key: 0}, verify(request{form: call, signed: public + "/in", token: "old-token"}))
	require.Equal(t, signature.Result{Key: 0, Account: subsid}, verify(request{form: [][2]string{{"AccountSid", subsid}}, signed: public + "/in", token: other}))
	require.Equal(t, signature.Result{Key: 0, SharedKey: keyID}, verify(request{form: call, signed: public + "/in", token: "shared-key", header: settings("key=" + keyID)}))
	require.Equal(t, signature.Result{Key: -1, SharedKey: keyID, Reason: signature.ReasonMismatch}, verify(request{form: call, signed: public + "/in", token: "not-the-key", header: settings("key=" + keyID)}))
	require.Equal(t, signature.Result{Key: -1, Reason: signature.ReasonUnknownKey}, verify(request{form: call, signed: public + "/in", token: "shared-key", header: settings("key=a-stranger's")}))
	require.Equal(t, signature.Result{Key: 1, Handshake: true}, verify(request{header: upgrade, signed: "wss://calls.example.com/in"}))
	require.Equal(t, signature.Result{Key: -1, Reason: signature.ReasonMissing}, verify(request{header: http.Header{"X-Twilio-Signature": nil}}))
}

// TestLogsNoSecret sends canaries everywhere a secret can be and looks for them
// in all that comes out.
func TestLogsNoSecret(t *testing.T) {
	var log bytes.Buffer
	v := newValidator(t, signature.Options{
		Tokens: []string{"canary-token"}, TokensByAccount: map[string][]string{subsid: {"canary-subtoken"}},
		SharedKeys: map[string]string{keyID: "canary-key"}, PublicURL: "https://canary-user:canary-password@calls.example.com",
		Logger: slog.New(slog.NewTextHandler(&log, nil))})
	form := [][2]string{{"Digits", "canary-digits"}, {"From", "canary-from"}}
	stream := "/stream/" + strings.Repeat("canary-stream-token-", 3)
	for _, q := range []request{
		{form: form, signed: public + "/in", target: "/in?pin=canary-query", token: "canary-token"},
		{form: form, signed: "http://calls.example.com/in", token: "canary-token"},
		{form: form, signed: "http://calls.example.com/in?pin=canary-query", target: "/in?pin=canary-query", token: "canary-token"},
		{form: form, sig: "Y2FuYXJ5IQAAAAAAAAAAAAAAAAA="},
		{header: upgrade, target: stream, signed: public + stream, token: "canary-token"},
		{form: [][2]string{{"AccountSid", subsid}}, signed: public + "/in", token: "canary-subtoken"},
	} {
		r := q.build()
		err := v.Verify(r)
		require.Error(t, err)
		fmt.Fprintf(&log, "%v %+v\n", err, err)
		require.NotContains(t, log.String(), r.Header.Get("X-Twilio-Signature"))
		require.NotContains(t, log.String(), reference("canary-token", q.signed, q.form))
	}
	require.NotContains(t, log.String(), "canary")
	require.NotContains(t, log.String(), "Y2FuYXJ5")
	require.Contains(t, log.String(), "would be valid for http://calls.example.com/in: PublicURL says https://[redacted]@calls.example.com/in")
	require.Contains(t, log.String(), "wss://[redacted]@calls.example.com/stream/[redacted]")
}

// TestNothingLeaksBetweenRequests keeps what one handler was given while others
// are served from the same scratch memory.
func TestNothingLeaksBetweenRequests(t *testing.T) {
	v := newValidator(t, signature.Options{PublicURL: public})
	type kept struct {
		n    int
		form url.Values
		body io.Reader
	}
	var mu sync.Mutex
	var all []kept
	h := v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		n := len(r.PostForm.Get("n"))
		all = append(all, kept{n, r.PostForm, r.Body})
	}))
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for i := range 100 {
				n := worker*100 + i
				form := [][2]string{{"n", strings.Repeat("x", n)}, {"z", fmt.Sprint(n)}, {"a", "+"}}
				h.ServeHTTP(httptest.NewRecorder(), request{form: form, signed: public + "/in"}.build())
			}
		})
	}
	wg.Wait()
	require.Len(t, all, 400)
	for _, k := range all {
		form := [][2]string{{"n", strings.Repeat("x", k.n)}, {"z", fmt.Sprint(k.n)}, {"a", "+"}}
		require.Equal(t, url.Values{"n": {form[0][1]}, "z": {form[1][1]}, "a": {"+"}}, k.form)
		body, err := io.ReadAll(k.body)
		require.NoError(t, err)
		require.Equal(t, encode(form), string(body))
	}
}

// TestReloadUnderLoad rotates the token while a thousand requests are in flight.
func TestReloadUnderLoad(t *testing.T) {
	old := signature.Options{PublicURL: public, Tokens: []string{token}}
	both := signature.Options{PublicURL: public, Tokens: []string{token, other}}
	next := signature.Options{PublicURL: public, Tokens: []string{other, token}}
	v := newValidator(t, both)
	const n = 1000
	var served atomic.Int64
	begin := make(chan struct{})
	server := httptest.NewServer(v.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) })))
	defer server.Close()
	client := server.Client()
	client.Transport.(*http.Transport).MaxConnsPerHost = 50
	var wg sync.WaitGroup
	failures := make(chan string, n)
	for i := range n {
		wg.Go(func() {
			<-begin
			key := token
			if i%2 == 1 {
				key = other
			}
			r, _ := http.NewRequest("POST", server.URL+"/in", strings.NewReader(encode(call)))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("X-Twilio-Signature", reference(key, public+"/in", call))
			answer, err := client.Do(r)
			if err != nil {
				failures <- err.Error()
				return
			}
			answer.Body.Close()
			if answer.StatusCode != 200 {
				failures <- answer.Status
			}
		})
	}
	close(begin)
	for i := 0; served.Load() < n && len(failures) == 0; i++ {
		require.NoError(t, v.Reload([]signature.Options{next, both}[i%2]))
		time.Sleep(50 * time.Microsecond)
	}
	wg.Wait()
	require.Empty(t, failures)
	require.EqualValues(t, n, served.Load())

	// What was taken away is gone; a wrong configuration changes nothing.
	require.NoError(t, v.Reload(old))
	require.Error(t, v.Verify(request{form: call, signed: public + "/in", token: other}.build()))
	require.Error(t, v.Reload(signature.Options{Tokens: []string{""}}))
	require.NoError(t, v.Verify(request{form: call, signed: public + "/in"}.build()))
}

// TestOnTheWire sends what no client library would.
func TestOnTheWire(t *testing.T) {
	v := newValidator(t, signature.Options{PublicURL: public})
	server := httptest.NewServer(v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.PostForm.Encode())
	})))
	defer server.Close()
	signed := "X-Twilio-Signature: " + reference(token, public+"/in", [][2]string{{"a", "1"}}) + "\r\n"
	const form = "Content-Type: application/x-www-form-urlencoded\r\n"
	for _, c := range []struct {
		name, request string
		status        int
		body          string
	}{
		{"lower-case header", "POST /in HTTP/1.1\r\nHost: x\r\n" + form + strings.ToLower(signed[:18]) + signed[18:] + "Content-Length: 3\r\n\r\na=1", 200, "a=1"},
		{"chunked", "POST /in HTTP/1.1\r\nHost: x\r\n" + form + signed + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\n=1\r\n0\r\n\r\n", 200, "a=1"},
		{"chunked, cut short", "POST /in HTTP/1.1\r\nHost: x\r\n" + form + signed + "Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n", 403, ""},
		{"body shorter than its length", "POST /in HTTP/1.1\r\nHost: x\r\n" + form + signed + "Content-Length: 4\r\n\r\na=1", 403, ""},
		{"body longer than its length", "POST /in HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + form + signed + "Content-Length: 3\r\n\r\na=1&b=2", 200, "a=1"},
		{"absolute form", "POST http://evil/in HTTP/1.1\r\nHost: x\r\n" + form + signed + "Content-Length: 3\r\n\r\na=1", 200, "a=1"},
		{"length beyond the limit", "POST /in HTTP/1.1\r\nHost: x\r\n" + form + signed + "Content-Length: 9999999999\r\n\r\na=1", 413, ""},
		{"two signatures", "POST /in HTTP/1.1\r\nHost: x\r\n" + form + signed + signed + "Content-Length: 3\r\n\r\na=1", 403, ""},
		{"asterisk form", "POST * HTTP/1.1\r\nHost: x\r\n" + form + signed + "Content-Length: 3\r\n\r\na=1", 403, ""},
		{"HTTP/1.0", "POST /in HTTP/1.0\r\n" + form + signed + "Content-Length: 3\r\n\r\na=1", 200, "a=1"},
		{"GET with a chunked body", "GET /in HTTP/1.1\r\nHost: x\r\n" + form + signed + "Transfer-Encoding: chunked\r\n\r\n3\r\na=1\r\n0\r\n\r\n", 403, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := stdnet.Dial("tcp", server.Listener.Addr().String())
			require.NoError(t, err)
			defer conn.Close()
			_, err = io.WriteString(conn, c.request)
			require.NoError(t, err)
			require.NoError(t, conn.(*stdnet.TCPConn).CloseWrite())
			answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
			require.NoError(t, err)
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			require.NoError(t, err)
			require.Equal(t, c.status, answer.StatusCode)
			require.Equal(t, c.body, string(body))
		})
	}
}

func TestHTTP2(t *testing.T) {
	v := newValidator(t, signature.Options{})
	server := httptest.NewUnstartedServer(v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto+" "+r.PostForm.Get("CallSid"))
	})))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	for _, c := range []struct{ signed, want string }{{server.URL + "/in", "HTTP/2.0 CA01"}, {server.URL + "/out", ""}} {
		r, _ := http.NewRequest("POST", server.URL+"/in", strings.NewReader(encode(call)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Twilio-Signature", reference(token, c.signed, call))
		answer, err := server.Client().Do(r)
		require.NoError(t, err)
		body, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, c.want, string(body))
	}
}
