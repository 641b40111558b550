package wire

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Message is one WebSocket message. A nil Data is none.
type Message struct {
	Binary bool
	Data   []byte
}

// Link is a connection and the goroutine that reads it. That begins before there
// is a call: a service may speak first, and its pings want answers.
type Link struct {
	conn  *websocket.Conn
	ended chan struct{} // closed when nothing is read any more
	err   error         // then: why

	mu      sync.Mutex
	early   []Message // messages before there was a call
	waiting int       // bytes of them
	receive func(Message) error
}

func newLink(conn *websocket.Conn) *Link {
	l := &Link{conn: conn, ended: make(chan struct{})}
	go l.read()
	return l
}

// More than any service says to nobody.
const (
	maxEarly      = 16 // messages
	maxEarlyBytes = 64 << 10
)

var errTalkative = errors.New("it speaks without being asked")

func (l *Link) read() {
	defer close(l.ended)
	for {
		kind, data, err := l.conn.Read(context.Background())
		if err != nil {
			l.err = failure(err)
			return
		}
		if l.err = l.take(Message{Binary: kind == websocket.MessageBinary, Data: data}); l.err != nil {
			return
		}
	}
}

func (l *Link) take(m Message) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.receive != nil {
		return l.receive(m)
	}
	if l.waiting += len(m.Data); len(l.early) == maxEarly || l.waiting > maxEarlyBytes {
		return &Error{Err: errTalkative}
	}
	l.early = append(l.early, m)
	return nil
}

// Attach gives messages to receive, those that came already first. An error of
// receive ends the link.
func (l *Link) Attach(receive func(Message) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.early {
		if err := receive(m); err != nil {
			return err
		}
	}
	l.early, l.receive = nil, receive
	return nil
}

// Ended is closed when nothing is read any more.
func (l *Link) Ended() <-chan struct{} { return l.ended }

// Err returns the reason of the end once Ended is closed: an [*Error], or the error of
// receive.
func (l *Link) Err() error { return l.err }

// Write sends a message. When that fails because the connection has ended it returns
// the error of that, which says more.
func (l *Link) Write(ctx context.Context, m Message) error {
	if m.Data == nil {
		return nil
	}
	kind := websocket.MessageText
	if m.Binary {
		kind = websocket.MessageBinary
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	err := l.conn.Write(ctx, kind, m.Data)
	if err == nil {
		return nil
	}
	select {
	case <-l.ended:
		return l.err
	case <-time.After(100 * time.Millisecond):
	}
	return failure(err)
}

// Ping reports whether the service answers a ping.
func (l *Link) Ping(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return l.conn.Ping(ctx) == nil
}

// alive reports whether the connection still stands, as far as is known.
func (l *Link) alive() bool {
	select {
	case <-l.ended:
		return false
	default:
		return true
	}
}

// Close cuts the connection and returns when nothing is read any more.
func (l *Link) Close() {
	l.conn.CloseNow()
	<-l.ended
}
