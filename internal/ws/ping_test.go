package ws

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestPing: the peer's answer is told like any frame, and a message behind it is read.
func TestPing(t *testing.T) {
	each(t, func(t *testing.T, by way) {
		answered := make(chan struct{}, 1)
		s, c, br := connect(t, by, Options{OnFrame: func() bool {
			select {
			case answered <- struct{}{}:
			default:
			}
			return true
		}})
		read := make(chan string, 1)
		go func() {
			msg, _, _ := s.Read()
			read <- string(msg)
		}()
		s.Ping()
		header := make([]byte, 2)
		_, err := br.Read(header)
		require.NoError(t, err)
		require.EqualValues(t, fin|opPing, header[0])
		payload := make([]byte, header[1])
		for n := 0; n < len(payload); {
			more, err := br.Read(payload[n:])
			require.NoError(t, err)
			n += more
		}
		_, err = c.Write([]byte(frame(fin|opPong, string(payload)) + text("hello")))
		require.NoError(t, err)
		require.Equal(t, "hello", <-read)
		select {
		case <-answered:
		case <-time.After(20 * time.Second):
			t.Fatal("the answer was not told")
		}
	})
}
