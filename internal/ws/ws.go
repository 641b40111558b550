// Package ws is the server's end of a WebSocket (RFC 6455) that carries many small text
// messages for a long time, at the cost of the socket alone. The client's end, for the
// fakes of tests, is [Dial].
//
// [Accept] answers the handshake and returns a [Socket]. On a TCP or TLS
// connection that is a reader and writer of this package: a frame is read into
// one small buffer, unmasked and delivered there, and written with one system
// call. On any other connection github.com/coder/websocket does the work.
//
// Extensions and subprotocols are declined. A peer that breaks RFC 6455 costs at
// most Options.ReadLimit bytes of memory and is told the close code.
package ws

import "time"

// Options says how [Accept] treats a connection.
type Options struct {
	// Origins lists the hosts (patterns as in path.Match, with "://" of scheme
	// and host) whose pages may connect, in addition to the request's own host.
	// A request without an Origin header is not of a browser and may.
	Origins []string
	// ReadLimit is the largest message in bytes, at most 512 MiB.
	ReadLimit int64
	// OnFrame is called by Read for each ping and pong, and for each frame of a
	// message but one. It reports whether a ping is to be answered. To end the
	// connection it calls Interrupt. nil answers every ping.
	OnFrame func() bool
	// Late is how much Close keeps of the messages that come until the peer's close frame, in
	// bytes: Read returns them before the end. More is dropped, and on connections that are
	// neither TCP nor TLS everything is.
	Late int
}

// Socket is a connection after its handshake. Read is called by one goroutine
// at a time, and so is Write; everything else may be called from any.
type Socket interface {
	// Read returns the next message, which is valid until the next Read, and
	// whether it is text. Pings are answered meanwhile. Its error is a
	// *CloseError when the peer closed, an *Error when the peer broke the
	// protocol, else the connection's own. After an error the owner calls Close.
	Read() (msg []byte, text bool, err error)
	// Keep leaves the message that Read returned last to the caller for good.
	Keep()
	// Rest releases memory that only a peer that sends needs.
	Rest()
	// Write sends frame[Headroom:] as one text message, and overwrites the bytes before
	// it.
	Write(frame []byte) error
	// Ping sends a ping, behind what is being written, and does not wait. Its answer is
	// an Options.OnFrame.
	Ping()
	// Interrupt makes a Read that waits, and all later ones, fail.
	Interrupt()
	// Close sends a close frame, waits at most a second for the peer's, and ends
	// the connection. Reads and writes that wait fail. When the peer closed
	// first, its code is returned to it; a code that must not be sent ends the
	// connection without a word. It returns an error if the peer was not told or
	// did not answer. Later calls do nothing.
	Close(code int, reason string) error
}

// Headroom is the space that [Socket.Write] needs before a message, for a frame's
// header.
const Headroom = 10

// closeWait bounds the closing handshake. A live peer answers within a round trip.
const closeWait = time.Second
