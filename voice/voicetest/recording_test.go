package voicetest_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice/callback"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

// voicemail is a machine that takes a message, and says what it lacks.
var voicemail = map[string]string{
	"inbound": `<Response><Say>Leave a message.</Say><Record action="took" transcribe="true" transcribeCallback="/words" maxLength="20" finishOnKey="#" trim="do-not-trim"
		recordingStatusCallback="/recording" recordingStatusCallbackEvent="in-progress completed absent"/><Say>I have heard nothing.</Say></Response>`,
	"took": `<Response><Say>Thank you.</Say></Response>`,
}

func TestRecord(t *testing.T) {
	room := read(t, "testdata/book_a_room.wav")
	for name, tc := range map[string]struct {
		caller  func(*voicetest.Call)
		said    []string
		ended   string // Digits to the action; "none": it is not asked
		states  []string
		seconds float64 // of the recording, at least
		text    string
	}{
		"speaks, and is silent":     {func(c *voicetest.Call) { c.SpeakAudio(room) }, []string{"Leave a message.", "Thank you."}, "", []string{"in-progress", "completed"}, 5, ""},
		"speaks, and presses a key": {func(c *voicetest.Call) { c.SpeakAudio(room); c.Digits("1#") }, []string{"Leave a message.", "Thank you."}, "#", []string{"in-progress", "completed"}, 1, ""},
		"speaks, and hangs up":      {func(c *voicetest.Call) { c.SpeakAudio(room); c.HangUp() }, []string{"Leave a message."}, "hangup", []string{"in-progress", "completed"}, 1, ""},
		"is recognised":             {func(c *voicetest.Call) { c.Answer("call me back"); c.Digits("#") }, []string{"Leave a message.", "Thank you."}, "#", []string{"in-progress", "completed"}, 0, "call me back"},
		"says nothing":              {func(*voicetest.Call) {}, []string{"Leave a message.", "I have heard nothing."}, "none", []string{"in-progress", "absent"}, 5, ""},
		"does not stop":             {func(c *voicetest.Call) { c.SpeakAudio(make([]byte, 8000*60)) }, []string{"Leave a message.", "Thank you."}, "", []string{"in-progress", "completed"}, 20, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, site(voicemail))
			tw := fast(t, h)
			call := tw.Dial(alice, us)
			tc.caller(call)
			require.NoError(t, call.Wait(t.Context()))
			require.Empty(t, call.Warnings())
			require.Equal(t, tc.said, call.Said())

			require.Len(t, call.Recordings(), 1)
			made := call.Recordings()[0]
			require.GreaterOrEqual(t, made.Duration.Seconds(), tc.seconds)
			var states []string
			for _, r := range h.to("/recording") {
				told, err := callback.ReadRecording(r.form)
				require.NoError(t, err)
				require.Equal(t, []any{made.SID, call.SID, "RecordVerb", 1}, []any{told.SID, told.CallSID, told.Source, told.Channels})
				states = append(states, told.Status)
			}
			require.ElementsMatch(t, tc.states, states)
			if tc.ended == "none" {
				require.Empty(t, h.to("/took"))
				require.Empty(t, h.to("/words"))
				return
			}
			require.Len(t, h.to("/took"), 1)
			took, err := callback.ReadRecord(h.to("/took")[0].form)
			require.NoError(t, err)
			require.Equal(t, tc.ended, map[bool]string{true: "hangup", false: took.EndedBy}[took.HungUp])
			require.Equal(t, made.SID, took.RecordingSID)
			require.InDelta(t, made.Duration.Seconds(), took.Duration.Seconds(), 1)
			words, err := callback.ReadRecordedText(h.to("/words")[0].form)
			require.NoError(t, err)
			require.Equal(t, tc.text, words.Text)
			require.Equal(t, tc.text != "", words.Outcome == "completed")

			if took.EndedBy == "#" && tc.text == "" {
				require.Contains(t, string(made.Audio[0]), string(room), "what was said, as it was said")
				req, _ := http.NewRequest("GET", took.RecordingURL, nil)
				req.SetBasicAuth(voicetest.AccountSID, voicetest.AuthToken)
				resp, err := http.DefaultClient.Do(req)
				require.NoError(t, err)
				defer resp.Body.Close()
				wav, err := io.ReadAll(resp.Body)
				require.NoError(t, err)
				audio, err := codec.ReadMulaw(bytes.NewReader(wav))
				require.NoError(t, err)
				require.Equal(t, made.Audio[0], audio)
			}
		})
	}
}

// TestRecordingsBesideTheCall are begun by a document or by REST, and have both sides.
func TestRecordingsBesideTheCall(t *testing.T) {
	room := read(t, "testdata/book_a_room.wav")
	h := newHost(t, answer(`<Response><Start><Recording name="all" channels="dual" recordingStatusCallback="/recording"/></Start>
		<Connect><Stream url="`+echoURL+`"/></Connect></Response>`))
	tw := fast(t, h)
	call := tw.Dial(alice, us)
	call.SpeakAudio(room[:800])
	path := voicetest.AccountSID + "/Calls/" + call.SID + "/Recordings"
	code, body := rest(t, tw, "POST", path+".json", url.Values{"RecordingTrack": {"inbound"}, "RecordingStatusCallback": {voicetest.PublicURL + "/recording"}})
	require.Equal(t, 201, code, body)
	second := call.Recordings()[1].SID
	require.Contains(t, body, second)
	call.SpeakAudio(room[:800])
	for _, status := range []string{"paused", "in-progress", "stopped"} {
		code, body = rest(t, tw, "POST", path+"/Twilio.CURRENT.json", url.Values{"Status": {status}, "PauseBehavior": {"skip"}})
		require.Equal(t, 200, code, body)
	}
	code, _ = rest(t, tw, "POST", path+"/"+second+".json", url.Values{"Status": {"stopped"}})
	require.Equal(t, 404, code, "it is over")
	code, body = rest(t, tw, "GET", path+".json", nil)
	require.Equal(t, 200, code)
	require.Contains(t, body, second)
	call.SpeakAudio(room)
	call.HangUp()
	require.Empty(t, call.Warnings())

	all := call.Recordings()
	require.Equal(t, "StartCallRecordingTwiML", all[0].Source)
	require.Len(t, all[0].Audio, 2)
	require.Contains(t, string(all[0].Audio[0]), string(room), "the caller")
	require.Equal(t, len(all[0].Audio[0]), len(all[0].Audio[1]))
	require.Equal(t, []string{"completed", "completed"}, []string{all[0].Status, all[1].Status})
	require.Len(t, h.to("/recording"), 2)
	code, body = rest(t, tw, "POST", path+".json", nil)
	require.Equal(t, 400, code)
	require.Contains(t, body, "21220")
	code, _ = rest(t, tw, "DELETE", voicetest.AccountSID+"/Recordings/"+second+".json", nil)
	require.Equal(t, 204, code)
	code, _ = rest(t, tw, "GET", voicetest.AccountSID+"/Recordings/"+second+".wav", nil)
	require.Equal(t, 404, code)
	code, body = rest(t, tw, "GET", fmt.Sprint(voicetest.AccountSID, "/Recordings/", all[0].SID, ".json"), nil)
	require.Equal(t, 200, code)
	require.Contains(t, body, `"channels":2`)
}
