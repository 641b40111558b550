package mediastream

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// ms returns so many milliseconds of audio.
func ms(n int) []byte { return make([]byte, n*8) }

func TestAudioLeavesAheadOfPlayback(t *testing.T) {
	const lead = 500 * time.Millisecond
	inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
		audio := make([]byte, 8*10_050)
		for i := range audio {
			audio[i] = byte(i * 13)
		}
		require.NoError(t, c.SendMedia(audio))
		require.NoError(t, c.Flush())
		time.Sleep(11 * time.Second)

		var heard []byte
		for i, m := range s.sent() {
			played := time.Duration(len(heard)) * time.Second / 8000
			require.LessOrEqual(t, m.at, played, "message %d comes after the audio before it has run out", i)
			require.LessOrEqual(t, played-m.at, lead, "message %d comes too early", i)
			heard = append(heard, m.Audio...)
		}
		require.True(t, bytes.Equal(audio, heard))
		require.Equal(t, 56, len(s.sent()), "messages of 180 ms and the rest")
	})
}

func TestSmallPiecesAreJoined(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
		for range 23 {
			require.NoError(t, c.SendMedia(ms(20)))
			time.Sleep(20 * time.Millisecond)
		}
		require.Equal(t, "media 800, media 800, media 800, media 800", s.summary())
		require.NoError(t, c.Flush())
		synctest.Wait()
		require.Equal(t, "media 800, media 800, media 800, media 800, media 480", s.summary())
		require.NoError(t, c.SendMedia(ms(30)))
		time.Sleep(time.Second)
		require.True(t, strings.HasSuffix(s.summary(), "media 480, media 240"), "a forgotten remainder leaves by itself: %s", s.summary())
		require.Equal(t, Stats{MessagesIn: 1, BytesIn: uint64(len(testStart)), MessagesOut: 6, BytesOut: c.Stats().BytesOut}, c.Stats())
	})
}

func TestMessagesAreWholePackets(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
		require.NoError(t, c.SendMedia(ms(115)))
		synctest.Wait()
		require.NoError(t, c.Flush())
		synctest.Wait()
		require.Equal(t, "media 800, media 120", s.summary())
	})
}

func TestMarksKeepTheirPlace(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
		require.NoError(t, c.SendMark("first"))
		require.NoError(t, c.SendMedia(ms(50)))
		require.NoError(t, c.SendMark("a"))
		require.NoError(t, c.SendMark("b"))
		require.NoError(t, c.SendMedia(ms(130)))
		require.NoError(t, c.SendMark("c"))
		require.NoError(t, c.SendMedia(ms(10)))
		time.Sleep(100 * time.Millisecond)
		require.Equal(t, "mark first, media 400, mark a, mark b, media 1040, mark c", s.summary())
	})
}

func TestClear(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
		require.NoError(t, c.SendMedia(ms(5000)))
		require.NoError(t, c.SendMark("unsent"))
		time.Sleep(35 * time.Millisecond)
		require.Positive(t, c.Stats().Queued)
		require.Positive(t, c.Stats().Unplayed)
		require.NoError(t, c.Clear())
		require.Zero(t, c.Stats().Queued)
		require.NoError(t, c.SendMedia(ms(100)))
		synctest.Wait()
		require.Equal(t, "media 1440, media 1440, media 1440, clear, mark unsent, media 800", s.summary())
		require.Equal(t, 35*time.Millisecond, s.sent()[5].at, "what comes after a clear does not wait for what was cleared")
		require.Equal(t, 100*time.Millisecond, c.Stats().Unplayed)
		time.Sleep(10 * time.Second)
		require.Zero(t, c.Stats().Unplayed)
		require.Equal(t, 6, len(s.sent()))
	})
}

func TestNothingLeavesBeforeStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSocket()
		c := newConn(s, &twilio{}, (*Options)(nil).withDefaults())
		require.NoError(t, c.SendMedia(ms(100)))
		require.NoError(t, c.SendMark("m"))
		synctest.Wait()
		require.Empty(t, s.sent())
		s.in <- testStart
		s.in <- testStop
		for e, err := range c.Events(t.Context()) {
			require.NoError(t, err)
			if e.Type == EventStart {
				synctest.Wait()
			}
		}
		require.Equal(t, "media 800, mark m", s.summary())
		require.ErrorIs(t, c.SendMedia(ms(100)), ErrClosed)
		require.ErrorIs(t, c.SendMark("m"), ErrClosed)
		require.ErrorIs(t, c.Flush(), ErrClosed)
		require.ErrorIs(t, c.Clear(), ErrClosed)
		require.NoError(t, c.Close(1000, ""))
		require.NoError(t, c.Close(1000, ""))
		require.Equal(t, 1000, s.closedWith())
	})
}

// TestSlowReader has a peer that stops taking messages.
func TestSlowReader(t *testing.T) {
	reported := make(chan *Error, 8)
	opts := Options{Queue: 8 * 1000, OnError: func(e *Error) { reported <- e }}
	inBubble(t, opts, func(t *testing.T, s *fakeSocket, c *Conn) {
		s.mu.Lock()
		s.stalled = make(chan struct{})
		s.mu.Unlock()
		require.NoError(t, c.SendMedia(ms(180)), "sends never wait")
		synctest.Wait()
		require.NoError(t, c.SendMedia(ms(1000)))
		require.ErrorIs(t, c.SendMedia(ms(1)), ErrQueueFull)
		require.Equal(t, time.Second, c.Stats().Queued)
		for range maxMarks {
			require.NoError(t, c.SendMark("m"))
		}
		require.ErrorIs(t, c.SendMark("m"), ErrQueueFull)

		time.Sleep(9 * time.Second)
		require.Empty(t, reported)
		time.Sleep(2 * time.Second)
		require.Equal(t, 1, len(reported))
		require.Equal(t, ErrorWrite, (<-reported).Type)
		require.ErrorIs(t, c.SendMedia(ms(20)), ErrClosed)
	})
}

// TestWritesThatFailWhileReadsGoOn is not what a socket does, but if one did, its
// stream would not stay half alive.
func TestWritesThatFailWhileReadsGoOn(t *testing.T) {
	reported := make(chan *Error, 8)
	inBubble(t, Options{OnError: func(e *Error) { reported <- e }}, func(t *testing.T, s *fakeSocket, c *Conn) {
		s.mu.Lock()
		s.broken = errors.New("broken")
		s.mu.Unlock()
		require.NoError(t, c.SendMark("m"))
		synctest.Wait()
		require.ErrorIs(t, c.SendMark("m"), ErrClosed)
		require.Empty(t, reported, "the reader may know why")
		time.Sleep(11 * time.Second)
		require.Equal(t, 1, len(reported))
		require.Equal(t, ErrorWrite, (<-reported).Type)
		require.Zero(t, c.Stats().MessagesOut)
	})
}

// TestSendsFromManyGoroutines is for the race detector.
func TestSendsFromManyGoroutines(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
		for range 4 {
			c.running.Go(func() {
				for range 50 {
					_ = c.SendMedia(ms(20))
					_ = c.SendMark("m")
					_ = c.Flush()
					_ = c.Clear()
					_ = c.Stats()
				}
			})
		}
		time.Sleep(time.Minute)
		require.Equal(t, 200, strings.Count(s.summary(), "mark m"), "every mark leaves")
	})
}

func TestSendDoesNotAllocate(t *testing.T) {
	c := newConn(newFakeSocket(), &twilio{}, (&Options{Lead: time.Hour}).withDefaults())
	defer func() { require.NoError(t, c.Close(1000, "")) }()
	o := &c.out
	c.wire.begin(testSID)
	o.begun, o.lead = true, time.Hour
	o.writing = true // the test is the writer
	now := time.Now()
	audio := ms(100)
	send := func() {
		_ = c.SendMedia(audio)
		o.mu.Lock()
		for o.next(now) != nil {
			now = o.heard
		}
		o.mu.Unlock()
	}
	require.Zero(t, testing.AllocsPerRun(1000, send))
	o.writing = false
}
