//go:build !purego

package codec

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

// avx2Block is the least that the AVX2 kernels take: 32 samples or characters.
const avx2Block = 32

// kernelSets lists the kernels that this processor can run, the best one last.
func kernelSets() []kernelSet {
	sets := []kernelSet{portable}
	if cpu.X86.HasAVX2 {
		sets = append(sets, avx2)
		if cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL && cpu.X86.HasAVX512VBMI && cpu.X86.HasBMI2 {
			sets = append(sets, vbmi)
		}
	}
	return sets
}

func decodeMulaw(dst []int16, src []byte) {
	switch {
	case kernels == vbmi:
		mulawDecodeVBMI(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	case kernels == avx2 && len(src) >= avx2Block:
		mulawDecodeAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	default:
		decodeMulawGeneric(dst, src)
	}
}

func decodeMulawFloat32(dst []float32, src []byte) {
	if kernels >= avx2 && len(src) >= avx2Block {
		mulawDecodeFloat32AVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
		return
	}
	decodeMulawFloat32Generic(dst, src)
}

func encodeMulaw(dst []byte, src []int16) {
	switch {
	case kernels == vbmi:
		mulawEncodeVBMI(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	case kernels == avx2 && len(src) >= avx2Block:
		mulawEncodeAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	default:
		encodeMulawGeneric(dst, src)
	}
}

func decodeAlaw(dst []int16, src []byte) {
	switch {
	case kernels == vbmi:
		alawDecodeVBMI(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	case kernels == avx2 && len(src) >= avx2Block:
		alawDecodeAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	default:
		decodeAlawGeneric(dst, src)
	}
}

func encodeAlaw(dst []byte, src []int16) {
	switch {
	case kernels == vbmi:
		alawEncodeVBMI(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	case kernels == avx2 && len(src) >= avx2Block:
		alawEncodeAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), len(src))
	default:
		encodeAlawGeneric(dst, src)
	}
}

func decodeBase64Mulaw(dst []int16, src []byte) bool {
	switch {
	case kernels == vbmi:
		return payloadDecodeVBMI(unsafe.SliceData(dst), unsafe.SliceData(src), len(src)) && !strayBits(src)
	case kernels == avx2 && len(src) >= avx2Block:
		whole := len(src) &^ 3
		return payloadDecodeAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), whole) &&
			decodeBase64MulawGeneric(dst[whole/4*3:], src[whole:])
	}
	return decodeBase64MulawGeneric(dst, src)
}

func encodeBase64(dst, src []byte) {
	switch {
	case kernels == vbmi:
		chars := (len(src)*4 + 2) / 3
		base64EncodeVBMI(unsafe.SliceData(dst), unsafe.SliceData(src), len(src), chars)
		for i := chars; i < len(dst); i++ {
			dst[i] = '='
		}
	case kernels == avx2 && len(src) >= 28:
		blocks := (len(src) - 4) / 24 // the kernel reads four bytes beyond its last block
		base64EncodeAVX2(unsafe.SliceData(dst), unsafe.SliceData(src), blocks)
		encodeBase64Generic(dst[32*blocks:], src[24*blocks:])
	default:
		encodeBase64Generic(dst, src)
	}
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
