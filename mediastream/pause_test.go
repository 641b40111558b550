package mediastream

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// counted returns audio whose samples differ for 32 ms.
func counted(n int) []byte {
	audio := ms(n)
	for i := range audio {
		audio[i] = byte(i)
	}
	return audio
}

// TestPause: what was not played is sent again, with its marks, from where the clock of what
// was sent says that the clear has cut it off, 10 ms earlier.
func TestPause(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
		require.NoError(t, c.SendMedia(counted(300)))
		require.NoError(t, c.SendMark("a"))
		require.NoError(t, c.SendMedia(counted(300)))
		require.NoError(t, c.SendMark("b"))
		time.Sleep(350 * time.Millisecond)
		s.returns("a")
		require.NoError(t, c.Pause())
		require.NoError(t, c.Pause(), "it is paused")
		synctest.Wait()
		require.Equal(t, "media 1440, media 960, mark a, media 1440, media 960, mark b, clear, mark mediastream-pause-1", s.summary())
		require.NoError(t, c.SendMedia(ms(100)))
		time.Sleep(50 * time.Millisecond)
		s.returns("b")
		s.returns("mediastream-pause-1")
		require.Equal(t, [2]int64{300, 340}, played(c))
		time.Sleep(time.Minute)
		require.Equal(t, 8, len(s.sent()), "nothing leaves in a pause")
		require.Equal(t, [2]int64{300, 340}, played(c))
		require.NoError(t, c.Resume())
		require.NoError(t, c.Resume(), "it goes on")
		require.NoError(t, c.Flush())
		synctest.Wait()
		sent := s.sent()[8:]
		require.Equal(t, counted(300)[40*8:220*8], sent[0].Audio)
		require.Equal(t, counted(300)[220*8:], sent[1].Audio)
		require.Equal(t, "b", sent[2].Mark)
		require.Equal(t, ms(100), sent[3].Audio)
		s.returns("b")
		require.Equal(t, int64(600), played(c)[0])
	})
}

// TestPauseWithoutAnAnswer: a carrier that does not return marks is not waited for.
func TestPauseWithoutAnAnswer(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
		require.NoError(t, c.SendMedia(counted(1000)))
		require.NoError(t, c.SendMark("a"))
		time.Sleep(200 * time.Millisecond)
		require.NoError(t, c.Pause())
		require.NoError(t, c.Resume())
		time.Sleep(900 * time.Millisecond)
		before := len(s.sent())
		time.Sleep(150 * time.Millisecond)
		require.Greater(t, len(s.sent()), before)
		require.Equal(t, counted(1000)[190*8:370*8], s.sent()[before].Audio)
		s.returns("mediastream-pause-1") // at last
		time.Sleep(time.Second)
		s.returns("a")
		require.Equal(t, int64(1000), played(c)[0])
	})
}

// TestPauseGivenUp: Clear drops what a pause holds, and every mark comes back once.
func TestPauseGivenUp(t *testing.T) {
	for name, settled := range map[string]bool{"with": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
				require.NoError(t, c.SendMedia(ms(400)))
				require.NoError(t, c.SendMark("a"))
				time.Sleep(100 * time.Millisecond)
				require.NoError(t, c.Pause())
				synctest.Wait()
				s.returns("a")
				if settled {
					s.returns("mediastream-pause-1")
				}
				require.NoError(t, c.Clear())
				require.NoError(t, c.SendMedia(ms(100)))
				synctest.Wait()
				want := "media 1440, media 1440, media 320, mark a, clear, mark mediastream-pause-1, clear, media 800"
				if settled {
					want = "media 1440, media 1440, media 320, mark a, clear, mark mediastream-pause-1, clear, mark a, media 800"
				}
				require.Equal(t, want, s.summary())
				require.Equal(t, [2]int64{400, 400}, played(c))
			})
		})
	}
}

func TestPauseOfAStreamThatHasEnded(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
		require.NoError(t, c.Close(1000, ""))
		require.ErrorIs(t, c.Pause(), ErrClosed)
		require.ErrorIs(t, c.Resume(), ErrClosed)
	})
}
