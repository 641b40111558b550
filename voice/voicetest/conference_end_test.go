package voicetest

import (
	"testing"

	"agentos.dev/dialtone/twiml"

	"github.com/stretchr/testify/require"
)

// The one who leaves first has ended a conference, and a call that comes while the others
// are leaving begins another of its name.
func TestConferenceEndsOnce(t *testing.T) {
	tw := &Twilio{cfg: Config{AccountSID: AccountSID}, conferences: map[string]*conference{}}
	noun := &twiml.Conference{Name: "board", EndConferenceOnExit: twiml.True}
	enter := func(sid string) *participant {
		p, _ := (&Call{SID: sid, tw: tw}).enterConference(noun, "")
		require.NotNil(t, p)
		return p
	}
	first, second := enter("CA1"), enter("CA2")
	require.Len(t, first.leave(), 1, "somebody is inside")
	require.True(t, second.over)
	third := enter("CA3")
	require.False(t, third.over)
	require.NotSame(t, first.room, third.room)
	require.Equal(t, twiml.ConferenceEnd, second.leave()[1].event)
	require.Equal(t, "participant-with-end-conference-on-exit-left", first.room.ended)
	require.Equal(t, "CA1", first.room.endedBy)
	require.Equal(t, "in-progress", third.room.status())
	require.Equal(t, []*conference{first.room}, tw.over)

	third.room.end("conference-ended-via-api", "")
	require.Len(t, third.leave(), 2)
	require.Equal(t, "conference-ended-via-api", third.room.ended)
	require.Nil(t, third.room.resource()["call_sid_ending_conference"])
	require.Empty(t, tw.conferences)
}
