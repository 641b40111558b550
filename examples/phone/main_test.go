package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/journal"
	"agentos.dev/dialtone/voice/voicetest"
)

func TestMain(m *testing.M) { leak.Main(m) }

// patience is what tests wait for what comes within moments.
const patience = 30 * time.Second

// tone is audio that is louder than silence.
func tone(d time.Duration) []byte { return bytes.Repeat([]byte{0x20, 0xa0}, int(d/time.Millisecond)*4) }

// hostOf serves a handler, and returns its voice URL.
func hostOf(t *testing.T, config voice.Config) string {
	t.Helper()
	config.AuthTokens, config.PublicURL, config.Resume = []string{voicetest.AuthToken}, voicetest.PublicURL, voice.ResumeAlone
	srv, err := voice.New(config)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	mux.HandleFunc("/menu", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.Write([]byte(`<Response><Say>Welcome to the shop.</Say><Gather numDigits="1"/></Response>`))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, srv.Shutdown(ctx))
		server.Close()
	})
	return server.URL + "/api/voice/twilio/inbound"
}

// greets says something, and hangs up at a key.
var greets = voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
	if _, err := call.Play(ctx, tone(500*time.Millisecond)); err != nil {
		return err
	}
	if _, err := call.Digits(ctx, 2, "#"); err != nil && !errors.Is(err, voice.ErrCallEnded) {
		return err
	}
	return nil
})

// phone runs the command and returns what it printed.
func phone(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	p := &program{stdin: strings.NewReader(stdin), stdout: &out, stderr: &bytes.Buffer{}, getenv: func(string) string { return "" }}
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	defer cancel()
	err := p.run(ctx, args)
	return out.String(), err
}

// TestUsage: what it cannot be asked for is told as such, before anything is called.
func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{}, {"dial"}, {"call"}, {"call", "ftp://127.0.0.1/"}, {"call", "http://example.com/"}, {"call", "-x", "http://127.0.0.1/"},
		{"call", "http://127.0.0.1/", "sing"}, {"call", "-script", "none", "http://127.0.0.1/"}, {"call", "-script", "none", "http://127.0.0.1/", "hangup"},
		{"call", "-status", "status", "http://127.0.0.1/"},
		{"serve"}, {"serve", "-target", "http://127.0.0.1/", "x"}, {"serve", "-target", "http://127.0.0.1/", "-parallel", "0"}, {"serve", "-target", "http://127.0.0.1/", "-rest", ":80"},
		{"load"}, {"load", "-rate", "0", "http://127.0.0.1/"}, {"load", "-rate", "NaN", "http://127.0.0.1/"}, {"load", "-calls", "0", "http://127.0.0.1/"}, {"load", "-most", "0", "http://127.0.0.1/"},
		{"load", "-length", "1ms", "http://127.0.0.1/"}, {"load", "-every", "1ms", "http://127.0.0.1/"}, {"load", "http://192.0.2.1/"}, {"load", "-pid", "999999999", "http://127.0.0.1/"},
		{"journal"}, {"journal", "eat"}, {"journal", "print"}, {"journal", "wav", "a"}, {"journal", "replay"}, {"journal", "replay", "a"},
	} {
		_, err := phone(t, "", args...)
		var usage *usageError
		require.ErrorAs(t, err, &usage, "%v", args)
	}
	out, err := phone(t, "", "-h")
	require.NoError(t, err)
	require.Contains(t, out, "phone load")
}

// TestCall: a call takes its steps, those of a script or those that are typed.
func TestCall(t *testing.T) {
	at := hostOf(t, voice.Config{Handler: greets})
	heard := filepath.Join(t.TempDir(), "heard.wav")
	out, err := phone(t, "", "call", "-wav", heard, at, "expect audio 400ms", "digits 1#", "expect end", "expect status completed")
	require.NoError(t, err)
	require.Contains(t, out, "opened")
	info, err := os.Stat(heard)
	require.NoError(t, err)
	require.Greater(t, info.Size(), int64(3000))

	script := filepath.Join(t.TempDir(), "calls.txt")
	require.NoError(t, os.WriteFile(script, []byte("call one from +14155550123\n  expect audio 100ms\n  hangup\n"), 0o600))
	_, err = phone(t, "", "call", "-q", "-script", script, at)
	require.NoError(t, err)

	_, err = phone(t, "expect audio 50ms\nnonsense\ndigits 12\n", "call", at)
	require.NoError(t, err)

	_, err = phone(t, "", "call", "-patience", "200ms", at, "expect said anything")
	require.ErrorIs(t, err, errNotCome)
}

