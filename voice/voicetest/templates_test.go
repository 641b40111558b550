package voicetest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

// What follows are services as Twilio's tutorials and function templates have them, written
// anew without package voice: a voicemail, a menu, a meeting, a queue and a warm transfer.

// functions are handlers of webhooks by path, each of which returns a document.
type functions map[string]func(url.Values) string

// served serves functions behind a check of signatures.
func served(t *testing.T, f functions) http.Handler {
	v, err := signature.New(signature.Options{Tokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL})
	require.NoError(t, err)
	return v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		handle := f[r.URL.Path]
		if handle == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		fmt.Fprint(w, `<?xml version="1.0" encoding="UTF-8"?><Response>`+handle(r.Form)+`</Response>`)
	}))
}

// nothing is the answer to a callback.
func nothing(url.Values) string { return "" }

// try runs a service in virtual time.
func try(t *testing.T, f functions, run func(*testing.T, *voicetest.Twilio), placed ...voicetest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f["/status"] = nothing
		tw := voicetest.New(t, served(t, f), voicetest.Config{InMemory: true, InboundPath: "/inbound", StatusPath: "/status", Placed: placed})
		run(t, tw)
		require.NoError(t, tw.Close())
	})
}

// ended waits for the end of a call of which nothing is to be complained about.
func ended(t *testing.T, calls ...*voicetest.Call) {
	t.Helper()
	for _, c := range calls {
		require.NoError(t, c.Wait(context.Background()))
		require.Empty(t, c.Warnings())
	}
}

// mailbox is a voicemail that sends what was said, and where to hear it.
type mailbox struct {
	mu   sync.Mutex
	mail map[string]string // by RecordingSid
}

func (m *mailbox) functions() functions {
	m.mail = map[string]string{}
	return functions{
		"/inbound": func(f url.Values) string { // nobody answers the office
			return `<Dial timeout="10" action="/missed">` + bob + `</Dial>`
		},
		"/missed": func(f url.Values) string {
			if f.Get("DialCallStatus") == "completed" {
				return `<Hangup/>`
			}
			return `<Say>Please leave a message after the beep.</Say>
				<Record maxLength="60" timeout="5" finishOnKey="*" transcribe="true" transcribeCallback="/text" action="/kept" recordingStatusCallback="/ready"/>
				<Say>We did not hear you.</Say>`
		},
		"/kept":  func(url.Values) string { return `<Say>Thank you, goodbye.</Say><Hangup/>` },
		"/ready": func(f url.Values) string { m.put(f.Get("RecordingSid"), f.Get("RecordingStatus")); return "" },
		"/text": func(f url.Values) string {
			if f.Get("TranscriptionStatus") == "completed" {
				m.put(f.Get("RecordingSid"), f.Get("From")+": "+f.Get("TranscriptionText"))
			}
			return ""
		},
	}
}

func (m *mailbox) put(sid, what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mail[sid] = strings.TrimPrefix(m.mail[sid]+", "+what, ", ")
}

func TestVoicemailTemplate(t *testing.T) {
	unanswered := voicetest.Leg(bob, voicetest.Rings(time.Minute))
	for name, tc := range map[string]struct {
		options []voicetest.Option
		caller  func(*voicetest.Call)
		said    []string
		mail    []string
	}{
		"leaves a message": {[]voicetest.Option{unanswered}, func(c *voicetest.Call) { c.Answer("call me back"); c.Digits("*") },
			[]string{"Please leave a message after the beep.", "Thank you, goodbye."}, []string{"completed", alice + ": call me back"}},
		"hangs up after it": {[]voicetest.Option{voicetest.Leg(bob, voicetest.Unanswered("busy"))}, func(c *voicetest.Call) { c.Answer("it is me"); c.HangUp() },
			[]string{"Please leave a message after the beep."}, []string{"completed", alice + ": it is me"}},
		"says nothing": {[]voicetest.Option{unanswered}, func(*voicetest.Call) {},
			[]string{"Please leave a message after the beep.", "We did not hear you."}, nil},
		"is answered": {nil, func(*voicetest.Call) {}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := &mailbox{}
			try(t, m.functions(), func(t *testing.T, tw *voicetest.Twilio) {
				call := tw.Dial(alice, us, tc.options...)
				tc.caller(call)
				ended(t, call)
				require.Equal(t, tc.said, call.Said())
				var kept []string
				for _, mail := range m.mail {
					kept = strings.Split(mail, ", ")
				}
				require.ElementsMatch(t, tc.mail, kept)
			})
		})
	}
}

