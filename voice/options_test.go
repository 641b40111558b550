package voice_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/twiliorest"
	"agentos.dev/dialtone/voice/voicetest"
)

// fine is a configuration that works, changed.
func fine(change func(*voice.Config)) voice.Config {
	c := voice.Config{AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, Handler: waiting}
	change(&c)
	return c
}

type nobody struct{}

func (*nobody) ServeCall(context.Context, *voice.Call) error                        { return nil }
func (*nobody) Open(context.Context, stt.Config) (stt.Stream, error)                { return nil, nil }
func (*nobody) Decide(context.Context, policy.Call) policy.Decision                 { return policy.Decision{} }
func (*nobody) Claim(context.Context, string, time.Duration) (free bool, err error) { return true, nil }

// TestNewRefusesWhatCannotWork, by the name of the option.
func TestNewRefusesWhatCannotWork(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*voice.Config)
		want   string
	}{
		"nil function":      {func(c *voice.Config) { c.Handler = voice.HandlerFunc(nil) }, "Handler is a nil voice.HandlerFunc"},
		"nil handler":       {func(c *voice.Config) { c.Handler = (*nobody)(nil) }, "Handler is a nil *voice_test.nobody"},
		"nil policy":        {func(c *voice.Config) { c.Policy = (*policy.Concurrency)(nil) }, "Policy is a nil *policy.Concurrency"},
		"nil policy func":   {func(c *voice.Config) { c.Policy = policy.Func(nil) }, "Policy is a nil policy.Func"},
		"nil in a policy":   {func(c *voice.Config) { c.Policy = policy.All(policy.PerCaller(1, 0), nil) }, "Policy cannot work: policy: All[1]: policy: a policy is nil"},
		"nil engine":        {func(c *voice.Config) { c.STT = (*nobody)(nil) }, "STT is a nil *voice_test.nobody"},
		"nil engine func":   {func(c *voice.Config) { c.STT = stt.EngineFunc(nil) }, "STT is a nil stt.EngineFunc"},
		"nil in an engine":  {func(c *voice.Config) { c.STT = stt.Failover(stt.FailoverOptions{}, nil) }, "STT cannot work: stt: engine 0 of a failover is nil"},
		"nil client":        {func(c *voice.Config) { c.CallControl = (*twiliorest.Client)(nil) }, "CallControl is a nil *twiliorest.Client"},
		"nil observer":      {func(c *voice.Config) { c.Observers = []policy.Observer{nil} }, "Observers[0] is nil"},
		"logger":            {func(c *voice.Config) { c.Logger = &slog.Logger{} }, "Logger has no handler"},
		"language":          {func(c *voice.Config) { c.Language = "english" }, `Language "english" is not a BCP 47 tag`},
		"locale's letters":  {func(c *voice.Config) { c.Language = "en-US-" }, "Language "},
		"number":            {func(c *voice.Config) { c.MaxDuration = 300 }, "MaxDuration is 300ns: a number without a unit"},
		"no scheme":         {func(c *voice.Config) { c.PublicURL = "calls.example.com" }, "PublicURL is not a URL"},
		"stream's scheme":   {func(c *voice.Config) { c.PublicURL = "wss://canary:canary@calls.example.com" }, "PublicURL wss://calls.example.com is not https"},
		"query":             {func(c *voice.Config) { c.PublicURL = "https://canary:canary@calls.example.com/?a=canary" }, "PublicURL has a query"},
		"fragment":          {func(c *voice.Config) { c.PublicURL = "https://calls.example.com/#rc=2" }, "PublicURL"},
		"port of http":      {func(c *voice.Config) { c.PublicURL = "https://calls.example.com:80" }, "PublicURL"},
		"no port":           {func(c *voice.Config) { c.PublicURL = "https://calls.example.com:0" }, "PublicURL"},
		"port out of range": {func(c *voice.Config) { c.PublicURL = "https://calls.example.com:65536" }, "PublicURL"},
		"route": {func(c *voice.Config) {
			c.PublicURL = "https://canary:canary@calls.example.com/api/voice/twilio/inbound"
		}, "PublicURL"},
		"blank in it": {func(c *voice.Config) { c.PublicURL = "https://calls .example.com" }, "PublicURL"},
	} {
		t.Run(name, func(t *testing.T) {
			srv, err := voice.New(fine(test.change))
			require.ErrorContains(t, err, "voice: "+test.want)
			require.NotContains(t, err.Error(), "canary")
			require.Nil(t, srv)
		})
	}
}