// TestServe: scripted calls have results, as JUnit and JSON, and an error if one failed.
func TestServe(t *testing.T) {
	at := strings.TrimSuffix(hostOf(t, voice.Config{Handler: greets}), "/api/voice/twilio/inbound") + "/menu"
	dir := t.TempDir()
	script, junit, results := filepath.Join(dir, "calls.txt"), filepath.Join(dir, "junit.xml"), filepath.Join(dir, "results.json")
	require.NoError(t, os.WriteFile(script, []byte(`# a menu
call good
  expect said WELCOME to the shop   # whatever the case
  hangup
call bad from +14155550101 to +14155550102
  expect said goodbye
`), 0o600))
	out, err := phone(t, "", "serve", "-target", at, "-status", "none", "-calls", script, "-patience", "1s", "-parallel", "2", "-junit", junit, "-json", results)
	require.ErrorIs(t, err, errFailed)
	require.ErrorContains(t, err, "1 of 2")
	require.ErrorContains(t, err, "line 6")
	var began map[string]string
	require.NoError(t, json.Unmarshal([]byte(out), &began))
	require.Contains(t, began["rest"], "http://127.0.0.1:")

	text, err := os.ReadFile(junit)
	require.NoError(t, err)
	var s suite
	require.NoError(t, xml.Unmarshal(text, &s))
	require.Equal(t, []int{2, 1}, []int{s.Tests, s.Failures})
	text, err = os.ReadFile(results)
	require.NoError(t, err)
	var all struct {
		Failed bool
		Calls  []result
	}
	require.NoError(t, json.Unmarshal(text, &all))
	require.True(t, all.Failed)
	require.Len(t, all.Calls, 2)
}

// TestCalleeThatFails: a step of a call that the service has placed fails, also when no call is
// picked up any more.
func TestCalleeThatFails(t *testing.T) {
	tw, err := voicetest.Start(voicetest.Config{Handler: http.NotFoundHandler()})
	require.NoError(t, err)
	defer tw.Close()
	script := filepath.Join(t.TempDir(), "callee.txt")
	require.NoError(t, os.WriteFile(script, []byte("call callee\n  expect said hello\n  expect said goodbye\n"), 0o600))
	steps, err := readScript(script)
	require.NoError(t, err)

	request, err := http.NewRequest(http.MethodPost, tw.RESTURL()+"/2010-04-01/Accounts/"+voicetest.AccountSID+"/Calls.json", strings.NewReader(url.Values{
		"To": {"+14155550101"}, "From": {"+14155550199"}, "Twiml": {`<Response><Say>hello</Say><Pause length="60"/></Response>`},
	}.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(voicetest.APIKey, voicetest.APISecret)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusCreated, response.StatusCode)

	picking, enough := context.WithCancel(t.Context())
	out := &outcomes{}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		answer(picking, t.Context(), tw, steps, 500*time.Millisecond, out)
	}()
	require.Eventually(t, func() bool { return tw.Calls() == 1 }, 10*time.Second, time.Millisecond)
	time.Sleep(100 * time.Millisecond)
	enough()
	<-answered
	require.ErrorIs(t, out.err(), errFailed)
	require.ErrorContains(t, out.err(), "goodbye")
}

