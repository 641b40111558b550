package ws

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ways are all that a connection can be.
var ways = []way{plain, secure, foreign}

// connect returns both ends of a connection.
func connect(t *testing.T, by way, o Options) (Socket, client, *bufio.Reader) {
	t.Helper()
	if o.ReadLimit == 0 {
		o.ReadLimit = 1 << 16
	}
	accepted := make(chan Socket, 1)
	c, br := server(t, by, o, func(s Socket) { accepted <- s }).dial(t, "")
	s := <-accepted
	t.Cleanup(func() { _ = s.Close(1000, "") })
	return s, c, br
}

func each(t *testing.T, test func(t *testing.T, by way)) {
	for _, by := range ways {
		t.Run(string(by), func(t *testing.T) {
			t.Parallel()
			test(t, by)
		})
	}
}

// TestAnEndTogetherWithData has the end of the connection arrive together with the
// last message, before that is read: the poller reports both at once, and nothing after.
func TestAnEndTogetherWithData(t *testing.T) {
	for name, end := range map[string]func(client){
		"a FIN":  func(c client) { _ = c.CloseWrite() },
		"an RST": func(c client) { _ = c.Close() }, // with the server's message unread
	} {
		t.Run(name, func(t *testing.T) {
			s, c, _ := connect(t, plain, Options{})
			if name == "an RST" {
				require.NoError(t, s.Write([]byte(strings.Repeat("-", Headroom)+"unread")))
			}
			_, err := io.WriteString(c, text("first"))
			require.NoError(t, err)
			msg, _, err := s.Read()
			require.NoError(t, err)
			require.Equal(t, "first", string(msg))

			_, err = io.WriteString(c, text("last"))
			require.NoError(t, err)
			end(c)
			time.Sleep(20 * time.Millisecond) // until both are there
			verdict := make(chan string, 1)
			go func() { verdict <- readAll(s) }()
			select {
			case v := <-verdict: // an RST may take the message with it
				require.Contains(t, []string{`text "last", lost`, "lost"}, v)
			case <-time.After(patience):
				t.Fatal("the end is not seen")
			}
		})
	}
}

// TestAKeptMessage is not touched by what is read later, and one that is not kept
// is touched at the earliest by the next Read: not by Close.
func TestAKeptMessage(t *testing.T) {
	each(t, func(t *testing.T, by way) {
		s, c, _ := connect(t, by, Options{})
		_, err := io.WriteString(c, text("first")+text("second")+text("third")[:3])
		require.NoError(t, err)
		first, _, err := s.Read()
		require.NoError(t, err)
		s.Keep()
		second, _, err := s.Read()
		require.NoError(t, err)
		require.Equal(t, "first", string(first))
		require.Equal(t, "second", string(second))
		s.Keep()
		s.Rest()
		_, err = io.WriteString(c, text("third")[3:]+text(strings.Repeat("fourth", 1000)))
		require.NoError(t, err)
		third, _, err := s.Read()
		require.NoError(t, err)
		require.Equal(t, "third", string(third))
		require.NoError(t, c.CloseWrite())
		_ = s.Close(1001, "") // reads what is left
		require.Equal(t, "first", string(first))
		require.Equal(t, "second", string(second))
		require.Equal(t, "third", string(third))
	})
}

// TestCloseFirst has the server close, with messages of the client on their way.
func TestCloseFirst(t *testing.T) {
	each(t, func(t *testing.T, by way) {
		s, c, br := connect(t, by, Options{})
		var answered sync.WaitGroup
		answered.Go(func() {
			_, _ = io.WriteString(c, text("on its way")+frame(opText, "half a message"))
			_, _ = io.ReadFull(br, make([]byte, 2+2+len("bye")))
			_, _ = io.WriteString(c, ping("late")+closing(4001, "and bye"))
		})
		err := s.Close(4001, "bye")
		answered.Wait()
		require.NoError(t, err, "the peer has answered")
		require.NoError(t, s.Close(4002, "again"))
		_, _, err = s.Read()
		require.Error(t, err)
		require.Error(t, s.Write([]byte(strings.Repeat("-", Headroom)+"late")))
		_, err = br.Read(make([]byte, 1))
		require.Error(t, err, "nothing follows a close frame")
	})
}

