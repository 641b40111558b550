package mediastream

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// consume runs a stream whose consumer takes as long over the n-th event as work
// says, while the carrier sends 50 pieces a second, n in all, and then a stop.
func consume(t *testing.T, n int, work func(i int) time.Duration) (events []Event, reported []*Error, s consumed) {
	synctest.Test(t, func(t *testing.T) {
		sock := newFakeSocket()
		opts := Options{OnError: func(e *Error) { reported = append(reported, e) }, MaxRate: 1000}
		c := newConn(sock, &twilio{}, opts.withDefaults())
		c.running.Go(func() {
			sock.in <- testStart
			for i := range n {
				sock.in <- mediaAt(i)
				time.Sleep(20 * time.Millisecond)
			}
			sock.in <- testStop
		})
		for e, err := range c.Events(t.Context()) {
			require.NoError(t, err)
			if e.Type == EventMedia {
				require.Equal(t, 216, len(e.Media.Payload))
				payload := e.Media.Payload
				time.Sleep(work(len(events)))
				require.Equal(t, strings.Repeat("/", 214)+"==", string(payload), "valid until the next iteration")
			}
			events = append(events, e)
			s.turns = append(s.turns, c.backlog.turn.Load())
			s.most = max(s.most, c.Stats().Backlog)
		}
		s.Stats = c.Stats()
		require.NoError(t, c.Close(1000, ""))
	})
	return events, reported, s
}

// consumed is how a stream went.
type consumed struct {
	Stats
	most  time.Duration // of the backlog
	turns []int32       // whose turn it was to read, at each event
}

func TestAConsumerThatKeepsUp(t *testing.T) {
	events, reported, s := consume(t, 500, func(int) time.Duration { return 5 * time.Millisecond })
	require.Equal(t, 502, len(events))
	require.Empty(t, reported)
	require.Zero(t, s.most)
}

func TestAConsumerThatStallsOnce(t *testing.T) {
	events, reported, s := consume(t, 1000, func(i int) time.Duration {
		if i == 100 {
			return 4 * time.Second
		}
		return 0
	})
	require.EqualValues(t, consumerWorks, s.turns[99])
	require.EqualValues(t, reliefReads, s.turns[101])
	require.EqualValues(t, consumerWorks, s.turns[900], "it reads by itself again")
	require.Equal(t, 1002, len(events), "nothing is lost")
	require.Empty(t, reported)
	require.Greater(t, s.most, 3*time.Second)
	require.Less(t, s.most, 5*time.Second)
	for i, e := range events[1:1001] {
		require.EqualValues(t, i+2, e.Sequence, "and all in order")
	}
}

func TestAConsumerThatIsTooSlow(t *testing.T) {
	events, reported, s := consume(t, 3000, func(int) time.Duration { return 40 * time.Millisecond })
	require.Equal(t, 1, len(reported), "told once: %v", reported)
	require.Equal(t, ErrorSlowConsumer, reported[0].Type)
	require.Zero(t, reported[0].Code)
	require.EqualValues(t, 3002, s.MessagesIn, "the carrier never waits")
	require.EqualValues(t, 3002-len(events), s.Dropped)
	require.Greater(t, s.Dropped, uint64(1000))
	require.Less(t, s.most, 8*time.Second)
	require.Equal(t, EventStop, events[len(events)-1].Type, "the end is not dropped")
}

// TestABacklogOfMarks cannot drop audio to make room.
func TestABacklogOfMarks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sock := newFakeSocket()
		c := newConn(sock, &twilio{}, (&Options{MaxRate: 1e6}).withDefaults())
		sock.in <- testStart
		for range 5000 {
			sock.in <- `{"event":"mark","streamSid":"` + testSID + `","mark":{"name":"m"}}`
		}
		var last error
		n := 0
		for e, err := range c.Events(t.Context()) {
			last = err
			n++
			if e.Type == EventStart {
				time.Sleep(5 * time.Second)
			}
		}
		var e *Error
		require.ErrorAs(t, last, &e)
		require.Equal(t, ErrorSlowConsumer, e.Type)
		require.Equal(t, 1008, sock.closedWith())
		require.Less(t, n, 1000)
		require.NoError(t, c.Close(1000, ""))
	})
}

func TestContextEndsEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sock := newFakeSocket()
		c := newConn(sock, &twilio{}, (*Options)(nil).withDefaults())
		sock.in <- testStart
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var last error
		for _, err := range c.Events(ctx) {
			last = err
		}
		require.ErrorIs(t, last, context.DeadlineExceeded)
		for range c.Events(t.Context()) {
			t.Fatal("nothing comes after the end")
		}
		require.NoError(t, c.Close(1001, "draining"))
		require.Equal(t, 1001, sock.closedWith(), "the host says how it closes")
	})
}

func TestTimeouts(t *testing.T) {
	for _, c := range []struct {
		name  string
		feed  func(*fakeSocket)
		after time.Duration
		code  int
	}{
		{"no start", func(s *fakeSocket) { s.in <- `{"event":"connected"}` }, 5 * time.Second, 1008},
		{"silence", func(s *fakeSocket) { s.in <- testStart }, 10 * time.Second, 1001},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sock := newFakeSocket()
				conn := newConn(sock, &twilio{}, (*Options)(nil).withDefaults())
				c.feed(sock)
				var last error
				for _, err := range conn.Events(t.Context()) {
					last = err
				}
				var e *Error
				require.ErrorAs(t, last, &e)
				require.Equal(t, ErrorTimeout, e.Type)
				require.InDelta(t, c.after, time.Since(sock.began), float64(2*lookEvery))
				require.Equal(t, c.code, sock.closedWith())
				require.NoError(t, conn.Close(1000, ""))
			})
		})
	}
}

// TestTheRateIsAsAllowed has a peer that sends exactly as much as it may, for long,
// and one that sends a little more.
func TestTheRateIsAsAllowed(t *testing.T) {
	const seconds, allowed = 120, 3
	for _, perSecond := range []int{allowed, allowed + 1} {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeSocket()
			c := newConn(s, &twilio{}, (&Options{MaxRate: allowed}).withDefaults())
			s.in <- testStart
			fed := make(chan struct{})
			go func() {
				defer close(fed)
				for range perSecond * seconds {
					time.Sleep(time.Second / time.Duration(perSecond))
					select {
					case s.in <- `{"event":"hold"}`:
					case <-s.end:
						return
					}
				}
				s.Interrupt()
			}()
			var last error
			for _, err := range c.Events(t.Context()) {
				last = err
			}
			require.Equal(t, perSecond > allowed, errors.Is(last, errTooMany), "%v", last)
			require.NoError(t, c.Close(1000, ""))
			<-fed
		})
	}
}

// TestSilenceEarnsNoBurst: a peer that has sent little for minutes may send no more at once
// than one that has just come.
func TestSilenceEarnsNoBurst(t *testing.T) {
	const allowed = 3
	for burst, refused := range map[int]bool{25: false, 40: true} {
		synctest.Test(t, func(t *testing.T) {
			s := newFakeSocket()
			c := newConn(s, &twilio{}, (&Options{MaxRate: allowed}).withDefaults())
			s.in <- testStart
			fed := make(chan struct{})
			go func() {
				defer close(fed)
				for range 300 {
					time.Sleep(time.Second)
					s.in <- `{"event":"hold"}`
				}
				for range burst {
					s.in <- `{"event":"hold"}`
				}
				time.Sleep(time.Second / 4) // all of it is read
				s.Interrupt()
			}()
			var last error
			for _, err := range c.Events(t.Context()) {
				last = err
			}
			require.Equal(t, refused, errors.Is(last, errTooMany), "%d: %v", burst, last)
			require.NoError(t, c.Close(1000, ""))
			<-fed
		})
	}
}

