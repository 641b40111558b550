package twiliorest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestCallsThatCannotBePlaced are refused before Twilio is asked, all mistakes at once.
func TestCallsThatCannotBePlaced(t *testing.T) {
	asked := 0
	c := client(t, twiliorest.Options{Transport: transport(func(*http.Request) (*http.Response, error) {
		asked++
		return nil, errors.New("asked")
	})})
	fine := twiliorest.Outbound{From: us, To: alice, URL: voicetest.PublicURL + "/out"}
	type outbound = twiliorest.Outbound
	for name, test := range map[string]struct {
		change func(*outbound)
		want   string
	}{
		"nobody":           {func(o *outbound) { o.To = "" }, "To is missing"},
		"from nobody":      {func(o *outbound) { o.From = "" }, "From is missing"},
		"national number":  {func(o *outbound) { o.To = "(415) 555-0100" }, "To has blanks"},
		"no plus":          {func(o *outbound) { o.To = "14155550100" }, "To is neither a number in E.164"},
		"too short":        {func(o *outbound) { o.To = "+1415" }, "To is neither a number in E.164"},
		"anonymous":        {func(o *outbound) { o.To = "anonymous" }, "To is neither a number in E.164"},
		"line break":       {func(o *outbound) { o.To += "\n" }, "To has blanks"},
		"scheme alone":     {func(o *outbound) { o.To = "client:" }, "To is not an address"},
		"no scheme":        {func(o *outbound) { o.To = ":alice" }, "To is not an address"},
		"SIP without host": {func(o *outbound) { o.To = "sip:alice" }, "To is not a SIP address"},
		"name to number":   {func(o *outbound) { o.From = "client:bob" }, "From is not a number in E.164, but To is one"},
		"blank in From":    {func(o *outbound) { o.To, o.From = "client:alice", "bo b" }, "From has blanks"},
		"no TwiML":         {func(o *outbound) { o.URL = "" }, "neither URL nor TwiML"},
		"both":             {func(o *outbound) { o.TwiML = waiting }, "exclude each other"},
		"relative":         {func(o *outbound) { o.URL = "/out" }, "URL is not an absolute"},
		"no http":          {func(o *outbound) { o.URL = "wss://calls.example.com" }, "URL is not an absolute"},
		"blank in URL":     {func(o *outbound) { o.URL += "/a b" }, "URL has blanks"},
		"not XML":          {func(o *outbound) { o.URL, o.TwiML = "", "<Response><Say>" }, "TwiML: "},
		"too long":         {func(o *outbound) { o.URL, o.TwiML = "", strings.Repeat("ü", 4001) }, "too long"},
		"relative URL inside": {func(o *outbound) { o.URL, o.TwiML = "", `<Response><Gather action="/canary?token=canary"/></Response>` },
			"TwiML: twiml: Response/Gather: action: the value is relative"},
		"relative redirect": {func(o *outbound) { o.URL, o.TwiML = "", `<Response><Redirect>canary.xml</Redirect></Response>` }, "Response/Redirect: the value is relative"},
		"nesting": {func(o *outbound) {
			o.URL, o.TwiML = "", `<Response><Gather action="https://h/"><Dial>canary</Dial></Gather></Response>`
		}, "Response/Gather/Dial"},
		"relative callback":  {func(o *outbound) { o.StatusCallback = "status" }, "StatusCallback is not an absolute"},
		"underscore":         {func(o *outbound) { o.StatusCallback = "https://my_host.example.com/s" }, "StatusCallback has an underscore"},
		"unknown event":      {func(o *outbound) { o.StatusCallback, o.Events = o.URL, []string{"completed", "busy"} }, `Events: "busy" is none of`},
		"one text":           {func(o *outbound) { o.StatusCallback, o.Events = o.URL, []string{"initiated answered"} }, "Events: "},
		"case":               {func(o *outbound) { o.StatusCallback, o.Events = o.URL, []string{"Completed"} }, "Events: "},
		"nobody to tell":     {func(o *outbound) { o.Events = []string{"completed"} }, "Events without a StatusCallback"},
		"negative ring":      {func(o *outbound) { o.Ring = -time.Second }, "Ring is negative"},
		"number":             {func(o *outbound) { o.Ring = 30 }, "Ring is 30ns: a number without a unit"},
		"long ring":          {func(o *outbound) { o.Ring = 11 * time.Minute }, "Ring is 11m0s, more than 10m0s"},
		"negative limit":     {func(o *outbound) { o.TimeLimit = -1 }, "TimeLimit is negative"},
		"long call":          {func(o *outbound) { o.TimeLimit = 25 * time.Hour }, "TimeLimit is 25h0m0s, more than 24h0m0s"},
		"detection":          {func(o *outbound) { o.MachineDetection = "true" }, "MachineDetection"},
		"undetected":         {func(o *outbound) { o.DetectionCallback = "https://calls.example.com/amd" }, "MachineDetection"},
		"detected nowhere":   {func(o *outbound) { o.MachineDetection, o.DetectionCallback = "Enable", "/amd" }, "DetectionCallback"},
		"detection by event": {func(o *outbound) { o.MachineDetection = "enable" }, "MachineDetection"},
	} {
		t.Run(name, func(t *testing.T) {
			o := fine
			test.change(&o)
			_, err := c.Create(t.Context(), o)
			require.ErrorIs(t, err, twiliorest.ErrOutbound)
			require.ErrorContains(t, err, test.want)
			require.NotContains(t, err.Error(), "canary")
		})
	}
	_, err := c.Create(t.Context(), twiliorest.Outbound{Events: []string{"x"}, Ring: -1, TimeLimit: -1, MachineDetection: "x"})
	for _, want := range []string{"To ", "From ", "neither URL", "Events", "Ring", "TimeLimit", "MachineDetection"} {
		require.ErrorContains(t, err, want)
	}
	_, err = c.Create(t.Context(), twiliorest.Outbound{From: us, To: alice, TwiML: strings.Repeat("ü", 4001)})
	require.ErrorIs(t, err, twiliorest.ErrTooLong)
	require.Zero(t, asked)

	for name, o := range map[string]outbound{
		"client": {From: "alice", To: "client:bob", TwiML: waiting},
		"SIP":    {From: "client:alice", To: "sip:bob@example.com:5060;transport=tls", TwiML: waiting},
		"newer":  {From: us, To: "whatsapp:+14155550100", TwiML: waiting},
		"all": {From: us, To: alice, URL: "https://user:password@calls.example.com/out?a=b#rc=2", StatusCallback: voicetest.PublicURL,
			Events: []string{"initiated", "ringing", "answered", "completed"}, Ring: 10 * time.Minute, TimeLimit: 24 * time.Hour, MachineDetection: "DetectMessageEnd"},
	} {
		_, err := c.Create(t.Context(), o)
		require.ErrorContains(t, err, "asked", name)
	}
	require.Equal(t, 4, asked)
	require.ErrorContains(t, c.Update(t.Context(), callSID, "Goodbye"), "TwiML")
	var wrong *twiml.Error
	require.ErrorAs(t, c.Update(t.Context(), callSID, `<Response><Play>bell.mp3</Play><Record action="/next"/></Response>`), &wrong)
	require.Equal(t, "Response/Play", wrong.Path)
	require.Equal(t, 4, asked)
	// What is newer than the schema is sent, as is what is too long only as this module would write it.
	for _, document := range []string{`<Response><Announce loudly="yes">Bye</Announce></Response>`, `<Response>` + strings.Repeat(`<Say>`+strings.Repeat(">", 1450)+`</Say>`, 2) + `</Response>`} {
		require.ErrorContains(t, c.Update(t.Context(), callSID, document), "asked")
	}
}

// TestTwilioRunsThese: what Twilio does not complain of is sent, useful or not.
func TestTwilioRunsThese(t *testing.T) {
	sent := errors.New("sent")
	c := client(t, twiliorest.Options{Transport: transport(func(*http.Request) (*http.Response, error) { return nil, sent })})
	for _, document := range []string{
		`<Response><Redirect>https://example.com/next</Redirect><Hangup/></Response>`,
		`<Response><Say></Say></Response>`,
		`<Response><Say>Goodbye.</Say><Reject/></Response>`,
		`<Response><Whisper softly="yes">new</Whisper></Response>`,
	} {
		require.ErrorIs(t, c.Update(t.Context(), callSID, document), sent, document)
	}
}
