package voicetest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"agentos.dev/dialtone/voice/voicetest"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// rawHost answers with echoTwiML and hands its stream over after start.
func rawHost(stream func(conn *websocket.Conn, streamSid string)) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/voice/twilio/inbound", reply(http.StatusOK, "text/xml", echoTwiML))
	mux.Handle("/api/voice/twilio/status", reply(http.StatusNoContent, "", ""))
	mux.HandleFunc("/echo/token", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer conn.CloseNow()
		conn.Read(r.Context()) // connected
		_, data, err := conn.Read(r.Context())
		var start struct{ StreamSid string }
		if err != nil || json.Unmarshal(data, &start) != nil {
			return
		}
		stream(conn, start.StreamSid)
	})
	return mux
}

// drain reads until the stream ends.
func drain(conn *websocket.Conn) {
	for {
		if _, _, err := conn.Read(context.Background()); err != nil {
			return
		}
	}
}

func codes(call *voicetest.Call) (codes []int) {
	for _, w := range call.Warnings() {
		codes = append(codes, w.Code)
	}
	return codes
}

func TestTheHostsMistakesAreWarnings(t *testing.T) {
	media := func(sid, payload string) string {
		return fmt.Sprintf(`{"event":"media","streamSid":"%s","media":{"payload":"%s"}}`, sid, payload)
	}
	eleven := base64.StdEncoding.EncodeToString(make([]byte, 8000*60))
	tw := voicetest.New(t, rawHost(func(conn *websocket.Conn, sid string) {
		ctx := context.Background()
		took := make(chan struct{}) // all that was sent
		go func() {
			for {
				_, data, err := conn.Read(ctx)
				if err != nil || strings.Contains(string(data), `"event":"mark"`) {
					close(took)
					break
				}
			}
			drain(conn)
		}()
		conn.Write(ctx, websocket.MessageBinary, []byte{1})
		conn.Write(ctx, websocket.MessageText, []byte("nonsense"))
		conn.Write(ctx, websocket.MessageText, []byte(media("MZother", "//8=")))
		for range 12 {
			conn.Write(ctx, websocket.MessageText, []byte(media(sid, eleven)))
		}
		conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"event":"clear","streamSid":"%s"}`, sid))
		conn.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"event":"mark","streamSid":"%s","mark":{"name":"done"}}`, sid))
		<-took
		conn.Close(4000, "done")
	}))
	call := tw.Dial(alice, us)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []int{31950, 31951, 31951, 31931, 31921}, codes(call))
	require.Equal(t, 1, call.Stats().Clears)
}

func TestAHostThatDoesNotReadLosesAudio(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	tw := voicetest.New(t, rawHost(func(*websocket.Conn, string) { <-release }), voicetest.Config{Pace: 1000})
	call := tw.Dial(alice, us)
	require.Eventually(t, func() bool { return len(call.Warnings()) > 0 }, 20*time.Second, time.Millisecond)
	call.HangUp()
	require.Equal(t, []int{31930}, codes(call)[:1])
	close(release)
}

func TestAFloodEndsWithTheCall(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	defer close(release)
	for _, host := range []func(*websocket.Conn, string){
		func(conn *websocket.Conn, _ string) { drain(conn) },
		func(*websocket.Conn, string) { <-release },
	} {
		call := voicetest.New(t, rawHost(host)).Dial(alice, us, voicetest.Flood(1, 1<<30))
		require.Eventually(t, func() bool { return call.Stats().FramesSent > 1000 }, 20*time.Second, time.Millisecond)
		call.HangUp()
	}
}

func TestMessagesOfOnesOwn(t *testing.T) {
	got := make(chan string, 1)
	tw := fast(t, rawHost(func(conn *websocket.Conn, _ string) {
		_, data, _ := conn.Read(context.Background())
		got <- string(data)
		drain(conn)
	}))
	call := tw.Dial(alice, us, voicetest.OnFrame(0, func(s *voicetest.Socket) {
		s.Send(voicetest.Message{Data: []byte("hello")})
	}))
	require.Equal(t, "hello", <-got)
	call.HangUp()
}

