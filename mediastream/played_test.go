package mediastream

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// played returns what has been played in milliseconds, for certain and about.
func played(c *Conn) [2]int64 {
	certain, about := c.Played()
	return [2]int64{certain / 8, about / 8}
}

func (s *fakeSocket) returns(mark string) {
	s.in <- fmt.Sprintf(`{"event":"mark","streamSid":"%s","mark":{"name":"%s"}}`, testSID, mark)
	synctest.Wait()
}

// TestPlayed: the marks that come back set the clock of what is sent right, and it stays
// short of one that does not.
func TestPlayed(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
		require.Equal(t, [2]int64{}, played(c))
		require.NoError(t, c.SendMedia(ms(1000)))
		require.NoError(t, c.SendMark("a"))
		require.NoError(t, c.SendMedia(ms(1000)))
		require.NoError(t, c.SendMark("b"))
		synctest.Wait()
		time.Sleep(300 * time.Millisecond)
		require.Equal(t, [2]int64{0, 300}, played(c))
		time.Sleep(1200 * time.Millisecond)
		require.Equal(t, [2]int64{0, 999}, played(c), "a has not come back")
		s.returns("a")
		require.Equal(t, [2]int64{1000, 1000}, played(c), "500 ms late")
		time.Sleep(200 * time.Millisecond)
		require.Equal(t, [2]int64{1000, 1200}, played(c))
		s.returns("of another") // nobody has sent it
		s.returns("b")
		require.Equal(t, [2]int64{2000, 2000}, played(c), "the peer knows better")

		time.Sleep(time.Minute)
		require.NoError(t, c.SendMedia(ms(100)))
		synctest.Wait()
		require.Equal(t, [2]int64{2000, 2000}, played(c))
		time.Sleep(60 * time.Millisecond)
		require.Equal(t, [2]int64{2000, 2060}, played(c))
	})
}

// TestPlayedAfterClear: audio that was cleared counts as over, and its marks do not count
// for audio that is sent later.
func TestPlayedAfterClear(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
		require.NoError(t, c.SendMedia(ms(5000)))
		require.NoError(t, c.SendMark("a"))
		time.Sleep(100 * time.Millisecond)
		require.NoError(t, c.Clear())
		require.Equal(t, [2]int64{5000, 5000}, played(c))
		require.NoError(t, c.SendMedia(ms(300)))
		require.NoError(t, c.SendMark("a"))
		synctest.Wait()
		require.Equal(t, [2]int64{5000, 5000}, played(c))
		s.returns("a") // the first
		time.Sleep(100 * time.Millisecond)
		require.Equal(t, [2]int64{5000, 5100}, played(c))
		time.Sleep(time.Second)
		require.Equal(t, [2]int64{5000, 5299}, played(c))
		s.returns("a")
		require.Equal(t, [2]int64{5300, 5300}, played(c))
	})
}

// TestMarksThatDoNotComeBack cost a bounded amount.
func TestMarksThatDoNotComeBack(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, s *fakeSocket, c *Conn) {
		for range 2 * maxAway {
			require.NoError(t, c.SendMark("m"))
			synctest.Wait()
		}
		require.Len(t, c.out.away, maxAway)
	})
}
