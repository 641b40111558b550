// Package live carries a call's audio to a speech service over a WebSocket. It
// knows sockets, queues and time; a [Session] knows the service's language.
package live

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"agentos.dev/dialtone/stt"
)

// Message is one WebSocket message. A nil Data is none.
type Message struct {
	Binary bool
	Data   []byte
}

// Text returns a text message.
func Text(s string) Message { return Message{Data: []byte(s)} }

// Session speaks a service's language on one connection. Its methods are not
// called at the same time.
type Session interface {
	// Hello is what the client says first, if it does.
	Hello() Message
	// Audio puts audio in the call's format into a message.
	Audio(audio []byte) Message
	// Flush asks the service to finish what it was sent; Reply.Flushed tells that
	// it has.
	Flush() Message
	// KeepAlive is sent when no audio was for Protocol.KeepAlive.
	KeepAlive() Message
	// Bye ends the conversation.
	Bye() Message
	// Handle takes a message of the service.
	Handle(data []byte) Reply
}

// Unfinished is implemented by sessions whose Protocol has a FlushWait.
type Unfinished interface {
	Unfinished() bool // the service has more to say of what it heard
}

// Reply is what a message of the service leads to.
type Reply struct {
	Events  []stt.Event
	Send    Message // what to answer
	Ready   bool    // audio can be sent from now on
	Flushed bool    // the oldest flush is done
	Err     error   // the connection is of no more use
}

// Protocol is how to reach a service.
type Protocol struct {
	Engine  string
	URL     string
	Header  http.Header
	Client  *http.Client // nil = http.DefaultClient
	Session Session
	// Waits is set when the service says when audio can be sent.
	Waits bool
	// MinChunk and MaxChunk bound the audio in one message.
	MinChunk, MaxChunk time.Duration
	KeepAlive          time.Duration // 0 = never
	// FlushWait is for a service that does not answer a flush as such: it is done
	// when the service, with nothing unfinished, was silent for so long and then
	// answers a ping. 0 = it always answers.
	FlushWait time.Duration
	// Refused makes an error of an answer to the handshake that is not 101; nil is
	// by status.
	Refused func(*http.Response, *stt.Error)
	// Closed gives a close code its kind; nil or a nil result is ErrUnavailable.
	Closed func(code int, reason string) error
}

const (
	dialTimeout  = 5 * time.Second
	writeTimeout = 5 * time.Second
	maxMessage   = 1 << 20
	maxQueue     = 30 * time.Second // of audio that waits to be sent
	dials        = 3                // attempts to connect before the stream fails
)

// dial connects. The first repetition is at once, then it waits longer and longer.
func (p *Protocol) dial(ctx context.Context) (*websocket.Conn, error) {
	var err error
	for attempt := range dials {
		if attempt > 1 {
			wait := 500 * time.Millisecond << (attempt - 2)
			wait += time.Duration(rand.Int64N(int64(wait / 4)))
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		var conn *websocket.Conn
		if conn, err = p.dialOnce(ctx); err == nil {
			return conn, nil
		}
		if e, ok := err.(*stt.Error); !ok || !e.Retryable() || e.Status == http.StatusTooManyRequests {
			break
		}
	}
	return nil, err
}

func (p *Protocol) dialOnce(ctx context.Context) (*websocket.Conn, error) {
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, resp, err := websocket.Dial(dialing, p.URL, &websocket.DialOptions{HTTPClient: p.Client, HTTPHeader: p.Header})
	if err == nil {
		conn.SetReadLimit(maxMessage)
		return conn, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	out := &stt.Error{Engine: p.Engine, Op: "open", Kind: stt.ErrUnavailable}
	switch {
	case resp != nil && resp.StatusCode != http.StatusSwitchingProtocols:
		out.Status = resp.StatusCode
		if out.Kind = stt.StatusKind(resp.StatusCode); out.Kind == nil {
			out.Kind = stt.ErrRefused
		}
		out.RetryAfter = RetryAfter(resp.Header)
		if p.Refused != nil {
			p.Refused(resp, out)
		}
	case dialing.Err() != nil:
		out.Kind = stt.ErrTimeout
	default:
		out.Err = cause(err)
	}
	return nil, out
}

// failure makes an error of what ended a connection.
func (p *Protocol) failure(err error) error {
	out := &stt.Error{Engine: p.Engine, Op: "read", Kind: stt.ErrUnavailable}
	if code := websocket.CloseStatus(err); code != -1 {
		out.Status = int(code)
		var closed websocket.CloseError
		if asClose(err, &closed) {
			out.Code = closed.Reason
		}
		if p.Closed != nil {
			if kind := p.Closed(out.Status, out.Code); kind != nil {
				out.Kind = kind
			}
		}
		return out
	}
	out.Err = cause(err)
	return out
}