// TestNothingAroundTexts: what comes from files and consoles has line breaks and byte
// order marks at its ends.
func TestNothingAroundTexts(t *testing.T) {
	srv, err := voice.New(fine(func(c *voice.Config) {
		c.AuthTokens = []string{"\ufeff" + voicetest.AuthToken + "\r\n"}
		c.AccountSIDs = []string{voicetest.AccountSID + "\n"}
		c.PublicURL = " " + voicetest.PublicURL + " \n"
	}))
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	call := voicetest.New(t, mux).Dial(caller, callee)
	require.Eventually(t, func() bool { return srv.Stats().ActiveCalls == 1 }, patience, time.Millisecond)
	call.HangUp()
	require.NoError(t, srv.Shutdown(t.Context()))
}

// TestBeforeThatDoesNotReachTheStream: every verb of the schema, by what it does.
func TestBeforeThatDoesNotReachTheStream(t *testing.T) {
	refused := map[string][]twiml.Verb{
		"Gather":         {&twiml.Gather{NumDigits: 1}},
		"Redirect":       {&twiml.Redirect{URL: "/menu"}},
		"Hangup":         {&twiml.Hangup{}},
		"Reject":         {&twiml.Reject{}},
		"Dial":           {&twiml.Dial{Number: "+14155550123"}},
		"Record":         {&twiml.Record{Action: "/recorded"}},
		"Connect":        {&twiml.Connect{Noun: &twiml.Stream{URL: "wss://example.com/stream"}}},
		"Enqueue":        {&twiml.Enqueue{Name: "support"}},
		"Leave":          {&twiml.Leave{}},
		"Pay":            {&twiml.Pay{}},
		"Echo":           {&twiml.Echo{}},
		"Refer":          {&twiml.Refer{Sip: &twiml.ReferSip{URI: "sip:a@example.com"}}},
		"Sms":            {&twiml.Sms{Text: "hi", Action: "/sent"}},
		"Queue":          {&twiml.Queue{Name: "support"}},
		"Prompt":         {&twiml.Prompt{}},
		"endless Say":    {&twiml.Say{Text: "wait", Loop: twiml.Zero}},
		"endless Play":   {&twiml.Play{URL: "https://example.com/a.mp3", Loop: twiml.Zero}},
		"long Pause":     {&twiml.Pause{Length: time.Minute}},
		"many Pauses":    {&twiml.Pause{Length: 30 * time.Second}, &twiml.Pause{Length: 30 * time.Second}},
		"by name":        {&twiml.Element{Name: "Hangup"}},
		"behind another": {&twiml.Say{Text: "Hello"}, &twiml.Gather{}},
		"nil":            {nil},
		"nil pointer":    {&twiml.Pause{}, (*twiml.Say)(nil)},
		"wrong":          {&twiml.Say{}},
		"too large":      {&twiml.Start{Nouns: []twiml.StartNoun{&twiml.Stream{URL: "wss://example.com/" + strings.Repeat("a", 61<<10)}}}},
	}
	for name, verbs := range refused {
		_, err := voice.New(fine(func(c *voice.Config) { c.Before = verbs }))
		require.ErrorContains(t, err, "voice: Before", name)
	}
	for name, verbs := range map[string][]twiml.Verb{
		"Say":   {&twiml.Say{Text: "This call is recorded.", Loop: 2}},
		"Play":  {&twiml.Play{URL: "https://example.com/a.mp3"}},
		"Pause": {&twiml.Pause{Length: 2 * time.Second}},
		"Start": {&twiml.Start{Nouns: []twiml.StartNoun{&twiml.Recording{}}}},
		"Stop":  {&twiml.Stop{Nouns: []twiml.StopNoun{&twiml.Stream{Name: "a"}}}},
		"Sms":   {&twiml.Sms{Text: "hi"}},
	} {
		_, err := voice.New(fine(func(c *voice.Config) { c.Before = verbs }))
		require.NoError(t, err, name)
	}
}