// menuTemplate asks three times, by key or word.
func menuTemplate() functions {
	ask := func(before, times string) string {
		return before + `<Gather input="dtmf speech" numDigits="1" timeout="5" hints="sales, hours" action="/choice?n=` + times + `">
			<Say>For sales press 1, for our hours press 2.</Say></Gather><Redirect>/again?n=` + times + `</Redirect>`
	}
	again := func(before string, f url.Values) string {
		n := f.Get("n")
		if n == "aa" {
			return `<Say>Goodbye.</Say>`
		}
		return ask(before, n+"a")
	}
	return functions{
		"/inbound": func(url.Values) string { return ask("", "") },
		"/again":   func(f url.Values) string { return again("", f) },
		"/choice": func(f url.Values) string {
			switch said := strings.ToLower(f.Get("SpeechResult")); {
			case f.Get("Digits") == "1", strings.Contains(said, "sales"):
				return `<Dial action="/dialed">` + bob + `</Dial>`
			case f.Get("Digits") == "2", strings.Contains(said, "hours"):
				return `<Say>We are open from nine to five.</Say><Sms>We are open from 9 to 5.</Sms>`
			}
			return again(`<Say>That is not a choice.</Say>`, f)
		},
		"/dialed": func(f url.Values) string {
			if f.Get("DialCallStatus") == "completed" {
				return ""
			}
			return `<Say>Nobody is there.</Say>`
		},
	}
}

func TestMenuTemplate(t *testing.T) {
	const ask = "For sales press 1, for our hours press 2."
	for name, tc := range map[string]struct {
		caller func(*voicetest.Call)
		said   []string
		texts  []string
		legs   int
	}{
		"a key":       {func(c *voicetest.Call) { c.Digits("1") }, []string{ask}, nil, 1},
		"a word":      {func(c *voicetest.Call) { c.Answer("your hours please") }, []string{ask, "We are open from nine to five."}, []string{"We are open from 9 to 5."}, 0},
		"a wrong key": {func(c *voicetest.Call) { c.Digits("9"); c.Digits("2") }, []string{ask, "That is not a choice.", ask, "We are open from nine to five."}, []string{"We are open from 9 to 5."}, 0},
		"nothing":     {func(*voicetest.Call) {}, []string{ask, ask, ask, "Goodbye."}, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			try(t, menuTemplate(), func(t *testing.T, tw *voicetest.Twilio) {
				call := tw.Dial(alice, us)
				tc.caller(call)
				ended(t, call)
				require.Equal(t, tc.said, call.Said())
				require.Equal(t, tc.texts, call.Texts())
				require.Len(t, call.Legs(), tc.legs)
			})
		})
	}
}

