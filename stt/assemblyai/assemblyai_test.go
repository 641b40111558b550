package assemblyai_test

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/assemblyai"
	"agentos.dev/dialtone/stt/internal/live/livetest"
	"agentos.dev/dialtone/stt/stttest"
)

func engine(t *testing.T, texts []string, faults ...fakestt.Fault) (*assemblyai.Engine, *fakestt.Live) {
	t.Helper()
	server := fakestt.NewAssemblyAI(t, texts, faults...)
	e, err := assemblyai.New(assemblyai.Options{URL: server.URL + "?token=" + key, Key: key})
	require.NoError(t, err)
	return e, server
}

func TestAdapter(t *testing.T) {
	livetest.Run(t, livetest.Adapter{Server: fakestt.NewAssemblyAI, Messages: []string{`"SpeechStarted"`, `"end_of_turn":false`, `"end_of_turn":true`}, New: func(key, url string, c *http.Client) (stt.Engine, error) {
		return assemblyai.New(assemblyai.Options{Key: key, URL: url, Client: c})
	}})
}

const key = livetest.Secret

func TestHandshake(t *testing.T) {
	e, server := engine(t, []string{"one"})
	s, err := stttest.Open(t.Context(), e, stt.Config{Phrases: []string{"book a room", "yes"}})
	require.NoError(t, err)
	require.NoError(t, s.Send(make([]byte, 160))) // filled up to what the service takes
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	r := server.Requests()[0]
	require.Equal(t, key, r.Header.Get("Authorization"), "no scheme")
	q := r.URL.Query()
	for name, want := range map[string]string{"encoding": "pcm_mulaw", "sample_rate": "8000", "format_turns": "false", "keyterms_prompt": `["book a room","yes"]`} {
		require.Equal(t, want, q.Get(name), name)
	}
	require.Eventually(t, func() bool { return len(server.Messages()) == 2 }, time.Minute, time.Millisecond, "messages")
	require.Equal(t, []string{`{"type":"ForceEndpoint"}`, `{"type":"Terminate"}`}, server.Messages())
}

func TestFormattedTurnsAreReportedOnce(t *testing.T) {
	server := fakestt.NewAssemblyAI(t, []string{"one", "two"})
	e, err := assemblyai.New(assemblyai.Options{URL: server.URL + "?token=" + key, Key: key, FormatTurns: true})
	require.NoError(t, err)
	s, err := stttest.Open(t.Context(), e, stt.Config{})
	require.NoError(t, err)
	stttest.Send(t, s, stttest.Speech(2, codec.Format{}), codec.Format{})
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	require.Equal(t, []string{"one", "two"}, stttest.Finals(stttest.Drain(t, s)))
}

func TestKeyRefusedAfterTheHandshake(t *testing.T) {
	e, server := engine(t, nil, fakestt.Fault{After: 1, Message: `{"type":"Error","error_code":4001,"error":"Not authorized: very-secret"}`})
	s, err := stttest.Open(t.Context(), e, stt.Config{})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Send(make([]byte, 1600)))
	for {
		if _, err = s.Next(t.Context()); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, stt.ErrAuth)
	require.NotContains(t, err.Error(), key)
	require.Equal(t, 1, server.Connections())
	require.Error(t, e.Check(t.Context()), "the breaker is open")
}

// A ForceEndpoint that ends a turn is answered by the turn's end, and one that
// finds none by nothing.
func TestFlushWaitsNoLongerThanItMust(t *testing.T) {
	server := fakestt.NewAssemblyAI(t, []string{"one", "two"})
	synctest.Test(t, func(t *testing.T) {
		e, err := assemblyai.New(assemblyai.Options{URL: server.URL, Key: key, Client: server.Client(t)})
		require.NoError(t, err)
		s, err := stttest.Open(t.Context(), e, stt.Config{})
		require.NoError(t, err)
		defer s.Close()
		flush := func() time.Duration {
			began := time.Now()
			require.NoError(t, s.Flush(t.Context()))
			return time.Since(began)
		}
		speech := stttest.Speech(1, codec.Format{})
		stttest.Send(t, s, speech[:7600], codec.Format{}) // 950 ms: the word, and a little silence
		require.Zero(t, flush())
		stttest.Send(t, s, speech[7600:], codec.Format{})
		require.Equal(t, 500*time.Millisecond, flush(), "silence")
		stttest.Send(t, s, speech, codec.Format{})
		stttest.Send(t, s, speech, codec.Format{})
		require.Equal(t, 500*time.Millisecond, flush(), "the turn ended by itself, more may come")
		require.NoError(t, s.Close())
		require.Equal(t, []string{"one", "one", "one"}, stttest.Finals(stttest.Drain(t, s)))
	})
}

