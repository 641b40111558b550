package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A mulawDecoder turns codes into samples by looking nibbles up and multiplying. A
// sample is 2^e * (8m+132) - 132, with e from the high nibble and m from the low
// one, and so (2^e-1) * (8m+132) + 8m: PMADDUBSW works out both products, whose
// factors fit into bytes, and their sum.
type mulawDecoder struct {
	nibble, steps             Register
	powers, signs, magnitudes Register
}

// sign is the sign of the codes that have i in their high nibble.
func sign(i int) int { return i>>3*2 - 1 }

func newMulawDecoder() mulawDecoder {
	powers := data("mulawPowers", bytes16(func(i int) int { return sign(i) * (1<<(7-i&7) - 1) }))
	magnitudes := data("mulawMagnitudes", bytes16(func(i int) int { return 8*(15-i) + 132 }))
	return mulawDecoder{
		nibble:     splatBytes(0x0f, YMM()),
		steps:      splatBytes(0x78, YMM()), // the bits of 8m, which 132 has not
		powers:     broadcast128(powers),
		signs:      broadcast128(data("signs", bytes16(sign))),
		magnitudes: broadcast128(magnitudes),
	}
}

// decode turns 32 codes into samples: lo gets those of the low eight codes of
// each half of codes, hi those of the high eight.
func (d mulawDecoder) decode(codes Register) (lo, hi Register) {
	low, high := YMM(), YMM()
	VPAND(codes, d.nibble, low)
	VPSRLW(Imm(4), codes, high)
	VPAND(high, d.nibble, high)
	power, sign, magnitude, step := YMM(), YMM(), YMM(), YMM()
	VPSHUFB(high, d.powers, power)
	VPSHUFB(high, d.signs, sign)
	VPSHUFB(low, d.magnitudes, magnitude)
	VPAND(magnitude, d.steps, step)
	lo, hi = YMM(), YMM()
	for _, out := range []struct {
		dst    Register
		unpack func(ops ...Op)
	}{{lo, VPUNPCKLBW}, {hi, VPUNPCKHBW}} {
		factors := YMM()
		out.unpack(sign, power, factors)
		out.unpack(step, magnitude, out.dst)
		VPMADDUBSW(factors, out.dst, out.dst)
	}
	return lo, hi
}

// loadSpread loads 32 codes so that the low and the high halves of the two lanes
// unpack to consecutive samples.
func loadSpread(m Mem) Register {
	codes := YMM()
	VPERMQ(Imm(0xd8), m, codes)
	return codes
}

func mulawDecodeAVX2() {
	function("mulawDecodeAVX2", "func(dst *int16, src *byte, n int)",
		"mulawDecodeAVX2 decodes n mu-law codes, at least 32.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	d := newMulawDecoder()
	eachBlock(n, 32, func(i Register) {
		lo, hi := d.decode(loadSpread(Mem{Base: src, Index: i, Scale: 1}))
		VMOVDQU(lo, Mem{Base: dst, Index: i, Scale: 2})
		VMOVDQU(hi, Mem{Base: dst, Index: i, Scale: 2, Disp: 32})
	})
	finish()
}

func mulawDecodeFloat32AVX2() {
	function("mulawDecodeFloat32AVX2", "func(dst *float32, src *byte, n int)",
		"mulawDecodeFloat32AVX2 decodes n mu-law codes, at least 32, to [-1, 1).")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	d := newMulawDecoder()
	scale := splat(0x38000000, YMM()) // 1/32768
	eachBlock(n, 32, func(i Register) {
		lo, hi := d.decode(loadSpread(Mem{Base: src, Index: i, Scale: 1}))
		for k, half := range []Register{lo, hi} {
			upper := XMM()
			VEXTRACTI128(Imm(1), half, upper)
			for j, x := range []Register{half.(VecVirtual).AsX(), upper} {
				f := YMM()
				VPMOVSXWD(x, f)
				VCVTDQ2PS(f, f)
				VMULPS(scale, f, f)
				VMOVUPS(f, Mem{Base: dst, Index: i, Scale: 4, Disp: 64*k + 32*j})
			}
		}
	})
	finish()
}

func alawDecodeAVX2() {
	// A sample is 8 * 2^max(e-1,0) * (2m+1+32[e>0]), here half of that, doubled. G.711
	// inverts every other bit of the code; here the tables are permuted instead.
	exponent := func(i int) int { return (i ^ 5) & 7 }
	powers := data("alawPowers", bytes16(func(i int) int { return sign(i) << max(exponent(i)-1, 0) }))
	leading := data("alawLeading", bytes16(func(i int) int { return 4 * 32 * min(exponent(i), 1) }))
	magnitudes := data("alawMagnitudes", bytes16(func(i int) int { return 4 * (2*(i^5) + 1) }))

	function("alawDecodeAVX2", "func(dst *int16, src *byte, n int)",
		"alawDecodeAVX2 decodes n A-law codes, at least 32.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	nibble, zero := splatBytes(0x0f, YMM()), YMM()
	VPXOR(zero, zero, zero)
	p, l, m := broadcast128(powers), broadcast128(leading), broadcast128(magnitudes)
	eachBlock(n, 32, func(i Register) {
		codes := loadSpread(Mem{Base: src, Index: i, Scale: 1})
		low, high := YMM(), YMM()
		VPAND(codes, nibble, low)
		VPSRLW(Imm(4), codes, high)
		VPAND(high, nibble, high)
		power, magnitude := YMM(), YMM()
		VPSHUFB(high, p, power)
		VPSHUFB(high, l, high)
		VPSHUFB(low, m, magnitude)
		VPADDB(high, magnitude, magnitude)
		for k, unpack := range []func(ops ...Op){VPUNPCKLBW, VPUNPCKHBW} {
			factors, out := YMM(), YMM()
			unpack(zero, power, factors)
			unpack(zero, magnitude, out)
			VPMADDUBSW(factors, out, out)
			VPADDW(out, out, out)
			VMOVDQU(out, Mem{Base: dst, Index: i, Scale: 2, Disp: 32 * k})
		}
	})
	finish()
}
