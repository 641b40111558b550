package voicetest_test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

// site answers paths with documents; a status callback with nothing.
func site(documents map[string]string) func(string, url.Values) string {
	return func(path string, _ url.Values) string { return documents[path[strings.LastIndex(path, "/")+1:]] }
}

// menu is a call through most verbs that need no audio.
var menu = map[string]string{
	"inbound": `<Response><!-- a comment --><Say>Welcome</Say><Pause/><Gather action="menu" numDigits="1" timeout="600"><Say>Press 1</Say></Gather><Say>Too late</Say></Response>`,
	"menu":    `<Response><Gather input="speech dtmf" action="/words?lang=en#rc=2" method="GET" finishOnKey="" timeout="600"><Say>Which room?</Say></Gather></Response>`,
	"words":   `<Response><Dial action="dialed">+14155550123</Dial></Response>`,
	"dialed":  `<Response><Redirect>https://calls.example.com/bye#rc=2</Redirect><Say>Never</Say></Response>`,
	"bye":     `<Response><Say>Goodbye</Say><Hangup/><Say>Never</Say></Response>`,
}

func TestTwiMLIsRunVerbByVerb(t *testing.T) {
	h := newHost(t, site(menu))
	tw := fast(t, h)
	call := tw.Dial(alice, us, voicetest.Dialed("busy"))
	require.NoError(t, call.Digits("1"))
	require.NoError(t, call.Answer("the blue one"))
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"Welcome", "Press 1", "Which room?", "Goodbye"}, call.Said())
	require.Empty(t, call.Warnings())
	require.Equal(t, "Goodbye", call.TwiML().Verbs[0].(*twiml.Say).Text)

	require.Equal(t, "1", h.to("/menu")[0].form.Get("Digits"))
	require.Equal(t, "in-progress", h.to("/menu")[0].form.Get("CallStatus"))
	words := h.to("/words")[0].form
	require.Equal(t, "the blue one", words.Get("SpeechResult"))
	require.Equal(t, "en", words.Get("lang"))
	require.NotEmpty(t, words.Get("Confidence"))
	require.Equal(t, call.SID, words.Get("CallSid"), "a GET carries the parameters in its query")
	require.Equal(t, "busy", h.to("/dialed")[0].form.Get("DialCallStatus"))
	require.Equal(t, 1, len(h.to("/status")))
}

func TestGather(t *testing.T) {
	gather := func(attributes string) string {
		return `<Response><Gather action="done" ` + attributes + `/><Say>nothing</Say></Response>`
	}
	cases := map[string]struct {
		twiml, keys, digits, finished string
		said                          []string
	}{
		"finish key":          {gather(`timeout="60"`), "12#", "12", "#", nil},
		"other finish key":    {gather(`timeout="60" finishOnKey="*0"`), "1#2*", "1#2", "*", nil},
		"number of digits":    {gather(`timeout="60" numDigits="3"`), "1234", "123", "", nil},
		"time is up":          {gather(`timeout="20"`), "12", "12", "", nil},
		"no finish key":       {gather(`timeout="20" finishOnKey=""`), "1#", "1#", "", nil},
		"nothing":             {gather(`timeout="1"`), "", "", "", []string{"nothing"}},
		"nothing is a result": {gather(`timeout="1" actionOnEmptyResult="true"`), "", "", "", nil},
		"only the finish key": {gather(`timeout="60"`), "#", "", "#", nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, site(map[string]string{"inbound": tc.twiml, "done": "<Response/>"}))
			call := fast(t, h).Dial(alice, us)
			if tc.keys != "" {
				call.Digits(tc.keys)
			}
			require.NoError(t, call.Wait(t.Context()))
			require.Equal(t, tc.said, call.Said())
			if done := h.to("/done"); tc.said == nil {
				require.Len(t, done, 1)
				require.Equal(t, tc.digits, done[0].form.Get("Digits"))
				require.Equal(t, tc.finished, done[0].form.Get("FinishedOnKey"))
			} else {
				require.Empty(t, done)
			}
		})
	}
}

func TestInputCutsThePromptOff(t *testing.T) {
	h := newHost(t, site(map[string]string{
		"inbound": `<Response><Gather action="done" numDigits="1"><Pause length="600"/><Say>late</Say></Gather></Response>`,
		"done":    "<Response/>",
	}))
	call := fast(t, h).Dial(alice, us)
	call.Digits("7")
	require.NoError(t, call.Wait(t.Context()))
	require.Empty(t, call.Said())
	require.Equal(t, "7", h.to("/done")[0].form.Get("Digits"))
}

