package main

import (
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The AVX-512 kernels look up whole codes: VPERMI2B reads a table of 128 bytes
// from two registers. The ends are done under a mask, so they need no minimum
// length.

func load512(m Mem) Register {
	z := ZMM()
	VMOVDQU64(m, z)
	return z
}

// lowMask returns a mask of the low n bits, n at most 64.
func lowMask(n Register) Register {
	ones, k := GP64(), K()
	MOVQ(I64(-1), ones)
	BZHIQ(n, ones, ones)
	KMOVQ(ones, k)
	return k
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

var decodeTables = map[string]Mem{}

func newTableDecoder(name string, magnitude func(int) int) tableDecoder {
	m, ok := decodeTables[name]
	if !ok {
		b := make([]byte, 256)
		for i := range 128 {
			v := -magnitude(i) // negative: the positive codes are turned, under their mask
			b[i], b[128+i] = byte(v), byte(v>>8)
		}
		m = data(name, b)
		decodeTables[name] = m
	}
	if _, ok := decodeTables["order"]; !ok {
		b := make([]byte, 64)
		for i, q := range []byte{0, 4, 1, 5, 2, 6, 3, 7} {
			b[8*i] = q
		}
		decodeTables["order"] = data("unpackOrder", b)
	}
	d := tableDecoder{order: load512(decodeTables["order"]), zero: ZMM()}
	VPXORQ(d.zero, d.zero, d.zero)
	for i := range d.table {
		d.table[i] = load512(m.Offset(64 * i))
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

func decodeVBMI(name, law string, magnitude func(int) int) {
	function(name, "func(dst *int16, src *byte, n int)", name+" decodes n codes.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	d := newTableDecoder(law, magnitude)
	SUBQ(Imm(64), n)
	JL(LabelRef("tail"))

	Label("loop")
	lo, hi := d.decode(load512(Mem{Base: src}))
	VMOVDQU64(lo, Mem{Base: dst})
	VMOVDQU64(hi, Mem{Base: dst, Disp: 64})
	ADDQ(Imm(64), src)
	ADDQ(Imm(128), dst)
	SUBQ(Imm(64), n)
	JGE(LabelRef("loop"))

	Label("tail")
	ADDQ(Imm(64), n)
	JZ(LabelRef("done"))
	k := lowMask(n)
	codes := ZMM()
	VMOVDQU8_Z(Mem{Base: src}, k, codes)
	lo, hi = d.decode(codes)
	VMOVDQU16(lo, k, Mem{Base: dst})
	KSHIFTRQ(Imm(32), k, k)
	VMOVDQU16(hi, k, Mem{Base: dst, Disp: 64})
	Label("done")
	VZEROUPPER()
	RET()
}

// A law is what distinguishes the two encoders.
type law struct {
	name     string
	bias     uint16 // added to the magnitude, saturating: mu-law
	smallest int    // the least shift
	flip     byte   // what G.711 inverts of a positive code
}

var (
	mulaw = law{"mulaw", 132, 3, 0xff}
	alaw  = law{"alaw", 0, 4, 0xd5}
)

// encodeVBMI encodes 64 samples at a time: the high byte of the biased magnitude
// selects by how much to shift it, s, so that its leading one becomes bit 4. Then
// 16*s + shifted - 64 is segment and step.
func encodeVBMI(l law) {
	shifts, evens := make([]byte, 128), make([]byte, 64)
	for i := range shifts {
		shifts[i] = byte(max(bits.Len(uint(i))+3, l.smallest))
	}
	for i := range evens {
		evens[i] = byte(2 * i) // from 64 the second register
	}
	shiftTable := data(l.name+"Shifts", shifts)
	if _, ok := decodeTables["evens"]; !ok {
		decodeTables["evens"] = data("evenBytes", evens)
	}

	name := l.name + "EncodeVBMI"
	function(name, "func(dst *byte, src *int16, n int)", name+" encodes n samples.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	shift0, shift1, even := load512(shiftTable), load512(shiftTable.Offset(64)), load512(decodeTables["evens"])
	bias, top := splatWords(l.bias, ZMM()), splatBytes(0x80, ZMM())
	offset, flip := splatBytes(64, ZMM()), splatBytes(l.flip, ZMM())
	pattern, lowBytes := GP64(), K()
	MOVQ(U64(0x5555555555555555), pattern)
	KMOVQ(pattern, lowBytes)

	encode := func(x Register) Register {
		sign, a, s := ZMM(), ZMM(), ZMM()
		VPSRAW(Imm(15), x, sign)
		VPXORQ(x, sign, a)
		if l.bias != 0 {
			VPADDSW(bias, a, a) // saturates: that is the clipping
		}
		VPSRLW(Imm(8), a, s)
		VPERMI2B_Z(shift1, shift0, lowBytes, s)
		VPSRLVW(s, a, a)
		VPSLLW(Imm(4), s, s)
		VPADDW(s, a, a)
		VPTERNLOGQ(Imm(0x78), top, sign, a) // a ^ (sign & top)
		return a
	}
	both := func(x, y Register) Register {
		a, b := encode(x), encode(y)
		VPERMT2B(b, even, a)
		VPSUBB(offset, a, a)
		VPXORQ(flip, a, a)
		return a
	}

	SUBQ(Imm(64), n)
	JL(LabelRef("tail"))
	Label("loop")
	codes := both(load512(Mem{Base: src}), load512(Mem{Base: src, Disp: 64}))
	VMOVDQU64(codes, Mem{Base: dst})
	ADDQ(Imm(64), dst)
	ADDQ(Imm(128), src)
	SUBQ(Imm(64), n)
	JGE(LabelRef("loop"))

	Label("tail")
	ADDQ(Imm(64), n)
	JZ(LabelRef("done"))
	k := lowMask(n)
	high, x, y := K(), ZMM(), ZMM()
	KSHIFTRQ(Imm(32), k, high)
	VMOVDQU16_Z(Mem{Base: src}, k, x)
	VMOVDQU16_Z(Mem{Base: src, Disp: 64}, high, y)
	codes = both(x, y)
	VMOVDQU8(codes, k, Mem{Base: dst})
	Label("done")
	VZEROUPPER()
	RET()
}