// TestCloseKeepsWhatIsLate: with Options.Late, Read returns what the client has sent until it
// knew of the end, and no more than that.
func TestCloseKeepsWhatIsLate(t *testing.T) {
	for _, by := range []way{plain, secure} {
		t.Run(string(by), func(t *testing.T) {
			s, c, br := connect(t, by, Options{Late: 20})
			var answered sync.WaitGroup
			answered.Go(func() {
				_, _ = io.WriteString(c, text("on its way")+text("as is this")+text("one too many"))
				_, _ = io.ReadFull(br, make([]byte, 2+2))
				_, _ = io.WriteString(c, closing(1000, ""))
			})
			require.NoError(t, s.Close(1000, ""))
			answered.Wait()
			for _, want := range []string{"on its way", "as is this"} {
				msg, isText, err := s.Read()
				require.NoError(t, err)
				require.True(t, isText)
				require.Equal(t, want, string(msg))
			}
			_, _, err := s.Read()
			require.Error(t, err)
		})
	}
}

// TestCloseIsBounded has a client that answers nothing, one that is silent within a
// frame, one that sends without end and one that reads nothing.
func TestCloseIsBounded(t *testing.T) {
	for name, behave := range map[string]func(s Socket, c net.Conn, stop <-chan struct{}){
		"silent":                func(_ Socket, c net.Conn, stop <-chan struct{}) { <-stop },
		"silent within a frame": func(_ Socket, c net.Conn, stop <-chan struct{}) { _, _ = io.WriteString(c, text("Hello")[:8]); <-stop },
		"without end": func(_ Socket, c net.Conn, stop <-chan struct{}) {
			for {
				if _, err := io.WriteString(c, text(strings.Repeat("*", 1000))); err != nil {
					return
				}
			}
		},
		"reads nothing": func(s Socket, c net.Conn, stop <-chan struct{}) {
			for s.Write(make([]byte, 1<<16)) == nil { // until the buffers are full
			}
			<-stop
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, by way) {
				s, c, _ := connect(t, by, Options{})
				stop := make(chan struct{})
				var running sync.WaitGroup
				running.Go(func() { behave(s, c, stop) })
				running.Go(func() {
					for err := error(nil); err == nil; _, _, err = s.Read() {
					}
				})
				time.Sleep(20 * time.Millisecond)
				require.Error(t, s.Close(1000, ""), "the peer has not answered")
				close(stop)
				running.Wait()
			})
		})
	}
}

// TestInterrupt makes a waiting Read fail, and later ones although there is
// something to read; the closing handshake works nevertheless.
func TestInterrupt(t *testing.T) {
	each(t, func(t *testing.T, by way) {
		s, c, br := connect(t, by, Options{})
		failed := make(chan error, 1)
		go func() {
			_, _, err := s.Read()
			failed <- err
		}()
		time.Sleep(10 * time.Millisecond)
		s.Interrupt()
		require.ErrorIs(t, <-failed, os.ErrDeadlineExceeded)
		_, err := io.WriteString(c, text("late"))
		require.NoError(t, err)
		time.Sleep(10 * time.Millisecond)
		_, _, err = s.Read()
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)

		var answered sync.WaitGroup
		answered.Go(func() {
			_, _ = io.ReadFull(br, make([]byte, 4))
			_, _ = io.WriteString(c, closing(1008, ""))
		})
		err = s.Close(1008, "")
		answered.Wait()
		require.NoError(t, err)
	})
}

