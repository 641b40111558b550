package voicetest_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"agentos.dev/dialtone/voice/voicetest"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// at sends what is for Twilio to a fake, and reads the answers: the library leaves those of
// errors open.
type at struct{ base *url.URL }

func (a at) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = a.base.Scheme, a.base.Host
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, err
}

// library returns Twilio's own REST library on a fake.
func library(t *testing.T, tw *voicetest.Twilio) *api.ApiService {
	base, err := url.Parse(tw.RESTURL())
	require.NoError(t, err)
	c := &client.Client{Credentials: client.NewCredentials(voicetest.AccountSID, voicetest.AuthToken), HTTPClient: &http.Client{Transport: at{base}}}
	c.SetAccountSid(voicetest.AccountSID)
	return api.NewApiService(client.NewRequestHandler(c))
}

// eventually waits for what a call or a host does.
func eventually(t *testing.T, cond func() bool) {
	t.Helper()
	require.Eventually(t, cond, 40*time.Second, time.Millisecond)
}

// TestStreamsAndTranscriptionsByREST run beside what a call does.
func TestStreamsAndTranscriptionsByREST(t *testing.T) {
	t.Parallel()
	h := newHost(t, site(map[string]string{"inbound": `<Response><Say>Hello</Say><Pause length="3600"/></Response>`}))
	mux, heard := http.NewServeMux(), make(chan string, 1)
	mux.Handle("/", h)
	mux.HandleFunc("/fork", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.Read(context.Background()) // connected
		_, start, _ := conn.Read(context.Background())
		heard <- string(start)
		drain(conn)
	})
	tw := fast(t, mux)
	rest := library(t, tw)
	call := tw.Dial(alice, us)
	eventually(t, func() bool { return call.Status() == "in-progress" })

	stream, err := rest.CreateStream(call.SID, (&api.CreateStreamParams{}).SetUrl("wss://calls.example.com/fork").SetName("fork").SetTrack("both_tracks").
		SetStatusCallback(voicetest.PublicURL+"/stream").SetParameter1Name("tenant").SetParameter1Value("acme"))
	require.NoError(t, err)
	require.Equal(t, []string{"in-progress", call.SID, "fork"}, []string{*stream.Status, *stream.CallSid, *stream.Name})
	require.Contains(t, <-heard, `"tenant":"acme"`)
	require.NoError(t, call.SpeakAudio(make([]byte, 1600)))
	_, err = rest.UpdateStream(call.SID, "fork", (&api.UpdateStreamParams{}).SetStatus("stopped"))
	require.NoError(t, err)
	_, err = rest.UpdateStream(call.SID, *stream.Sid, (&api.UpdateStreamParams{}).SetStatus("stopped"))
	require.ErrorContains(t, err, "20404", "it is over")
	eventually(t, func() bool { return len(h.to("/stream")) == 2 })
	_, err = rest.CreateStream(call.SID, (&api.CreateStreamParams{}).SetUrl("https://calls.example.com/fork"))
	require.ErrorContains(t, err, "21205")
	failed, err := rest.CreateStream(call.SID, (&api.CreateStreamParams{}).SetUrl("wss://calls.example.com/nobody"))
	require.NoError(t, err)
	require.Equal(t, "stopped", *failed.Status)
	require.Equal(t, []int{31920}, codes(call))

	made, err := rest.CreateRealtimeTranscription(call.SID, (&api.CreateRealtimeTranscriptionParams{}).SetName("notes").SetTrack("inbound_track").
		SetStatusCallbackUrl(voicetest.PublicURL+"/transcript"))
	require.NoError(t, err)
	require.NoError(t, call.Says("good morning"))
	stopped, err := rest.UpdateRealtimeTranscription(call.SID, *made.Sid, (&api.UpdateRealtimeTranscriptionParams{}).SetStatus("stopped"))
	require.NoError(t, err)
	require.Equal(t, "stopped", *stopped.Status)
	eventually(t, func() bool { return len(h.to("/transcript")) == 3 })
	require.Equal(t, []string{"transcription-started", `inbound_track "good morning" true`, "transcription-stopped"}, transcript(t, h))

	alerts, err := rest.ListCallNotification(call.SID, nil)
	require.NoError(t, err)
	require.Len(t, alerts, 1)
	require.Equal(t, "31920", *alerts[0].ErrorCode)
	require.ErrorContains(t, rest.DeleteCall(call.SID, nil), "20409", "it is up")
	call.HangUp()
	_, err = rest.CreateStream(call.SID, (&api.CreateStreamParams{}).SetUrl("wss://calls.example.com/fork"))
	require.ErrorContains(t, err, "21220")

	hour := func(n time.Duration) time.Time { return time.Now().Add(n * time.Hour) }
	for n, params := range map[int][]*api.ListCallParams{
		1: {(&api.ListCallParams{}).SetStartTimeAfter(hour(-1)), (&api.ListCallParams{}).SetEndTimeBefore(hour(1)), (&api.ListCallParams{}).SetStatus("completed")},
		0: {(&api.ListCallParams{}).SetStartTimeAfter(hour(1)), (&api.ListCallParams{}).SetEndTimeBefore(hour(-1)), (&api.ListCallParams{}).SetStatus("busy")},
	} {
		for _, p := range params {
			calls, err := rest.ListCall(p)
			require.NoError(t, err)
			require.Len(t, calls, n, "%+v", p)
		}
	}
	require.NoError(t, rest.DeleteCall(call.SID, nil))
	_, err = rest.FetchCall(call.SID, nil)
	require.ErrorContains(t, err, "20404")
}

