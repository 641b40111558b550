package mediastream

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// host runs a stream that brings a start and n pieces of audio at their pace,
// and then ends without a stop.
func host(t *testing.T, n int, f func(t *testing.T, c *Conn)) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSocket()
		c := newConn(s, &twilio{}, (*Options)(nil).withDefaults())
		fed := make(chan struct{})
		go func() {
			defer close(fed)
			s.in <- testStart
			for i := range n {
				s.in <- mediaAt(i)
				time.Sleep(20 * time.Millisecond)
			}
			close(s.in)
		}()
		defer func() {
			require.NoError(t, c.Close(1000, ""))
			<-fed
		}()
		f(t, c)
	})
}

// sequences reads a stream to its end.
func sequences(ctx context.Context, c *Conn) (got []uint64, err error) {
	for e, failed := range c.Events(ctx) {
		if err = failed; err == nil {
			got = append(got, e.Sequence)
		}
	}
	return got, err
}

// inARow returns the numbers from first to last.
func inARow(first, last uint64) (list []uint64) {
	for n := first; n <= last; n++ {
		list = append(list, n)
	}
	return list
}

func TestAHostThatComesLate(t *testing.T) {
	host(t, 200, func(t *testing.T, c *Conn) {
		time.Sleep(12 * time.Second) // longer than StartTimeout and IdleTimeout
		got, err := sequences(t.Context(), c)
		require.ErrorIs(t, err, io.EOF, "the peer is not blamed")
		require.Equal(t, inARow(1, 201), got)
	})
}

func TestAHostThatLeavesTheLoop(t *testing.T) {
	host(t, 700, func(t *testing.T, c *Conn) {
		for e, err := range c.Events(t.Context()) {
			require.NoError(t, err)
			if e.Type == EventStart {
				break
			}
		}
		time.Sleep(4 * time.Second)
		require.Greater(t, c.Stats().MessagesIn, uint64(190), "the carrier does not wait")
		n := 0
		for range c.Events(t.Context()) {
			if n++; n == 150 {
				break
			}
		}
		time.Sleep(4 * time.Second)
		got, err := sequences(t.Context(), c)
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, inARow(152, 701), got, "nothing is lost in between")
	})
}

// TestAnIterationThatIsOver has a context end after its iteration.
func TestAnIterationThatIsOver(t *testing.T) {
	host(t, 200, func(t *testing.T, c *Conn) {
		ctx, cancel := context.WithCancel(t.Context())
		for e := range c.Events(ctx) {
			if e.Sequence == 10 {
				time.Sleep(2 * time.Second) // until another goroutine reads
				break
			}
		}
		cancel()
		time.Sleep(3 * time.Second) // it reads to the end
		got, err := sequences(t.Context(), c)
		require.ErrorIs(t, err, io.EOF)
		require.Equal(t, inARow(11, 201), got)
	})
}

// TestAHostThatEndsDoesNotReadOn has a backlog when the host no longer wants it.
func TestAHostThatEndsDoesNotReadOn(t *testing.T) {
	for name, end := range map[string]func(*Conn, context.CancelFunc){
		"its context": func(_ *Conn, cancel context.CancelFunc) { cancel() },
		"by Close":    func(c *Conn, _ context.CancelFunc) { _ = c.Close(1001, "") },
	} {
		t.Run(name, func(t *testing.T) {
			host(t, 500, func(t *testing.T, c *Conn) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				var last error
				n := 0
				for e, err := range c.Events(ctx) {
					last = err
					if n++; e.Sequence == 10 {
						time.Sleep(4 * time.Second)
						require.Greater(t, c.Stats().Backlog, 3*time.Second)
						end(c, cancel)
						synctest.Wait()
					}
				}
				if ctx.Err() != nil {
					require.ErrorIs(t, last, context.Canceled)
					n-- // the error
				}
				require.Equal(t, 10, n)
				for range c.Events(t.Context()) {
					t.Fatal("nothing comes after the end")
				}
			})
		})
	}
}

