package voicetest_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"agentos.dev/dialtone/voice/callback"
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
	require.Eventually(t, func() bool { return slices.Equal(call.Said(), []string{text}) }, 20*time.Second, time.Millisecond)
	call.HangUp() // it would be said for minutes
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
		{"POST", calls + ".json", url.Values{"To": {us}, "From": {us}}, nil, 400, "21205"},
		{"POST", calls + ".json", url.Values{"To": {us}, "From": {us}, "Url": {"/relative"}}, nil, 400, "21205"},
		{"POST", calls + ".json", url.Values{"To": {"4155550100"}, "From": {us}, "Twiml": {"<Response/>"}}, nil, 400, "21211"},
		{"POST", calls + ".json", url.Values{"To": {"+0"}, "From": {us}, "Twiml": {"<Response/>"}}, nil, 400, "21211"},
		{"POST", calls + ".json", url.Values{"To": {us}, "From": {"me"}, "Twiml": {"<Response/>"}}, nil, 400, "21212"},
		{"POST", calls + ".json", url.Values{"To": {us}, "From": {us}, "ApplicationSid": {"AP0"}}, nil, 400, "21218"},
		{"POST", calls + ".json", url.Values{"To": {us}, "From": {us}, "Twiml": {"<Response>"}}, nil, 400, "12100"},
		{"POST", calls + ".json", url.Values{"To": {us}, "From": {us}, "Twiml": {"<Response/>"}, "StatusCallback": {"status"}}, nil, 400, "21609"},
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

// TestTheCallResource goes with the call: queued, ringing, in-progress, completed.
func TestTheCallResource(t *testing.T) {
	type resource struct {
		Sid, Status, Duration, Price string
		StartTime                    string `json:"start_time"`
		EndTime                      string `json:"end_time"`
		AnsweredBy                   string `json:"answered_by"`
	}
	read := func(body string) (r resource) {
		require.NoError(t, json.Unmarshal([]byte(body), &r), body)
		return r
	}
	h := newHost(t, site(map[string]string{"out": `<Response><Pause length="62"/></Response>`}))
	tw := fast(t, h)
	code, body := rest(t, tw, "POST", voicetest.AccountSID+"/Calls.json", url.Values{
		"To": {alice}, "From": {us}, "Url": {voicetest.PublicURL + "/out"}, "MachineDetection": {"Enable"}, "Record": {"true"}, "SendDigits": {""},
		"RecordingStatusCallback": {voicetest.PublicURL + "/recording"}, "StatusCallback": {voicetest.PublicURL + "/out/status"},
	})
	require.Equal(t, 201, code, body)
	made := read(body)
	require.Equal(t, "queued", made.Status)
	require.Empty(t, made.StartTime+made.EndTime+made.Duration+made.Price)
	call, err := tw.Picked(t.Context())
	require.NoError(t, err)
	require.NoError(t, call.Wait(t.Context()))
	require.Empty(t, call.Warnings())
	require.Equal(t, "in-progress", h.to("/out")[0].form.Get("CallStatus"), "a placed call has been picked up when its URL is asked")
	require.Equal(t, "human", h.to("/out")[0].form.Get("AnsweredBy"))

	_, body = rest(t, tw, "GET", voicetest.AccountSID+"/Calls/"+made.Sid+".json", nil)
	done := read(body)
	require.Equal(t, []string{"completed", "human", "-0.02800"}, []string{done.Status, done.AnsweredBy, done.Price})
	require.GreaterOrEqual(t, done.Duration, "62")
	require.NotEmpty(t, done.StartTime)
	require.NotEmpty(t, done.EndTime)
	status, err := callback.ReadStatus(h.to("/out/status")[0].form)
	require.NoError(t, err)
	require.Equal(t, call.Recordings()[0].SID, status.RecordingSID)
	require.Len(t, h.to("/recording"), 1)

	code, body = rest(t, tw, "GET", voicetest.AccountSID+"/Calls.json?Status=completed&PageSize=1&To="+url.QueryEscape(alice), nil)
	require.Equal(t, 200, code)
	require.Contains(t, body, made.Sid)
	_, body = rest(t, tw, "GET", voicetest.AccountSID+"/Calls.json?Status=ringing", nil)
	require.NotContains(t, body, made.Sid)
}