// TestInterruptDuringClose does not cut the closing handshake short: the context of
// an iteration may end at any time.
func TestInterruptDuringClose(t *testing.T) {
	for _, by := range []way{plain, secure} {
		s, c, br := connect(t, by, Options{})
		var answered sync.WaitGroup
		answered.Go(func() {
			_, _ = io.ReadFull(br, make([]byte, 4))
			s.Interrupt()
			time.Sleep(10 * time.Millisecond)
			s.Interrupt()
			_, _ = io.WriteString(c, closing(1001, ""))
		})
		err := s.Close(1001, "")
		answered.Wait()
		require.NoError(t, err, "the peer has answered")
	}
}

// TestInterruptWithinABurst stops a reader that has more to read in its buffer: a
// flood ends where OnFrame says so.
func TestInterruptWithinABurst(t *testing.T) {
	for _, by := range []way{plain, secure} {
		var s Socket
		n := 0
		s, c, _ := connect(t, by, Options{OnFrame: func() bool {
			if n++; n == 3 {
				s.Interrupt()
			}
			return n < 3
		}})
		_, err := io.WriteString(c, strings.Repeat(ping(""), 20)+text("behind it"))
		require.NoError(t, err)
		_, _, err = s.Read()
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 3, n)
	}
}

// TestAPingOfAPeerThatReadsNothing does not stop the reading, and the pongs that
// wait for it are bounded.
func TestAPingOfAPeerThatReadsNothing(t *testing.T) {
	for _, by := range []way{plain, secure} {
		t.Run(string(by), func(t *testing.T) {
			s, c, _ := connect(t, by, Options{})
			var writing sync.WaitGroup
			writing.Go(func() {
				for s.Write(make([]byte, 1<<16)) == nil {
				}
			})
			_, err := io.WriteString(c, strings.Repeat(ping(strings.Repeat("p", 125)), 100)+text("heard"))
			require.NoError(t, err)
			msg, _, err := s.Read()
			require.NoError(t, err)
			require.Equal(t, "heard", string(msg))
			out := &s.(*conn).out
			out.pongMu.Lock()
			waiting := len(out.pongs)
			out.pongMu.Unlock()
			require.LessOrEqual(t, waiting, maxPongs)
			require.Error(t, s.Close(1000, ""))
			writing.Wait()
		})
	}
}

// TestWrites has several goroutines write, as the host, pongs and Close do.
func TestWrites(t *testing.T) {
	each(t, func(t *testing.T, by way) {
		s, c, br := connect(t, by, Options{})
		var running sync.WaitGroup
		var messages []string
		for _, n := range []int{0, 1, 125, 126, 2000, 65535, 65536} {
			messages = append(messages, strings.Repeat("m", n))
		}
		running.Go(func() {
			for _, m := range messages {
				_ = s.Write([]byte(strings.Repeat("-", Headroom) + m))
			}
			_, _ = io.WriteString(c, closing(1000, "")) // after the pings
		})
		running.Go(func() { readAll(s) })
		_, err := io.WriteString(c, strings.Repeat(ping("p"), 20))
		require.NoError(t, err)
		told := receive(br)
		require.NoError(t, told.err)
		require.Equal(t, 1000, told.code)
		var got []string
		for _, f := range told.frames {
			if strings.HasPrefix(f, "text") {
				got = append(got, f)
			} else {
				require.Equal(t, `pong "p"`, f)
			}
		}
		var want []string
		for _, m := range messages {
			want = append(want, asText(m))
		}
		require.Equal(t, want, got)
		running.Wait()
	})
}

// countingConn counts writes.
type countingConn struct {
	*script
	writes int
}

func (c *countingConn) Write(p []byte) (int, error) { c.writes++; return c.script.Write(p) }

// TestAMessageIsOneWrite: header and message leave together, without being copied.
func TestAMessageIsOneWrite(t *testing.T) {
	for _, n := range []int{0, 10, 125, 126, 2000, 65535, 70000} {
		c := &countingConn{script: &script{}}
		s, err := newConn(c, nil, nil, &Options{ReadLimit: 1})
		require.NoError(t, err)
		require.NoError(t, s.Write([]byte(strings.Repeat("-", Headroom)+strings.Repeat("m", n))))
		require.Equal(t, 1, c.writes)
		require.Equal(t, string(appendHeader(nil, opText, n))+strings.Repeat("m", n), c.out.String())
	}
	failing := errors.New("broken")
	s, err := newConn(failingConn{err: failing}, nil, nil, &Options{ReadLimit: 1})
	require.NoError(t, err)
	for range 2 {
		require.ErrorIs(t, s.Write(make([]byte, Headroom)), failing, "half a frame may be out")
	}
}

