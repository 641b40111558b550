package mediastream

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"agentos.dev/dialtone/internal/ws"
)

// DialOptions configures [Dial]. The zero value adds nothing to the handshake.
type DialOptions struct {
	Header    http.Header       // of the handshake: X-Twilio-Signature, User-Agent
	Host      string            // of the handshake; empty = that of the URL
	Transport http.RoundTripper // may hold a TLS configuration; nil = http.DefaultTransport
}

// Carrier is Twilio's end of a stream, for tests and tools. It is made by [Dial]; the zero
// value is not usable. It must be ended with [Carrier.Close] or [Carrier.Abort].
//
// One method makes a message and another sends it, so that a test can lose, repeat and edit
// messages.
//
// Only one goroutine at a time may make messages. [Carrier.Send] may be called from any
// goroutine, [Carrier.Receive] from one.
type Carrier struct {
	ws       *ws.Client
	stream   Stream
	sequence uint64
	chunk    uint64
	sent     map[Track]int64 // bytes of audio
}

// Message is one message of a WebSocket, in either direction. Those of Media
// Streams are text.
type Message struct {
	Binary bool
	Data   []byte
}

// maxReceive is the largest message a Carrier takes. Twilio's limit is not documented.
const maxReceive = 16 << 20

// Dial opens a stream to a server, as Twilio does to the url of <Stream>: ws, wss, http and https
// are understood, redirects are not followed. It sends no message yet.
//
// [Carrier.Start] announces the stream. A zero Format stands for [Mulaw], nil Tracks for
// [TrackInbound].
//
// When the server cannot be reached or refuses, the error is an [*Error] of type [ErrorHandshake] whose Code
// is the HTTP status, 0 if there is none.
func Dial(ctx context.Context, url string, stream Stream, opts *DialOptions) (*Carrier, error) {
	var o DialOptions
	if opts != nil {
		o = *opts
	}
	client, status, err := ws.Dial(ctx, url, ws.DialOptions{Header: o.Header, Host: o.Host, Transport: o.Transport, ReadLimit: maxReceive})
	if err != nil {
		return nil, &Error{Type: ErrorHandshake, Offset: -1, Code: status, Err: err}
	}
	if stream.Format == (MediaFormat{}) {
		stream.Format = Mulaw()
	}
	if stream.Tracks == nil {
		stream.Tracks = []Track{TrackInbound}
	}
	if stream.Parameters == nil {
		stream.Parameters = map[string]string{}
	}
	return &Carrier{ws: client, stream: stream, sent: make(map[Track]int64)}, nil
}

// Send sends a message without checking it. It waits while the server does not read, until
// [Carrier.Abort]. Its error is an [*Error] of type [ErrorDisconnect].
func (c *Carrier) Send(m Message) error {
	if err := c.ws.Send(m.Binary, m.Data); err != nil {
		return &Error{Type: ErrorDisconnect, Offset: -1, Code: codeAbnormal, Err: err}
	}
	return nil
}

// Receive returns the server's next message, for [Carrier.Parse]. An error means that the stream
// has ended: a [*CloseError] when the server closed it, ctx.Err() when ctx has ended, which
// closes the socket, else an [*Error].
func (c *Carrier) Receive(ctx context.Context) (Message, error) {
	binary, data, err := c.ws.Receive(ctx)
	if err == nil {
		return Message{Binary: binary, Data: data}, nil
	}
	var frame *ws.CloseError
	switch {
	case errors.As(err, &frame):
		return Message{}, &CloseError{Code: frame.Code, Reason: frame.Reason}
	case ctx.Err() != nil:
		return Message{}, ctx.Err()
	}
	return Message{}, closedWith(err)
}

// CloseError is the close frame with which a server ends a stream.
type CloseError struct {
	Code   int // RFC 6455, section 7.4; 1000 is a normal end, 1005 a frame without a code
	Reason string
}

// Error returns the code and the reason.
func (e *CloseError) Error() string {
	s := fmt.Sprintf("mediastream: closed with code %d", e.Code)
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

// Close closes the socket properly, with a close code and a reason of at most 123
// bytes. It waits ten seconds at most: five to send that, five for the server's answer.
func (c *Carrier) Close(code int, reason string) error {
	return c.ws.Close(code, reason)
}

// Abort drops the connection without a closing handshake.
func (c *Carrier) Abort() error { return c.ws.Abort() }
