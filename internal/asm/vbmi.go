package main

import (
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The AVX-512 kernels look up whole codes: VPERMI2B reads a table of 128 bytes
// from two registers.

func load512(m Mem) Register {
	z := ZMM()
	VMOVDQU64(m, z)
	return z
}

// A tableDecoder turns codes into samples by table: 64 at a time.
type tableDecoder struct {
	order, zero Register
	table       [4]Register // low bytes 0-63 and 64-127, high bytes likewise
}

// expand is G.711 for the codes from 0x80, which are the positive ones.
func mulawMagnitude(m int) int {
	exponent, mantissa := 7-m>>4, 15-m&15
	return (mantissa<<3+132)<<exponent - 132
}

func alawMagnitude(m int) int {
	exponent, mantissa := (m^0x55)>>4, (m^0x55)&15
	if exponent == 0 {
		return mantissa<<4 + 8
	}
	return (mantissa<<4 + 264) << (exponent - 1)
}

func newTableDecoder(name string, magnitude func(int) int) tableDecoder {
	samples, order := make([]byte, 256), make([]byte, 64)
	for i := range 128 {
		v := -magnitude(i) // negative: the positive codes are turned, under their mask
		samples[i], samples[128+i] = byte(v), byte(v>>8)
	}
	for i, q := range []byte{0, 4, 1, 5, 2, 6, 3, 7} {
		order[8*i] = q
	}
	d := tableDecoder{order: load512(data("unpackOrder", order)), zero: ZMM()}
	VPXORQ(d.zero, d.zero, d.zero)
	for i := range d.table {
		d.table[i] = load512(data(name, samples).Offset(64 * i))
	}
	return d
}

// decode returns the samples of codes 0-31 and 32-63.
func (d tableDecoder) decode(codes Register) (lo, hi Register) {
	positive, positiveHigh := K(), K()
	VPMOVB2M(codes, positive)
	KSHIFTRQ(Imm(32), positive, positiveHigh)
	low, high := ZMM(), ZMM()
	VPERMQ(codes, d.order, low)
	VMOVDQA64(low, high)
	VPERMI2B(d.table[1], d.table[0], low)
	VPERMI2B(d.table[3], d.table[2], high)
	lo, hi = ZMM(), ZMM()
	VPUNPCKLBW(high, low, lo)
	VPUNPCKHBW(high, low, hi)
	VPSUBW(lo, d.zero, positive, lo)
	VPSUBW(hi, d.zero, positiveHigh, hi)
	return lo, hi
}

// decodeHalf returns the samples of codes 0-31 only.
func (d tableDecoder) decodeHalf(codes Register) Register {
	positive, low, high, lo := K(), ZMM(), ZMM(), ZMM()
	VPMOVB2M(codes, positive)
	VPERMQ(codes, d.order, low)
	VMOVDQA64(low, high)
	VPERMI2B(d.table[1], d.table[0], low)
	VPERMI2B(d.table[3], d.table[2], high)
	VPUNPCKLBW(high, low, lo)
	VPSUBW(lo, d.zero, positive, lo)
	return lo
}

func decodeVBMI(name, law string, magnitude func(int) int) {
	function(name, "func(dst *int16, src *byte, n int)", name+" decodes n codes, at least 32.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	d := newTableDecoder(law, magnitude)
	eachPair(n, 32, func(i Register) {
		lo, hi := d.decode(load512(Mem{Base: src, Index: i, Scale: 1}))
		VMOVDQU64(lo, Mem{Base: dst, Index: i, Scale: 2})
		VMOVDQU64(hi, Mem{Base: dst, Index: i, Scale: 2, Disp: 64})
	}, func(i Register) {
		codes := ZMM()
		VMOVDQU(Mem{Base: src, Index: i, Scale: 1}, codes.AsY())
		VMOVDQU64(d.decodeHalf(codes), Mem{Base: dst, Index: i, Scale: 2})
	})
	finish()
}

// A law holds the differences between the two encoders.
type law struct {
	name     string
	bias     int16 // added to the magnitude
	smallest int   // the least shift
	flip     byte  // what G.711 inverts of a positive code
}

var (
	mulaw = law{"mulaw", 132, 3, 0xff}
	alaw  = law{"alaw", 0, 4, 0xd5}
)

// A sampleEncoder encodes 32 or 64 samples. The high byte of the magnitude selects
// the segment and by how much to shift, so that the step becomes the low four
// bits. VPMULTISHIFTQB shifts four samples of a 64-bit word at once, each by its
// own amount, and puts the results into four of eight bytes; the other four take
// those of the second 32 samples.
type sampleEncoder struct {
	one, bias         Register // bias is nil where it is 0
	highBytes, fields Register
	segments          [2]Register // by high byte: the segment's bits of the code, and the shift in the low four
	step, flip, top   Register    // flip is nil where it inverts the whole step
	second            Register    // mask of the bytes for the second 32
}

func newSampleEncoder(l law) sampleEncoder {
	segments := make([]byte, 128)
	for i := range segments {
		shift := max(bits.Len(uint(i))+3, l.smallest)
		segments[i] = (byte(bits.Len(uint(i))<<4)^l.flip)&0xf0 | byte(shift)
	}
	highBytes, fields := make([]byte, 64), make([]byte, 64)
	for i := range 64 {
		highBytes[encodedAt(i)] = byte(2*i + 1) // from 64: the second register
		fields[i] = byte(16 * (i % 4))
	}
	s := data(l.name+"Segments", segments)
	e := sampleEncoder{
		one:       splatWords(1, ZMM()),
		highBytes: load512(data("highBytes", highBytes)),
		fields:    load512(data("wordOffsets", fields)),
		segments:  [2]Register{load512(s), load512(s.Offset(64))},
		step:      splatBytes(15, ZMM()),
		top:       splatBytes(0x80, ZMM()),
		second:    K(),
	}
	if l.bias != 0 {
		e.bias = splatWords(uint16(l.bias), ZMM())
	}
	if low := l.flip & 15; low != 15 {
		e.flip = splatBytes(low, ZMM())
	}
	pattern := GP64()
	MOVQ(U64(0xf0f0f0f0f0f0f0f0), pattern)
	KMOVQ(pattern, e.second)
	return e
}

// magnitude returns the biased magnitude, saturated: mu-law clips so. G.711 takes
// ^x of a negative sample, but ignores the lowest bit, and |x|1| has the others.
func (e sampleEncoder) magnitude(x Register) Register {
	a := ZMM()
	VPORQ(e.one, x, a)
	VPABSW(a, a)
	if e.bias != nil {
		VPADDSW(e.bias, a, a)
	}
	return a
}

// encodedAt is where encode puts the code of sample i.
func encodedAt(i int) byte { return byte(i%32/4*8 + i/32*4 + i%4) }

// encode returns the codes of x and y; y is nil for 32 samples.
func (e sampleEncoder) encode(x, y Register) Register {
	a := e.magnitude(x)
	b := a
	segment, sign := ZMM(), ZMM()
	if y == nil {
		VPERMB(a, e.highBytes, segment)
		VPERMB(x, e.highBytes, sign)
	} else {
		b = e.magnitude(y)
		VMOVDQA64(e.highBytes, segment)
		VMOVDQA64(e.highBytes, sign)
		VPERMI2B(b, a, segment)
		VPERMI2B(y, x, sign)
	}
	VPERMI2B(e.segments[1], e.segments[0], segment)
	shift, steps := ZMM(), ZMM()
	VMOVDQA64(e.fields, shift)
	VPTERNLOGQ(Imm(0xf8), e.step, segment, shift) // fields | (segment & 15)
	VPMULTISHIFTQB(a, shift, steps)
	if y != nil {
		VPMULTISHIFTQB(b, shift, e.second, steps)
	}
	if e.flip == nil {
		VPTERNLOGQ(Imm(0x72), e.step, steps, segment) // low four bits of ^steps, high ones of segment
	} else {
		VPTERNLOGQ(Imm(0xd8), e.step, steps, segment) // of steps
		VPXORQ(e.flip, segment, segment)
	}
	VPTERNLOGQ(Imm(0x78), e.top, sign, segment) // segment ^ (sign & 0x80)
	return segment
}

func encodeVBMI(l law) {
	name := l.name + "EncodeVBMI"
	function(name, "func(dst *byte, src *int16, n int)", name+" encodes n samples, at least 32.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	e := newSampleEncoder(l)
	inOrder := make([]byte, 64)
	for i := range 16 {
		inOrder[4*i] = encodedAt(4*i) / 4
	}
	order := load512(data("encodedOrder", inOrder))
	eachPair(n, 32, func(i Register) {
		codes := e.encode(load512(Mem{Base: src, Index: i, Scale: 2}), load512(Mem{Base: src, Index: i, Scale: 2, Disp: 64}))
		VPERMD(codes, order, codes)
		VMOVDQU64(codes, Mem{Base: dst, Index: i, Scale: 1})
	}, func(i Register) {
		codes := e.encode(load512(Mem{Base: src, Index: i, Scale: 2}), nil)
		VPERMD(codes, order, codes)
		VMOVDQU(codes.(VecVirtual).AsY(), Mem{Base: dst, Index: i, Scale: 1})
	})
	finish()
}
