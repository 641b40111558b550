package voicetest_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"agentos.dev/dialtone/voice/callback"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

// conference has callers join a room: those from alice begin it and end it.
func conference(path string, form url.Values) string {
	join := func(attributes string) string {
		return `<Response><Dial action="left" hangupOnStar="true"><Conference statusCallback="/room" statusCallbackEvent="start end join leave mute" ` + attributes + `>board</Conference></Dial></Response>`
	}
	switch {
	case strings.HasSuffix(path, "/inbound") && form.Get("From") == alice:
		return join(`endConferenceOnExit="true" participantLabel="chair"`)
	case strings.HasSuffix(path, "/inbound"):
		return join(`startConferenceOnEnter="false" waitUrl="hold" maxParticipants="3"`)
	case strings.HasSuffix(path, "/hold"):
		return `<Response><Say>Please hold</Say><Redirect>hold</Redirect></Response>`
	case strings.HasSuffix(path, "/left"):
		return `<Response><Say>Goodbye</Say></Response>`
	}
	return ""
}

func TestConference(t *testing.T) {
	room := read(t, "testdata/book_a_room.wav")
	h := newHost(t, conference)
	tw := fast(t, h)
	guest, other := tw.Dial(bob, us), tw.Dial(carol, us)
	require.Eventually(t, func() bool { return len(guest.Said()) > 1 }, 30*time.Second, time.Millisecond, "who waits hears the waitUrl")
	guest.SpeakAudio(room[:1600])
	require.Empty(t, other.Heard(), "before it has begun nobody hears the others")

	chair := tw.Dial(alice, us)
	require.Eventually(t, func() bool {
		_, body := rest(t, tw, "GET", voicetest.AccountSID+"/Conferences/board/Participants.json", nil)
		return strings.Contains(body, chair.SID)
	}, 30*time.Second, time.Millisecond)
	late := tw.Dial("+14155550125", us)
	require.NoError(t, late.Wait(t.Context()))
	require.Equal(t, []int{16020}, codes(late), "it is full")
	chair.SpeakAudio(room)
	guest.Hears(room, 10*time.Second)
	other.Hears(room, 10*time.Second)
	path := voicetest.AccountSID + "/Conferences"
	code, body := rest(t, tw, "GET", path+".json?FriendlyName=board&Status=in-progress", nil)
	require.Equal(t, 200, code)
	require.Contains(t, body, `"friendly_name":"board"`)
	code, body = rest(t, tw, "POST", path+"/board/Participants/chair.json", url.Values{"Muted": {"true"}})
	require.Equal(t, 200, code, body)
	heard := len(guest.Heard())
	chair.SpeakAudio(room[:8000])
	require.Equal(t, heard, len(guest.Heard()), "nobody hears who is muted")
	code, body = rest(t, tw, "GET", path+"/board/Participants.json", nil)
	require.Equal(t, 200, code)
	require.Contains(t, body, chair.SID)
	code, _ = rest(t, tw, "DELETE", path+"/board/Participants/"+other.SID+".json", nil)
	require.Equal(t, 204, code)
	require.NoError(t, other.Wait(t.Context()))
	chair.Digits("*")
	require.NoError(t, chair.Wait(t.Context()))
	require.NoError(t, guest.Wait(t.Context()))
	require.Contains(t, guest.Said(), "Goodbye", "the end of the conference is not that of the call")
	code, _ = rest(t, tw, "POST", path+"/board.json", url.Values{"Status": {"completed"}})
	require.Equal(t, 404, code, "it is over")

	dial, err := callback.ReadDial(h.to("/left")[0].form)
	require.NoError(t, err)
	require.Equal(t, "failed", dial.Outcome, "of the one that was full")
	dial, err = callback.ReadDial(h.to("/left")[1].form)
	require.NoError(t, err)
	require.Equal(t, "answered", dial.Outcome)
	require.Negative(t, dial.Duration, "of a conference none is told")
	counted := map[string]int{}
	for _, r := range h.to("/room") {
		counted[r.form.Get("StatusCallbackEvent")]++
		require.Equal(t, "board", r.form.Get("FriendlyName"))
	}
	require.Equal(t, map[string]int{"participant-join": 3, "conference-start": 1, "participant-mute": 1, "participant-leave": 3, "conference-end": 1}, counted)
}
