package relay

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
)

const patience = 20 * time.Second

// session is both ends of a connection.
type session struct {
	*Carrier
	conn *Conn

	mu     sync.Mutex
	errors []*Error
}

func (s *session) told() []*Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*Error(nil), s.errors...)
}

// connect opens a session.
func connect(t *testing.T, opts Options) *session {
	s := &session{}
	opts.OnError = func(e *Error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.errors = append(s.errors, e)
	}
	accepted := make(chan *Conn, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := Accept(w, r, &opts); err == nil {
			accepted <- c
		}
	}))
	t.Cleanup(server.Close)
	carrier, err := Dial(t.Context(), server.URL, nil)
	require.NoError(t, err)
	s.Carrier, s.conn = carrier, <-accepted
	t.Cleanup(func() {
		carrier.Abort()
		s.conn.Close(1000, "")
	})
	return s
}

func (s *session) send(t *testing.T, messages ...string) {
	t.Helper()
	for _, m := range messages {
		require.NoError(t, s.Send(mediastream.Message{Data: []byte(m)}))
	}
}

// collect returns all events, and the error behind them.
func collect(ctx context.Context, c *Conn) (names []string, err error) {
	for e, failed := range c.Events(ctx) {
		if failed != nil {
			return names, failed
		}
		names = append(names, e.Type.String())
	}
	return names, nil
}

