package ws

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// TestFramesAreCounted: pings, pongs and further frames are told of by both
// readers, however the bytes come and whether they come early.
func TestFramesAreCounted(t *testing.T) {
	var all strings.Builder
	for _, n := range []int{0, 1, 125, 126, 200, 65535} {
		all.WriteString(frame(opText, strings.Repeat("*", n)))
		all.WriteString(ping(strings.Repeat("*", n%126)))
		all.WriteString(frame(opContinuation, ""))
		all.WriteString(frame(opContinuation, "*"))
		all.WriteString(pong(""))
		all.WriteString(frame(fin|opContinuation, ""))
	}
	for _, by := range []way{plain, secure, foreign} {
		counts, told := make(chan int, 1), 0
		done := make(chan string, 1)
		o := Options{ReadLimit: 1 << 16, OnFrame: func() bool { told++; return false }}
		peers := server(t, by, o, func(s Socket) {
			messages := readAll(s)
			counts <- told
			told = 0
			done <- messages
		})
		for _, early := range []int{0, 1, 5, 40, 3000, all.Len()} {
			conn, br := peers.dial(t, all.String()[:early])
			_, err := io.WriteString(conn, all.String()[early:]+closing(1000, ""))
			require.NoError(t, err)
			require.Empty(t, receive(br).frames, "no ping was to be answered")
			require.Equal(t, 6*5, <-counts, "%d bytes early, %s", early, by)
			require.Equal(t, 6, strings.Count(<-done, "text"))
		}
	}
}

// TestFollowing cuts the bytes wherever they can be cut.
func TestFollowing(t *testing.T) {
	all := frame(opText, strings.Repeat("*", 300)) + frame(opContinuation, "") + ping("p") + frame(fin|opContinuation, strings.Repeat("*", 70000)) + text("b")
	for _, n := range []int{1, 2, 3, 7, 13, 1024, 1 << 20} {
		count := 0
		f := &follower{Conn: &script{in: []byte(all)}, onContinuation: func() bool { count++; return true }}
		var got bytes.Buffer
		_, err := io.CopyBuffer(struct{ io.Writer }{&got}, struct{ io.Reader }{f}, make([]byte, n))
		require.NoError(t, err)
		require.Equal(t, all, got.String())
		require.Equal(t, 2, count, "read %d bytes at a time", n)
		require.True(t, f.ended.Load())
		require.Zero(t, f.left)
		require.Zero(t, f.have)
	}
}

// eager is a connection that tells its end together with its last bytes, as a host's own may.
type eager struct {
	*script
	from io.Reader
}

func (e eager) Read(p []byte) (int, error) { return e.from.Read(p) }

func TestEndThatComesWithBytes(t *testing.T) {
	for name, open := range map[string]func(net.Conn) (Socket, error){
		"ours": func(c net.Conn) (Socket, error) { return newConn(c, nil, nil, &Options{ReadLimit: 1 << 10}) },
		"coder": func(c net.Conn) (Socket, error) {
			return newCoder(c, nil, fuzzRequest(), &Options{ReadLimit: 1 << 10})
		},
	} {
		peer := &script{in: []byte(text("a") + text("b"))}
		s, err := open(eager{peer, iotest.DataErrReader(peer)})
		require.NoError(t, err)
		for _, want := range []string{"a", "b"} {
			msg, _, err := s.Read()
			require.NoError(t, err, name)
			require.Equal(t, want, string(msg), name)
		}
		_, _, err = s.Read()
		require.ErrorIs(t, err, io.EOF, name)
		s.Close(1000, "")
	}
}
