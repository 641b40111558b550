package voicetest_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"agentos.dev/dialtone/voice/callback"
	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

// transcript returns what a statusCallbackUrl was told, in its order.
func transcript(t *testing.T, h *host) (told []string) {
	var all []*callback.Transcription
	for _, r := range h.to("/transcript") {
		event, err := callback.ReadTranscription(r.form)
		require.NoError(t, err)
		all = append(all, event)
	}
	slices.SortFunc(all, func(a, b *callback.Transcription) int { return a.Sequence - b.Sequence })
	for i, e := range all {
		require.Equal(t, i+1, e.Sequence)
		if e.Event != "transcription-content" {
			told = append(told, e.Event)
			continue
		}
		told = append(told, fmt.Sprintf("%s %q %v", e.Track, e.Text, e.Final))
	}
	return told
}

func TestTranscription(t *testing.T) {
	start := func(attributes string) string {
		return `<Start><Transcription statusCallbackUrl="` + voicetest.PublicURL + `/transcript" ` + attributes + `/></Start>`
	}
	for name, tc := range map[string]struct {
		documents map[string]string
		caller    func(*voicetest.Call)
		told      []string
	}{
		"what is answered, and said": {map[string]string{
			"inbound": `<Response>` + start("") + `<Gather input="speech" timeout="600" action="done"><Say>Which room?</Say></Gather></Response>`, "done": `<Response/>`,
		}, func(c *voicetest.Call) {
			require.Eventually(t, func() bool { return len(c.Said()) > 0 }, 30*time.Second, time.Millisecond)
			c.Listen(2 * time.Second)
			c.Answer("the large one")
		}, []string{"transcription-started", `outbound_track "Which room?" true`, `inbound_track "the large one" true`, "transcription-stopped"}},
		"one track, with partial results": {map[string]string{
			"inbound": `<Response>` + start(`track="inbound_track" partialResults="true"`) + `<Say>Hello</Say><Pause length="600"/></Response>`,
		}, func(c *voicetest.Call) { c.Says("good morning"); c.HangUp() },
			[]string{"transcription-started", `inbound_track "good morning" false`, `inbound_track "good morning" true`, "transcription-stopped"}},
		"until it is stopped": {map[string]string{
			"inbound": `<Response>` + start(`name="one"`) + `<Say>First</Say><Stop><Transcription name="one"/></Stop><Say>Second</Say></Response>`,
		}, func(c *voicetest.Call) {}, []string{"transcription-started", `outbound_track "First" true`, "transcription-stopped"}},
		"the other party": {map[string]string{
			"inbound": `<Response>` + start("") + `<Dial>` + bob + `</Dial></Response>`,
		}, func(c *voicetest.Call) {
			leg, err := c.Joined()
			require.NoError(t, err)
			leg.Says("can I help you")
			c.Says("yes please")
			leg.HangUp()
		}, []string{"transcription-started", `outbound_track "can I help you" true`, `inbound_track "yes please" true`, "transcription-stopped"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, site(tc.documents))
			call := fast(t, h).Dial(alice, us, voicetest.Leg("", voicetest.Talks(time.Hour)))
			tc.caller(call)
			require.NoError(t, call.Wait(t.Context()))
			require.Empty(t, call.Warnings())
			require.Equal(t, tc.told, transcript(t, h))
			for _, r := range h.to("/transcript") {
				require.False(t, r.form.Has("From"), "it has not the standard set")
				require.Equal(t, url.Values{"CallSid": {call.SID}}["CallSid"], r.form["CallSid"])
			}
		})
	}
}
