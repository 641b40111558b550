package twiliorest_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestErrorsAreQuiet: whatever Twilio, a proxy or the host's transport repeats of a
// request, what is secret in it is in no error.
func TestErrorsAreQuiet(t *testing.T) {
	const key, password = "SK0c0ffee00c0ffee00c0ffee00c0ffee0", "topsecrettopsecret"
	basic := base64.StdEncoding.EncodeToString([]byte(key + ":" + password))
	document := `<Response><Connect><Stream url="wss://calls.example.com/stream/canary"/></Connect></Response>`
	echoes := []string{
		"Authorization: Basic " + basic, "login " + key + ":" + password, "Bearer canary.canary-canary",
		"Url 'https://user:canary@calls.example.com/out?token=canary' is not valid", "Twiml " + document + " is not valid",
		"Twiml &lt;Response&gt;canary", "Twiml=%3CResponse%3Ecanary", "/out/" + strings.Repeat("canary", 10) + " was not found",
		`invalid proxy address "http://user:canary@proxy:3128"`, "line\nlevel=ERROR " + strings.Repeat("x", 1000),
		"Url https%3A%2F%2Fuser%3Acanary%40calls.example.com%2Fout is not valid", "url=HTTPS%3a%2f%2Fuser%3acanary%40calls.example.com",
		"user%3Acanary%40calls.example.com", "user:canary@calls.example.com", "a=1&token%3Dcanary%26b=2", "auth_token=canary", `Url {"access_token": "canary"}`,
		"Url https%253A%252F%252Fcalls.example.com%252Fout%253Ftoken%253Dcanary", "%74%6f%70%73%65%63%72%65%74" + password[9:], "x-key=canary, X_API_KEY = 'canary'",
		"The requested resource /2010-04-01/Accounts/" + voicetest.AccountSID + "/Calls.json was not found",
	}
	for _, echo := range echoes {
		for name, answer := range map[string]func(*http.Request) (*http.Response, error){
			"Twilio": func(*http.Request) (*http.Response, error) {
				w := httptest.NewRecorder()
				w.WriteHeader(http.StatusBadRequest)
				json.NewEncoder(w).Encode(map[string]any{"status": 400, "code": 21205, "message": echo})
				return w.Result(), nil
			},
			"no JSON": func(*http.Request) (*http.Response, error) {
				w := httptest.NewRecorder()
				http.Error(w, echo, http.StatusBadGateway)
				return w.Result(), nil
			},
			"transport": func(*http.Request) (*http.Response, error) { return nil, errors.New(echo) },
		} {
			t.Run(name+" "+echo[:10], func(t *testing.T) {
				c, err := twiliorest.New(twiliorest.Options{AccountSID: voicetest.AccountSID, APIKey: key, APISecret: password, Transport: transport(answer)})
				require.NoError(t, err)
				_, failed := c.Create(t.Context(), twiliorest.Outbound{From: us, To: alice, TwiML: document})
				var e *twiliorest.Error
				require.ErrorAs(t, failed, &e)
				for text := range map[string]bool{failed.Error(): true, e.Message: true, fmt.Sprintf("%+v %#v", failed, e.Err): true} {
					require.NotContains(t, text, "canary")
					require.NotContains(t, text, "topsecret")
					require.NotContains(t, text, basic[:20])
					require.NotContains(t, text, key[2:])
					require.NotContains(t, text, voicetest.AccountSID)
					require.NotContains(t, text, "\n")
					require.Less(t, len(text), 1000)
				}
			})
		}
	}
}

// TestErrorsKeepWhatIsNotSecret: percent signs and whom a call is to.
func TestErrorsKeepWhatIsNotSecret(t *testing.T) {
	for _, text := range []string{"To sip:alice@example.com is not valid", "100% of it, %zz, caf%C3%A9", "Invalid key: expired", "token: expired"} {
		c := client(t, twiliorest.Options{Transport: transport(func(*http.Request) (*http.Response, error) { return nil, errors.New(text) })})
		_, err := c.Create(t.Context(), twiliorest.Outbound{From: us, To: alice, TwiML: waiting})
		require.EqualError(t, err, "twiliorest: create call: "+text)
	}
}

// TestErrorsKeepTheirCause where it tells nothing.
func TestErrorsKeepTheirCause(t *testing.T) {
	c := client(t, twiliorest.Options{Transport: transport(func(*http.Request) (*http.Response, error) { return nil, http.ErrHandlerTimeout })})
	_, err := c.Create(t.Context(), twiliorest.Outbound{From: us, To: alice, TwiML: waiting})
	require.ErrorIs(t, err, http.ErrHandlerTimeout)
	require.EqualError(t, err, "twiliorest: create call: "+http.ErrHandlerTimeout.Error())
}

