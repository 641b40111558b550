package redisstore

import (
	"context"
	"fmt"
	"io"
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
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/signature"
)

// instance is one of several servers that share a Redis.
type instance struct {
	t   *testing.T
	url string
}

func startInstance(t *testing.T, p policy.Policy, s *policy.Store) *instance {
	web := httptest.NewUnstartedServer(nil)
	base := "http://" + web.Listener.Addr().String()
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{"token"}, PublicURL: base, Policy: p, Store: s,
		Handler: voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil }),
	})
	require.NoError(t, err)
	web.Config.Handler = srv
	web.Start()
	t.Cleanup(func() {
		web.Close()
		require.NoError(t, srv.Shutdown(context.Background()))
	})
	return &instance{t, base + voice.DefaultPath + "/twilio/"}
}

// post sends a webhook as Twilio does and returns the document.
func (i *instance) post(route string, form url.Values) string {
	body := form.Encode()
	req, err := http.NewRequest("POST", i.url+route, strings.NewReader(body))
	require.NoError(i.t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", signature.Sign("token", i.url+route, form))
	resp, err := http.DefaultClient.Do(req)
	require.NoError(i.t, err)
	defer resp.Body.Close()
	doc, err := io.ReadAll(resp.Body)
	require.NoError(i.t, err)
	require.Less(i.t, resp.StatusCode, 300, string(doc))
	return string(doc)
}

func (i *instance) call(sid, from string) (accepted bool) {
	doc := i.post("inbound", url.Values{
		"CallSid": {fmt.Sprintf("CA%032s", sid)}, "AccountSid": {"AC" + strings.Repeat("0", 32)}, "From": {from}, "To": {"+14155550199"},
		"CallStatus": {"ringing"}, "Direction": {"inbound"}, "ApiVersion": {"2010-04-01"},
	})
	require.NotEqual(i.t, strings.Contains(doc, "<Connect"), strings.Contains(doc, "<Reject"), doc)
	return strings.Contains(doc, "<Connect")
}

// TestTwoServersHoldTheLimit: calls arrive at both servers in turn, each webhook
// twice, and ten of a caller are taken in all.
func TestTwoServersHoldTheLimit(t *testing.T) {
	r := startRedis(t)
	var servers []*instance
	for range 2 {
		s := connect(t, r.url(), policy.StoreOptions{Wait: roomy})
		servers = append(servers, startInstance(t, policy.All(perCaller(s, 10, time.Hour), concurrent(s, 1000)), s))
	}
	accepted := 0
	for i := range 30 {
		sid := fmt.Sprint(i)
		first := servers[i%2].call(sid, "+14155550100")
		require.Equal(t, first, servers[(i+1)%2].call(sid, "+14155550100"), "the retry reaches the other server")
		if first {
			accepted++
		}
	}
	require.Equal(t, 10, accepted)
}

// TestWebhookInTrouble measures how long the whole webhook takes with a bad network
// between two servers and their Redis, and asserts how many calls are taken.
func TestWebhookInTrouble(t *testing.T) {
	for name, toxic := range map[string]string{"none": "", "200 ms late": late200, "black hole": blackHole} {
		t.Run(name, func(t *testing.T) {
			p := startProxied(t)
			var servers []*instance
			for range 2 {
				s := connect(t, "redis://"+p.Listen, policy.StoreOptions{})
				servers = append(servers, startInstance(t, policy.All(perCaller(s, 10, time.Hour), concurrent(s, 1000)), s))
			}
			var mu sync.Mutex
			var took []time.Duration
			accepted := make(map[string]int)
			run := func(from, to int) {
				var wg sync.WaitGroup
				for w := range 4 {
					wg.Go(func() {
						for i := from + w; i < to; i += 4 {
							caller := fmt.Sprintf("+1415555%04d", i%20)
							begin := time.Now()
							ok := servers[i/20%2].call(fmt.Sprint(i), caller)
							mu.Lock()
							took = append(took, time.Since(begin))
							if ok {
								accepted[caller]++
							}
							mu.Unlock()
						}
					})
				}
				wg.Wait()
			}
			run(0, 200)
			if toxic != "" {
				p.toxic(t, toxic)
			}
			run(200, 1000)
			slices.Sort(took)
			t.Logf("%d webhooks: median %v, p99 %v, longest %v", len(took), took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
			for caller, n := range accepted {
				require.GreaterOrEqual(t, n, 10, caller)
				require.LessOrEqual(t, n, 20, caller)
			}
			require.Len(t, accepted, 20)
		})
	}
}
