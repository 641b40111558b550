package codec

import "slices"

// DecodeMulaw converts mu-law codes to PCM. It converts n = min(len(dst),
// len(src)) samples and returns n. The result lies in [-32124, 32124].
func DecodeMulaw(dst []int16, src []byte) int {
	n := min(len(dst), len(src))
	decodeMulaw(dst[:n], src[:n])
	return n
}

// EncodeMulaw converts PCM to mu-law codes. It converts n = min(len(dst),
// len(src)) samples and returns n. Samples beyond ±32635 clip.
func EncodeMulaw(dst []byte, src []int16) int {
	n := min(len(dst), len(src))
	encodeMulaw(dst[:n], src[:n])
	return n
}

// DecodeAlaw converts A-law codes to PCM. It converts n = min(len(dst),
// len(src)) samples and returns n. The result lies in [-32256, 32256].
func DecodeAlaw(dst []int16, src []byte) int {
	n := min(len(dst), len(src))
	decodeAlaw(dst[:n], src[:n])
	return n
}

// EncodeAlaw converts PCM to A-law codes. It converts n = min(len(dst),
// len(src)) samples and returns n.
func EncodeAlaw(dst []byte, src []int16) int {
	n := min(len(dst), len(src))
	encodeAlaw(dst[:n], src[:n])
	return n
}

// DecodeMulawFloat32 converts mu-law codes to PCM in [-1, 1): the value that
// [DecodeMulaw] gives, divided by 32768. It converts n = min(len(dst), len(src))
// samples and returns n.
func DecodeMulawFloat32(dst []float32, src []byte) int {
	n := min(len(dst), len(src))
	decodeMulawFloat32(dst[:n], src[:n])
	return n
}

// AppendDecodeMulaw appends the PCM of the mu-law codes in src to dst.
func AppendDecodeMulaw(dst []int16, src []byte) []int16 {
	n := len(dst)
	dst = slices.Grow(dst, len(src))[:n+len(src)]
	decodeMulaw(dst[n:], src)
	return dst
}

// AppendEncodeMulaw appends the mu-law codes of the PCM in src to dst.
func AppendEncodeMulaw(dst []byte, src []int16) []byte {
	n := len(dst)
	dst = slices.Grow(dst, len(src))[:n+len(src)]
	encodeMulaw(dst[n:], src)
	return dst
}

// AppendDecodeAlaw appends the PCM of the A-law codes in src to dst.
func AppendDecodeAlaw(dst []int16, src []byte) []int16 {
	n := len(dst)
	dst = slices.Grow(dst, len(src))[:n+len(src)]
	decodeAlaw(dst[n:], src)
	return dst
}

// AppendEncodeAlaw appends the A-law codes of the PCM in src to dst.
func AppendEncodeAlaw(dst []byte, src []int16) []byte {
	n := len(dst)
	dst = slices.Grow(dst, len(src))[:n+len(src)]
	encodeAlaw(dst[n:], src)
	return dst
}
