package mediastream

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// frame makes one as a client does.
func frame(opcode byte, fin bool, payload int) []byte {
	f := []byte{opcode, 0x80}
	if fin {
		f[0] |= 0x80
	}
	switch {
	case payload > 1<<16-1:
		f[1] |= 127
		f = binary.BigEndian.AppendUint64(f, uint64(payload))
	case payload > 125:
		f[1] |= 126
		f = binary.BigEndian.AppendUint16(f, uint16(payload))
	default:
		f[1] |= byte(payload)
	}
	return append(f, make([]byte, 4+payload)...)
}

// portions is a connection that brings its bytes a few at a time.
type portions struct {
	net.Conn
	in io.Reader
	n  int
}

func (p *portions) Read(b []byte) (int, error) { return p.in.Read(b[:min(p.n, len(b))]) }

func TestFramesAreCounted(t *testing.T) {
	var all []byte
	for _, n := range []int{0, 1, 125, 126, 200, 65535, 65536, 70000} {
		all = append(all, frame(1, false, n)...)
		all = append(all, frame(9, true, n%126)...)
		all = append(all, frame(0, false, n)...)
		all = append(all, frame(0, true, n)...)
	}
	for _, n := range []int{1, 2, 3, 7, 13, 1024, 1 << 20} {
		count := 0
		f := &frameReader{Conn: &portions{in: bytes.NewReader(all), n: n}, onContinuation: func() bool { count++; return true }}
		got, err := io.ReadAll(f)
		require.NoError(t, err)
		require.Equal(t, all, got)
		require.Equal(t, 16, count, "read %d bytes at a time", n)
	}
	f := &frameReader{Conn: &portions{in: bytes.NewReader(all), n: 7}, onContinuation: func() bool { return false }}
	_, err := io.ReadAll(f)
	require.ErrorIs(t, err, errTooMany)
}

// TestFramesSentEarly: what a client sends before the answer to its handshake is read
// like the rest.
func TestFramesSentEarly(t *testing.T) {
	got := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, nil)
		if err != nil {
			got <- err.Error()
			return
		}
		defer c.Close(1000, "")
		msg, _, err := c.sock.read(nil)
		if err != nil {
			msg = []byte(err.Error())
		}
		got <- string(msg)
	}))
	defer srv.Close()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	request := "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	early := append(frame(1, false, 0), frame(0, false, 0)...)
	_, err = conn.Write(append([]byte(request), append(early, 0, 0x82)...)) // cut in a header
	require.NoError(t, err)
	_, err = conn.Write(append([]byte{0, 0, 0, 0, '{', '}'}, frame(0, true, 0)...))
	require.NoError(t, err)
	require.Equal(t, "{}", <-got)
}

func FuzzFrames(f *testing.F) {
	f.Add(frame(1, true, 5), 3)
	f.Add(append(frame(1, false, 0), frame(0, true, 200)...), 1)
	f.Fuzz(func(t *testing.T, in []byte, n int) {
		// The library, which reads what we let through, finds no frame that we have not seen.
		seen := 0
		r := &frameReader{Conn: &portions{in: bytes.NewReader(in), n: max(1, min(n, 1<<16))}, onContinuation: func() bool { seen++; return true }}
		out, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(out, in) {
			t.Fatal(err, len(out))
		}
		want := 0
		for rest := in; len(rest) >= 2; {
			head := &frameReader{have: 2}
			copy(head.header[:], rest)
			if len(rest) < head.size() {
				break
			}
			if rest[0]&0x0f == 0 {
				want++
			}
			rest = rest[head.size():]
			rest = rest[min(uint64(len(rest)), head.length()):]
		}
		if seen != want {
			t.Fatalf("%d, want %d", seen, want)
		}
	})
}

// TestFramesDoNotAllocate: a message that comes in one frame costs no more than before.
func TestFramesDoNotAllocate(t *testing.T) {
	in := frame(1, true, 300)
	f := &frameReader{onContinuation: func() bool { return true }}
	require.Zero(t, testing.AllocsPerRun(100, func() { f.follow(in) }))
}
