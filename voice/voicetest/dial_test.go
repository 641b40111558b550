package voicetest_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"agentos.dev/dialtone/voice/callback"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

const bob, carol = "+14155550123", "+14155550124"

// dials answers a call with a Dial of attributes and nouns.
func dials(attributes, nouns string) map[string]string {
	return map[string]string{
		"inbound":  `<Response><Dial action="dialed" ` + attributes + `>` + nouns + `</Dial></Response>`,
		"dialed":   `<Response><Say>Goodbye</Say></Response>`,
		"whisper":  `<Response><Gather numDigits="1" action="accepted" timeout="3"><Say>Press a key</Say></Gather><Hangup/></Response>`,
		"accepted": `<Response/>`,
	}
}

func TestDial(t *testing.T) {
	number := `<Number statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed">` + bob + `</Number>`
	both := `<Number>` + bob + `</Number><Client>carol</Client>`
	whispers := `<Number url="whisper">` + bob + `</Number>`
	leg := voicetest.Leg
	for name, tc := range map[string]struct {
		attributes, nouns string
		options           []voicetest.Option
		during            func(*voicetest.Call)
		outcome           string
		bridged           bool
		least             time.Duration // of DialCallDuration, in seconds; -1: there is none
		legs              string        // how each of them ended
		told              string        // to the status callback
	}{
		"a plain number":  {"", bob, nil, nil, "completed", true, 2, "completed", ""},
		"talks":           {"", number, []voicetest.Option{leg(bob, voicetest.Talks(20*time.Second))}, nil, "completed", true, 20, "completed", "initiated ringing in-progress completed"},
		"busy":            {"", number, []voicetest.Option{leg(bob, voicetest.Unanswered("busy"))}, nil, "busy", false, -1, "busy", "initiated ringing busy"},
		"Dialed":          {"", number, []voicetest.Option{voicetest.Dialed("failed")}, nil, "failed", false, -1, "failed", "initiated ringing failed"},
		"does not answer": {`timeout="5"`, number, []voicetest.Option{leg(bob, voicetest.Rings(time.Minute))}, nil, "no-answer", false, -1, "no-answer", "initiated ringing no-answer"},
		"time limit":      {`timeLimit="10"`, number, []voicetest.Option{leg(bob, voicetest.Talks(time.Hour))}, nil, "completed", true, 10, "completed", "initiated ringing in-progress completed"},
		"several":         {"", both, []voicetest.Option{leg("client:carol", voicetest.Rings(10*time.Second))}, nil, "completed", true, 2, "completed canceled", ""},
		"the second":      {"", both, []voicetest.Option{leg(bob, voicetest.Unanswered("busy")), leg("client:carol", voicetest.Rings(9*time.Second))}, nil, "completed", true, 2, "busy completed", ""},
		"nobody":          {"", both, []voicetest.Option{leg("", voicetest.Unanswered("busy")), leg(bob, voicetest.Unanswered("no-answer"))}, nil, "no-answer", false, -1, "no-answer busy", ""},
		"one by one":      {`sequential="true"`, both, []voicetest.Option{leg(bob, voicetest.Unanswered("busy"))}, nil, "completed", true, 2, "busy completed", ""},
		"the first only":  {`sequential="true"`, both, nil, nil, "completed", true, 2, "completed", ""},
		"SIP":             {"", `<Sip>sip:bob@example.com</Sip>`, nil, nil, "completed", true, 2, "completed", ""},
		"accepts": {"", whispers, nil, func(c *voicetest.Call) {
			for len(c.Legs()) == 0 {
				time.Sleep(time.Millisecond)
			}
			c.Legs()[0].Digits("1")
		}, "completed", true, 2, "completed", ""},
		"declines": {"", whispers, nil, nil, "completed", false, 2, "completed", ""},
		"star": {`hangupOnStar="true"`, bob, []voicetest.Option{leg(bob, voicetest.Talks(time.Hour))}, func(c *voicetest.Call) {
			c.Joined()
			c.Digits("*")
		}, "completed", true, 0, "completed", ""},
		"hangs up": {"", bob, []voicetest.Option{leg(bob, voicetest.Talks(time.Hour))}, func(c *voicetest.Call) {
			leg, _ := c.Joined()
			leg.HangUp()
		}, "completed", true, 0, "completed", ""},
		"the caller hangs up": {"", bob, []voicetest.Option{leg(bob, voicetest.Talks(time.Hour))}, func(c *voicetest.Call) {
			c.Joined()
			c.HangUp()
		}, "completed", true, 0, "completed", ""},
		"the caller does not wait": {"", number, []voicetest.Option{leg(bob, voicetest.Rings(20*time.Second))}, func(c *voicetest.Call) {
			for len(c.Legs()) == 0 {
				time.Sleep(time.Millisecond)
			}
			c.HangUp()
		}, "canceled", false, -1, "canceled", "initiated ringing canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, site(dials(tc.attributes, tc.nouns)))
			call := fast(t, h).Dial(alice, us, tc.options...)
			if tc.during != nil {
				tc.during(call)
			}
			require.NoError(t, call.Wait(t.Context()))
			require.Empty(t, call.Warnings())
			require.Len(t, h.to("/dialed"), 1)
			dial, err := callback.ReadDial(h.to("/dialed")[0].form)
			require.NoError(t, err)
			require.Equal(t, []any{tc.outcome, tc.bridged}, []any{dial.Outcome, dial.Bridged})
			if tc.least < 0 {
				require.Negative(t, dial.Duration, "of a leg that was not picked up there is none")
			}
			require.GreaterOrEqual(t, dial.Duration, max(tc.least*time.Second, -1))
			var ended []string
			for _, leg := range call.Legs() {
				ended = append(ended, leg.Status())
			}
			require.Equal(t, tc.legs, strings.Join(ended, " "))
			require.True(t, slices.ContainsFunc(call.Legs(), func(l *voicetest.Call) bool { return l.SID == dial.CalledSID }))
			var told []string
			for _, r := range h.to("/leg") {
				status, err := callback.ReadStatus(r.form)
				require.NoError(t, err)
				require.Equal(t, []string{call.SID, "outbound-dial", bob}, []string{status.ParentSID, status.Direction, status.To})
				told = append(told, status.Status)
			}
			require.Equal(t, tc.told, strings.Join(told, " "))
			if !strings.HasPrefix(name, "the caller") {
				require.Equal(t, []string{"Goodbye"}, call.Said())
			}
		})
	}
}

