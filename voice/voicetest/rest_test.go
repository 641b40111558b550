package voicetest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

// rest makes a request as curl would and returns its status and body.
func rest(t *testing.T, tw *voicetest.Twilio, method, path string, form url.Values, credentials ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, tw.RESTURL()+"/2010-04-01/Accounts/"+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if credentials == nil {
		credentials = []string{voicetest.AccountSID, voicetest.AuthToken}
	}
	r.SetBasicAuth(credentials[0], credentials[1])
	resp, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(body)
}

func TestRESTChangesALiveCall(t *testing.T) {
	h := newHost(t, answer(echoTwiML))
	tw := fast(t, h)
	call := tw.Dial(alice, us)
	call.SpeakAudio(make([]byte, 1600))
	path := voicetest.AccountSID + "/Calls/" + call.SID + ".json"

	code, body := rest(t, tw, "GET", path, nil)
	require.Equal(t, 200, code)
	require.Contains(t, body, `"status":"in-progress"`)

	code, _ = rest(t, tw, "POST", path, url.Values{"Twiml": {`<Response><Say>One moment</Say><Pause length="3600"/></Response>`}})
	require.Equal(t, 200, code)
	h.eventually(t, "stop")
	require.Eventually(t, func() bool { return len(call.Said()) == 1 }, 10*time.Second, time.Millisecond)
	require.Equal(t, 1, tw.Calls())

	code, body = rest(t, tw, "POST", path, url.Values{"Twiml": {`<Response><Redirect>/relative</Redirect>`}})
	require.Equal(t, 400, code, body)
	code, body = rest(t, tw, "POST", path, url.Values{"Twiml": {strings.Repeat("a", 4001)}})
	require.Equal(t, 400, code)
	require.Contains(t, body, "32018")
	code, body = rest(t, tw, "POST", path, url.Values{"Twiml": {"\n<?xml version=\"1.0\"?><Response/>"}})
	require.Equal(t, 400, code)
	require.Contains(t, body, "12100")
	require.Empty(t, call.Warnings())

	code, _ = rest(t, tw, "POST", path, url.Values{"Url": {voicetest.PublicURL + "/again/inbound"}})
	require.Equal(t, 200, code)
	require.NoError(t, call.SpeakAudio(make([]byte, 1600)))

	code, _ = rest(t, tw, "POST", path, url.Values{"Status": {"completed"}}, voicetest.APIKey, voicetest.APISecret)
	require.Equal(t, 200, code)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"One moment"}, call.Said())
	require.Equal(t, 1, len(h.to("/status")))
	require.Empty(t, call.Warnings())

	code, body = rest(t, tw, "POST", path, url.Values{"Status": {"completed"}})
	require.Equal(t, 400, code)
	require.Contains(t, body, "21220")
}

// TestRESTCountsCharacters, not bytes, and warns of what it does not know.
func TestRESTCountsCharacters(t *testing.T) {
	tw := fast(t, newHost(t, answer(echoTwiML)))
	call := tw.Dial(alice, us)
	text := strings.Repeat("é", 120) + strings.Repeat("a", 3760)
	code, body := rest(t, tw, "POST", voicetest.AccountSID+"/Calls/"+call.SID+".json", url.Values{"Twiml": {"<Response><announce/><Say>" + text + "</Say></Response>"}})
	require.Equal(t, 200, code, body)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{text}, call.Said())
	require.Len(t, call.Warnings(), 1)
	require.Equal(t, 12200, call.Warnings()[0].Code)
}

func TestRelativeURLsAreIllegalInTwiMLGivenByREST(t *testing.T) {
	tw := fast(t, newHost(t, answer(echoTwiML)))
	call := tw.Dial(alice, us)
	rest(t, tw, "POST", voicetest.AccountSID+"/Calls/"+call.SID+".json", url.Values{"Twiml": {`<Response><Redirect>/relative</Redirect></Response>`}})
	require.ErrorContains(t, call.Wait(t.Context()), "15004")
}

func TestRESTRefuses(t *testing.T) {
	tw := fast(t, newHost(t, answer(echoTwiML)))
	calls := voicetest.AccountSID + "/Calls"
	for _, tc := range []struct {
		method, path string
		form         url.Values
		credentials  []string
		status       int
		code         string
	}{
		{"POST", calls + "/CA1.json", nil, []string{"", ""}, 401, "20003"},
		{"POST", calls + "/CA1.json", nil, []string{voicetest.AccountSID, "wrong"}, 401, "20003"},
		{"POST", calls + "/CA1.json", url.Values{"Status": {"completed"}}, nil, 404, "20404"},
		{"GET", "AC1/Calls/CA1.json", nil, nil, 404, "20404"},
		{"GET", calls + "/CA2.json", nil, nil, 404, "20404"},
		{"POST", calls + ".json", url.Values{"From": {us}}, nil, 400, "21201"},
		{"POST", calls + ".json", url.Values{"To": {us}}, nil, 400, "21213"},
		{"POST", calls + ".json", url.Values{"To": {us}, "From": {us}}, nil, 400, "12100"},
	} {
		status, body := rest(t, tw, tc.method, tc.path, tc.form, tc.credentials...)
		require.Equal(t, tc.status, status, "%+v", tc)
		require.Contains(t, body, tc.code, "%+v", tc)
	}
}

func TestOutboundCalls(t *testing.T) {
	h := newHost(t, answer(echoTwiML))
	tw := fast(t, h)
	status, body := rest(t, tw, "POST", voicetest.AccountSID+"/Calls.json", url.Values{
		"To": {alice}, "From": {us}, "Url": {voicetest.PublicURL + "/out/inbound"},
		"StatusCallback": {voicetest.PublicURL + "/out/status"}, "StatusCallbackEvent": {"answered", "completed"},
	})
	require.Equal(t, 201, status, body)
	call, err := tw.Picked(t.Context())
	require.NoError(t, err)
	require.Contains(t, body, call.SID)
	call.SpeakAudio(make([]byte, 1600))
	call.HangUp()
	require.Equal(t, "outbound-api", h.to("/out/inbound")[0].form.Get("Direction"))
	require.Equal(t, 2, len(h.to("/out/status")))
}

func TestOutboundCallsThatNobodyPicksUp(t *testing.T) {
	h := newHost(t, answer(echoTwiML))
	tw := voicetest.New(t, h, voicetest.Config{Placed: []voicetest.Option{voicetest.Unanswered("busy"), voicetest.Param("SipResponseCode", "486")}})
	status, body := rest(t, tw, "POST", voicetest.AccountSID+"/Calls.json", url.Values{
		"To": {alice}, "From": {us}, "Url": {voicetest.PublicURL + "/out/inbound"}, "StatusCallback": {voicetest.PublicURL + "/out/status"},
	})
	require.Equal(t, 201, status, body)
	call, err := tw.Picked(t.Context())
	require.NoError(t, err)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, "busy", call.Status())
	require.Empty(t, h.to("/out/inbound"))
	require.Equal(t, "busy", h.to("/out/status")[0].form.Get("CallStatus"))
	require.Equal(t, "486", h.to("/out/status")[0].form.Get("SipResponseCode"))
}
