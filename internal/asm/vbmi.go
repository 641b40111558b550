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

// eachBlock512 runs whole for every 64 values and half for 32 of what is left. The
// last few are done by a half that overlaps what was done before or, when all are
// fewer than 32, by masked. Each gets how far it is into the data.
func eachBlock512(n Register, whole, half, masked func(i Register)) {
	i, left := GP64(), GP64()
	XORQ(i, i)
	MOVQ(n, left)
	SUBQ(Imm(64), left)
	JL(LabelRef("end"))
	Label("loop")
	whole(i)
	ADDQ(Imm(64), i)
	SUBQ(Imm(64), left)
	JGE(LabelRef("loop"))

	Label("end") // left is 64 too low
	ADDQ(Imm(64), left)
	JZ(LabelRef("done"))
	CMPQ(n, Imm(32))
	JL(LabelRef("short"))
	Label("half")
	last := GP64()
	LEAQ(Mem{Base: n, Disp: -32}, last)
	CMPQ(left, Imm(32))
	CMOVQLT(last, i)
	half(i)
	ADDQ(Imm(32), i)
	SUBQ(Imm(32), left)
	JG(LabelRef("half"))
	JMP(LabelRef("done"))

	Label("short")
	masked(i)
	Label("done")
	VZEROUPPER()
	RET()
}

func decodeVBMI(name, law string, magnitude func(int) int) {
	function(name, "func(dst *int16, src *byte, n int)", name+" decodes n codes.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	d := newTableDecoder(law, magnitude)
	eachBlock512(n, func(i Register) {
		lo, hi := d.decode(load512(Mem{Base: src, Index: i, Scale: 1}))
		VMOVDQU64(lo, Mem{Base: dst, Index: i, Scale: 2})
		VMOVDQU64(hi, Mem{Base: dst, Index: i, Scale: 2, Disp: 64})
	}, func(i Register) {
		codes := ZMM()
		VMOVDQU(Mem{Base: src, Index: i, Scale: 1}, codes.AsY())
		VMOVDQU64(d.decodeHalf(codes), Mem{Base: dst, Index: i, Scale: 2})
	}, func(Register) {
		codes, k := ZMM(), lowMask(n)
		VMOVDQU8_Z(Mem{Base: src}, k, codes)
		VMOVDQU16(d.decodeHalf(codes), k, Mem{Base: dst})
	})
}

// A law is what distinguishes the two encoders.
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
	up, down          Register // magnitude = max(x+up, down-x), saturating: mu-law clips so
	highBytes, order  Register
	shift, segment    [2]Register
	fields, step, top Register
	second            Register // mask of the bytes for the second 32
}

func newSampleEncoder(l law) sampleEncoder {
	shifts, segments := make([]byte, 128), make([]byte, 128)
	for i := range shifts {
		shifts[i] = byte(max(bits.Len(uint(i))+3, l.smallest))
		segments[i] = byte(bits.Len(uint(i))<<4) ^ l.flip
	}
	if _, ok := decodeTables["highBytes"]; !ok {
		highBytes, fields, order := make([]byte, 64), make([]byte, 64), make([]byte, 64)
		for i := range 64 {
			word := i/8*4 + i%4
			highBytes[i] = byte(2*word + 1 + i%8/4*64) // from 64: the second register
			fields[i] = byte(16 * (i % 4))
			if i%4 == 0 {
				order[i] = byte(i/4*2%16 + i/32)
			}
		}
		decodeTables["highBytes"] = data("highBytes", highBytes)
		decodeTables["fields"] = data("wordOffsets", fields)
		decodeTables["inOrder"] = data("encodedOrder", order)
	}
	s, g := data(l.name+"Shifts", shifts), data(l.name+"Segments", segments)
	e := sampleEncoder{
		up: splatWords(uint16(l.bias), ZMM()), down: splatWords(uint16(l.bias-1), ZMM()),
		highBytes: load512(decodeTables["highBytes"]), order: load512(decodeTables["inOrder"]),
		shift:   [2]Register{load512(s), load512(s.Offset(64))},
		segment: [2]Register{load512(g), load512(g.Offset(64))},
		fields:  load512(decodeTables["fields"]),
		step:    splatBytes(15, ZMM()), top: splatBytes(0x80, ZMM()),
		second: K(),
	}
	pattern := GP64()
	MOVQ(U64(0xf0f0f0f0f0f0f0f0), pattern)
	KMOVQ(pattern, e.second)
	return e
}

func (e sampleEncoder) magnitude(x Register) Register {
	a, b := ZMM(), ZMM()
	VPADDSW(x, e.up, a)
	VPSUBSW(x, e.down, b)
	VPMAXSW(a, b, a)
	return a
}

// encode returns the codes of x and y; y is nil for 32 samples.
func (e sampleEncoder) encode(x, y Register) Register {
	a := e.magnitude(x)
	b := a
	high, sign := ZMM(), ZMM()
	if y == nil {
		VPERMB(a, e.highBytes, high)
		VPERMB(x, e.highBytes, sign)
	} else {
		b = e.magnitude(y)
		VMOVDQA64(e.highBytes, high)
		VMOVDQA64(e.highBytes, sign)
		VPERMI2B(b, a, high)
		VPERMI2B(y, x, sign)
	}
	shift := ZMM()
	VMOVDQA64(high, shift)
	VPERMI2B(e.shift[1], e.shift[0], shift)
	VPADDB(e.fields, shift, shift)
	VPERMI2B(e.segment[1], e.segment[0], high)
	steps := ZMM()
	VPMULTISHIFTQB(a, shift, steps)
	if y != nil {
		VPMULTISHIFTQB(b, shift, e.second, steps)
	}
	VPTERNLOGQ(Imm(0x78), e.step, steps, high) // high ^ (steps & 15)
	VPTERNLOGQ(Imm(0x78), e.top, sign, high)   // high ^ (sign & 0x80)
	VPERMD(high, e.order, high)
	return high
}

func encodeVBMI(l law) {
	name := l.name + "EncodeVBMI"
	function(name, "func(dst *byte, src *int16, n int)", name+" encodes n samples.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	e := newSampleEncoder(l)
	eachBlock512(n, func(i Register) {
		codes := e.encode(load512(Mem{Base: src, Index: i, Scale: 2}), load512(Mem{Base: src, Index: i, Scale: 2, Disp: 64}))
		VMOVDQU64(codes, Mem{Base: dst, Index: i, Scale: 1})
	}, func(i Register) {
		codes := e.encode(load512(Mem{Base: src, Index: i, Scale: 2}), nil)
		VMOVDQU(codes.(VecVirtual).AsY(), Mem{Base: dst, Index: i, Scale: 1})
	}, func(Register) {
		x, k := ZMM(), lowMask(n)
		VMOVDQU16_Z(Mem{Base: src}, k, x)
		VMOVDQU8(e.encode(x, nil), k, Mem{Base: dst})
	})
}
