package voicetest_test

import (
	"net/url"
	"testing"
	"time"

	"agentos.dev/dialtone/voice/callback"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

// office has callers wait in a queue for an agent.
var office = map[string]string{
	"inbound":  `<Response><Enqueue action="after" waitUrl="wait" maxQueueSize="2">support</Enqueue></Response>`,
	"wait":     `<Response><Say>Please wait.</Say><Pause length="3"/></Response>`,
	"after":    `<Response><Say>Goodbye</Say></Response>`,
	"agent":    `<Response><Dial action="served" timeout="5"><Queue url="announce">support</Queue></Dial></Response>`,
	"announce": `<Response><Say>You will now be helped.</Say></Response>`,
	"served":   `<Response/>`,
	"leaves":   `<Response><Enqueue action="after" waitUrl="leave">support</Enqueue></Response>`,
	"leave":    `<Response><Pause/><Leave/></Response>`,
}

func TestQueue(t *testing.T) {
	room := read(t, "testdata/book_a_room.wav")
	h := newHost(t, site(office))
	tw := fast(t, h)
	first, second := tw.Dial(alice, us), tw.Dial(carol, us)
	require.Eventually(t, func() bool { return len(h.to("/wait")) >= 3 }, 30*time.Second, time.Millisecond, "the waitUrl is asked again and again")
	third := tw.Dial(bob, us)
	require.NoError(t, third.Wait(t.Context()))
	full, err := callback.ReadQueue(h.to("/after")[0].form)
	require.NoError(t, err)
	require.Equal(t, "queue-full", full.Result)

	positions := map[string]int{}
	for _, r := range h.to("/wait") {
		told, err := callback.ReadQueue(r.form)
		require.NoError(t, err)
		require.Equal(t, 2, told.MaxSize)
		positions[told.SID] = told.Position
	}
	require.Equal(t, map[string]int{first.SID: 1, second.SID: 2}, positions)

	agent := tw.Dial(bob, us, voicetest.Inbound("/agent"))
	joined, err := agent.Joined()
	require.NoError(t, err)
	require.Equal(t, first, joined, "who came first")
	first.SpeakAudio(room)
	agent.Hears(room, 10*time.Second)
	first.HangUp()
	require.NoError(t, agent.Wait(t.Context()))
	announced, err := callback.ReadQueue(h.to("/announce")[0].form)
	require.NoError(t, err)
	require.Equal(t, []string{first.SID, agent.SID}, []string{announced.Call.SID, announced.DequeuedBy})
	served, err := callback.ReadDial(h.to("/served")[0].form)
	require.NoError(t, err)
	require.Equal(t, []any{"completed", true, first.SID}, []any{served.Outcome, served.Bridged, served.CalledSID})
	bridged, err := callback.ReadQueue(h.to("/after")[1].form)
	require.NoError(t, err)
	require.Equal(t, []string{"bridged", first.SID, "completed"}, []string{bridged.Result, bridged.Call.SID, bridged.Status})

	agent = tw.Dial(bob, us, voicetest.Inbound("/agent"))
	_, err = agent.Joined()
	require.NoError(t, err)
	agent.HangUp()
	require.NoError(t, second.Wait(t.Context()))
	require.Contains(t, second.Said(), "Goodbye", "the caller goes on when the agent hangs up")

	agent = tw.Dial(bob, us, voicetest.Inbound("/agent"))
	require.NoError(t, agent.Wait(t.Context()))
	served, err = callback.ReadDial(h.to("/served")[2].form)
	require.NoError(t, err)
	require.Equal(t, "no-answer", served.Outcome, "nobody waits")
}

func TestLeavingAQueue(t *testing.T) {
	for name, tc := range map[string]struct {
		path   string
		leaves func(*voicetest.Twilio, *voicetest.Call)
		result string
	}{
		"Leave":   {"/leaves", func(*voicetest.Twilio, *voicetest.Call) {}, "leave"},
		"hang-up": {"/inbound", func(_ *voicetest.Twilio, c *voicetest.Call) { c.HangUp() }, "hangup"},
		"REST": {"/inbound", func(tw *voicetest.Twilio, c *voicetest.Call) {
			rest(t, tw, "POST", voicetest.AccountSID+"/Calls/"+c.SID+".json", url.Values{"Twiml": {"<Response/>"}})
		}, "redirected"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, site(office))
			tw := fast(t, h)
			call := tw.Dial(alice, us, voicetest.Inbound(tc.path))
			require.Eventually(t, func() bool { return len(h.to("/wait"))+len(h.to("/leave")) > 0 }, 30*time.Second, time.Millisecond)
			tc.leaves(tw, call)
			require.NoError(t, call.Wait(t.Context()))
			require.Empty(t, call.Warnings())
			require.Len(t, h.to("/after"), 1)
			after, err := callback.ReadQueue(h.to("/after")[0].form)
			require.NoError(t, err)
			require.Equal(t, tc.result, after.Result)
		})
	}
}