// TestFirstFaultCounts: a stream ends because of the first thing that goes wrong.
func TestFirstFaultCounts(t *testing.T) {
	var told []*Error
	c := newConn(newFakeSocket(), &twilio{}, (&Options{OnError: func(e *Error) { told = append(told, e) }}).withDefaults())
	first := &Error{Type: ErrorTimeout, Offset: -1, Code: codePolicy, Err: errNoStart}
	c.fail(first)
	c.fail(&Error{Type: ErrorProtocol, Offset: -1, Code: codePolicy, Err: errTooMany})
	require.Same(t, first, c.cause)
	c.Close(1000, "")
	require.LessOrEqual(t, len(told), 1)
}

// TestRateOfAStrangeFormat is that of Twilio's, which audio is divided by.
func TestRateOfAStrangeFormat(t *testing.T) {
	for want, formats := range map[int][]MediaFormat{
		8000:  {Mulaw(), {}, {SampleRate: -8000, Channels: 1}, {SampleRate: 1 << 30, Channels: 8}, {SampleRate: 8000}},
		32000: {{Encoding: "audio/l16", SampleRate: 16000, Channels: 1}},
	} {
		for _, f := range formats {
			require.Equal(t, want, f.bytesPerSecond(), f)
		}
	}
}

// TestGaps is the silence that a recorder puts in.
func TestGaps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sock := newFakeSocket()
		c := newConn(sock, &twilio{}, (*Options)(nil).withDefaults())
		sock.in <- testStart
		for _, n := range []int{5, 6, 8, 11, 12, 3, 4, 5, 100} { // in packets of 20 ms
			sock.in <- mediaAt(n)
		}
		sock.in <- strings.Replace(mediaAt(200), "inbound", "outbound", 1)
		sock.in <- strings.NewReplacer("inbound", "outbound", `"4020"`, `"4037"`).Replace(mediaAt(201)) // 17 ms late is jitter
		sock.in <- testStop
		var gaps []time.Duration
		for e := range c.Events(t.Context()) {
			if e.Type == EventMedia {
				gaps = append(gaps, e.Media.Gap/frameLength)
			}
		}
		require.Equal(t, []time.Duration{5, 0, 1, 2, 0, 0, 0, 0, 94, 200, 0}, gaps)
		s := c.Stats()
		require.EqualValues(t, 3, s.Gaps)
		require.NoError(t, c.Close(1000, ""))
	})
}

// mutedSocket always has the same message.
type mutedSocket struct {
	*fakeSocket
	message []byte
}

func (s mutedSocket) Read() ([]byte, bool, error) { return s.message, true, nil }

func TestReceiveDoesNotAllocate(t *testing.T) {
	sock := &mutedSocket{newFakeSocket(), []byte(testStart)}
	c := newConn(sock, &twilio{}, (&Options{MaxRate: 1e9}).withDefaults())
	require.NoError(t, c.receive(&Event{}))
	sock.message = []byte(mediaAt(7))
	n := 0
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		c.backlog.takeBack()
		e, err := c.next()
		if err == nil && e.Type == EventMedia {
			n++
		}
		c.backlog.handOver()
	}))
	require.Equal(t, 1001, n)
	require.NoError(t, c.Close(1000, ""))
}

// TestOneReader holds the consumer back just as the watch takes over: it must find either
// its own turn or a relief that reads, or both would read.
func TestOneReader(t *testing.T) {
	sock := newFakeSocket()
	c := newConn(sock, &twilio{}, (&Options{}).withDefaults())
	b := &c.backlog
	b.mu.Lock()
	relieved := make(chan struct{})
	go func() {
		defer close(relieved)
		c.relieve()
	}()
	for range 100 {
		time.Sleep(time.Millisecond)
		require.True(t, b.busy() || b.reading)
	}
	b.mu.Unlock()
	<-relieved
	require.False(t, b.busy())
	require.NoError(t, c.Close(1000, ""))
}
