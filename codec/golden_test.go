package codec

import (
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestResamplerIsTheSameEverywhere holds the output to checksums that every
// processor and every build must give: coefficients come from floating point, whose
// last bit differs between architectures.
func TestResamplerIsTheSameEverywhere(t *testing.T) {
	x := noise(2000)
	for i, want := range []uint32{
		0x8e9f7fc7,
		0xd845a91c,
		0x845cffa,
		0xd3bd92f1,
		0xdaf0b2ee,
		0x3705a038,
		0x95e9c00a,
		0x86531080,
		0xf47677c3,
		0x7bed782c,
		0xa03ae575,
		0xcf7a8d94,
		0xbadbe76a,
		0x9182407a,
		0x7ec46079,
	} {
		c := conversions[i]
		y := newResampler(t, c.in, c.out).Resample(nil, x)
		require.Equal(t, want, crc32.ChecksumIEEE(AppendPCM(nil, y)), "%d -> %d", c.in, c.out)
	}
}
