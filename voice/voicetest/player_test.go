package voicetest

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func sound(n int, code byte) []byte { return bytes.Repeat([]byte{code}, n) }

// ticks runs n ticks and returns the marks of each.
func ticks(p *player, n int) (marks [][]string) {
	var frame [frameSize]byte
	for range n {
		m, _, _ := p.tick(&frame)
		marks = append(marks, m)
	}
	return marks
}

func TestAMarkComesBackWhenAllBeforeItWasHeard(t *testing.T) {
	var p player
	require.True(t, p.mark("at once"), "nothing is buffered")

	require.True(t, p.play(sound(200, 1))) // a frame and a quarter
	require.False(t, p.mark("a"))
	require.True(t, p.play(sound(120, 2))) // fills the second frame
	require.False(t, p.mark("b"))
	require.False(t, p.mark("c"))
	require.Equal(t, [][]string{nil, nil, {"a", "b", "c"}, nil}, ticks(&p, 4))
	require.Equal(t, append(sound(200, 1), sound(120, 2)...), p.heard)
	require.True(t, p.mark("silent again"))
}

func TestAMarkWaitsForTheFrameThatIsBeingHeard(t *testing.T) {
	var p player
	p.play(sound(frameSize, 1))
	require.Equal(t, [][]string{nil}, ticks(&p, 1))
	require.False(t, p.mark("late"), "its frame is still being heard")
	require.Equal(t, [][]string{{"late"}}, ticks(&p, 1))
}

func TestClearDropsAudioAndReturnsMarksInOrder(t *testing.T) {
	var p player
	p.play(sound(100, 1))
	p.mark("a")
	p.play(sound(1000, 2))
	p.mark("b")
	p.mark("c")
	ticks(&p, 1) // a is due
	require.Equal(t, []string{"a", "b", "c"}, p.clear())
	require.Zero(t, p.queued)
	require.Equal(t, [][]string{nil, nil}, ticks(&p, 2))
	require.Len(t, p.heard, frameSize)
	require.Empty(t, p.clear())
}

func TestTenMinutesAreBuffered(t *testing.T) {
	var p player
	minute := sound(60*sampleRate, 1)
	for range 10 {
		require.True(t, p.play(minute))
	}
	require.False(t, p.play([]byte{1}))
	ticks(&p, 1)
	require.True(t, p.play(sound(frameSize, 1)))
}

func TestSoundBeginsEndsAndRunsDry(t *testing.T) {
	var p player
	var frame [frameSize]byte
	var story []string
	step := func() {
		_, began, ended := p.tick(&frame)
		if began {
			story = append(story, "began")
		}
		if ended {
			story = append(story, "ended")
		}
	}
	step()
	require.Empty(t, story, "silence at first is no end")
	p.play(sound(frameSize, 1))
	step()
	step() // runs dry
	p.play(sound(frameSize, 1))
	step()
	require.Equal(t, 1, p.gaps)
	for range 3 * quiet {
		step()
	}
	p.play(sound(1, 1))
	step()
	require.Equal(t, []string{"began", "ended", "began"}, story)
	require.Equal(t, 1, p.gaps)
	require.Equal(t, byte(mulawZero), frame[1])
}
