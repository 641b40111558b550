package voicetest_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice/relay"
	"agentos.dev/dialtone/voice/voicetest"
)

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// relayHost is a host of one <ConversationRelay>, without package voice.
type relayHost struct {
	attributes string                                // of the element
	inside     string                                // its children
	session    func(conn *relay.Conn, e relay.Event) // is given each event
	refuse     int                                   // the status of the handshake; 0: it is taken

	actions chan url.Values
}

func (h *relayHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodGet && h.refuse != 0:
		w.WriteHeader(h.refuse)
	case r.Method == http.MethodGet:
		conn, err := relay.Accept(w, r, nil)
		if err != nil {
			return
		}
		for e, err := range conn.Events(context.Background()) {
			if err == nil && h.session != nil {
				h.session(conn, e)
			}
		}
		conn.Close(1000, "")
	case r.URL.Path == "/action":
		r.ParseForm()
		h.actions <- r.PostForm
		w.Write([]byte("<Response><Hangup/></Response>"))
	default:
		w.Write([]byte(`<Response><Connect action="/action"><ConversationRelay url="wss://calls.example.com/relay" ` + h.attributes + `>` + h.inside + `</ConversationRelay></Connect></Response>`))
	}
}

// setup does something when a session begins.
func setup(do func(conn *relay.Conn)) func(*relay.Conn, relay.Event) {
	return func(conn *relay.Conn, e relay.Event) {
		if e.Type == relay.EventSetup {
			do(conn)
		}
	}
}

func sends(messages ...relay.Message) func(*relay.Conn, relay.Event) {
	return setup(func(conn *relay.Conn) {
		for _, m := range messages {
			conn.Send(m)
		}
	})
}