func TestTheWireIsAsDocumented(t *testing.T) {
	var mu sync.Mutex
	var messages []string
	tw := fast(t, rawHost(func(conn *websocket.Conn, sid string) {
		conn.Write(context.Background(), websocket.MessageText, fmt.Appendf(nil, `{"event":"mark","streamSid":"%s","mark":{"name":"a"}}`, sid))
		for {
			_, data, err := conn.Read(context.Background())
			if err != nil {
				return
			}
			mu.Lock()
			messages = append(messages, string(data))
			mu.Unlock()
		}
	}))
	call := tw.Dial(alice, us)
	call.Listen(time.Second)
	require.Eventually(t, func() bool {
		return slices.ContainsFunc(call.Events(), func(e voicetest.Event) bool { return e.Kind == voicetest.Marked })
	}, 10*time.Second, time.Millisecond)
	call.Digits("5")
	call.HangUp()
	mu.Lock()
	defer mu.Unlock()
	kinds := map[string]int{}
	for i, text := range messages {
		var m struct {
			Event, SequenceNumber, StreamSid string
			Media                            struct{ Track, Chunk, Timestamp, Payload string }
			Mark                             struct{ Name string }
			DTMF                             struct{ Track, Digit string }
			Stop                             struct{ AccountSid, CallSid string }
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&m), text)
		require.Equal(t, fmt.Sprint(i+2), m.SequenceNumber, "start is 1, every later message counts")
		kinds[m.Event]++
		switch m.Event {
		case "media":
			require.Equal(t, "inbound", m.Media.Track)
			require.Equal(t, fmt.Sprint(kinds["media"]), m.Media.Chunk)
			require.Equal(t, fmt.Sprint(20*(kinds["media"]-1)), m.Media.Timestamp)
			require.Equal(t, 216, len(m.Media.Payload))
		case "mark":
			require.Equal(t, "a", m.Mark.Name)
		case "dtmf":
			require.Equal(t, "inbound_track", m.DTMF.Track)
			require.Equal(t, "5", m.DTMF.Digit)
		case "stop":
			require.Equal(t, call.SID, m.Stop.CallSid)
			require.Equal(t, len(messages)-1, i)
		}
	}
	require.Equal(t, call.Stats().FramesSent, kinds["media"])
	delete(kinds, "media")
	require.Equal(t, map[string]int{"mark": 1, "dtmf": 1, "stop": 1}, kinds)
}

func TestEventsAreTracedInOrder(t *testing.T) {
	var mu sync.Mutex
	var traced []voicetest.Event
	tw := voicetest.New(t, newHost(t, answer(echoTwiML)), voicetest.Config{Pace: 10, Trace: func(e voicetest.Event) {
		mu.Lock()
		defer mu.Unlock()
		traced = append(traced, e)
	}})
	call := tw.Dial(alice, us)
	call.SpeakAudio(make([]byte, 4000))
	call.HangUp()
	mu.Lock()
	defer mu.Unlock()
	require.ElementsMatch(t, call.Events(), traced)
	var story []string
	for _, e := range call.Events() {
		switch e.Kind {
		case voicetest.Request, voicetest.Verb, voicetest.Opened, voicetest.Speaking, voicetest.Ended:
			story = append(story, string(e.Kind))
		}
	}
	require.Equal(t, []string{"request", "verb", "opened", "speaking", "speaking", "ended", "request"}, story)
	e := voicetest.Event{At: 1500 * time.Millisecond, Kind: voicetest.Marked, Text: "greeting"}
	require.Equal(t, " 1.500s mark greeting", e.String())
}

func TestOptionsOfTheWebhook(t *testing.T) {
	h := newHost(t, answer("<Response/>"))
	call := fast(t, h).Dial("anonymous", us, voicetest.Inbound("/other/inbound"),
		voicetest.Param("StirVerstat", "TN-Validation-Failed-C"), voicetest.Param("FromCity"))
	require.NoError(t, call.Wait(t.Context()))
	webhook := h.to("/other/inbound")
	require.Equal(t, 1, len(webhook))
	require.Equal(t, "anonymous", webhook[0].form.Get("From"))
	require.Equal(t, "TN-Validation-Failed-C", webhook[0].form.Get("StirVerstat"))
	require.False(t, webhook[0].form.Has("FromCity"))
}

func TestHangingUpEndsWhateverRuns(t *testing.T) {
	for _, twiml := range []string{
		`<Response><Say>Wait</Say><Pause length="600"/></Response>`,
		`<Response><Gather timeout="600"/></Response>`,
		`<Response><Gather><Pause length="600"/></Gather></Response>`,
		`<Response><Play loop="0">/room.wav</Play></Response>`,
		echoTwiML,
	} {
		mux := http.NewServeMux()
		mux.Handle("/", newHost(t, answer(twiml)))
		mux.HandleFunc("/room.wav", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "testdata/book_a_room.wav") })
		call := voicetest.New(t, mux).Dial(alice, us)
		call.HangUp()
		require.NoError(t, call.Wait(t.Context()))
		require.Equal(t, "completed", call.Status())
		require.Empty(t, call.Warnings(), twiml)
	}
}

func TestResetIsAReset(t *testing.T) {
	for _, useTLS := range []bool{false, true} {
		ended := make(chan error, 1)
		tw := voicetest.New(t, rawHost(func(conn *websocket.Conn, _ string) {
			for {
				if _, _, err := conn.Read(context.Background()); err != nil {
					ended <- err
					return
				}
			}
		}), voicetest.Config{TLS: useTLS})
		call := tw.Dial(alice, us, voicetest.Reset(2))
		require.ErrorIs(t, <-ended, syscall.ECONNRESET)
		require.NoError(t, call.Wait(t.Context()))
		require.Equal(t, []int{31903}, codes(call))
	}
}