type failingConn struct {
	net.Conn
	err error
}

func (f failingConn) Write([]byte) (int, error) { return 0, f.err }

// TestNothingIsAllocated for a message in or out.
func TestNothingIsAllocated(t *testing.T) {
	s, c, br := connect(t, plain, Options{})
	in, out := []byte(text(strings.Repeat("i", 370))), make([]byte, Headroom+900)
	require.Zero(t, testing.AllocsPerRun(200, func() {
		if _, err := c.Write(in); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Read(); err != nil {
			t.Fatal(err)
		}
		if err := s.Write(out); err != nil {
			t.Fatal(err)
		}
		for left := 4 + 900; left > 0; {
			n, err := br.Read(out[:min(left, len(out))])
			if err != nil {
				t.Fatal(err)
			}
			left -= n
		}
	}))
}

// TestMemoryOfALargeMessage: the buffer grows with what has come, not with what is
// announced, and shrinks again.
func TestMemoryOfALargeMessage(t *testing.T) {
	large := strings.Repeat("*", 60_000)
	peer := &script{in: []byte(sized(fin|opText, 60_000, 8, large)[:2000])}
	c, err := newConn(peer, nil, nil, &Options{ReadLimit: 1 << 16})
	require.NoError(t, err)
	_, _, err = c.Read()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.LessOrEqual(t, len(c.in.buf), 4*bufferSize)

	peer = &script{in: []byte(text(large) + text("small"))}
	c, err = newConn(peer, nil, nil, &Options{ReadLimit: 1 << 16})
	require.NoError(t, err)
	for range 2 {
		_, _, err = c.Read()
		require.NoError(t, err)
	}
	_, _, err = c.Read()
	require.ErrorIs(t, err, io.EOF)
	require.Len(t, c.in.buf, bufferSize)
}

// TestSmallFragments of a large message cost about what they hold: neither does each
// get a larger buffer, nor does the buffer outgrow the limit.
func TestSmallFragments(t *testing.T) {
	const limit = 1 << 16
	stream := []byte(frame(opText, "*") + strings.Repeat(frame(opContinuation, "*")+ping("p"), limit-2) + frame(fin|opContinuation, "*"))
	var c *conn
	allocations := testing.AllocsPerRun(1, func() {
		c = &conn{net: &script{}, onFrame: func() bool { return false }}
		c.in.src, c.in.limit = bytes.NewReader(stream), limit
		msg, _, err := c.Read()
		if err != nil || len(msg) != limit {
			t.Fatal(len(msg), err)
		}
	})
	require.Less(t, allocations, 20.0)
	require.LessOrEqual(t, len(c.in.buf), limit+maxHeader)
}

// TestAnyReadLimit has hosts that want no limit, and a client that announces as much
// as can be announced.
func TestAnyReadLimit(t *testing.T) {
	for limit, want := range map[int64]string{
		math.MaxInt64:    `text "a", broken 1009`,
		maxReadLimit + 1: `text "a", broken 1009`,
		0:                "broken 1009",
		-1:               "broken 1009",
	} {
		for _, by := range []way{plain, secure} {
			verdict := make(chan string, 1)
			conn, _ := server(t, by, Options{ReadLimit: limit}, func(s Socket) { verdict <- readAll(s) }).dial(t, "")
			_, err := io.WriteString(conn, text("a")+sized(fin|opText, math.MaxInt64, 8, ""))
			require.NoError(t, err)
			require.NoError(t, conn.CloseWrite())
			require.Equal(t, want, <-verdict, "limit %d", limit)
		}
	}
}
