package policy

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/policy/fraud"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
)

// TestWebhookLatency compares the whole inbound webhook (signature, parameters,
// policy, TwiML, log line) with a handler that writes "hello", under load: the same
// requests from the same clients over the same kind of connection, in turns.
func TestWebhookLatency(t *testing.T) {
	hello := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "hello") }))
	defer hello.Close()

	web := httptest.NewUnstartedServer(nil)
	base := "http://" + web.Listener.Addr().String()
	score, err := fraud.NewScore(fraud.ScoreOptions{})
	require.NoError(t, err)
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{"token"}, PublicURL: base,
		Policy:  policy.All(policy.Blocked(nil), score, policy.PerCaller(10, time.Hour), policy.Concurrent(policy.Unlimited)),
		Handler: voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil }),
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, srv.Shutdown(context.Background())) }()
	web.Config.Handler = srv
	web.Start()
	defer web.Close()

	const clients = 4
	rounds := 60
	if testing.Short() {
		rounds = 3
	}
	requests := signedRequests(base, 4000)
	took := [2][]time.Duration{}
	for round := range rounds {
		for side, addr := range []string{hello.Listener.Addr().String(), web.Listener.Addr().String()} {
			took[side] = append(took[side], load(t, addr, clients, 100, func(i int) []byte { return requests[(round*clients*100+i)%len(requests)] })...)
		}
	}
	for side := range took {
		slices.Sort(took[side])
	}
	q := func(side int, p float64) time.Duration { return took[side][int(p*float64(len(took[side])-1))] }
	t.Logf("%d requests each, %d clients: hello p50 %v p99 %v, webhook p50 %v p99 %v: %.2fx and %.2fx", len(took[0]), clients,
		q(0, 0.5), q(0, 0.99), q(1, 0.5), q(1, 0.99), float64(q(1, 0.5))/float64(q(0, 0.5)), float64(q(1, 0.99))/float64(q(0, 0.99)))
}

// signedRequests makes webhooks as Twilio sends them.
func signedRequests(base string, n int) [][]byte {
	path := voice.DefaultPath + "/twilio/inbound"
	out := make([][]byte, n)
	for i := range out {
		form := url.Values{
			"CallSid": {fmt.Sprintf("CA%032d", i)}, "AccountSid": {"AC" + strings.Repeat("0", 32)},
			"From": {number(i % 2000)}, "To": {"+14155550199"}, "Caller": {number(i % 2000)}, "Called": {"+14155550199"},
			"CallStatus": {"ringing"}, "Direction": {"inbound"}, "ApiVersion": {"2010-04-01"},
			"FromCity": {"SAN FRANCISCO"}, "FromState": {"CA"}, "FromZip": {"94105"}, "FromCountry": {"US"},
			"ToCity": {"SAN FRANCISCO"}, "ToState": {"CA"}, "ToZip": {"94105"}, "ToCountry": {"US"}, "StirVerstat": {"TN-Validation-Passed-A"},
		}
		body := form.Encode()
		out[i] = fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: %s\r\nContent-Length: %d\r\n\r\n%s",
			path, strings.TrimPrefix(base, "http://"), signature.Sign("token", base+path, form), len(body), body)
	}
	return out
}

// load sends n requests from each client over a connection of its own and returns
// how long each took.
func load(t *testing.T, addr string, clients, n int, request func(int) []byte) []time.Duration {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all []time.Duration
	for c := range clients {
		wg.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			r := bufio.NewReader(conn)
			took := make([]time.Duration, 0, n)
			for i := range n {
				begin := time.Now()
				_, err := conn.Write(request(c*n + i))
				if err != nil {
					t.Error(err)
					return
				}
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if resp.StatusCode != http.StatusOK {
					t.Error(resp.Status)
					return
				}
				if i > 0 { // the first waits for the connection to be accepted
					took = append(took, time.Since(begin))
				}
			}
			mu.Lock()
			all = append(all, took...)
			mu.Unlock()
		})
	}
	wg.Wait()
	return all
}