// TestJournal: a recorded call is printed, made sound of, and replayed.
func TestJournal(t *testing.T) {
	dir := t.TempDir()
	recorder, err := journal.New(journal.Options{Dir: dir, Audio: true, Speech: true, Digits: true})
	require.NoError(t, err)
	at := hostOf(t, voice.Config{Handler: greets, Journal: recorder})
	_, err = phone(t, "", "call", "-q", at, "expect audio 400ms", "digits 1#", "expect end")
	require.NoError(t, err)
	require.NoError(t, recorder.Close())
	names, err := journal.Files(dir, "")
	require.NoError(t, err)
	require.Len(t, names, 1)

	out, err := phone(t, "", "journal", "print", names[0])
	require.NoError(t, err)
	for _, part := range []string{"+12025550100", "POST /api/voice/twilio/inbound -> 200", "<Connect>", "messages in", `"digit":"1"`, `play "" 4000`, "returned", "completed"} {
		require.Contains(t, out, part)
	}
	_, err = phone(t, "", "journal", "wav", names[0], filepath.Join(dir, "call.wav"))
	require.NoError(t, err)

	other := hostOf(t, voice.Config{Handler: greets})
	out, err = phone(t, "", "journal", "replay", "-target", other, names[0])
	require.NoError(t, err)
	require.Contains(t, out, "1 calls")
	silent := hostOf(t, voice.Config{Handler: voice.HandlerFunc(func(ctx context.Context, _ *voice.Call) error { <-ctx.Done(); return nil })})
	_, err = phone(t, "", "journal", "replay", "-target", silent, names[0])
	var difference *voicetest.Difference
	require.ErrorAs(t, err, &difference)

	_, err = phone(t, "", "journal", "print", filepath.Join(dir, "none"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// TestLoad: calls arrive, are answered and end, and what was measured adds up.
func TestLoad(t *testing.T) {
	at := hostOf(t, voice.Config{Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		playback, err := call.Play(ctx, tone(300*time.Millisecond))
		if err != nil {
			return err
		}
		playback.Wait(ctx)
		<-ctx.Done()
		return nil
	})})
	out, err := phone(t, "", "load", "-rate", "40", "-even", "-calls", "20", "-length", "1500ms", "-speech", "../../voice/testdata/book_a_room.wav", "-pid", "1", at)
	require.NoError(t, err)
	var r report
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.Equal(t, []int64{20, 20, 20, 0, 0, 0}, []int64{r.Calls.Arrived, r.Calls.Answered, r.Calls.Completed, r.Calls.EndedEarly, r.Calls.Failed, r.Calls.NotMade})
	require.Empty(t, r.Errors)
	require.Positive(t, r.Frames.Sent)
	require.EqualValues(t, 20, r.Answer.N)
	require.EqualValues(t, 20, r.Marks.N)
	require.EqualValues(t, r.Frames.Sent, r.Frames.Lateness.N)
	require.Equal(t, r.Trusted, len(r.Doubts) == 0)
}

// TestLoadTellsFailures: of webhooks, TwiML without a stream, and calls that the service ends;
// and that the load was not what was asked for.
func TestLoadTellsFailures(t *testing.T) {
	at := hostOf(t, voice.Config{Handler: voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil })})
	for name, test := range map[string]struct {
		at   string
		more []string
		want string
	}{
		"no such path":  {strings.TrimSuffix(at, "inbound") + "nowhere", nil, "404"},
		"no stream":     {strings.TrimSuffix(at, "/api/voice/twilio/inbound") + "/menu", nil, "no <Connect><Stream>"},
		"bad signature": {at, []string{"-public", "https://other.example.com"}, "403"},
		"ends":          {at, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"load", "-rate", "100", "-calls", "3", "-length", "20s", "-q"}, test.more...)
			out, err := phone(t, "", append(args, test.at)...)
			require.ErrorIs(t, err, errFailed)
			var r report
			require.NoError(t, json.Unmarshal([]byte(out), &r))
			require.EqualValues(t, 3, r.Calls.Failed+r.Calls.EndedEarly)
			if test.want == "" {
				require.EqualValues(t, 3, r.Calls.EndedEarly)
			} else {
				require.Contains(t, strings.Join(r.Errors, " "), test.want)
			}
		})
	}
	out, err := phone(t, "", "load", "-rate", "1000", "-calls", "5", "-most", "1", "-length", "20s", "-q", at)
	require.Error(t, err)
	var r report
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.Positive(t, r.Calls.NotMade)
	require.False(t, r.Trusted)
	require.Contains(t, strings.Join(r.Doubts, " "), "not made")
}

// TestDoubts: a generator that was late itself says so.
func TestDoubts(t *testing.T) {
	l := &loading{calls: 1}
	m := &meters{}
	m.calls.arrived.Store(1)
	p := &pacer{workers: []*worker{{}}}
	p.slots.Store(1000)
	require.True(t, l.report(m, p, newWatch(0), time.Second).Trusted)
	p.overslept.Store(2)
	m.arrivals.add(time.Second)
	p.workers[0].wrote(time.Now().Add(-time.Second))
	r := l.report(m, p, newWatch(0), time.Second)
	require.False(t, r.Trusted)
	require.Len(t, r.Doubts, 3)
	require.EqualValues(t, 1, r.Frames.Late)
}