// TestSession: a whole one, with all messages both ways.
func TestSession(t *testing.T) {
	s := connect(t, Options{})
	for _, test := range events {
		s.send(t, test.wire)
	}
	for _, test := range messages {
		if _, last := test.message.(End); !last {
			require.NoError(t, s.conn.Send(test.message))
		}
	}
	require.NoError(t, s.conn.Send(End{"bye"}))
	require.ErrorIs(t, s.conn.Send(Text{}), ErrClosed)
	for _, test := range messages {
		if _, last := test.message.(End); last {
			continue
		}
		m, err := s.Receive(t.Context())
		require.NoError(t, err)
		require.JSONEq(t, test.wire, string(m.Data))
	}
	m, err := s.Receive(t.Context())
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"end","handoffData":"bye"}`, string(m.Data))
	go s.Close(1000, "")
	names, err := collect(t.Context(), s.conn)
	require.NoError(t, err)
	require.Equal(t, []string{"setup", "prompt", "prompt", "prompt", "dtmf", "interrupt", "error", "info"}, names)
	require.NoError(t, s.conn.Close(1000, ""))
	require.Empty(t, s.told())
	stats := s.conn.Stats()
	require.EqualValues(t, len(events), stats.MessagesIn)
	require.EqualValues(t, len(messages)-1, stats.MessagesOut)
}

// TestCloseSendsWhatIsQueued: an End that was sent reaches Twilio.
func TestCloseSendsWhatIsQueued(t *testing.T) {
	s := connect(t, Options{})
	for range 100 {
		require.NoError(t, s.conn.Send(Text{Token: strings.Repeat("word ", 200)}))
	}
	require.NoError(t, s.conn.Send(End{}))
	go s.conn.Close(1000, "done")
	for range 101 {
		_, err := s.Receive(t.Context())
		require.NoError(t, err)
	}
	_, err := s.Receive(t.Context())
	var closed *mediastream.CloseError
	require.ErrorAs(t, err, &closed)
	require.Equal(t, mediastream.CloseError{Code: 1000, Reason: "done"}, *closed)
}

// TestWhatTwilioDoesWrong ends the session, or is skipped and told.
func TestWhatTwilioDoesWrong(t *testing.T) {
	prompt := events[1].wire
	for name, test := range map[string]struct {
		send   []mediastream.Message
		opts   Options
		events int
		kind   mediastream.ErrorType
		code   int
	}{
		"garbage":       {send: texts(setup, `{"type":`, prompt), events: 2, kind: mediastream.ErrorProtocol},
		"field missing": {send: texts(setup, `{"type":"prompt"}`, prompt), events: 2, kind: mediastream.ErrorProtocol},
		"unknown":       {send: texts(setup, `{"type":"new"}`, prompt), events: 3},
		"unknown first": {send: texts(`{"type":"new"}`, setup), events: 2},
		"second setup":  {send: texts(setup, setup, prompt), events: 3},
		"prompt first":  {send: texts(prompt, setup), kind: mediastream.ErrorProtocol, code: 1008},
		"binary":        {send: []mediastream.Message{{Data: []byte(setup)}, {Binary: true, Data: []byte(prompt)}}, events: 1, kind: mediastream.ErrorProtocol, code: 1003},
		"not UTF-8":     {send: texts(setup, "{\"type\":\"\xff\"}"), events: 1, kind: mediastream.ErrorProtocol, code: 1007},
		"too large":     {send: texts(setup, `{"type":"`+strings.Repeat("x", 1000)+`"}`), opts: Options{ReadLimit: 900}, events: 1, kind: mediastream.ErrorOversize, code: 1009},
		"flood":         {send: append(texts(setup), texts(strings.Split(strings.Repeat(prompt+"\n", 1100), "\n")[:1100]...)...), opts: Options{MaxRate: 1}, events: 1000, kind: mediastream.ErrorProtocol, code: 1008},
		"much garbage":  {send: append(texts(setup), texts(strings.Split(strings.Repeat("{}\n", 100), "\n")[:100]...)...), events: 1, kind: mediastream.ErrorProtocol, code: 1008},
		"nothing":       {opts: Options{SetupTimeout: 100 * time.Millisecond}, kind: mediastream.ErrorTimeout, code: 1008},
	} {
		t.Run(name, func(t *testing.T) {
			s := connect(t, test.opts)
			go func() {
				for _, m := range test.send {
					if s.Send(m) != nil {
						return
					}
				}
				if test.code == 0 {
					s.Close(1000, "")
				}
			}()
			go s.Receive(t.Context()) // answers the close
			names, err := collect(t.Context(), s.conn)
			require.GreaterOrEqual(t, len(names), test.events)
			require.LessOrEqual(t, len(names), test.events+20) // credit that was earned meanwhile
			if test.code == 0 {
				require.NoError(t, err)
			} else {
				var e *Error
				require.ErrorAs(t, err, &e)
				require.Equal(t, test.code, e.Code)
				require.Equal(t, test.kind, e.Type)
			}
			if test.kind != "" {
				require.NotEmpty(t, s.told())
				require.Equal(t, test.kind, s.told()[0].Type)
			} else {
				require.Empty(t, s.told())
			}
			require.ErrorIs(t, s.conn.Send(Text{}), ErrClosed)
		})
	}
}

func texts(list ...string) (messages []mediastream.Message) {
	for _, text := range list {
		messages = append(messages, mediastream.Message{Data: []byte(text)})
	}
	return messages
}

// TestSilence: a session on which nobody speaks lives as long as its peer answers pings, and
// ends when one that has answered does no more.
func TestSilence(t *testing.T) {
	s := connect(t, Options{IdleTimeout: 300 * time.Millisecond})
	s.send(t, setup)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	answered := make(chan error, 1)
	received := make(chan struct{})
	go func() { // reading answers pings
		defer close(received)
		s.Receive(ctx)
	}()
	go func() {
		_, err := collect(t.Context(), s.conn)
		answered <- err
	}()
	require.Eventually(t, func() bool {
		s.conn.in.mu.Lock()
		defer s.conn.in.mu.Unlock()
		return s.conn.in.answers
	}, patience, 10*time.Millisecond)
	select {
	case err := <-answered:
		t.Fatal(err)
	case <-time.After(time.Second):
	}
	cancel() // closes the carrier's socket: the read fails at once
	<-received
	select {
	case err := <-answered:
		var e *Error
		require.ErrorAs(t, err, &e)
	case <-time.After(patience):
		t.Fatal("the session goes on")
	}
}

// TestNoReader: a peer that takes nothing holds nothing up, and costs a bounded queue.
func TestNoReader(t *testing.T) {
	s := connect(t, Options{WriteTimeout: 200 * time.Millisecond, Queue: 4 << 20})
	s.send(t, setup)
	failed := make(chan error, 1)
	go func() {
		_, err := collect(t.Context(), s.conn)
		failed <- err
	}()
	full := false
	for n := 0; n < 1000 && !full; n++ {
		err := s.conn.Send(Text{Token: strings.Repeat("x", 100<<10)})
		full = err != nil
		if full && !errors.Is(err, ErrClosed) {
			require.ErrorIs(t, err, ErrQueueFull)
		}
	}
	require.True(t, full)
	select {
	case err := <-failed:
		var e *Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, mediastream.ErrorWrite, e.Type)
	case <-time.After(patience):
		t.Fatal("the session goes on")
	}
}

// TestContext: one that ends stops the reading, and a break goes on where it left off.
func TestContext(t *testing.T) {
	s := connect(t, Options{})
	s.send(t, setup, events[1].wire, events[4].wire)
	for e := range s.conn.Events(t.Context()) {
		require.Equal(t, EventSetup, e.Type)
		break
	}
	for e := range s.conn.Events(t.Context()) {
		require.Equal(t, EventPrompt, e.Type)
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var names []string
	var last error
	for e, err := range s.conn.Events(ctx) {
		if last = err; err == nil {
			names = append(names, e.Type.String())
			cancel()
		}
	}
	require.Equal(t, []string{"dtmf"}, names)
	require.ErrorIs(t, last, context.Canceled)
}

// TestRefused: browsers do not connect.
func TestRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := Accept(w, r, nil)
		require.Error(t, err)
	}))
	defer server.Close()
	_, err := Dial(t.Context(), server.URL, &DialOptions{Header: http.Header{"Origin": {"https://evil.example"}}})
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, http.StatusForbidden, e.Code)
	require.Equal(t, mediastream.ErrorHandshake, e.Type)
}
