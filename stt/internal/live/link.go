package live

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// link is a connection and the goroutine that reads it. That begins before there
// is a call: a service may speak first, and its pings want answers.
type link struct {
	conn   *websocket.Conn
	opened time.Time
	ended  chan struct{} // closed when nothing is read any more
	err    error         // then: why

	mu      sync.Mutex
	early   [][]byte // messages before there was a call
	waiting int      // bytes of them
	receive func(data []byte) error
}

func newLink(conn *websocket.Conn) *link {
	l := &link{conn: conn, opened: time.Now(), ended: make(chan struct{})}
	go l.read()
	return l
}

// More than any service says to nobody.
const (
	maxEarly      = 16 // messages
	maxEarlyBytes = 64 << 10
)

var errTalkative = errors.New("it speaks without being asked")

func (l *link) read() {
	defer close(l.ended)
	for {
		_, data, err := l.conn.Read(context.Background())
		if err == nil {
			err = l.take(data)
		}
		if err != nil {
			l.err = err
			return
		}
	}
}

func (l *link) take(data []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.receive != nil {
		return l.receive(data)
	}
	if l.waiting += len(data); len(l.early) == maxEarly || l.waiting > maxEarlyBytes {
		return errTalkative
	}
	l.early = append(l.early, data)
	return nil
}

// attach gives a call's messages to receive, those that came already first. An
// error of receive ends the link.
func (l *link) attach(receive func(data []byte) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, data := range l.early {
		if err := receive(data); err != nil {
			return err
		}
	}
	l.early, l.receive = nil, receive
	return nil
}

// alive reports whether the connection still stands, as far as is known.
func (l *link) alive() bool {
	select {
	case <-l.ended:
		return false
	default:
		return true
	}
}

// close cuts the connection and returns when nothing is read any more.
func (l *link) close() {
	l.conn.CloseNow()
	<-l.ended
}