func TestRejectedCallsAreNotAnswered(t *testing.T) {
	for twiml, status := range map[string]string{
		`<Response><Reject/></Response>`:                                 "no-answer",
		`<Response><!-- full --><Reject reason="busy"/></Response>`:      "busy",
		`<Response><Pause/><Reject reason="busy"/></Response>`:           "busy",
		`<Response><Pause/><Pause/><Reject/><Say>Never</Say></Response>`: "no-answer",
		`<Response><Redirect>/second</Redirect></Response>`:              "completed",
		`<Response><Say>Hello</Say><Reject reason="busy"/></Response>`:   "completed",
	} {
		h := newHost(t, func(path string, form url.Values) string {
			if path == "/second" {
				return "<Response><Reject/></Response>"
			}
			return answer(twiml)(path, form)
		})
		call := fast(t, h).Dial(alice, us)
		require.NoError(t, call.Wait(t.Context()))
		require.Equal(t, status, call.Status(), twiml)
		callback := h.to("/status")
		require.Len(t, callback, 1)
		require.Equal(t, status, callback[0].form.Get("CallStatus"))
		if status != "completed" {
			require.Zero(t, call.Duration())
			require.Equal(t, "0", callback[0].form.Get("CallDuration"))
		}
	}
}

func TestBadAnswersEndTheCallAsTwilioDoes(t *testing.T) {
	xml := func(body string) http.HandlerFunc { return reply(200, "text/xml", body) }
	cases := map[string]struct {
		answer http.HandlerFunc
		code   int // of the error; 0: the call is fine
	}{
		"forbidden":           {reply(403, "", ""), 11200},
		"error page":          {reply(500, "text/html", "oops"), 11200},
		"empty":               {reply(200, "text/xml", " "), 11770},
		"no content":          {reply(204, "", ""), 11770},
		"too long":            {xml("<Response><Say>" + strings.Repeat("a", 64<<10) + "</Say></Response>"), 11750},
		"not XML":             {xml("Hello"), 12100},
		"cut off":             {xml("<Response><Say>Hel"), 12100},
		"wrong root":          {xml("<Respond/>"), 12102},
		"blank line first":    {xml("\n<?xml version=\"1.0\"?><Response/>"), 12100},
		"blank first":         {xml(" <?xml version=\"1.0\"?><Response/>"), 12100},
		"comment first":       {xml("<!-- a --><?xml version=\"1.0\"?><Response/>"), 12100},
		"text first":          {xml("Warning: x\n<?xml version=\"1.0\"?><Response/>"), 12100},
		"entities":            {xml("<!DOCTYPE r [<!ENTITY a \"aaaa\">]><Response><Say>&a;</Say></Response>"), 12100},
		"UTF-16 in name only": {xml("<?xml version=\"1.0\" encoding=\"utf-16\"?><Response/>"), 12100},
		"JSON":                {reply(200, "application/json", "{}"), 12300},
		"redirected for ever": {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/again", http.StatusFound) }, 11215},
		"redirected away": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://other.example.com/", http.StatusFound)
		}, 11210},
		"relative redirect": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/here" {
				http.Redirect(w, r, "/here", http.StatusTemporaryRedirect)
				return
			}
			xml("<Response/>")(w, r)
		}, 0},
		"plain TwiML":                {reply(200, "text/plain; charset=utf-8", "<Response/>"), 0},
		"blank line, no declaration": {xml("\n <Response/>"), 0},
		"byte order mark":            {xml("\ufeff<?xml version=\"1.0\"?><Response/>"), 0},
		"Latin-1":                    {xml("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Response><Say>caf\xe9</Say></Response>"), 0},
		"instructions and comments":  {xml("<?a?><Response><?b?><!-- c --><Gather timeout=\"1\"><?d?><!-- e --></Gather></Response>"), 0},
		"loop for ever":              {xml("<Response><Redirect/></Response>"), 11200},
		"aborted":                    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 11200},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call := fast(t, tc.answer).Dial(alice, us)
			err := call.Wait(t.Context())
			if tc.code == 0 {
				require.NoError(t, err)
				require.Empty(t, call.Warnings())
				return
			}
			var w voicetest.Warning
			require.ErrorAs(t, err, &w)
			require.Equal(t, tc.code, w.Code, w.Text)
			require.Contains(t, call.Warnings(), w)
			require.Equal(t, "completed", call.Status())
		})
	}
}