// TestMeetingTemplate: callers wait with music until the moderator is there, whose code
// begins the meeting and who ends it when he leaves.
func TestMeetingTemplate(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var told []string
	f := functions{
		"/inbound": func(url.Values) string {
			return `<Gather numDigits="4" action="/join"><Say>Your code, please.</Say></Gather><Say>Goodbye.</Say>`
		},
		"/join": func(form url.Values) string {
			switch form.Get("Digits") {
			case "1111":
				return `<Dial action="/left"><Conference startConferenceOnEnter="true" endConferenceOnExit="true" beep="false"
					statusCallback="/events" statusCallbackEvent="start end join leave">meeting</Conference></Dial>`
			case "2222":
				return `<Dial action="/left"><Conference startConferenceOnEnter="false" waitUrl="/music"
					statusCallback="/events" statusCallbackEvent="start end join leave">meeting</Conference></Dial>`
			}
			return `<Say>That code is wrong.</Say><Redirect>/inbound</Redirect>`
		},
		"/music": func(url.Values) string { return `<Say>The meeting has not begun.</Say><Pause length="10"/>` },
		"/left":  func(url.Values) string { return `<Say>The meeting is over.</Say>` },
		"/events": func(form url.Values) string {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, form.Get("StatusCallbackEvent"))
			return ""
		},
	}
	room := read(t, "testdata/book_a_room.wav")
	try(t, f, func(t *testing.T, tw *voicetest.Twilio) {
		guest := tw.Dial(alice, us)
		guest.Digits("9999")
		guest.Digits("2222")
		synctest.Wait()
		time.Sleep(30 * time.Second)
		require.Contains(t, guest.Said(), "The meeting has not begun.")
		moderator := tw.Dial(bob, us)
		moderator.Digits("1111")
		time.Sleep(5 * time.Second)
		waited := len(guest.Said())
		moderator.SpeakAudio(room)
		guest.Hears(room, 2*time.Second)
		guest.SpeakAudio(room)
		moderator.Hears(room, 2*time.Second)
		require.Len(t, guest.Said(), waited, "the music has ended")
		moderator.HangUp()
		ended(t, moderator, guest)
		require.Equal(t, "The meeting is over.", guest.Said()[len(guest.Said())-1])
	})
	require.ElementsMatch(t, []string{"participant-join", "participant-join", "conference-start", "participant-leave", "participant-leave", "conference-end"}, told)
}

// TestQueueTemplate: callers wait, hear their place, may leave it for a message, and are
// taken by an agent, who takes one after the other.
func TestQueueTemplate(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var results []string
	f := functions{
		"/inbound": func(url.Values) string { return `<Enqueue waitUrl="/wait" action="/after">support</Enqueue>` },
		"/wait": func(form url.Values) string {
			return `<Say>You are number ` + form.Get("QueuePosition") + `.</Say><Gather numDigits="1" timeout="10" action="/key"/>`
		},
		"/key": func(form url.Values) string {
			if form.Get("Digits") == "9" {
				return `<Leave/>`
			}
			return `<Redirect>/wait</Redirect>`
		},
		"/after": func(form url.Values) string {
			mu.Lock()
			defer mu.Unlock()
			results = append(results, form.Get("QueueResult"))
			if form.Get("QueueResult") == "leave" {
				return `<Say>Please leave a message.</Say><Record action="/kept"/>`
			}
			return `<Say>Goodbye.</Say>`
		},
		"/kept": nothing,
		"/agent": func(url.Values) string {
			return `<Dial timeout="5" action="/next"><Queue url="/announce">support</Queue></Dial>`
		},
		"/announce": func(url.Values) string { return `<Say>An agent is here.</Say>` },
		"/next": func(form url.Values) string {
			if form.Get("DialCallStatus") != "completed" {
				return `<Say>Nobody waits.</Say>`
			}
			return `<Redirect>/agent</Redirect>`
		},
	}
	room := read(t, "testdata/book_a_room.wav")
	try(t, f, func(t *testing.T, tw *voicetest.Twilio) {
		var callers []*voicetest.Call
		for _, number := range []string{"+14155550101", "+14155550102", "+14155550103"} {
			callers = append(callers, tw.Dial(number, us))
			time.Sleep(time.Second)
		}
		require.Equal(t, "You are number 3.", callers[2].Said()[0])
		callers[1].Digits("9")
		callers[1].SpeakAudio(room)
		time.Sleep(15 * time.Second)
		require.Contains(t, callers[2].Said(), "You are number 2.")
		ended(t, callers[1])
		require.Len(t, callers[1].Recordings(), 1)

		agent := tw.Dial(bob, us, voicetest.Inbound("/agent"))
		for _, want := range []*voicetest.Call{callers[0], callers[2]} {
			caller, err := agent.Joined()
			require.NoError(t, err)
			require.Equal(t, want.SID, caller.SID)
			caller.SpeakAudio(room)
			agent.Hears(room, 2*time.Second)
			require.Contains(t, caller.Said(), "An agent is here.")
			caller.HangUp()
			time.Sleep(time.Second)
		}
		ended(t, agent, callers[0], callers[2])
		require.Equal(t, []string{"Nobody waits."}, agent.Said())
	})
	require.Equal(t, []string{"leave", "bridged", "bridged"}, results)
}

