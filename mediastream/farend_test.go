package mediastream

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// hears returns what the caller hears in 20 ms, and that it is one sound.
func hears(t *testing.T, c *Conn, at time.Duration) byte {
	t.Helper()
	var dst [160]byte
	sent := c.FarEnd(dst[:], at)
	require.Equal(t, bytes.Repeat(dst[:1], 160), dst[:])
	require.Equal(t, sent, dst[0] != 0xff)
	return dst[0]
}

// TestFarEnd: what is sent is heard from then on, in order, by the clock of what arrives,
// however far ahead of it.
func TestFarEnd(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, _ *fakeSocket, c *Conn) {
		sound := func(b byte, ms int) []byte { return bytes.Repeat([]byte{b}, 8*ms) }
		at := 100 * time.Millisecond // Twilio's first piece
		next := func() byte {
			defer func() { at += frameLength }()
			time.Sleep(frameLength)
			return hears(t, c, at)
		}
		for range 5 {
			require.EqualValues(t, 0xff, next())
		}
		require.NoError(t, c.SendMedia(sound(1, 400)))
		require.NoError(t, c.SendMedia(sound(2, 400)))
		require.NoError(t, c.Flush())
		synctest.Wait()
		for _, want := range []byte{1, 2} {
			for range 20 {
				require.Equal(t, want, next())
			}
		}
		require.EqualValues(t, 0xff, next(), "played to its end")

		require.NoError(t, c.SendMedia(sound(3, 1000)))
		synctest.Wait()
		for range 10 {
			require.EqualValues(t, 3, next())
		}
		require.NoError(t, c.Clear())
		synctest.Wait()
		require.EqualValues(t, 0xff, next(), "cleared")
		require.NoError(t, c.SendMedia(sound(4, 400)))
		require.NoError(t, c.Flush())
		synctest.Wait()
		require.EqualValues(t, 4, next())
		at -= 20 * time.Millisecond // a clock that is a little off
		require.EqualValues(t, 4, next())
		at += 200 * time.Millisecond // audio was lost on its way here, and not on its way there
		for range 9 {
			require.EqualValues(t, 4, next())
		}
		require.EqualValues(t, 0xff, next())
	})
}

// TestFarEndBeforeAnythingArrives: a greeting that is sent at once begins with the stream.
func TestFarEndBeforeAnythingArrives(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, _ *fakeSocket, c *Conn) {
		require.False(t, c.FarEnd(nil, 0))
		require.NoError(t, c.SendMedia(bytes.Repeat([]byte{1}, 8*400)))
		require.NoError(t, c.Flush())
		synctest.Wait()
		at := 100 * time.Millisecond
		for range 15 {
			require.EqualValues(t, 1, hears(t, c, at))
			at += frameLength
		}
		require.EqualValues(t, 0xff, hears(t, c, at))
	})
}

// TestFarEndHasRoom for the lead, and for what is sent while nothing arrives; more than that
// is left out.
func TestFarEndHasRoom(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, _ *fakeSocket, c *Conn) {
		hears(t, c, 0)
		require.NoError(t, c.SendMedia(bytes.Repeat([]byte{1}, 10*8000)))
		synctest.Wait()
		time.Sleep(5 * time.Second)
		at, heard := frameLength, 0
		for ; hears(t, c, at) == 1; at += frameLength {
			heard++
		}
		require.GreaterOrEqual(t, time.Duration(heard)*frameLength, 500*time.Millisecond)
		require.LessOrEqual(t, time.Duration(heard)*frameLength, time.Second)
		require.LessOrEqual(t, len(c.out.farEnd.ring), 7<<10+128)
	})
}

// TestFarEndCostsNothing where nobody asks for it, and no allocation where somebody does.
func TestFarEndCostsNothing(t *testing.T) {
	inBubble(t, Options{}, func(t *testing.T, _ *fakeSocket, c *Conn) {
		require.NoError(t, c.SendMedia(bytes.Repeat([]byte{1}, 800)))
		synctest.Wait()
		require.Nil(t, c.out.farEnd.ring)
		var dst [160]byte
		at := time.Duration(0)
		require.Zero(t, testing.AllocsPerRun(100, func() {
			c.FarEnd(dst[:], at)
			at += frameLength
		}))
	})
}
