package openai_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/openai"
)

// An application may have put a transport of its own in the place of the default.
func TestDefaultTransportOfTheApplication(t *testing.T) {
	before := http.DefaultTransport
	http.DefaultTransport = http.NewFileTransport(http.Dir(t.TempDir()))
	defer func() { http.DefaultTransport = before }()
	engine(t, openai.Options{Key: key})
}

// Who asks for the engine's health and goes away before the answer has learnt
// nothing, and so nobody else has.
func TestCheckThatIsCanceled(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		select {
		case <-answer:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	e := engine(t, openai.Options{BaseURL: server.URL})
	ctx, cancel := context.WithCancel(t.Context())
	checked := make(chan error, 1)
	go func() { checked <- e.Check(ctx) }()
	<-asked
	assert.False(t, e.Status().Ready, "nobody waits to see a status")

	short, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	require.ErrorIs(t, e.Check(short), context.DeadlineExceeded, "nor longer than it wants to for another's answer")
	cancel()
	require.ErrorIs(t, <-checked, context.Canceled)

	close(answer)
	go func() { <-asked }()
	require.NoError(t, e.Check(t.Context()))
	require.NoError(t, e.Check(t.Context()), "without asking again")
	assert.True(t, e.Status().Ready)
}

// A server that takes the question and does not answer is not there.
func TestCheckOfASilentServer(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	e := engine(t, openai.Options{BaseURL: server.URL})
	short, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	require.ErrorIs(t, e.Check(short), stt.ErrTimeout)
	require.ErrorIs(t, e.Check(t.Context()), stt.ErrTimeout, "for the next ten seconds")
}

// A server that answers, and not as one that works does, is none.
func TestCheckOfAnotherServer(t *testing.T) {
	for body, works := range map[string]bool{`{"object":"list","data":[]}`: true, `{}`: false, `<html>`: false, ``: true,
		`{"error":"no"}`: false, `[]`: false, `{"status":"ok"}`: false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(body)) }))
		err := engine(t, openai.Options{BaseURL: server.URL}).Check(t.Context())
		assert.Equal(t, works, err == nil, "%s: %v", body, err)
		server.Close()
	}
	for body, works := range map[string]bool{`{"status":"ok"}`: true, `{"status":"loading model"}`: false, `{}`: false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(body)) }))
		err := engine(t, openai.Options{BaseURL: server.URL, Dialect: openai.WhisperCPP}).Check(t.Context())
		assert.Equal(t, works, err == nil, "%s: %v", body, err)
		server.Close()
	}
}