// TestTranscribedRecordingsByREST are where the RecordingUrl and the TranscriptionUrl lead.
func TestTranscribedRecordingsByREST(t *testing.T) {
	t.Parallel()
	h := newHost(t, site(voicemail))
	tw := fast(t, h)
	rest := library(t, tw)
	call := tw.Dial(alice, us)
	call.Answer("call me back")
	call.Digits("#")
	require.NoError(t, call.Wait(t.Context()))
	recordings, err := rest.ListRecording((&api.ListRecordingParams{}).SetCallSid(call.SID))
	require.NoError(t, err)
	require.Len(t, recordings, 1)
	texts, err := rest.ListRecordingTranscription(*recordings[0].Sid, nil)
	require.NoError(t, err)
	require.Len(t, texts, 1)
	text, err := rest.FetchTranscription(*texts[0].Sid, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"call me back", "completed", *recordings[0].Sid}, []string{*text.TranscriptionText, *text.Status, *text.RecordingSid})
	require.Contains(t, h.to("/words")[0].form.Get("TranscriptionUrl"), *texts[0].Sid)
	_, err = rest.FetchTranscription("TR1", nil)
	require.ErrorContains(t, err, "20404")
}

// TestConferencesByREST: participants are called, held, told something and coached.
func TestConferencesByREST(t *testing.T) {
	t.Parallel()
	room := read(t, "testdata/book_a_room.wav")
	h := newHost(t, site(map[string]string{
		"inbound":  `<Response><Dial><Conference endConferenceOnExit="false" statusCallback="/room" statusCallbackEvent="hold modify announcement">desk</Conference></Dial><Say>Left</Say></Response>`,
		"announce": `<Response><Say>A call is waiting</Say></Response>`,
		"hold":     `<Response><Say>Please hold</Say></Response>`,
		"wrong":    `<Response><Dial>` + bob + `</Dial></Response>`,
	}))
	tw := voicetest.New(t, h, voicetest.Config{Pace: 10, Placed: []voicetest.Option{voicetest.Rings(time.Second)}})
	rest := library(t, tw)
	caller := tw.Dial(alice, us)
	invite := (&api.CreateParticipantParams{}).SetFrom(us).SetTo(bob).SetLabel("agent").SetEndConferenceOnExit(true).SetTimeout(20)
	made, err := rest.CreateParticipant("desk", invite)
	require.NoError(t, err)
	require.Equal(t, "queued", *made.Status)
	agent, err := tw.Picked(t.Context())
	require.NoError(t, err)
	require.Equal(t, *made.CallSid, agent.SID)
	inside := func(n int) func() bool {
		return func() bool {
			all, err := rest.ListParticipant(*made.ConferenceSid, nil)
			return err == nil && len(all) == n
		}
	}
	eventually(t, inside(2))
	_, err = rest.CreateParticipant("desk", invite)
	require.ErrorContains(t, err, "16026", "the label is taken")
	require.NoError(t, agent.SpeakAudio(room))
	require.NoError(t, caller.Hears(room, 10*time.Second))

	change := func(who string, p *api.UpdateParticipantParams) *api.ApiV2010Participant {
		t.Helper()
		changed, err := rest.UpdateParticipant("desk", who, p)
		require.NoError(t, err)
		return changed
	}
	require.True(t, *change(caller.SID, (&api.UpdateParticipantParams{}).SetHold(true).SetHoldUrl(voicetest.PublicURL+"/hold")).Hold)
	eventually(t, func() bool { return len(caller.Said()) > 1 })
	before := len(caller.Heard())
	require.NoError(t, agent.SpeakAudio(room[:8000]))
	require.Equal(t, before, len(caller.Heard()), "who is on hold hears nobody")
	held, err := rest.ListParticipant("desk", (&api.ListParticipantParams{}).SetHold(true))
	require.NoError(t, err)
	require.Len(t, held, 1)
	require.False(t, *change(caller.SID, (&api.UpdateParticipantParams{}).SetHold(false)).Hold)
	require.NoError(t, agent.SpeakAudio(room[:8000]))
	require.NoError(t, caller.Hears(room[:8000], 10*time.Second))

	change("agent", (&api.UpdateParticipantParams{}).SetAnnounceUrl(voicetest.PublicURL+"/announce"))
	eventually(t, func() bool { return len(agent.Said()) == 1 })
	require.Equal(t, []string{"A call is waiting"}, agent.Said())
	change("agent", (&api.UpdateParticipantParams{}).SetAnnounceUrl(voicetest.PublicURL+"/wrong"))
	eventually(t, func() bool { return len(agent.Warnings()) == 1 })
	require.Equal(t, []int{13238}, codes(agent))

	_, err = rest.CreateParticipant("desk", (&api.CreateParticipantParams{}).SetFrom(us).SetTo(carol).SetCoaching(true).SetCallSidToCoach(agent.SID))
	require.NoError(t, err)
	coach, err := tw.Picked(t.Context())
	require.NoError(t, err)
	eventually(t, inside(3))
	heard := len(caller.Heard())
	require.NoError(t, coach.SpeakAudio(room[:8000]))
	require.NoError(t, agent.Hears(room[:8000], 10*time.Second))
	require.Equal(t, heard, len(caller.Heard()), "who coaches is heard by the agent alone")
	_, err = rest.UpdateParticipant("desk", coach.SID, (&api.UpdateParticipantParams{}).SetCoaching(true).SetCallSidToCoach("CA0"))
	require.ErrorContains(t, err, "16028")
	require.False(t, *change(coach.SID, (&api.UpdateParticipantParams{}).SetCoaching(false)).Coaching)

	running, err := rest.ListConference((&api.ListConferenceParams{}).SetFriendlyName("desk"))
	require.NoError(t, err)
	require.Len(t, running, 1)
	agent.HangUp()
	require.NoError(t, caller.Wait(t.Context()))
	require.NoError(t, coach.Wait(t.Context()))
	require.Contains(t, caller.Said(), "Left")
	eventually(t, func() bool {
		ended, err := rest.FetchConference(*made.ConferenceSid, nil)
		return err == nil && *ended.Status == "completed" && *ended.CallSidEndingConference == agent.SID &&
			*ended.ReasonConferenceEnded == "participant-with-end-conference-on-exit-left"
	})
	running, err = rest.ListConference(nil)
	require.NoError(t, err)
	require.Empty(t, running, "those in progress")
	eventually(t, func() bool { return len(h.to("/room")) == 5 })
}