// TestRelayCodes: each error of ConversationRelay is raised for what Twilio says is wrong, and
// for nothing else. 64103 to 64105 are documented nowhere.
func TestRelayCodes(t *testing.T) {
	id := strings.Repeat("a", 20)
	for name, test := range map[string]struct {
		host   relayHost
		during func(*voicetest.Call)
		code   int
		status string // of the session; "": it goes on
	}{
		"nothing is wrong":                     {host: relayHost{session: sends(relay.Text{Token: "Hello.", Last: true})}},
		"a voice of ElevenLabs":                {host: relayHost{attributes: `voice="` + id + `-flash_v2_5"`}},
		"a voice of ElevenLabs by its name":    {host: relayHost{attributes: `ttsProvider="ElevenLabs" voice="Rachel"`}, code: 64101, status: "failed"},
		"one of a language":                    {host: relayHost{inside: `<Language code="sv-SE" voice="Rachel"/>`}, code: 64101, status: "failed"},
		"a provider fails":                     {during: func(c *voicetest.Call) { c.ProviderFails("stt") }, code: 64101, status: "failed"},
		"a provider fails, another takes over": {host: relayHost{inside: `<Failover/>`}, during: func(c *voicetest.Call) { c.ProviderFails("stt") }},
		"both fail": {host: relayHost{inside: `<Failover/>`}, during: func(c *voicetest.Call) {
			c.ProviderFails("tts")
			c.ProviderFails("tts")
		}, code: 64101, status: "failed"},
		"the handshake is refused":    {host: relayHost{refuse: http.StatusForbidden}, code: 64102, status: "failed"},
		"the handshake redirects":     {host: relayHost{refuse: http.StatusFound}, code: 64102, status: "failed"},
		"the connection breaks":       {during: func(c *voicetest.Call) { c.Break() }, code: 64102, status: "failed"},
		"a voice of another language": {host: relayHost{attributes: `ttsProvider="Google" voice="en-US-Journal-O" language="sv-SE"`}, code: 64106, status: "failed"},
		"a voice of the language":     {host: relayHost{attributes: `ttsProvider="Google" voice="sv-SE-Standard-A" language="sv-SE"`}},
		"a language that is none":     {host: relayHost{session: sends(relay.Language{TTS: "klingon"})}, code: 64106},
		"a reply in no language":      {host: relayHost{session: sends(relay.Text{Token: "x", Last: true, Language: "klingon"})}, code: 64106},
		"an unknown type":             {host: relayHost{session: sends(relay.Raw(`{"type":"shout"}`))}, code: 64107},
		"an error of a gateway":       {host: relayHost{session: sends(relay.Raw(`{"type":"","message":"Internal server error","connectionId":"x"}`))}, code: 64107},
		"a field too many":            {host: relayHost{session: sends(relay.Raw(`{"type":"text","token":"x","last":true,"voice":"y"}`))}, code: 64107},
		"a field missing":             {host: relayHost{session: sends(relay.Raw(`{"type":"text","last":true}`))}, code: 64107},
		"a field of another kind":     {host: relayHost{session: sends(relay.Raw(`{"type":"text","token":"x","last":"true"}`))}, code: 64107},
		"keys that are none":          {host: relayHost{session: sends(relay.Raw(`{"type":"sendDigits","digits":"abc"}`))}, code: 64107},
		"configuration":               {host: relayHost{session: sends(relay.Raw(`{"type":"config","interruptible":"none"}`))}},
		"no audio comes":              {during: func(c *voicetest.Call) { c.MediaStops() }, code: 64108, status: "failed"},
		"the application ends it":     {host: relayHost{session: sends(relay.End{HandoffData: "x"})}, status: "completed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := test.host
			h.actions = make(chan url.Values, 1)
			failures := make(chan string, 10)
			script := h.session
			h.session = func(conn *relay.Conn, e relay.Event) {
				if e.Type == relay.EventError {
					failures <- e.Problem
				}
				if script != nil {
					script(conn, e)
				}
			}
			tw, err := voicetest.Start(voicetest.Config{Handler: &h})
			require.NoError(t, err)
			defer tw.Close()
			call := tw.Dial(alice, us)
			if test.during != nil {
				require.NoError(t, call.Says("hello"))
				test.during(call)
			}
			codes := func() (all []int) {
				for _, w := range call.Warnings() {
					all = append(all, w.Code)
				}
				return all
			}
			if test.status != "" {
				select {
				case form := <-h.actions:
					require.Equal(t, test.status, form.Get("SessionStatus"))
				case <-time.After(patience):
					t.Fatal("no action was requested")
				}
			} else if test.code != 0 {
				select {
				case <-failures: // and the application is told
				case <-time.After(patience):
					t.Fatal("the application was not told")
				}
			} else {
				require.NoError(t, call.Says("hello"))
				require.Equal(t, "in-progress", call.Status())
			}
			if test.code == 0 {
				require.Empty(t, call.Warnings())
			} else {
				require.Contains(t, codes(), test.code)
				for _, code := range codes() {
					require.Equal(t, test.code, code)
				}
			}
		})
	}
}

// TestPartialPromptOnHangup: what the caller has said when he hangs up is a prompt, if that is
// asked for.
func TestPartialPromptOnHangup(t *testing.T) {
	for attributes, want := range map[string]bool{"": false, `partialPromptOnHangup="true"`: true} {
		prompts := make(chan relay.Speech, 100)
		h := &relayHost{attributes: attributes + ` partialPrompts="true"`, actions: make(chan url.Values, 1), session: func(_ *relay.Conn, e relay.Event) {
			if e.Type == relay.EventPrompt {
				prompts <- e.Speech
			}
		}}
		tw, err := voicetest.Start(voicetest.Config{Handler: h})
		require.NoError(t, err)
		call := tw.Dial(alice, us)
		said := make(chan error, 1)
		go func() { said <- call.Says(strings.Repeat("and so on ", 20)) }()
		select {
		case p := <-prompts:
			require.False(t, p.Last)
		case <-time.After(patience):
			t.Fatal("nothing was said")
		}
		call.HangUp()
		<-said
		require.NoError(t, tw.Close())
		close(prompts)
		var last relay.Speech
		for p := range prompts {
			last = p
		}
		require.Equal(t, want, last.Last, attributes)
		if want {
			require.True(t, strings.HasPrefix(last.Text, "and"), last.Text)
		}
	}
}
