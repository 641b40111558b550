package assemblyai_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/assemblyai"
	"agentos.dev/dialtone/stt/stttest"
)

func engine(t *testing.T, texts []string, faults ...stttest.Fault) (*assemblyai.Engine, *stttest.Live) {
	t.Helper()
	server := stttest.NewAssemblyAI(t, texts, faults...)
	e, err := assemblyai.New(assemblyai.Options{URL: server.URL + "?token=" + key, Key: key})
	require.NoError(t, err)
	return e, server
}

func TestFailures(t *testing.T) {
	stttest.Failures{Secret: key, New: func(t *testing.T, texts []string, faults ...stttest.Fault) (stt.Engine, *stttest.Live) {
		return engine(t, texts, faults...)
	}}.Run(t)
}

func TestSuite(t *testing.T) {
	stttest.Suite{Interims: true, New: func(t *testing.T, texts []string) stt.Engine {
		e, _ := engine(t, texts)
		return e
	}}.Run(t)
}

const key = "very-secret"

func TestHandshake(t *testing.T) {
	e, server := engine(t, []string{"one"})
	s, err := e.Open(t.Context(), stt.Config{Phrases: []string{"book a room", "yes"}})
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
	require.Eventually(t, func() bool { return len(server.Messages()) == 2 }, 5*time.Second, time.Millisecond)
	require.Equal(t, []string{`{"type":"ForceEndpoint"}`, `{"type":"Terminate"}`}, server.Messages())
}

func TestFormattedTurnsAreReportedOnce(t *testing.T) {
	server := stttest.NewAssemblyAI(t, []string{"one", "two"})
	e, err := assemblyai.New(assemblyai.Options{URL: server.URL + "?token=" + key, Key: key, Format: true})
	require.NoError(t, err)
	s, err := e.Open(t.Context(), stt.Config{})
	require.NoError(t, err)
	stttest.Send(t, s, stttest.Speech(2, stt.Format{}), stt.Format{})
	require.NoError(t, s.Flush(t.Context()))
	require.NoError(t, s.Close())
	require.Equal(t, []string{"one", "two"}, stttest.Finals(stttest.Drain(t, s)))
}

func TestKeyRefusedAfterTheHandshake(t *testing.T) {
	e, server := engine(t, nil, stttest.Fault{After: 1, Message: `{"type":"Error","error_code":4001,"error":"Not authorized: very-secret"}`})
	s, err := e.Open(t.Context(), stt.Config{})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Send(make([]byte, 1600)))
	for {
		if _, err = s.Recv(t.Context()); err != nil {
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
	server := stttest.NewAssemblyAI(t, []string{"one", "two"})
	synctest.Test(t, func(t *testing.T) {
		e, err := assemblyai.New(assemblyai.Options{URL: server.URL, Key: key, Client: server.Client(t)})
		require.NoError(t, err)
		s, err := e.Open(t.Context(), stt.Config{})
		require.NoError(t, err)
		defer s.Close()
		flush := func() time.Duration {
			began := time.Now()
			require.NoError(t, s.Flush(t.Context()))
			return time.Since(began)
		}
		speech := stttest.Speech(1, stt.Format{})
		stttest.Send(t, s, speech[:7600], stt.Format{}) // 950 ms: the word, and a little silence
		require.Zero(t, flush())
		stttest.Send(t, s, speech[7600:], stt.Format{})
		require.Equal(t, 500*time.Millisecond, flush(), "silence")
		stttest.Send(t, s, speech, stt.Format{})
		stttest.Send(t, s, speech, stt.Format{})
		require.Equal(t, 500*time.Millisecond, flush(), "the turn ended by itself, more may come")
		require.NoError(t, s.Close())
		require.Equal(t, []string{"one", "one", "one"}, stttest.Finals(stttest.Drain(t, s)))
	})
}
