package ws

import (
	"context"
	"errors"
	"net/http"

	"github.com/coder/websocket"
)

// DialOptions says how [Dial] connects. The zero value connects plainly.
type DialOptions struct {
	Header    http.Header       // of the handshake
	Host      string            // of the handshake; "" = that of the URL
	Transport http.RoundTripper // may hold a TLS configuration; nil = http.DefaultTransport
	ReadLimit int64             // the largest message in bytes that is taken
}

// Client is the other end of a WebSocket, for the fakes of tests and tools. Send may be called
// from any goroutine, Receive from one.
type Client struct{ ws *websocket.Conn }

// Dial opens a WebSocket: ws, wss, http and https are understood, redirects are not followed.
// The status is that of an answer that refuses, 0 if there was none.
func Dial(ctx context.Context, url string, o DialOptions) (c *Client, status int, err error) {
	conn, resp, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPHeader: o.Header,
		Host:       o.Host,
		HTTPClient: &http.Client{
			Transport:     o.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	})
	if err != nil {
		if resp != nil {
			status = resp.StatusCode
		}
		return nil, status, err
	}
	conn.SetReadLimit(o.ReadLimit)
	return &Client{conn}, 0, nil
}

// Send sends a message. It waits for a server that does not read, until Abort.
func (c *Client) Send(binary bool, data []byte) error {
	kind := websocket.MessageText
	if binary {
		kind = websocket.MessageBinary
	}
	return c.ws.Write(context.Background(), kind, data)
}

// Receive returns the server's next message. Its error is a *CloseError when the server
// closed, ctx.Err() when ctx has ended, which closes the socket, else as of [Socket].Read.
func (c *Client) Receive(ctx context.Context) (binary bool, data []byte, err error) {
	kind, data, err := c.ws.Read(ctx)
	if err == nil {
		return kind == websocket.MessageBinary, data, nil
	}
	err = CoderError(err)
	if frame := (*CloseError)(nil); !errors.As(err, &frame) && ctx.Err() != nil {
		_ = c.Abort() // Read does so only when it has begun
		return false, nil, ctx.Err()
	}
	return false, nil, err
}

// Close closes the socket properly. It waits ten seconds at most: five to send that, five
// for the server's answer.
func (c *Client) Close(code int, reason string) error {
	return c.ws.Close(websocket.StatusCode(code), reason)
}

// Abort drops the connection without a word.
func (c *Client) Abort() error { return c.ws.CloseNow() }