// What is filled up to the service's shortest message does not move the clock.
func TestShortAudioIsFilledUp(t *testing.T) {
	server := fakestt.NewAssemblyAI(t, []string{"one"})
	synctest.Test(t, func(t *testing.T) {
		e, err := assemblyai.New(assemblyai.Options{URL: server.URL, Key: key, Client: server.Client(t)})
		require.NoError(t, err)
		s, err := stttest.Open(t.Context(), e, stt.Config{})
		require.NoError(t, err)
		defer s.Close()
		for range 50 {
			require.NoError(t, s.Send(codec.Format{}.AppendSilence(nil, 160)))
			require.NoError(t, s.Flush(t.Context()))
		}
		stttest.Send(t, s, stttest.Speech(1, codec.Format{}), codec.Format{})
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		for _, ev := range stttest.Drain(t, s) {
			if ev.Kind == stt.Final {
				require.InDelta(t, 1440*time.Millisecond, ev.Transcript.Start, float64(150*time.Millisecond))
				require.InDelta(t, 1850*time.Millisecond, ev.Transcript.End, float64(150*time.Millisecond))
				require.Equal(t, ev.Transcript.Start, ev.Transcript.Words[0].Start)
				return
			}
		}
		t.Fatal("nothing was heard")
	})
}

// Nor does audio that was given up because the service was not there.
func TestLostAudioDoesNotMoveTheClock(t *testing.T) {
	server := fakestt.NewAssemblyAI(t, []string{"one"})
	synctest.Test(t, func(t *testing.T) {
		client := server.Client(t)
		transport := client.Transport.(*http.Transport)
		dial := transport.DialContext
		transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			time.Sleep(time.Second)
			return dial(ctx, network, addr)
		}
		e, err := assemblyai.New(assemblyai.Options{URL: server.URL, Key: key, Client: client})
		require.NoError(t, err)
		s, err := stttest.Open(t.Context(), e, stt.Config{})
		require.NoError(t, err)
		defer s.Close()
		stttest.Send(t, s, codec.Format{}.AppendSilence(nil, 40*8000), codec.Format{})
		stttest.Send(t, s, stttest.Speech(1, codec.Format{}), codec.Format{})
		require.NoError(t, s.Flush(t.Context()))
		require.NoError(t, s.Close())
		kinds := map[stt.Kind]int{}
		for _, ev := range stttest.Drain(t, s) {
			kinds[ev.Kind]++
			if ev.Kind == stt.Final {
				require.InDelta(t, 40440*time.Millisecond, ev.Transcript.Start, float64(150*time.Millisecond))
			}
		}
		require.Equal(t, 1, kinds[stt.Final])
		require.Equal(t, 1, kinds[stt.Degraded])
	})
}

// The close that follows an error has its code, and not its reason.
func TestCloseAfterAnError(t *testing.T) {
	for message, kind := range map[string]error{
		`{"type":"Error","error_code":1008,"error":"Unauthorized Connection: Too many concurrent sessions"}`: stt.ErrOverloaded,
		`{"type":"Error","error_code":3007,"error":"Audio Transmission Rate Exceeded"}`:                      stt.ErrOverloaded,
		`{"type":"Error","error_code":3007,"error":"Input Duration Error"}`:                                  stt.ErrBadAudio,
		`{"type":"Error","error_code":1008,"error":"Missing Authorization header"}`:                          stt.ErrAuth,
	} {
		code := 3007
		if strings.Contains(message, "1008") {
			code = 1008
		}
		fault := fakestt.Fault{After: 20 * time.Millisecond, Message: message, Close: code, Reason: "See Error message for details"}
		e, _ := engine(t, nil, slices.Repeat([]fakestt.Fault{fault}, 9)...)
		s, err := stttest.Open(t.Context(), e, stt.Config{})
		require.NoError(t, err)
		require.NoError(t, s.Send(make([]byte, 4800)))
		for err == nil {
			_, err = s.Next(t.Context())
		}
		require.ErrorIs(t, err, kind, message)
		require.NoError(t, s.Close())
	}
}
