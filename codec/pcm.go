package codec

import (
	"encoding/binary"
	"slices"
)

// AppendPCM appends the samples in src to dst as little-endian 16-bit bytes:
// what most speech services take as "linear16".
func AppendPCM(dst []byte, src []int16) []byte {
	dst = slices.Grow(dst, 2*len(src))
	for _, x := range src {
		dst = binary.LittleEndian.AppendUint16(dst, uint16(x))
	}
	return dst
}

// DecodePCM converts little-endian 16-bit bytes to samples. It converts
// n = min(len(dst), len(src)/2) samples and returns n.
func DecodePCM(dst []int16, src []byte) int {
	n := min(len(dst), len(src)/2)
	for i := range n {
		dst[i] = int16(binary.LittleEndian.Uint16(src[2*i:]))
	}
	return n
}
