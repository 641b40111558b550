package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// topBits returns, for every 16-bit magnitude a > 0, the top bits of a as a
// float32, shifted down by 19: 16*(127+log2 a) plus the four bits below the
// leading one. That is segment and step of G.711 in one go.
func topBits(a Register, lowWords Register) Register {
	even, odd := YMM(), YMM()
	VPAND(a, lowWords, even)
	VPSRLD(Imm(16), a, odd)
	VCVTDQ2PS(even, even)
	VCVTDQ2PS(odd, odd)
	VPSRLD(Imm(19), even, even)
	VPSRLD(Imm(3), odd, odd)
	VPBLENDW(Imm(0xaa), odd, even, even)
	return even
}

// pack joins two vectors of 16-bit values to bytes, a quarter of each in turn, and
// flips the top bit where the sample is negative.
func pack(values, samples [2]Register, top Register) Register {
	codes, sign := YMM(), YMM()
	VPACKUSWB(values[1], values[0], codes)
	VPACKSSWB(samples[1], samples[0], sign)
	VPAND(sign, top, sign)
	VPXOR(sign, codes, codes)
	return codes
}

func load256(m Mem) Register {
	y := YMM()
	VMOVDQU(m, y)
	return y
}

// magnitude returns max(x, ^x).
func magnitude(x, ones Register) Register {
	a := YMM()
	VPXOR(x, ones, a)
	VPMAXSW(x, a, a)
	return a
}

// A mulawEncoder turns samples into codes, of which pack gives the order.
type mulawEncoder struct{ ones, lowWords, bias, complement, top Register }

func newMulawEncoder() mulawEncoder {
	ones := YMM()
	VPCMPEQD(ones, ones, ones)
	return mulawEncoder{
		ones:       ones,
		lowWords:   splat(0xffff, YMM()),
		bias:       splatWords(132, YMM()),
		complement: splatWords(0x860+0xff, YMM()),
		top:        splatBytes(0x80, YMM()),
	}
}

func (e mulawEncoder) encode(samples [2]Register) Register {
	var values [2]Register
	for k, x := range samples {
		a := magnitude(x, e.ones)
		VPADDSW(e.bias, a, a) // saturates: that is the clipping
		values[k] = topBits(a, e.lowWords)
		VPSUBW(values[k], e.complement, values[k])
	}
	return pack(values, samples, e.top)
}

func mulawEncodeAVX2() {
	function("mulawEncodeAVX2", "func(dst *byte, src *int16, n int)",
		"mulawEncodeAVX2 encodes n samples, at least 32, to mu-law.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	e := newMulawEncoder()
	eachBlock(n, 32, func(i Register) {
		x := Mem{Base: src, Index: i, Scale: 2}
		codes := e.encode([2]Register{load256(x), load256(x.Offset(32))})
		VPERMQ(Imm(0xd8), codes, codes)
		VMOVDQU(codes, Mem{Base: dst, Index: i, Scale: 1})
	})
	finish()
}

func alawEncodeAVX2() {
	function("alawEncodeAVX2", "func(dst *byte, src *int16, n int)",
		"alawEncodeAVX2 encodes n samples, at least 32, to A-law.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	ones, lowWords := YMM(), splat(0xffff, YMM())
	VPCMPEQD(ones, ones, ones)
	linear, sixteen := splatWords(256, YMM()), splatWords(16, YMM())
	base, top, invert := splatWords(0x860, YMM()), splatBytes(0x80, YMM()), splatBytes(0xd5, YMM())
	eachBlock(n, 32, func(i Register) {
		var values, samples [2]Register
		for k := range 2 {
			x := load256(Mem{Base: src, Index: i, Scale: 2, Disp: 32 * k})
			a := magnitude(x, ones)
			// Below 256 the scale is linear: take 256 and subtract what is missing.
			missing := YMM()
			VPSRLW(Imm(4), a, missing)
			VPSUBUSW(missing, sixteen, missing)
			VPADDW(base, missing, missing)
			VPMAXSW(linear, a, a)
			v := topBits(a, lowWords)
			VPSUBW(missing, v, v)
			values[k], samples[k] = v, x
		}
		codes := pack(values, samples, top)
		VPXOR(invert, codes, codes)
		VPERMQ(Imm(0xd8), codes, codes)
		VMOVDQU(codes, Mem{Base: dst, Index: i, Scale: 1})
	})
	finish()
}