func reply(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil // no sniffing
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		w.WriteHeader(status)
		w.Write([]byte(body))
	}
}

func TestTextIsReadAloud(t *testing.T) {
	call := fast(t, reply(200, "text/plain", "Hello")).Dial(alice, us)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"Hello"}, call.Said())
	require.Equal(t, 12300, call.Warnings()[0].Code)
}

func TestSchemaMistakesAreWarnings(t *testing.T) {
	h := newHost(t, answer(`<Response><Gather numDigits="many"/><say>lower case</say><Say>Hello</Say></Response>`))
	call := voicetest.New(t, h, voicetest.Config{Pace: 100}).Dial(alice, us)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"Hello"}, call.Said())
	require.NotEmpty(t, call.Warnings())
	require.Equal(t, 12200, call.Warnings()[0].Code)
}

func TestTheFallbackIsAskedWhenTheWebhookFails(t *testing.T) {
	var form url.Values
	mux := http.NewServeMux()
	mux.Handle("/api/voice/twilio/inbound", reply(500, "", ""))
	mux.HandleFunc("/fallback", func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		form = r.PostForm
		reply(200, "text/xml", "<Response><Say>Sorry</Say></Response>")(w, r)
	})
	mux.Handle("/api/voice/twilio/status", reply(204, "", ""))
	call := voicetest.New(t, mux, voicetest.Config{FallbackPath: "/fallback"}).Dial(alice, us)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"Sorry"}, call.Said())
	require.Equal(t, "11200", form.Get("ErrorCode"))
	require.Equal(t, "https://calls.example.com/api/voice/twilio/inbound", form.Get("ErrorUrl"))
}

func TestPlayIsHeard(t *testing.T) {
	t.Parallel()
	wav, err := os.ReadFile("testdata/book_a_room.wav")
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/room.wav", reply(200, "audio/wav", string(wav)))
	mux.Handle("/api/voice/twilio/inbound", reply(200, "text/xml", `<Response><Play loop="2">/room.wav</Play><Play>/none.wav</Play></Response>`))
	mux.Handle("/api/voice/twilio/status", reply(204, "", ""))
	call := fast(t, mux).Dial(alice, us)
	audio := read(t, "testdata/book_a_room.wav")
	call.Hears(audio, 10*time.Second)
	call.Hears(audio, 10*time.Second)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, append(append([]byte{}, audio...), audio...), call.Heard())
	require.Len(t, call.Warnings(), 1, "of /none.wav")
	require.Equal(t, 11200, call.Warnings()[0].Code)
}

func TestAudioInsteadOfTwiMLIsPlayed(t *testing.T) {
	wav, err := os.ReadFile("testdata/book_a_room.wav")
	require.NoError(t, err)
	call := fast(t, reply(200, "audio/wav", string(wav))).Dial(alice, us)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, read(t, "testdata/book_a_room.wav"), call.Heard())
}

func TestCookiesComeBack(t *testing.T) {
	var got []string
	mux := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Cookie"))
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "7", Secure: true, Path: "/"})
		reply(200, "text/xml", "<Response/>")(w, r)
	})
	call := fast(t, mux).Dial(alice, us)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"", "session=7"}, got)
}

// TestUnknownTwiMLIsAWarning: the call goes on without it.
func TestUnknownTwiMLIsAWarning(t *testing.T) {
	h := newHost(t, site(map[string]string{
		"inbound": `<Response><say>lost</say><Say mood="glad">heard</Say><Redirect method="post">done</Redirect></Response>`,
		"done":    "<Response/>",
	}))
	call := fast(t, h).Dial(alice, us)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"heard"}, call.Said())
	var texts []string
	for _, w := range call.Warnings() {
		require.Equal(t, 12200, w.Code)
		texts = append(texts, w.Text)
	}
	require.Len(t, texts, 3)
	require.Contains(t, texts[0], "unknown element; it is spelled <Say>")
	require.Contains(t, texts[1], "mood: unknown attribute")
	require.Contains(t, texts[2], `method: "post" is spelled POST`)
}