// transfer is a warm transfer: an agent hears the caller's number and accepts with a key, as no
// answering machine does. Without a key the next agent is called, and after the last one a
// message is recorded.
func transfer(agents ...string) functions {
	dial := func(from string, n int) string {
		if n == len(agents) {
			return `<Say>Nobody can take your call.</Say><Record action="/kept"/>`
		}
		return fmt.Sprintf(`<Dial action="/dialed?n=%d" timeout="15" answerOnBridge="true"><Number url="/whisper?from=%s">%s</Number></Dial>`, n+1, url.QueryEscape(from), agents[n])
	}
	return functions{
		"/inbound": func(f url.Values) string { return `<Say>I will connect you.</Say>` + dial(f.Get("From"), 0) },
		"/whisper": func(f url.Values) string {
			return `<Gather numDigits="1" timeout="5" action="/accept"><Say>A call from ` + f.Get("from") + `. Press 1 to take it.</Say></Gather><Hangup/>`
		},
		"/accept": func(f url.Values) string {
			if f.Get("Digits") == "1" {
				return `<Say>Connecting.</Say>`
			}
			return `<Hangup/>`
		},
		"/dialed": func(f url.Values) string {
			if f.Get("DialBridged") == "true" {
				return `<Say>How was it?</Say>`
			}
			return dial(f.Get("From"), int(f.Get("n")[0]-'0'))
		},
		"/kept": nothing,
	}
}

func TestWarmTransferTemplate(t *testing.T) {
	room := read(t, "testdata/book_a_room.wav")
	// picked returns the leg that is called n-th, when it hears the whisper.
	picked := func(t *testing.T, call *voicetest.Call, n int) *voicetest.Call {
		for range 1000 {
			if legs := call.Legs(); len(legs) > n && len(legs[n].Said()) > 0 {
				return legs[n]
			}
			time.Sleep(100 * time.Millisecond)
		}
		t.Fatal("nobody was called")
		return nil
	}
	for name, tc := range map[string]struct {
		options []voicetest.Option
		agents  func(*testing.T, *voicetest.Call)
		said    []string
		legs    []string
	}{
		"is accepted": {nil, func(t *testing.T, call *voicetest.Call) {
			leg := picked(t, call, 0)
			require.Equal(t, []string{"A call from " + alice + ". Press 1 to take it."}, leg.Said())
			leg.Digits("1")
			joined, err := call.Joined()
			require.NoError(t, err)
			require.Equal(t, leg.SID, joined.SID)
			require.Empty(t, slices.DeleteFunc(call.Said(), func(s string) bool { return s == "I will connect you." }), "the whisper is for the agent alone")
			leg.SpeakAudio(room)
			call.Hears(room, 2*time.Second)
			leg.HangUp()
		}, []string{"I will connect you.", "How was it?"}, []string{"completed"}},
		"is declined, and taken by the next": {nil, func(t *testing.T, call *voicetest.Call) {
			picked(t, call, 0).Digits("2")
			picked(t, call, 1).Digits("1")
			leg, err := call.Joined()
			require.NoError(t, err)
			leg.HangUp()
		}, []string{"I will connect you.", "How was it?"}, []string{"completed", "completed"}},
		"a machine answers, and nobody": {[]voicetest.Option{voicetest.Leg(carol, voicetest.Rings(time.Minute))}, func(t *testing.T, call *voicetest.Call) {
			call.SpeakAudio(room) // the message
		}, []string{"I will connect you.", "Nobody can take your call."}, []string{"completed", "no-answer"}},
		"the caller hangs up": {nil, func(t *testing.T, call *voicetest.Call) {
			leg := picked(t, call, 0)
			call.HangUp()
			require.NoError(t, leg.Wait(context.Background()))
		}, []string{"I will connect you."}, []string{"completed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			try(t, transfer(bob, carol), func(t *testing.T, tw *voicetest.Twilio) {
				call := tw.Dial(alice, us, append(tc.options, voicetest.Leg("", voicetest.Talks(time.Hour)))...)
				tc.agents(t, call)
				ended(t, call)
				require.Equal(t, tc.said, call.Said())
				var legs []string
				for _, leg := range call.Legs() {
					legs = append(legs, leg.Status())
				}
				require.Equal(t, tc.legs, legs)
			})
		})
	}
}
