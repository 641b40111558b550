package codec

import (
	"encoding/binary"
	"slices"
	"unsafe"
)

// AppendPCM appends the samples in src to dst as little-endian 16-bit bytes, which most
// speech services call "linear16".
func AppendPCM(dst []byte, src []int16) []byte {
	if littleEndian() {
		return append(dst, bytesOf(src)...)
	}
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
	if littleEndian() {
		copy(bytesOf(dst[:n]), src)
		return n
	}
	for i := range n {
		dst[i] = int16(binary.LittleEndian.Uint16(src[2*i:]))
	}
	return n
}

// littleEndian reports how this processor stores samples; the compiler knows.
func littleEndian() bool {
	return binary.NativeEndian.Uint16([]byte{1, 0}) == 1
}

func bytesOf(samples []int16) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(samples))), 2*len(samples))
}