// TestPlacedCallsEnd: when they ring or last for too long, or are canceled while they ring.
func TestPlacedCallsEnd(t *testing.T) {
	for name, tc := range map[string]struct {
		parameters url.Values
		rings      time.Duration
		cancel     bool
		status     string
		asked      bool // its URL
	}{
		"rings too long": {url.Values{"Timeout": {"5"}}, time.Minute, false, "no-answer", false},
		"lasts too long": {url.Values{"TimeLimit": {"5"}}, time.Second, false, "completed", true},
		"is canceled":    {nil, time.Hour, true, "canceled", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, site(map[string]string{"out": `<Response><Pause length="3600"/></Response>`}))
			tw := voicetest.New(t, h, voicetest.Config{Pace: 10, Placed: []voicetest.Option{voicetest.Rings(tc.rings)}})
			form := url.Values{"To": {alice}, "From": {us}, "Url": {voicetest.PublicURL + "/out"}, "StatusCallback": {voicetest.PublicURL + "/out/status"}}
			maps.Copy(form, tc.parameters)
			code, body := rest(t, tw, "POST", voicetest.AccountSID+"/Calls.json", form)
			require.Equal(t, 201, code, body)
			call, err := tw.Picked(t.Context())
			require.NoError(t, err)
			if tc.cancel {
				require.Eventually(t, func() bool { return call.Status() == "ringing" }, 30*time.Second, time.Millisecond)
				code, body = rest(t, tw, "POST", voicetest.AccountSID+"/Calls/"+call.SID+".json", url.Values{"Status": {"canceled"}})
				require.Equal(t, 200, code, body)
			}
			require.NoError(t, call.Wait(t.Context()))
			require.Equal(t, tc.status, call.Status())
			require.Equal(t, tc.asked, len(h.to("/out")) == 1)
			require.Equal(t, tc.status, h.to("/out/status")[0].form.Get("CallStatus"))
		})
	}
}

// TestWarningsOfNewCalls: Twilio takes them, and complains.
func TestWarningsOfNewCalls(t *testing.T) {
	tw := fast(t, newHost(t, site(map[string]string{"out": "<Response/>"})))
	code, body := rest(t, tw, "POST", voicetest.AccountSID+"/Calls.json", url.Values{
		"To": {alice}, "From": {us}, "Url": {voicetest.PublicURL + "/out"}, "Twiml": {"<Response/>"}, "StatusCallback": {voicetest.PublicURL + "/out/status"},
		"StatusCallbackEvent": {"hung-up"}, "MachineDetection": {"Enable"}, "AsyncAmd": {"true"},
	})
	require.Equal(t, 201, code, body)
	call, err := tw.Picked(t.Context())
	require.NoError(t, err)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []int{21626, 21262, 32019}, codes(call))
}

// TestTheFallbackOfAPlacedCall is its own.
func TestTheFallbackOfAPlacedCall(t *testing.T) {
	h := newHost(t, site(map[string]string{"fallback": "<Response><Say>Sorry</Say></Response>"}))
	tw := voicetest.New(t, h, voicetest.Config{Pace: 10, FallbackPath: "/number/fallback"})
	rest(t, tw, "POST", voicetest.AccountSID+"/Calls.json", url.Values{"To": {alice}, "From": {us}, "Url": {voicetest.PublicURL + "/out"}, "FallbackUrl": {voicetest.PublicURL + "/own/fallback"}})
	call, err := tw.Picked(t.Context())
	require.NoError(t, err)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"Sorry"}, call.Said())
	fallback, err := callback.ReadFallback(h.to("/own/fallback")[0].form)
	require.NoError(t, err)
	require.Equal(t, 11770, fallback.ErrorCode)
	require.Empty(t, h.to("/number/fallback"))
}

// TestWebhooksByGET carry their parameters in the query.
func TestWebhooksByGET(t *testing.T) {
	var asked []string
	tw := fast(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.Query().Get("CallStatus"))
		reply(200, "text/xml", "<Response/>")(w, r)
	}))
	require.NoError(t, tw.Dial(alice, us, voicetest.ByGET()).Wait(t.Context()))
	require.Equal(t, []string{"GET ringing", "GET completed"}, asked)
	require.NoError(t, tw.Dial(alice, us, voicetest.StatusEvents()).Wait(t.Context()))
	require.Equal(t, []string{"GET ringing", "GET completed", "POST "}, asked, "a number without status callback")
}

// TestPromptsThatAreNotInterrupted: what is pressed meanwhile is not taken.
func TestPromptsThatAreNotInterrupted(t *testing.T) {
	h := newHost(t, site(map[string]string{
		"inbound": `<Response><Gather input="speech dtmf" bargeIn="false" action="done" partialResultCallback="/partial"><Say>Please</Say><Pause length="5"/><Say>wait</Say></Gather></Response>`,
		"done":    "<Response/>", "partial": "<Response/>",
	}))
	call := fast(t, h).Dial(alice, us)
	require.NoError(t, call.Answer("a room"))
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"Please", "wait"}, call.Said())
	partial, err := callback.ReadPartial(h.to("/partial")[0].form)
	require.NoError(t, err)
	require.Equal(t, "a room", partial.Unstable)
	require.Equal(t, "a room", h.to("/done")[0].form.Get("SpeechResult"))
}