// TestQueuesByREST: a caller is taken out of one.
func TestQueuesByREST(t *testing.T) {
	t.Parallel()
	h := newHost(t, site(map[string]string{
		"inbound": office["inbound"], "wait": office["wait"], "after": office["after"], "turn": `<Response><Say>It is your turn</Say></Response>`,
	}))
	tw := fast(t, h)
	rest := library(t, tw)
	first := tw.Dial(alice, us)
	eventually(t, func() bool { return len(h.to("/wait")) > 0 })
	second := tw.Dial(bob, us)
	var queue api.ApiV2010Queue
	eventually(t, func() bool {
		queues, err := rest.ListQueue(nil)
		if err == nil && len(queues) == 1 {
			queue = queues[0]
		}
		return queue.CurrentSize == 2
	})
	require.Equal(t, []any{"support", 2}, []any{*queue.FriendlyName, queue.MaxSize})
	members, err := rest.ListMember(*queue.Sid, nil)
	require.NoError(t, err)
	require.Len(t, members, 2)
	front, err := rest.FetchMember(*queue.Sid, "Front", nil)
	require.NoError(t, err)
	require.Equal(t, []any{first.SID, 1}, []any{*front.CallSid, front.Position})
	_, err = rest.UpdateMember(*queue.Sid, "Front", (&api.UpdateMemberParams{}).SetUrl(voicetest.PublicURL+"/turn"))
	require.NoError(t, err)
	require.NoError(t, first.Wait(t.Context()))
	require.Contains(t, first.Said(), "It is your turn")
	now, err := rest.FetchQueue(*queue.Sid, nil)
	require.NoError(t, err)
	require.Equal(t, 1, now.CurrentSize)
	_, err = rest.FetchMember(*queue.Sid, first.SID, nil)
	require.ErrorContains(t, err, "20404")
	second.HangUp()
	_, err = rest.FetchMember(*queue.Sid, "Front", nil)
	require.ErrorContains(t, err, "20404")
}

