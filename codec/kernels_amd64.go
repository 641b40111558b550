//go:build !purego

package codec

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// block is the least that the kernels take, of samples or codes.
const block = 32

// kernelSets lists the kernels that this processor can run, the best one last.
func kernelSets() []kernelSet {
	sets := []kernelSet{portable}
	if cpu.X86.HasAVX2 {
		sets = append(sets, avx2)
		if cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VBMI {
			sets = append(sets, vbmi)
		}
	}
	return sets
}

func decodeMulaw(dst []int16, src []byte) {
	switch {
	case kernels < avx2 || len(src) < block:
		decodeMulawGeneric(dst, src)
	case kernels == avx2:
		mulawDecodeAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	default:
		mulawDecodeVBMI(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	}
}

func decodeMulawFloat32(dst []float32, src []byte) {
	if kernels < avx2 || len(src) < block {
		decodeMulawFloat32Generic(dst, src)
		return
	}
	mulawDecodeFloat32AVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
}

func encodeMulaw(dst []byte, src []int16) {
	switch {
	case kernels < avx2 || len(src) < block:
		encodeMulawGeneric(dst, src)
	case kernels == avx2:
		mulawEncodeAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	default:
		mulawEncodeVBMI(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	}
}

func decodeAlaw(dst []int16, src []byte) {
	switch {
	case kernels < avx2 || len(src) < block:
		decodeAlawGeneric(dst, src)
	case kernels == avx2:
		alawDecodeAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	default:
		alawDecodeVBMI(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	}
}

func encodeAlaw(dst []byte, src []int16) {
	switch {
	case kernels < avx2 || len(src) < block:
		encodeAlawGeneric(dst, src)
	case kernels == avx2:
		alawEncodeAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	default:
		alawEncodeVBMI(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	}
}

// The payload kernels take groups, four characters that are three samples; the generic
// ones convert the samples behind the last whole group.

func decodePayload(dst []int16, src []byte) bool {
	groups := len(src) / 4
	if kernels < avx2 || groups < 8 {
		return decodePayloadGeneric(dst, src)
	}
	if !decodePayloadGeneric(dst[3*groups:], src[4*groups:]) {
		return false
	}
	if kernels == avx2 || groups < 16 {
		return payloadDecodeAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), groups)
	}
	return payloadDecodeVBMI(unsafe.SliceData(dst), unsafe.SliceData(src), groups)
}

func encodePayload(dst []byte, src []int16) {
	groups := len(src) / 3
	if kernels < avx2 || groups < 8 {
		encodePayloadGeneric(dst, src)
		return
	}
	encodePayloadGeneric(dst[4*groups:], src[3*groups:])
	if kernels == avx2 || groups < 16 {
		payloadEncodeAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), groups)
		return
	}
	payloadEncodeVBMI(unsafe.SliceData(dst), unsafe.SliceData(src), groups)
}

func fir(dst, x []int16, p *phase) {
	if kernels < avx2 || len(dst) < lane {
		firGeneric(dst, x, p)
		return
	}
	x = x[:len(dst)+len(p.split)/2] // what the kernel reads
	firAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(p.split), len(p.split)/(2*lane), len(dst))
}

func firPairs(dst, x, keep []int16, p *phase) {
	n := len(keep)
	if kernels < avx2 || n < lane {
		firPairsGeneric(dst, x, keep, p)
		return
	}
	dst, x = dst[:2*n], x[:n+len(p.split)/2]
	firPairsAVX2(unsafe.SliceData(dst), unsafe.SliceData(x), unsafe.SliceData(keep), unsafe.SliceData(p.split), len(p.split)/(2*lane), n)
}

func dot(x []int16, p *phase) int16 {
	if kernels < avx2 {
		return dotGeneric(x, p)
	}
	x = x[:len(p.split)/2] // what the kernel reads
	return dotAVX2(unsafe.SliceData(x), unsafe.SliceData(p.split), len(p.split)/(2*lane))
}