// TestDroppedAudioIsAGap checks that a recorder which puts in the silence it is
// told of keeps time with the carrier.
func TestDroppedAudioIsAGap(t *testing.T) {
	events, _, s := consume(t, 1500, func(int) time.Duration { return 40 * time.Millisecond })
	require.Positive(t, s.Dropped)
	var recorded time.Duration
	for _, e := range events {
		if e.Type != EventMedia {
			continue
		}
		recorded += e.Media.Gap
		require.Equal(t, e.Media.Timestamp, recorded, "chunk %d", e.Media.Chunk)
		recorded += 20 * time.Millisecond
	}
	require.Zero(t, s.Gaps, "the carrier left nothing out")
}

// TestABacklogIsBounded has a peer whose small events are large.
func TestABacklogIsBounded(t *testing.T) {
	long := strings.Repeat("7", 60_000)
	for name, message := range map[string]string{
		"a key":         `{"event":"dtmf","dtmf":{"digit":"` + long + `"}}`,
		"another key":   `{"event":"dtmf","dtmf":{"digit":"\u0037` + long + `"}}`,
		"a mark":        `{"event":"mark","mark":{"name":"` + long + `"}}`,
		"a track":       `{"event":"media","media":{"payload":"","track":"` + long + `"}}`,
		"audio":         `{"event":"media","media":{"payload":"` + long + `"}}`,
		"another audio": `{"media":{"payload":"\u0037` + long + `"},"event":"media"}`,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newFakeSocket()
				c := newConn(s, &twilio{}, (*Options)(nil).withDefaults())
				s.in <- testStart
				for range 12 {
					s.in <- message
				}
				for range c.Events(t.Context()) {
					time.Sleep(5 * time.Second)
					break
				}
				synctest.Wait()
				held := 0
				for _, i := range c.backlog.items {
					e := &i.event
					held += len(e.Media.Payload) + len(e.Media.Track) + len(e.Digit) + len(e.Mark) + len(e.Name)
				}
				require.NoError(t, c.Close(1000, ""))
				require.Less(t, held, c.opts.Backlog+len(long))
			})
		})
	}
}

// TestDroppedAudioBeforeMarksIsAGap has no later piece in the backlog to tell of
// the dropped one.
func TestDroppedAudioBeforeMarksIsAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSocket()
		c := newConn(s, &twilio{}, (&Options{Backlog: 1000}).withDefaults()) // a piece and two marks
		s.in <- testStart
		s.in <- mediaAt(0)
		var gaps []time.Duration
		marks := 0
		for e, err := range c.Events(t.Context()) {
			require.NoError(t, err)
			switch e.Type {
			case EventMedia:
				gaps = append(gaps, e.Media.Gap)
			case EventStart:
				go func() {
					time.Sleep(2 * time.Second)
					for range 4 {
						s.in <- `{"event":"mark","mark":{"name":"m"}}`
					}
				}()
				time.Sleep(3 * time.Second)
			case EventMark:
				if marks++; marks == 4 { // none waits any more
					s.in <- mediaAt(1)
					s.in <- testStop
				}
			}
		}
		require.EqualValues(t, 1, c.Stats().Dropped)
		require.Equal(t, []time.Duration{20 * time.Millisecond}, gaps)
		require.NoError(t, c.Close(1000, ""))
	})
}

func TestAStreamThatEndsAnswersNoPing(t *testing.T) {
	for name, end := range map[string]func(*Conn){
		"by the host": func(c *Conn) { require.NoError(t, c.Close(1000, "")) },
		"by an error": func(c *Conn) { c.fail(&Error{Type: ErrorProtocol, Code: codePolicy, Err: errTooMany}) },
	} {
		c := newConn(newFakeSocket(), &twilio{}, (*Options)(nil).withDefaults())
		require.True(t, c.answersPing(), name)
		end(c)
		require.False(t, c.answersPing(), name)
		require.NoError(t, c.Close(1000, ""))
	}
}
