//go:build !purego

package codec

import (
	"math/bits"
	"unsafe"
)

// neonBlock is the least that the kernels take.
const neonBlock = 16

// kernelSets lists the kernels that this processor can run, the best one last.
// Every arm64 processor has NEON.
func kernelSets() []kernelSet { return []kernelSet{portable, neon} }

var (
	mulawDecoder = newNEONDecoder(&mulawPCM)
	alawDecoder  = newNEONDecoder(&alawPCM)
	mulawEncoder = newNEONEncoder(0xffff, 2*32635, 2*132, -16, 0xff)
	alawEncoder  = newNEONEncoder(0, 0xffff, 0, 0, 0xd5)
)

// A neonDecoder holds the low bytes, then the high bytes, of the samples of the
// codes below 0x80.
type neonDecoder [256]byte

func newNEONDecoder(pcm *[256]int16) (d neonDecoder) {
	for i := range 128 {
		d[i], d[128+i] = byte(pcm[i]), byte(pcm[i]>>8)
	}
	return d
}

// A neonEncoder makes of a sample's magnitude m the number
// m' = min(m+m&double, limit) + bias, whose segments begin at powers of two, the
// second one at 256 in A-law and the first one there in mu-law.
type neonEncoder struct {
	steps               [128]byte // segment and step of m'>>4
	double, limit, bias uint16
	flip                byte // what G.711 inverts of a positive code
}

// newNEONEncoder numbers the segments from that of 0, if first is 0, or from that
// of 256, if it is -16.
func newNEONEncoder(double, limit, bias uint16, first int, flip byte) neonEncoder {
	e := neonEncoder{double: double, limit: limit, bias: bias, flip: flip}
	for i := range e.steps {
		segment := max(bits.Len(uint(i))-4, 0)
		e.steps[i] = byte(segment<<4 + first + i>>max(segment-1, 0)&15)
	}
	return e
}

// decodeNEON decodes n codes, at least 16.
//
//go:noescape
func decodeNEON(dst *int16, src *byte, n int, law *neonDecoder)

// encodeNEON encodes n samples, at least 16.
//
//go:noescape
func encodeNEON(dst *byte, src *int16, n int, law *neonEncoder)

func decodeMulaw(dst []int16, src []byte) {
	if kernels < neon || len(src) < neonBlock {
		decodeMulawGeneric(dst, src)
		return
	}
	decodeNEON(unsafe.SliceData(dst), unsafe.SliceData(src), len(src), &mulawDecoder)
}

func decodeAlaw(dst []int16, src []byte) {
	if kernels < neon || len(src) < neonBlock {
		decodeAlawGeneric(dst, src)
		return
	}
	decodeNEON(unsafe.SliceData(dst), unsafe.SliceData(src), len(src), &alawDecoder)
}

func encodeMulaw(dst []byte, src []int16) {
	if kernels < neon || len(src) < neonBlock {
		encodeMulawGeneric(dst, src)
		return
	}
	encodeNEON(unsafe.SliceData(dst), unsafe.SliceData(src), len(src), &mulawEncoder)
}

func encodeAlaw(dst []byte, src []int16) {
	if kernels < neon || len(src) < neonBlock {
		encodeAlawGeneric(dst, src)
		return
	}
	encodeNEON(unsafe.SliceData(dst), unsafe.SliceData(src), len(src), &alawEncoder)
}

func decodeMulawFloat32(dst []float32, src []byte) { decodeMulawFloat32Generic(dst, src) }
func decodePayload(dst []int16, src []byte) bool   { return decodePayloadGeneric(dst, src) }
func encodePayload(dst []byte, src []int16)        { encodePayloadGeneric(dst, src) }
func fir(dst, x []int16, p *phase)                 { firGeneric(dst, x, p) }
func firPairs(dst, x, keep []int16, p *phase)      { firPairsGeneric(dst, x, keep, p) }
func dot(x []int16, p *phase) int16                { return dotGeneric(x, p) }