// TestHistogram: quantiles are right within 4 %, from microseconds to minutes.
func TestHistogram(t *testing.T) {
	var h histogram
	require.Zero(t, h.quantiles().P50)
	for i := range 100_000 {
		h.add(time.Duration(i) * 10 * time.Microsecond)
	}
	q := h.quantiles()
	require.InEpsilon(t, 500, q.P50, 0.04)
	require.InEpsilon(t, 990, q.P99, 0.04)
	require.InEpsilon(t, 999.99, q.Max, 0.001)
	h.add(24 * time.Hour)
	h.add(-time.Hour)
	for i := range 60 * buckets {
		require.Less(t, start(i), start(i+1))
	}
	for _, d := range []time.Duration{0, time.Microsecond, 31 * time.Microsecond, 64 * time.Microsecond, time.Second, time.Hour} {
		i := bucket(d)
		require.LessOrEqual(t, start(i), float64(d.Microseconds()))
		require.Greater(t, start(i+1), float64(d.Microseconds()))
	}
}

// TestScript: what is wrong with a script is told with its line.
func TestScript(t *testing.T) {
	all, err := parseScript(strings.NewReader("# none\n\ncall a from 1 to 2\n speak x y.wav\n digits 12#  # keys\n listen 1s\nexpect audio 20ms\ncall b\n"))
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, []step{{4, "speak", "x y.wav", 0}, {5, "digits", "12#", 0}, {6, "listen", "1s", time.Second}, {7, "expect audio", "20ms", 20 * time.Millisecond}}, all[0].steps)
	for script, want := range map[string]error{
		"listen 1s": errNoCall, "call": errCall, "call a from": errCall, "call a by x": errCall, "call a\nsing": errNoStep, "call a\ndigits 1a": errKeys,
		"call a\nlisten": errDuration, "call a\nlisten -1s": errDuration, "call a\nlisten 1000h": errDuration, "call a\nhangup now": errArgument,
		"call a\nspeak": errArgument, "call a\nexpect": errArgument, "call a\nexpect x": errNoStep,
	} {
		_, err := parseScript(strings.NewReader(script))
		require.ErrorIs(t, err, want, "%q", script)
		var wrong *scriptError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, strings.Count(script, "\n")+1, wrong.line)
	}
	_, err = parseScript(strings.NewReader(strings.Repeat("\n", maxScript+2)))
	require.ErrorIs(t, err, errScript)
}

// FuzzScript: whatever a script says, what was read of it can be taken.
func FuzzScript(f *testing.F) {
	f.Add("call a from 1 to 2\n  speak x.wav\n  digits 12#\n  expect said hello\n")
	f.Add("call a\nlisten 1s # x")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := parseScript(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, s := range all {
			require.NotEmpty(t, s.name)
			for _, one := range s.steps {
				again, err := parseStep(one.String())
				require.NoError(t, err)
				again.line = one.line
				require.Equal(t, one, again)
			}
		}
	})
}

// TestLoadEndsTheCallsItBegan: also one whose stream is refused is told to be over, and TLS
// asks for the public name, whatever address the service is at.
func TestLoadEndsTheCallsItBegan(t *testing.T) {
	var over atomic.Int32
	service := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/inbound":
			io.WriteString(w, `<Response><Connect><Stream url="wss://calls.example.com/stream"/></Connect></Response>`)
		case "/status":
			if r.FormValue("CallStatus") == "completed" {
				over.Add(1)
			}
		default:
			http.Error(w, "no", http.StatusServiceUnavailable)
		}
	}))
	var mu sync.Mutex
	names := map[string]bool{}
	service.TLS = &tls.Config{GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		mu.Lock()
		defer mu.Unlock()
		names[hello.ServerName] = true
		return nil, nil
	}}
	service.StartTLS()
	defer service.Close()
	_, err := phone(t, "", "load", "-rate", "100", "-calls", "3", "-length", "2s", "-q", "-status", "/status", service.URL+"/inbound")
	require.ErrorIs(t, err, errFailed)
	require.EqualValues(t, 3, over.Load())
	require.Equal(t, map[string]bool{"calls.example.com": true}, names)
}