// TestDoubts are warnings: a configuration that hardly works is taken, and the log says why.
func TestDoubts(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*voice.Config)
		want   string // "" = no warning
	}{
		"none":          {func(*voice.Config) {}, ""},
		"a port":        {func(c *voice.Config) { c.PublicURL = "https://calls.example.com:8443/app" }, ""},
		"loopback":      {func(c *voice.Config) { c.PublicURL = "http://127.0.0.1:8080" }, "this machine itself"},
		"localhost":     {func(c *voice.Config) { c.PublicURL = "https://localhost" }, "this machine itself"},
		"private":       {func(c *voice.Config) { c.PublicURL = "https://192.168.1.7" }, "private network"},
		"carrier's NAT": {func(c *voice.Config) { c.PublicURL = "https://100.64.1.7" }, "private network"},
		"private IPv6":  {func(c *voice.Config) { c.PublicURL = "https://[fd00::1]:8443" }, "private network"},
		"mapped":        {func(c *voice.Config) { c.PublicURL = "https://[::ffff:10.0.0.1]" }, "private network"},
		"any address":   {func(c *voice.Config) { c.PublicURL = "https://0.0.0.0" }, "no address"},
		"service":       {func(c *voice.Config) { c.PublicURL = "https://voice:8080" }, "without a domain"},
		"local":         {func(c *voice.Config) { c.PublicURL = "https://pbx.local" }, "private network"},
		"underscore":    {func(c *voice.Config) { c.PublicURL = "https://my_host.example.com" }, "underscore"},
		"placeholder":   {func(c *voice.Config) { c.PublicURL = "https://your-domain.com" }, "placeholder"},
		"password":      {func(c *voice.Config) { c.PublicURL = "https://canary:canary@calls.example.com" }, "has a user or password"},
		"path":          {func(c *voice.Config) { c.PublicURL = "https://calls.example.com/api/voice/" }, "added once more"},
		"long":          {func(c *voice.Config) { c.MaxDuration = 25 * time.Hour }, "no call of Twilio's lasts longer"},
		"short":         {func(c *voice.Config) { c.MaxDuration = 5 * time.Millisecond }, "before anybody has spoken"},
		"key":           {func(c *voice.Config) { c.SessionKeys = [][]byte{make([]byte, 32)} }, "one byte repeated"},
		"API key":       {func(c *voice.Config) { c.AuthTokens = []string{"SKcacacacacacacacacacacacacacacaca"} }, "the SID of an API key"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			_, err := voice.New(fine(func(c *voice.Config) {
				c.Logger = slog.New(slog.NewTextHandler(&log, nil))
				test.change(c)
			}))
			require.NoError(t, err)
			if test.want == "" {
				require.Empty(t, log.String())
				return
			}
			require.Contains(t, log.String(), test.want)
			require.Equal(t, 1, strings.Count(log.String(), "level=WARN"), "%s", &log)
			require.NotContains(t, log.String(), "canary")
			require.NotContains(t, log.String(), "cacaca")
		})
	}
}

// TestConfigIsCopied: what the host does with its slices afterwards changes nothing.
func TestConfigIsCopied(t *testing.T) {
	say := &twiml.Say{Text: "This call is recorded."}
	key := []byte("0123456789abcdef0123456789abcdef")
	c := fine(func(c *voice.Config) {
		c.AccountSIDs = []string{voicetest.AccountSID}
		c.SessionKeys = [][]byte{key}
		c.Phrases = []string{"book a room"}
		c.Language = " EN-gb\n"
		c.Before = []twiml.Verb{say}
	})
	heard := make(chan stt.Config, 1)
	c.STT = stt.EngineFunc(func(_ context.Context, c stt.Config) (stt.Stream, error) {
		heard <- c
		return nil, io.ErrUnexpectedEOF
	})
	srv, err := voice.New(c)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)

	say.Text, c.AuthTokens[0], c.AccountSIDs[0], c.Phrases[0], c.Before[0] = "changed", "changed", "changed", "changed", &twiml.Hangup{}
	clear(key)
	require.NoError(t, srv.SetAuthTokens([]string{voicetest.AuthToken})) // which reads the configuration again
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	as := next(t, heard)
	require.Equal(t, []string{"book a room"}, as.Phrases)
	require.Equal(t, "en-GB", as.Language)
	require.Equal(t, []string{"This call is recorded."}, call.Said())
	call.HangUp()
	require.NoError(t, srv.Shutdown(t.Context()))
}
