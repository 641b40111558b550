//go:build !purego

package codec

import "unsafe"

// neonBlock is the least that decodeNEON takes.
const neonBlock = 16

// kernelSets lists the kernels that this processor can run, the best one last.
// Every arm64 processor has NEON.
func kernelSets() []kernelSet { return []kernelSet{portable, neon} }

var (
	mulawNEON = neonTable(&mulawPCM)
	alawNEON  = neonTable(&alawPCM)
)

func neonTable(pcm *[256]int16) (t [256]byte) {
	for i := range 128 {
		t[i], t[128+i] = byte(pcm[i]), byte(pcm[i]>>8)
	}
	return t
}

// decodeNEON decodes n codes, at least 16, by table.
//
//go:noescape
func decodeNEON(dst *int16, src *byte, n int, table *[256]byte)

func decodeMulaw(dst []int16, src []byte) {
	if kernels == neon && len(src) >= neonBlock {
		decodeNEON(unsafe.SliceData(dst), unsafe.SliceData(src), len(src), &mulawNEON)
		return
	}
	decodeMulawGeneric(dst, src)
}

func decodeAlaw(dst []int16, src []byte) {
	if kernels == neon && len(src) >= neonBlock {
		decodeNEON(unsafe.SliceData(dst), unsafe.SliceData(src), len(src), &alawNEON)
		return
	}
	decodeAlawGeneric(dst, src)
}

func decodeMulawFloat32(dst []float32, src []byte)   { decodeMulawFloat32Generic(dst, src) }
func encodeMulaw(dst []byte, src []int16)            { encodeMulawGeneric(dst, src) }
func encodeAlaw(dst []byte, src []int16)             { encodeAlawGeneric(dst, src) }
func decodeBase64Mulaw(dst []int16, src []byte) bool { return decodeBase64MulawGeneric(dst, src) }
func encodeBase64(dst, src []byte)                   { encodeBase64Generic(dst, src) }
func fir(dst, x []int16, p *phase)                   { firGeneric(dst, x, p) }
func firPairs(dst, x, keep []int16, p *phase)        { firPairsGeneric(dst, x, keep, p) }
func dot(x []int16, p *phase) int16                  { return dotGeneric(x, p) }
