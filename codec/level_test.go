package codec

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLevelFromCodesIsTheLevelOfTheSamples(t *testing.T) {
	for _, codes := range [][]byte{nil, {0xff}, {0x7f}, {0x00}, {0x80}, {0x01, 0x80, 0x00}, allCodes(), someCodes(160)} {
		var fromCodes, fromPCM Level
		fromCodes.AddMulaw(codes)
		fromPCM.AddPCM(AppendDecodeMulaw(nil, codes))
		clipped := 0
		for _, c := range codes {
			if c == 0 || c == 0x80 {
				clipped++
			}
		}
		require.Equal(t, clipped, fromCodes.Clipped)
		fromPCM.Clipped = clipped // mu-law clips below what PCM can hold
		require.Equal(t, fromPCM, fromCodes)
	}
}

func TestLevelScale(t *testing.T) {
	var l Level
	require.Equal(t, -127.0, l.DBov())
	require.Equal(t, -127.0, l.PeakDBov())
	require.Zero(t, l.RMS())

	l.AddPCM(make([]int16, 100))
	require.Equal(t, -127.0, l.DBov())

	// RFC 6464: a full-scale square wave is 0 dBov, a full-scale sine -3.01.
	l = Level{}
	l.AddPCM([]int16{-32768, -32768})
	require.Zero(t, l.DBov())
	require.Zero(t, l.PeakDBov())
	require.Equal(t, Level{Samples: 2, Peak: 32768, Clipped: 2, Squares: 2 << 30}, l)

	l = Level{}
	l.AddPCM(sine(8000, 8000, 1000, 32767))
	require.InDelta(t, -3.0103, l.DBov(), 0.001)
	require.InDelta(t, 32767/math.Sqrt2, l.RMS(), 1)

	// Added up over frames it is the level of all of them.
	var whole, frames Level
	x := noise(1600)
	whole.AddPCM(x)
	for i := 0; i < len(x); i += 160 {
		frames.AddPCM(x[i : i+160])
	}
	require.Equal(t, whole, frames)
}