// TestRedirectsAreNotFollowed: the credentials go to nobody else.
func TestRedirectsAreNotFollowed(t *testing.T) {
	elsewhere, times := failing(t, plain(200, `{"sid":"`+callSID+`"}`))
	for _, status := range []int{301, 302, 303, 307, 308} {
		url, _ := failing(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, elsewhere, status) })
		c := client(t, twiliorest.Options{BaseURL: url})
		require.Error(t, c.HangUp(t.Context(), callSID))
		require.Error(t, c.Update(t.Context(), callSID, waiting))
		_, err := c.Create(t.Context(), twiliorest.Outbound{From: us, To: alice, TwiML: waiting})
		require.Error(t, err)
	}
	require.Zero(t, times.Load())
}

// TestOptions: what stands around credentials goes, and what cannot be any is refused.
func TestOptions(t *testing.T) {
	tw := voicetest.New(t, host(waiting))
	c, err := twiliorest.New(twiliorest.Options{AccountSID: voicetest.AccountSID + "\n", APIKey: "\ufeff" + voicetest.APIKey + "\r\n", APISecret: " " + voicetest.APISecret + "\n", BaseURL: tw.RESTURL() + "\n"})
	require.NoError(t, err)
	require.NoError(t, c.HangUp(t.Context(), tw.Dial(alice, us).SID))
	c, err = twiliorest.New(twiliorest.Options{AccountSID: voicetest.AccountSID, AuthToken: voicetest.AuthToken + "\n", BaseURL: tw.RESTURL()})
	require.NoError(t, err)
	require.NoError(t, c.HangUp(t.Context(), tw.Dial(alice, us).SID))

	type options = twiliorest.Options
	for name, test := range map[string]struct {
		change func(*options)
		want   string
	}{
		"quotes":          {func(o *options) { o.APIKey, o.AuthToken = "", `"canary"` }, "AuthToken is in quotes"},
		"line break":      {func(o *options) { o.APIKey, o.AuthToken = "", "canary\ncanary" }, "AuthToken has a line break"},
		"placeholder":     {func(o *options) { o.APIKey, o.AuthToken = "", "your_auth_token" }, "AuthToken has characters that are neither letters nor digits"},
		"account as key":  {func(o *options) { o.APIKey = voicetest.AccountSID }, "APIKey is not the SID"},
		"secret as key":   {func(o *options) { o.APIKey = "canarycanary" }, "APIKey is not the SID"},
		"quoted secret":   {func(o *options) { o.APISecret = "'canary'" }, "APISecret is in quotes"},
		"broken secret":   {func(o *options) { o.APISecret = "canary\tcanary" }, "APISecret has blanks"},
		"no secret":       {func(o *options) { o.APISecret = " \n" }, "APISecret is empty"},
		"in the clear":    {func(o *options) { o.BaseURL = "http://api.twilio.com" }, "BaseURL is not https"},
		"path":            {func(o *options) { o.BaseURL = "https://api.twilio.com/2010-04-01" }, "BaseURL is not https://host"},
		"query":           {func(o *options) { o.BaseURL = "https://api.twilio.com?canary" }, "BaseURL is not https://host"},
		"userinfo":        {func(o *options) { o.BaseURL = "https://canary:canary@api.twilio.com" }, "BaseURL is not https://host"},
		"nil transport":   {func(o *options) { o.Transport = transport(nil) }, "Transport is a nil"},
		"number":          {func(o *options) { o.Timeout = 10 }, "Timeout is 10ns"},
		"negative":        {func(o *options) { o.Timeout = -time.Second }, "Timeout is negative"},
		"foreign account": {func(o *options) { o.AccountSID = voicetest.APIKey }, "AccountSID is not AC"},
	} {
		t.Run(name, func(t *testing.T) {
			o := options{AccountSID: voicetest.AccountSID, APIKey: voicetest.APIKey, APISecret: voicetest.APISecret}
			test.change(&o)
			_, err := twiliorest.New(o)
			require.ErrorContains(t, err, "twiliorest: "+test.want)
			require.NotContains(t, err.Error(), "canary")
		})
	}
}

// FuzzErrorsAreQuiet: whatever a transport says, the credentials are not in it.
func FuzzErrorsAreQuiet(f *testing.F) {
	const key, password = "SK0c0ffee00c0ffee00c0ffee00c0ffee0", "topsecrettopsecret"
	basic := base64.StdEncoding.EncodeToString([]byte(key + ":" + password))
	for _, seed := range []string{"", "https://a:b@c/?d", "<Response/>", "basic x", "\xff\n"} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		c, err := twiliorest.New(twiliorest.Options{AccountSID: voicetest.AccountSID, APIKey: key, APISecret: password,
			Transport: transport(func(*http.Request) (*http.Response, error) {
				return nil, errors.New(before + password + after + basic + before + key + after)
			})})
		require.NoError(t, err)
		text := c.Update(t.Context(), callSID, waiting).Error()
		require.NotContains(t, text, password)
		require.NotContains(t, text, basic)
		require.NotContains(t, text, key)
		require.True(t, utf8.ValidString(text))
		require.Less(t, len(text), 500)
	})
}
