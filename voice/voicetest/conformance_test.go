package voicetest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// desk is a host that does what Twilio's pages ask of one, but for one flaw.
type desk struct {
	flaw     string
	verifier *signature.Validator

	mu       sync.Mutex
	seen     map[string]bool // idempotency tokens
	webhooks int             // that were not told before
	status   string          // of the call
	sequence int             // of the callback that said so
	seconds  int             // that were billed
	messages int             // voicemails that were kept
	sound    error           // of the last one
	twilio   *voicetest.Twilio
}

const sharedKey, sharedSecret = "webhooks_sharedkey_0000000000", "a_secret_that_is_long_enough_for_it"

func newDesk(t *testing.T, flaw string) *desk {
	v, err := signature.New(signature.Options{Tokens: []string{voicetest.AuthToken}, SharedKeys: map[string]string{sharedKey: sharedSecret}, PublicURL: voicetest.PublicURL})
	require.NoError(t, err)
	return &desk{flaw: flaw, verifier: v, seen: map[string]bool{}, sequence: -1}
}

// verified reports whether a request comes from Twilio, as far as the flaw lets it be seen.
func (d *desk) verified(r *http.Request) bool {
	err := d.verifier.Verify(r)
	r.ParseForm()
	theirs := r.Header.Get(signature.Header)
	at := voicetest.PublicURL + r.RequestURI
	switch d.flaw {
	case "anybody":
		return true
	case "path only":
		return theirs == signature.Sign(voicetest.AuthToken, voicetest.PublicURL+r.URL.Path, r.PostForm)
	case "plain http":
		return theirs == signature.Sign(voicetest.AuthToken, "http"+strings.TrimPrefix(at, "https"), r.PostForm)
	case "known parameters":
		known := url.Values{}
		for _, name := range []string{"CallSid", "AccountSid", "From", "To", "CallStatus", "Direction", "ApiVersion"} {
			known[name] = r.PostForm[name]
		}
		return theirs == signature.Sign(voicetest.AuthToken, at, known)
	case "one token":
		return theirs == signature.Sign(voicetest.AuthToken, at, r.PostForm)
	}
	return err == nil
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !d.verified(r) {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	form := r.Form
	if d.flaw == "body only" {
		form = r.PostForm
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch name := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]; name {
	case "status":
		n, _ := strconv.Atoi(form.Get("SequenceNumber"))
		if n > d.sequence || d.flaw == "order of arrival" {
			d.status, d.sequence = form.Get("CallStatus"), n
		}
		seconds, _ := strconv.Atoi(form.Get(map[bool]string{false: "CallDuration", true: "Duration"}[d.flaw == "minutes for seconds"]))
		d.seconds += seconds
		w.WriteHeader(map[bool]int{false: http.StatusNoContent, true: http.StatusInternalServerError}[d.flaw == "callback fails"])
	case "stream", "amd", "pay": // these carry no From
		if d.flaw == "standard set everywhere" && form.Get("From") == "" {
			w.WriteHeader(http.StatusBadRequest)
		}
	case "desk":
		http.NotFound(w, r)
	case "message": // of a Record, also when the caller has hung up
		if d.flaw != "key ends a message" || form.Get("Digits") != "hangup" {
			d.messages++
		}
		req, _ := http.NewRequest(http.MethodGet, form.Get("RecordingUrl"), nil)
		if d.flaw != "fetches without credentials" {
			req.SetBasicAuth(voicetest.AccountSID, voicetest.AuthToken)
		}
		resp, err := d.twilio.Client().Do(req)
		if d.sound = err; err == nil {
			if resp.Body.Close(); resp.StatusCode != http.StatusOK {
				d.sound = fmt.Errorf("the recording was answered %d", resp.StatusCode)
			}
		}
		reply(200, "text/xml", "<Response/>")(w, r)
	default:
		if token := r.Header.Get("I-Twilio-Idempotency-Token"); d.flaw == "each delivery" || !d.seen[token] {
			d.seen[token] = true
			d.webhooks++
		}
		if form.Get("From") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		if name == "voicemail" {
			reply(200, "text/xml", `<Response><Record action="message" playBeep="false"/></Response>`)(w, r)
			return
		}
		reply(200, "text/xml", `<Response><Start><Stream url="wss://calls.example.com/desk" statusCallback="https://calls.example.com/stream"/></Start><Say>Hello</Say><Pause length="61"/></Response>`)(w, r)
	}
}

// told returns how a call went: its error, or what Twilio complained about.
func told(ctx context.Context, call *voicetest.Call) error {
	if err := call.Wait(ctx); err != nil {
		return err
	}
	for _, w := range call.Warnings() {
		if !strings.Contains(w.Text, "/desk") { // the streams of a desk lead nowhere
			return w
		}
	}
	return nil
}

// calls is a call with options, from beginning to end.
func calls(options ...voicetest.Option) func(context.Context, *voicetest.Twilio, http.Handler) error {
	return func(ctx context.Context, tw *voicetest.Twilio, _ http.Handler) error {
		return told(ctx, tw.Dial(alice, us, options...))
	}
}

// wants is calls, and what must hold of the desk afterwards.
func wants(holds func(*desk) bool, options ...voicetest.Option) func(context.Context, *voicetest.Twilio, http.Handler) error {
	return func(ctx context.Context, tw *voicetest.Twilio, h http.Handler) error {
		err := told(ctx, tw.Dial(alice, us, options...))
		d := h.(*desk)
		d.mu.Lock()
		defer d.mu.Unlock()
		if err == nil && !holds(d) {
			err = errors.New("the host has it wrong")
		}
		return err
	}
}

// refused is a call that is not to be answered.
func refused(options ...voicetest.Option) func(context.Context, *voicetest.Twilio, http.Handler) error {
	return func(ctx context.Context, tw *voicetest.Twilio, _ http.Handler) error {
		call := tw.Dial(alice, us, options...)
		if call.Wait(ctx); len(call.Said()) > 0 {
			return errors.New("the host has answered a stranger")
		}
		return nil
	}
}

// places has the host place a call by REST, and returns what Twilio answers, or says of the
// call.
func places(form url.Values) func(context.Context, *voicetest.Twilio, http.Handler) error {
	return func(ctx context.Context, tw *voicetest.Twilio, _ http.Handler) error {
		all := url.Values{"To": {alice}, "From": {us}}
		for name, values := range form {
			all[name] = values
		}
		if err := post(tw, "/Calls.json", all); err != nil {
			return err
		}
		call, err := tw.Picked(ctx)
		if err != nil {
			return err
		}
		if form.Get("AsyncAmd") != "" && form.Has("AsyncAmdStatusCallback") {
			call.Detected("machine_start")
		}
		return told(ctx, call)
	}
}

// post makes a request of the REST API as a host does, and returns Twilio's error.
func post(tw *voicetest.Twilio, path string, form url.Values) error {
	req, err := http.NewRequest(http.MethodPost, tw.RESTURL()+"/2010-04-01/Accounts/"+voicetest.AccountSID+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(voicetest.AccountSID, voicetest.AuthToken)
	resp, err := tw.Client().Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var answer struct {
		Code    int
		Message string
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err == nil && answer.Code != 0 {
		return voicetest.Warning{Code: answer.Code, Text: answer.Message}
	}
	return nil
}

// xml answers every request with a document.
func xml(document string) http.Handler { return reply(200, "text/xml", document) }

// documents answers with those of the paths' last elements.
func documents(of map[string]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		reply(200, "text/xml", of[name])(w, r)
	})
}

// hears is a call in which the caller is to hear a text at last.
func hears(text string) func(context.Context, *voicetest.Twilio, http.Handler) error {
	return func(ctx context.Context, tw *voicetest.Twilio, _ http.Handler) error {
		call := tw.Dial(alice, us)
		err := told(ctx, call)
		if said := call.Said(); err == nil && (len(said) == 0 || said[len(said)-1] != text) {
			err = fmt.Errorf("the caller heard %q at last", said)
		}
		return err
	}
}

// streams is a host whose stream does something, with the caller on it until then.
func streams(does func(conn *websocket.Conn, streamSid string)) http.Handler {
	return rawHost(func(conn *websocket.Conn, sid string) {
		does(conn, sid)
		conn.Close(websocket.StatusNormalClosure, "")
	})
}

func say(conn *websocket.Conn, format string, args ...any) {
	conn.Write(context.Background(), websocket.MessageText, fmt.Appendf(nil, format, args...))
}

// played waits for all that was sent before.
func played(conn *websocket.Conn, sid string) {
	say(conn, `{"event":"mark","streamSid":"%s","mark":{"name":"end"}}`, sid)
	for {
		if _, data, err := conn.Read(context.Background()); err != nil || strings.Contains(string(data), `"mark"`) {
			return
		}
	}
}

// media plays audio.
func media(conn *websocket.Conn, sid string, n int) {
	say(conn, `{"event":"media","streamSid":"%s","media":{"payload":"%s"}}`, sid, base64.StdEncoding.EncodeToString(make([]byte, n)))
}

// TestConformance: of each rule there is a host that keeps it and one that does not, and the
// fake tells them apart.
func TestConformance(t *testing.T) {
	type drive = func(context.Context, *voicetest.Twilio, http.Handler) error
	at := func(path string) string { return voicetest.PublicURL + path }
	fine := xml("<Response><Say>Hello</Say></Response>")
	fork := func(do func(*websocket.Conn, string)) http.Handler { return streams(do) }
	well := fork(func(conn *websocket.Conn, sid string) { media(conn, sid, 160); played(conn, sid) })
	connect := func(stream string) http.Handler { return xml(`<Response><Connect>` + stream + `</Connect></Response>`) }
	after := func(d time.Duration) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(d):
			case <-r.Context().Done():
			}
			fine.ServeHTTP(w, r)
		})
	}
	room := func(noun string) http.Handler {
		return documents(map[string]string{"inbound": `<Response><Dial timeLimit="5">` + noun + `</Dial></Response>`, "wait": `<Response><Say>Wait</Say></Response>`,
			"dials": `<Response><Dial>` + bob + `</Dial></Response>`})
	}
	desks := map[string]struct {
		run  drive
		flaw string
		is   string // in the error
	}{
		"a request without signature is refused":                 {refused(voicetest.Unsigned()), "anybody", "stranger"},
		"a request with another signature is refused":            {refused(voicetest.WrongSignature()), "anybody", "stranger"},
		"the query is signed":                                    {calls(voicetest.Inbound("/inbound?tenant=a%20b")), "path only", "11200"},
		"the URL that is signed is the public one":               {calls(), "plain http", "11200"},
		"parameters that nobody knows are signed":                {calls(voicetest.Param("Unheard", "of")), "known parameters", "11200"},
		"a shared key signs":                                     {calls(voicetest.SharedKey(sharedKey, sharedSecret, signature.HMACSHA256)), "one token", "11200"},
		"by GET the parameters are in the query":                 {calls(voicetest.ByGET()), "body only", "11200"},
		"a delivery that is repeated has the token of the first": {wants(func(d *desk) bool { return d.webhooks == 1 }, voicetest.Repeated(1, voicetest.Webhook)), "each delivery", "wrong"},
		"callbacks come in any order": {wants(func(d *desk) bool { return d.status == "completed" }, voicetest.StatusEvents("initiated", "ringing", "answered", "completed"),
			voicetest.ReversedCallbacks()), "order of arrival", "wrong"},
		"CallDuration is of seconds, Duration of minutes": {wants(func(d *desk) bool { return d.seconds >= 61 && d.seconds < 70 }), "minutes for seconds", "wrong"},
		"a callback is answered 2xx":                      {calls(), "callback fails", "15003"},
		"the callbacks of streams have no From":           {calls(), "standard set everywhere", "15003"},
		"a caller who hangs up has left a message": {func(ctx context.Context, tw *voicetest.Twilio, h http.Handler) error {
			call := tw.Dial(alice, us, voicetest.Inbound("/voicemail"))
			call.SpeakAudio(make([]byte, 8000))
			call.HangUp()
			if h.(*desk).messages == 0 {
				return errors.New("the message is lost")
			}
			return nil
		}, "key ends a message", "lost"},
		"recordings need credentials": {func(ctx context.Context, tw *voicetest.Twilio, h http.Handler) error {
			call := tw.Dial(alice, us, voicetest.Inbound("/voicemail"))
			call.SpeakAudio(make([]byte, 8000))
			return errors.Join(told(ctx, call), h.(*desk).sound)
		}, "fetches without credentials", "401"},
	}
	rules := map[string]struct {
		run          drive // nil: a call
		right, wrong http.Handler
		is           string // in the error of the wrong one
	}{
		// webhooks
		"a webhook is answered 200":             {nil, fine, reply(500, "text/xml", "<Response/>"), "11200"},
		"an answer has a document":              {nil, xml("<Response/>"), reply(204, "", ""), "11770"},
		"nothing stands before the declaration": {nil, xml("<?xml version=\"1.0\"?><Response/>"), xml("\n<?xml version=\"1.0\"?><Response/>"), "12100"},
		"a document is XML":                     {nil, fine, xml("<Response><Say>A & B</Say></Response>"), "12100"},
		"the root is Response":                  {nil, fine, xml("<response/>"), "12102"},
		"elements are of the schema":            {nil, fine, xml("<Response><say>Hello</say></Response>"), "12200"},
		"attributes are of the schema":          {nil, fine, xml(`<Response><Say Voice="alice">Hello</Say></Response>`), "12200"},
		"a document has 64 kB at most":          {nil, fine, xml("<Response><!--" + strings.Repeat("a", 65<<10) + "--></Response>"), "11750"},
		"a document has a type":                 {nil, fine, reply(200, "application/json", "<Response/>"), "12300"},
		"text/plain is read aloud":              {nil, fine, reply(200, "text/plain", "Hello"), "12300"},
		"an answer takes 15 s at most":          {nil, after(14 * time.Second), after(16 * time.Second), "11205"},
		"tt of the URL is the limit":            {calls(voicetest.Inbound("/inbound#tt=1000")), after(time.Second / 2), after(2 * time.Second), "11205"},
		"redirects end":                         {nil, fine, http.RedirectHandler("/again", http.StatusFound), "11215"},
		"a redirect leads to the host":          {nil, fine, http.RedirectHandler("https://other.example.com/", http.StatusFound), "11210"},
		"the documents of a call end":           {nil, fine, xml("<Response><Redirect/></Response>"), "11200"},
		"Gather without action asks itself": {func(ctx context.Context, tw *voicetest.Twilio, _ http.Handler) error {
			call := tw.Dial(alice, us)
			call.Digits("1")
			synctest.Wait()
			time.Sleep(10 * time.Second)
			defer call.HangUp()
			if len(call.Said()) > 1 {
				return errors.New("the menu begins again")
			}
			return nil
		}, documents(map[string]string{"inbound": `<Response><Gather action="chosen" numDigits="1" timeout="60"><Say>Menu</Say></Gather></Response>`, "chosen": "<Response/>"}),
			xml(`<Response><Gather numDigits="1" timeout="60"><Say>Menu</Say></Gather></Response>`), "begins again"},
		"Gather without input asks nobody": {hears("Goodbye"), xml(`<Response><Gather action="chosen" timeout="1"/><Say>Goodbye</Say></Response>`),
			documents(map[string]string{"inbound": `<Response><Gather action="chosen" timeout="1"/></Response>`, "chosen": `<Response><Say>Goodbye</Say></Response>`}), "heard"},
		"nothing after a Dial with action runs": {hears("Goodbye"),
			documents(map[string]string{"inbound": `<Response><Dial action="dialed">` + bob + `</Dial></Response>`, "dialed": `<Response><Say>Goodbye</Say></Response>`}),
			documents(map[string]string{"inbound": `<Response><Dial action="dialed">` + bob + `</Dial><Say>Goodbye</Say></Response>`, "dialed": `<Response/>`}), "heard"},

		// the REST API
		"Twiml by REST has absolute URLs":       {places(url.Values{"Twiml": {`<Response><Redirect>https://calls.example.com/a</Redirect></Response>`}}), fine, nil, ""},
		"Twiml by REST has no relative URLs":    {places(url.Values{"Twiml": {`<Response><Redirect>/a</Redirect></Response>`}}), nil, fine, "15004"},
		"Twiml by REST has 4,000 characters":    {places(url.Values{"Twiml": {`<Response><!--` + strings.Repeat("a", 4000) + `--></Response>`}}), nil, fine, "32018"},
		"Url and Twiml exclude each other":      {places(url.Values{"Url": {at("/a")}, "Twiml": {"<Response/>"}}), nil, fine, "32019"},
		"To is a number":                        {places(url.Values{"Url": {at("/a")}, "To": {"555-0100"}}), nil, fine, "21211"},
		"From is a number":                      {places(url.Values{"Url": {at("/a")}, "From": {"us"}}), nil, fine, "21212"},
		"Url is one":                            {places(url.Values{"Url": {"/a"}}), nil, fine, "21205"},
		"StatusCallback is a URL":               {places(url.Values{"Url": {at("/a")}, "StatusCallback": {"/b"}}), nil, fine, "21609"},
		"StatusCallbackEvent is one of a call":  {places(url.Values{"Url": {at("/a")}, "StatusCallback": {at("/b")}, "StatusCallbackEvent": {"answered completed"}}), nil, fine, "21626"},
		"ApplicationSid is the account's":       {places(url.Values{"ApplicationSid": {"AP00000000000000000000000000000000"}}), nil, fine, "21218"},
		"asynchronous detection has a callback": {places(url.Values{"Url": {at("/a")}, "MachineDetection": {"Enable"}, "AsyncAmd": {"true"}}), nil, fine, "21262"},
		"a call that is over is left alone": {func(ctx context.Context, tw *voicetest.Twilio, _ http.Handler) error {
			call := tw.Dial(alice, us)
			call.HangUp()
			return post(tw, "/Calls/"+call.SID+".json", url.Values{"Status": {"completed"}})
		}, nil, fine, "21220"},

		// media streams
		"a stream is a wss URL":         {nil, well, connect(`<Stream url="ws://calls.example.com/echo/token"/>`), "31922"},
		"a stream's URL has no query":   {nil, well, connect(`<Stream url="wss://calls.example.com/echo/token?a=b"/>`), "31920"},
		"a stream's URL is complete":    {nil, well, connect(`<Stream url="wss:///echo"/>`), "31923"},
		"a stream's host is there":      {nil, well, connect(`<Stream url="wss://other.example.com/echo"/>`), "31904"},
		"the handshake is accepted":     {nil, well, connect(`<Stream url="wss://calls.example.com/none"/>`), "31920"},
		"Connect has the inbound track": {nil, well, connect(`<Stream url="wss://calls.example.com/echo/token" track="both_tracks"/>`), "31941"},
		"a stream's messages are text": {nil, well, fork(func(conn *websocket.Conn, sid string) {
			conn.Write(context.Background(), websocket.MessageBinary, []byte("a"))
			played(conn, sid)
		}), "31950"},
		"a stream's messages are JSON":   {nil, well, fork(func(conn *websocket.Conn, sid string) { say(conn, "{"); played(conn, sid) }), "31951"},
		"a message has the stream's SID": {nil, well, fork(func(conn *websocket.Conn, sid string) { media(conn, "MZ0", 160); played(conn, sid) }), "31951"},
		"a payload is base64": {nil, well, fork(func(conn *websocket.Conn, sid string) {
			say(conn, `{"event":"media","streamSid":"%s","media":{"payload":"?"}}`, sid)
			played(conn, sid)
		}), "31951"},
		"a stream ends with 1000":    {nil, well, rawHost(func(conn *websocket.Conn, sid string) { conn.Close(4000, "") }), "31921"},
		"a stream ends with a close": {nil, well, rawHost(func(conn *websocket.Conn, sid string) { conn.CloseNow() }), "31903"},

		// call control
		"Refer is of SIP":                  {nil, fine, xml(`<Response><Refer><Sip>sip:a@example.com</Sip></Refer></Response>`), "13801"},
		"Sms goes to a number":             {nil, xml(`<Response><Sms>Hello</Sms></Response>`), xml(`<Response><Sms to="bob">Hello</Sms></Response>`), "14101"},
		"the action of Pay is https":       {nil, documents(map[string]string{"inbound": `<Response><Pay action="paid"/></Response>`, "paid": "<Response/>"}), xml(`<Response><Pay action="http://calls.example.com/a"/></Response>`), "64016"},
		"a waitUrl is for listening alone": {nil, room(`<Conference waitUrl="wait">a</Conference>`), room(`<Conference waitUrl="dials">a</Conference>`), "13238"},
		"a label has no slash":             {nil, room(`<Conference participantLabel="ab">a</Conference>`), room(`<Conference participantLabel="a/b">a</Conference>`), "16023"},
		"a conference has room": {func(ctx context.Context, tw *voicetest.Twilio, _ http.Handler) error {
			first := tw.Dial(bob, us)
			second := tw.Dial(carol, us)
			return errors.Join(told(ctx, tw.Dial(alice, us)), told(ctx, first), told(ctx, second))
		}, room(`<Conference>a</Conference>`), room(`<Conference maxParticipants="2">a</Conference>`), "16020"},
	}
	check := func(t *testing.T, run drive, h http.Handler, want string) {
		synctest.Test(t, func(t *testing.T) {
			tw, err := voicetest.Start(voicetest.Config{Handler: h, InMemory: true})
			require.NoError(t, err)
			if d, ok := h.(*desk); ok {
				d.twilio = tw
			}
			if run == nil {
				run = calls()
			}
			err = run(t.Context(), tw, h)
			require.NoError(t, tw.Close())
			if want == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, want)
			}
		})
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if rule.right != nil {
				check(t, rule.run, rule.right, "")
			}
			if rule.wrong != nil {
				check(t, rule.run, rule.wrong, rule.is)
			}
		})
	}
	for name, rule := range desks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, rule.run, newDesk(t, ""), "")
			check(t, rule.run, newDesk(t, rule.flaw), rule.is)
		})
	}
}