// TestBothSidesHearEachOther, and the recording has both.
func TestBothSidesHearEachOther(t *testing.T) {
	room := read(t, "testdata/book_a_room.wav")
	h := newHost(t, site(dials(`record="record-from-answer-dual" recordingStatusCallback="/recording" answerOnBridge="true"`, bob)))
	call := fast(t, h).Dial(alice, us, voicetest.Leg(bob, voicetest.Talks(time.Hour), voicetest.Rings(3*time.Second)))
	require.Equal(t, "ringing", call.Status(), "answerOnBridge")
	leg, err := call.Joined()
	require.NoError(t, err)
	require.Equal(t, "in-progress", call.Status())
	call.SpeakAudio(room)
	leg.Hears(room, 10*time.Second)
	leg.SpeakAudio(room[:8000])
	call.Hears(room[:8000], 10*time.Second)
	leg.HangUp()
	require.NoError(t, call.Wait(t.Context()))
	made := call.Recordings()
	require.Len(t, made, 1)
	require.Equal(t, "DialVerb", made[0].Source)
	require.Contains(t, string(made[0].Audio[0]), string(room))
	require.Len(t, made[0].Audio, 2)
	dial, err := callback.ReadDial(h.to("/dialed")[0].form)
	require.NoError(t, err)
	require.Contains(t, dial.RecordingURL, made[0].SID)
	require.Len(t, h.to("/recording"), 1)
}

// TestALiveDialIsReplacedByREST: the leg ends, the caller goes on, and no action is asked.
func TestALiveDialIsReplacedByREST(t *testing.T) {
	h := newHost(t, site(dials("", bob)))
	tw := fast(t, h)
	call := tw.Dial(alice, us, voicetest.Leg("", voicetest.Talks(time.Hour)))
	leg, err := call.Joined()
	require.NoError(t, err)
	code, _ := rest(t, tw, "POST", voicetest.AccountSID+"/Calls/"+call.SID+".json", url.Values{"Twiml": {`<Response><Say>Back</Say></Response>`}})
	require.Equal(t, 200, code)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"Back"}, call.Said())
	require.Equal(t, "completed", leg.Status())
	require.Empty(t, h.to("/dialed"))
}

// TestALegIsMovedByREST: it runs a document of its own, and the Dial is over.
func TestALegIsMovedByREST(t *testing.T) {
	h := newHost(t, site(dials("", bob)))
	tw := fast(t, h)
	call := tw.Dial(alice, us, voicetest.Leg("", voicetest.Talks(time.Hour)))
	leg, err := call.Joined()
	require.NoError(t, err)
	code, _ := rest(t, tw, "POST", voicetest.AccountSID+"/Calls/"+leg.SID+".json", url.Values{"Twiml": {`<Response><Say>On your own</Say><Pause length="600"/></Response>`}})
	require.Equal(t, 200, code)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"Goodbye"}, call.Said())
	require.Equal(t, []string{"On your own"}, leg.Said())
	require.Equal(t, "in-progress", leg.Status())
	require.Equal(t, "completed", h.to("/dialed")[0].form.Get("DialCallStatus"))
}

// TestDialWithoutAction goes on with the next verb.
func TestDialWithoutAction(t *testing.T) {
	h := newHost(t, answer(`<Response><Dial>`+bob+`</Dial><Say>Next</Say></Response>`))
	call := fast(t, h).Dial(alice, us, voicetest.Dialed("busy"))
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"Next"}, call.Said())
}

// TestALegIsDetected: the callback of its noun reports who has picked up, while the two talk.
func TestALegIsDetected(t *testing.T) {
	h := newHost(t, site(dials("", `<Number machineDetection="Enable" amdStatusCallback="/amd">`+bob+`</Number>`)))
	call := fast(t, h).Dial(alice, us, voicetest.Leg(bob, voicetest.Param("AnsweredBy", "machine_start")))
	require.NoError(t, call.Wait(t.Context()))
	told, err := callback.ReadMachineDetection(h.to("/amd")[0].form)
	require.NoError(t, err)
	require.Equal(t, call.Legs()[0].SID, told.CallSID)
	require.True(t, told.Machine())
}