// TestMachineDetection holds the first webhook up, or comes while the call goes on.
func TestMachineDetection(t *testing.T) {
	t.Parallel()
	var asked []url.Values
	h := served(t, functions{
		"/out": func(form url.Values) string {
			asked = append(asked, form)
			return `<Say>Hello</Say><Pause length="20"/>`
		},
		"/amd": func(form url.Values) string { asked = append(asked, form); return "" },
	})
	synctest.Test(t, func(t *testing.T) {
		tw := voicetest.New(t, h, voicetest.Config{InMemory: true, Placed: []voicetest.Option{voicetest.Param("AnsweredBy", "machine_start")}})
		form := url.Values{"To": {alice}, "From": {us}, "Url": {voicetest.PublicURL + "/out"}, "MachineDetection": {"Enable"}}
		for _, later := range []bool{false, true} {
			if later {
				form["AsyncAmd"], form["AsyncAmdStatusCallback"] = []string{"true"}, []string{voicetest.PublicURL + "/amd"}
			}
			asked = nil
			began := time.Now()
			require.NoError(t, post(tw, "/Calls.json", form))
			call, err := tw.Picked(t.Context())
			require.NoError(t, err)
			for len(call.Said()) == 0 {
				time.Sleep(10 * time.Millisecond)
			}
			require.Equal(t, !later, time.Since(began) > 4*time.Second, "the first webhook waits for who answered")
			ended(t, call)
			require.Equal(t, map[bool]string{false: "machine_start"}[later], asked[0].Get("AnsweredBy"))
			require.Len(t, asked, map[bool]int{false: 1, true: 2}[later])
			if later {
				require.Equal(t, []string{"machine_start", "4210", ""}, []string{asked[1].Get("AnsweredBy"), asked[1].Get("MachineDetectionDuration"), asked[1].Get("From")})
			}
		}
		require.NoError(t, tw.Close())
	})
}
