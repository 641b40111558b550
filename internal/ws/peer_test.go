package ws

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long a test waits for what is about to happen: only a failure
// takes it.
const patience = 20 * time.Second

// key is the mask of frames that tests send.
var key = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// frame returns a masked frame with its shortest length.
func frame(first byte, payload string) string {
	return sized(first, int64(len(payload)), shortest(len(payload)), payload)
}

// shortest returns how many bytes an extended length takes.
func shortest(n int) int {
	switch {
	case n <= maxControl:
		return 0
	case n < 1<<16:
		return 2
	}
	return 8
}

// sized returns a masked frame that announces n bytes, in an extended length of
// size bytes.
func sized(first byte, n int64, size int, payload string) string {
	b := []byte{first}
	switch size {
	case 0:
		b = append(b, 0x80|byte(n))
	case 2:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	case 8:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, key[:]...)
	for i := range len(payload) {
		b = append(b, payload[i]^key[i&3])
	}
	return string(b)
}

const fin = 0x80

func text(s string) string    { return frame(fin|opText, s) }
func binaryf(s string) string { return frame(fin|opBinary, s) }
func ping(s string) string    { return frame(fin|opPing, s) }
func pong(s string) string    { return frame(fin|opPong, s) }

// closing returns a close frame.
func closing(code int, reason string) string {
	return frame(fin|opClose, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}

// brief is a payload as it stands in a verdict.
func brief(s string) string {
	if len(s) > 60 {
		return fmt.Sprintf("[%d %08x]", len(s), crc32.ChecksumIEEE([]byte(s)))
	}
	return fmt.Sprintf("%q", s)
}

// way is how a client reaches the server, and by that which reader serves it.
type way string

const (
	plain   way = "TCP"
	secure  way = "TLS"
	foreign way = "coder" // on a connection that is something else
)

// peers accepts connections and hands them over.
type peers struct {
	way way
	srv *httptest.Server
	tls *tls.Config // of its clients
}

// server accepts connections and runs serve with each.
func server(t testing.TB, by way, o Options, serve func(Socket)) *peers {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := Accept(w, r, o)
		if err != nil {
			return
		}
		if _, ours := s.(*conn); ours == (by == foreign) {
			t.Errorf("%T", s)
		}
		go serve(s) // as hosts do: the handler returns
	}))
	srv.EnableHTTP2 = false
	switch by {
	case foreign:
		srv.Listener = wrapping{srv.Listener}
		fallthrough
	case plain:
		srv.Start()
	case secure:
		srv.StartTLS()
	}
	t.Cleanup(srv.Close)
	p := &peers{way: by, srv: srv}
	if by == secure {
		p.tls = srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		p.tls.ServerName = "example.com" // of httptest's certificate
		p.tls.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	}
	return p
}

// wrapping hides what its connections are.
type wrapping struct{ net.Listener }

func (w wrapping) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	return struct{ net.Conn }{c}, err
}

// client is a connection on which frames can be sent byte by byte.
type client interface {
	net.Conn
	CloseWrite() error
}

const handshake = "GET / HTTP/1.1\r\nHost: calls.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// dial opens a connection. Early is sent together with the handshake.
func (p *peers) dial(t testing.TB, early string) (client, *bufio.Reader) {
	t.Helper()
	tcp, err := net.Dial("tcp", p.srv.Listener.Addr().String())
	require.NoError(t, err)
	c := tcp.(client)
	if p.way == secure {
		c = tls.Client(tcp, p.tls)
	}
	t.Cleanup(func() { _ = tcp.Close() })
	return c, upgrade(t, c, early)
}

func upgrade(t testing.TB, c net.Conn, early string) *bufio.Reader {
	t.Helper()
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	_, err := io.WriteString(c, handshake+early)
	require.NoError(t, err)
	br := bufio.NewReader(c)
	resp, err := http.ReadResponse(br, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, resp.StatusCode)
	require.Equal(t, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", resp.Header.Get("Sec-Websocket-Accept"), "RFC 6455, section 1.3")
	return br
}

// received is what a client is sent until a close frame or the connection's end.
type received struct {
	frames []string // "text ...", "pong ..."
	code   int      // of the close frame; 0 if there is none
	err    error    // if it was not a close frame
}

// receive reads a server's frames to a close frame or the connection's end.
func receive(br *bufio.Reader) (r received) {
	for {
		var h [2]byte
		if _, r.err = io.ReadFull(br, h[:]); r.err != nil {
			return r
		}
		n := int(h[1])
		switch n {
		case 126:
			var ext [2]byte
			if _, r.err = io.ReadFull(br, ext[:]); r.err != nil {
				return r
			}
			n = int(binary.BigEndian.Uint16(ext[:]))
		case 127:
			var ext [8]byte
			if _, r.err = io.ReadFull(br, ext[:]); r.err != nil {
				return r
			}
			n = int(binary.BigEndian.Uint64(ext[:]))
		}
		payload := make([]byte, n)
		if _, r.err = io.ReadFull(br, payload); r.err != nil {
			return r
		}
		switch h[0] {
		case fin | opText:
			r.frames = append(r.frames, "text "+brief(string(payload)))
		case fin | opPong:
			r.frames = append(r.frames, "pong "+brief(string(payload)))
		case fin | opClose:
			r.code = codeNoStatus
			if n >= 2 {
				r.code = int(binary.BigEndian.Uint16(payload))
			}
			return r
		default:
			r.frames = append(r.frames, fmt.Sprintf("frame %x", h))
		}
	}
}

// readAll reads a socket to its end as mediastream does, and returns the verdict:
// messages, and how it ended.
func readAll(s Socket) string {
	var verdict []string
	for {
		msg, isText, err := s.Read()
		if err != nil {
			end, code := outcome(err)
			_ = s.Close(code, "")
			return strings.Join(append(verdict, end), ", ")
		}
		kind := "binary "
		if isText {
			kind = "text "
		}
		verdict = append(verdict, kind+brief(string(msg)))
	}
}

// outcome returns an error as it stands in a verdict, and the code to close with.
func outcome(err error) (verdict string, code int) {
	var closed *CloseError
	var broken *Error
	switch {
	case errors.As(err, &closed):
		return strings.TrimSpace(fmt.Sprintf("closed %d %s", closed.Code, closed.Reason)), codeNormal
	case errors.As(err, &broken):
		return fmt.Sprintf("broken %d", broken.Code), broken.Code
	}
	return "lost", codeAbnormal
}
