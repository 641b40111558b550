package logqueue

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// sink is a log that can be blocked.
type sink struct {
	mu    sync.Mutex
	lines bytes.Buffer
	gate  chan struct{} // writes wait for it, if not nil
}

func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	gate := s.gate
	s.mu.Unlock()
	if gate != nil {
		<-gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines.Write(p)
}

func (s *sink) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lines.String()
}

func logger(w io.Writer) (*slog.Logger, *Handler) {
	h := New(slog.NewTextHandler(w, nil))
	return slog.New(h), h
}

// TestLinesAreWrittenInOrder: a line is written when the call returns, with the attributes
// of its logger.
func TestLinesAreWrittenInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{}
		log, h := logger(s)
		with := log.With("call_sid", "CA1").WithGroup("a")
		log.Info("one")
		require.Contains(t, s.text(), "msg=one\n")
		with.Info("two", "b", 3)
		require.Contains(t, s.text(), "msg=two call_sid=CA1 a.b=3\n")
		require.Same(t, h, New(h))
		require.Zero(t, h.Dropped())
	})
}

// TestBlockedLog: a log that nobody reads holds one line up for half a second, and none
// after it; what is too much is dropped and counted, and the log goes on when it is read.
func TestBlockedLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &sink{gate: make(chan struct{})}
		log, h := logger(s)
		began := time.Now()
		log.Info("first")
		require.Equal(t, patience, time.Since(began))
		for n := range limit + 7 {
			log.Info(fmt.Sprint("more ", n))
		}
		require.Equal(t, patience, time.Since(began))
		require.EqualValues(t, 7, h.Dropped())
		close(s.gate)
		synctest.Wait()
		require.Equal(t, 1+limit, strings.Count(s.text(), "\n"))
		require.Equal(t, 1, strings.Count(s.text(), "dropped=7"))
		began = time.Now()
		log.Info("last")
		require.True(t, strings.HasSuffix(s.text(), "msg=last\n"), "written when the call returns")
		require.Zero(t, time.Since(began))
		require.EqualValues(t, 7, h.Dropped())
	})
}

type panics struct{ slog.Handler }

func (panics) Handle(context.Context, slog.Record) error { panic("x") }

func TestHandlerThatPanics(t *testing.T) {
	log := slog.New(New(panics{slog.DiscardHandler}))
	require.NotPanics(t, func() { log.Info("one"); log.Info("two") })
}
