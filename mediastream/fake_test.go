package mediastream

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"agentos.dev/dialtone/internal/ws"
)

// fakeSocket is a socket in memory, for tests in a bubble of synthetic time.
type fakeSocket struct {
	in   chan string   // closed when the peer drops the connection
	end  chan struct{} // closed by Interrupt or Close
	once sync.Once
	buf  []byte // the last message

	mu      sync.Mutex
	stalled chan struct{} // writes wait for it, if not nil
	broken  error         // of writes, if not nil
	written []sentMessage
	began   time.Time
	code    int
}

// sentMessage is a message and when it was written, since the start.
type sentMessage struct {
	Command
	at time.Duration
}

func newFakeSocket() *fakeSocket {
	return &fakeSocket{in: make(chan string, 1<<16), end: make(chan struct{}), began: time.Now()}
}

func (s *fakeSocket) Read() ([]byte, bool, error) {
	select {
	case <-s.end: // also when there is more to read
		return nil, false, net.ErrClosed
	default:
	}
	select {
	case <-s.end:
		return nil, false, net.ErrClosed
	case msg, ok := <-s.in:
		if !ok {
			return nil, false, io.EOF
		}
		s.buf = append(s.buf[:0], msg...)
		return s.buf, true, nil
	}
}

func (s *fakeSocket) Write(frame []byte) error {
	msg := frame[ws.Headroom:]
	cmd, err := parseCommand(msg, testSID)
	if err != nil {
		return fmt.Errorf("%w: %s", err, msg)
	}
	s.mu.Lock()
	stalled, broken := s.stalled, s.broken
	s.mu.Unlock()
	if broken != nil {
		return broken
	}
	if stalled != nil {
		select {
		case <-stalled:
		case <-s.end:
			return net.ErrClosed
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written = append(s.written, sentMessage{cmd, time.Since(s.began)})
	return nil
}

func (s *fakeSocket) Ping()      {}
func (s *fakeSocket) Interrupt() { s.once.Do(func() { close(s.end) }) }

func (s *fakeSocket) Keep() { s.buf = nil }

func (s *fakeSocket) Rest() {}

func (s *fakeSocket) Close(code int, _ string) error {
	s.mu.Lock()
	s.code = code
	s.mu.Unlock()
	s.Interrupt()
	return nil
}

func (s *fakeSocket) sent() []sentMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sentMessage(nil), s.written...)
}

func (s *fakeSocket) closedWith() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code
}

// summary writes what was sent as "media 800, mark a, clear".
func (s *fakeSocket) summary() string {
	var list []string
	for _, m := range s.sent() {
		switch m.Type {
		case CommandMedia:
			list = append(list, fmt.Sprintf("media %d", len(m.Audio)))
		case CommandMark:
			list = append(list, "mark "+m.Mark)
		default:
			list = append(list, string(m.Type))
		}
	}
	return strings.Join(list, ", ")
}

const (
	testStart = `{"event":"start","sequenceNumber":"1","start":{"streamSid":"` + testSID + `"},"streamSid":"` + testSID + `"}`
	testStop  = `{"event":"stop","streamSid":"` + testSID + `"}`
)

// mediaAt is a piece of 20 ms at a timestamp.
func mediaAt(n int) string {
	return fmt.Sprintf(`{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d","timestamp":"%d","payload":"%s"},"streamSid":"`+testSID+`"}`,
		n+2, n+1, n*20, strings.Repeat("/", 214)+"==")
}

// inBubble runs f with a started stream whose events a goroutine consumes.
func inBubble(t *testing.T, opts Options, f func(t *testing.T, s *fakeSocket, c *Conn)) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSocket()
		opts.IdleTimeout = time.Hour // nothing comes in
		c := newConn(s, &twilio{}, opts.withDefaults())
		s.in <- testStart
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range c.Events(context.Background()) {
			}
		}()
		defer func() {
			if err := c.Close(1000, ""); err != nil {
				t.Error(err)
			}
			<-done
		}()
		synctest.Wait()
		f(t, s, c)
	})
}
