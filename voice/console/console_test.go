package console

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

func TestMain(m *testing.M) { leak.Main(m) }

const patience = 30 * time.Second

// TestConsole: the page shows what the calls are doing, with their words or without.
func TestConsole(t *testing.T) {
	watch, mouth, ear := New(), voicetest.NewVoice(nil), voicetest.NewEar()
	server, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken}, PublicURL: voicetest.PublicURL, Trace: watch.Trace(), TTS: mouth, STT: ear,
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			_, err := call.Say(ctx, "Good evening.")
			<-ctx.Done()
			return err
		}),
	})
	require.NoError(t, err)
	t.Cleanup(func() { server.Shutdown(context.Background()) })
	mux := http.NewServeMux()
	mux.Handle("/console/", watch.Page())
	mux.Handle("/console/events", watch.Events(server))
	mux.Handle("/console/words", watch.Words(server))
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	for file, status := range map[string]int{"": http.StatusOK, "console.js": http.StatusOK, "style.css": http.StatusOK, "parts.js": http.StatusOK, "icon.svg": http.StatusOK, "phone.html": http.StatusNotFound, "..%2fconsole.go": http.StatusBadRequest} {
		answer, err := http.Get(site.URL + "/console/" + file)
		require.NoError(t, err)
		answer.Body.Close()
		require.Equal(t, status, answer.StatusCode, file)
		require.Contains(t, answer.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'")
	}

	tw := voicetest.New(t, server, voicetest.Config{Voice: mouth, Ear: ear})
	call := tw.Dial("+14155550100", "+14155550199")
	call.HearsText("Good evening.", patience)
	call.Says("a table for two")
	both := func(v boardView) bool { return len(v.Turns) == 2 && v.Turns[0].State == "heard" && v.Turns[1].Final }
	seen := look(t, site.URL+"/console/words", call.SID, both)
	require.Len(t, seen.Calls, 1)
	require.Equal(t, "+14155550100", seen.Calls[0].From)
	require.Equal(t, 1, seen.Stats.Active)
	require.Equal(t, "Good evening.", seen.Turns[0].Heard)
	require.Equal(t, "a table for two", seen.Turns[1].Text)
	require.NotEmpty(t, seen.Latencies)
	seen = look(t, site.URL+"/console/events", call.SID, both)
	require.Equal(t, turnView{ID: 1, At: seen.Turns[0].At, Who: "server", Words: 2, State: "heard", Final: true, Seconds: seen.Turns[0].Seconds}, seen.Turns[0])
	require.Equal(t, turnView{ID: 2, At: seen.Turns[1].At, Who: "caller", Words: 4, Final: true}, seen.Turns[1])
	call.HangUp()
	seen = look(t, site.URL+"/console/words", call.SID, func(v boardView) bool { return len(v.Ended) == 1 })
	require.Empty(t, seen.Calls)
	require.Equal(t, "hung_up", seen.Ended[0].Reason)
	require.Equal(t, "Good evening.", seen.Turns[0].Heard)
}

// TestTooManyConsoles: there are sixteen at most.
func TestTooManyConsoles(t *testing.T) {
	watch := New()
	for range mostOpen {
		watch.open <- struct{}{}
	}
	w := httptest.NewRecorder()
	watch.Events(nil).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
}

// look opens a console until what it shows is wanted.
func look(t *testing.T, url, sid string, wanted func(boardView) bool) (seen boardView) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"?call="+sid, nil)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		seen = boardView{}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &seen))
		if wanted(seen) {
			return seen
		}
	}
	require.FailNow(t, "was not shown", "%+v", seen)
	return seen
}

// TestBoard: what is kept of calls is bounded, and a call that goes on keeps its turns.
func TestBoard(t *testing.T) {
	b := &New().board
	hooks := b.trace()
	info := voice.Info{Call: policy.Call{SID: "CA" + strings.Repeat("1", 32), From: "+14155550100"}, Leg: 1}
	say := func(text string, kind stt.Kind) {
		hooks.STTEvent(info, stt.Event{Kind: kind, Transcript: stt.Transcript{Text: text}, Timing: stt.Timing{Valid: kind == stt.Final, Latency: 300 * time.Millisecond}})
	}
	say("nobody knows the call yet", stt.Final)
	hooks.StreamStarted(info, 0)
	say("book", stt.Interim)
	say("book a", stt.Interim)
	require.Len(t, b.find(info.SID).turns, 1)
	require.False(t, b.find(info.SID).turns[0].final)
	say("book a room", stt.Final)
	say("", stt.Final)
	require.Len(t, b.find(info.SID).turns, 1)
	require.Equal(t, "book a room", b.find(info.SID).turns[0].text)
	hooks.StreamEnded(info, voice.End{Reason: voice.ReasonDisconnect, Resumes: true})
	require.Empty(t, b.calls)
	info.Leg = 2
	hooks.StreamStarted(info, 0)
	require.Empty(t, b.ended)
	hooks.StreamEnded(voice.Info{Call: policy.Call{SID: info.SID}, Leg: 1}, voice.End{}) // late
	require.Len(t, b.calls, 1)
	for range 3 * mostTurns {
		say("yes", stt.Final)
	}
	require.Len(t, b.find(info.SID).turns, mostTurns)
	require.Len(t, b.find(info.SID).latencies, mostTurns)
	require.Equal(t, 3*mostTurns+1, b.find(info.SID).next)
	hooks.StreamEnded(info, voice.End{Reason: voice.ReasonHungUp})
	for i := range 3 * mostEnded {
		other := voice.Info{Call: policy.Call{SID: "CA" + strings.Repeat("2", 30) + string(rune('0'+i/10)) + string(rune('0'+i%10))}, Leg: 1}
		hooks.StreamStarted(other, 0)
		hooks.StreamEnded(other, voice.End{})
	}
	require.Empty(t, b.calls)
	require.Len(t, b.ended, mostEnded)
	require.Nil(t, b.find(info.SID))
}
