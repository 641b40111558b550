package main

import (
	"bytes"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// payloadDecodeAVX2 decodes base64 as W. Muła and D. Lemire do ("Faster Base64
// Encoding and Decoding using AVX2 Instructions", 2018), 32 characters to 24
// codes, and those to samples while they are in a register.
func payloadDecodeAVX2() {
	// A character is valid if the classes of its two nibbles have no bit in common.
	classLow := data("base64ClassLow", []byte{0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a})
	classHigh := data("base64ClassHigh", []byte{0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10})
	// What to add to a character to get its value, by high nibble, less one for '/'.
	roll := data("base64Roll", []byte{0, 16, 19, 4, 191, 191, 185, 185, 0, 0, 0, 0, 0, 0, 0, 0})
	join := data("base64Join", twice([]byte{2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 255, 255, 255, 255}))
	merge2 := data("base64Merge2", bytes.Repeat([]byte{0x40, 0x01}, 16))
	merge4 := data("base64Merge4", bytes.Repeat([]byte{0x00, 0x10, 0x01, 0x00}, 8))
	// Codes 0-7 and 8-15 to the low halves of the lanes, 16-23 to a high half.
	spread := data("base64Spread", []byte{0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 6, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 0, 7, 0, 0, 0})

	function("payloadDecodeAVX2", "func(dst *int16, src *byte, n int) bool",
		"payloadDecodeAVX2 decodes n characters of base64, a multiple of 4 and at least",
		"32, without padding, to n/4*3 samples. It reports whether all are valid.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	d := newMulawDecoder()
	low, high, rolls := broadcast128(classLow), broadcast128(classHigh), broadcast128(roll)
	slash := splatBytes('/', YMM())
	spreads, bad := YMM(), YMM()
	VMOVDQU(spread, spreads)
	VPXOR(bad, bad, bad)
	end, lastSrc := GP64(), GP64()
	LEAQ(Mem{Base: src, Index: n, Scale: 1}, end)
	LEAQ(Mem{Base: end, Disp: -32}, lastSrc)
	back := GP64() // how far the last block must step back, in characters

	Label("loop")
	chars := YMM()
	VMOVDQU(Mem{Base: src}, chars)
	h, l, r := YMM(), YMM(), YMM()
	VPSRLD(Imm(4), chars, h)
	VPAND(h, d.nibble, h)
	VPCMPEQB(chars, slash, r)
	VPADDB(r, h, r)
	VPSHUFB(r, rolls, r)
	VPSHUFB(h, high, h)
	VPAND(chars, d.nibble, l)
	VPSHUFB(l, low, l)
	VPAND(h, l, h)
	VPOR(h, bad, bad)
	VPADDB(r, chars, chars)
	VPMADDUBSW(merge2, chars, chars)
	VPMADDWD(merge4, chars, chars)
	VPSHUFB(join, chars, chars)
	VPERMD(chars, spreads, chars)
	lo, hi := d.decode(chars)
	VMOVDQU(lo, Mem{Base: dst})
	VMOVDQU(hi.(VecVirtual).AsX(), Mem{Base: dst, Disp: 32})
	ADDQ(Imm(32), src)
	ADDQ(Imm(48), dst)
	CMPQ(src, lastSrc)
	JBE(LabelRef("loop"))
	CMPQ(src, end)
	JAE(LabelRef("done"))
	MOVQ(src, back)
	SUBQ(lastSrc, back)
	MOVQ(lastSrc, src)
	// Four characters are three samples, six bytes.
	LEAQ(Mem{Base: back, Index: back, Scale: 2}, back)
	SHRQ(Imm(1), back)
	SUBQ(back, dst)
	JMP(LabelRef("loop"))

	Label("done")
	ok := GP8()
	VPTEST(bad, bad)
	SETEQ(ok)
	Store(ok, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// base64EncodeAVX2 is the encoder of the same authors.
func base64EncodeAVX2() {
	split := data("base64Split", []byte{1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10})
	// What to add to a value to get its character, by value group.
	offsets := data("base64Offsets", []byte{'a' - 26, 252, 252, 252, 252, 252, 252, 252, 252, 252, 252, 256 + '+' - 62, 256 + '/' - 63, 'A', 0, 0})

	function("base64EncodeAVX2", "func(dst, src *byte, blocks int)",
		"base64EncodeAVX2 encodes blocks of 24 bytes, at least one, to 32 characters",
		"each. It reads 4 bytes beyond the last block.")
	dst, src, blocks := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("blocks"), GP64())
	shuffle, table := broadcast128(split), broadcast128(offsets)
	maskHigh, mulHigh := splat(0x0fc0fc00, YMM()), splat(0x04000040, YMM())
	maskLow, mulLow := splat(0x003f03f0, YMM()), splat(0x01000010, YMM())
	c51, c25 := splatBytes(51, YMM()), splatBytes(25, YMM())
	thirteen := splatBytes(13, YMM())

	Label("loop")
	in := YMM()
	VMOVDQU(Mem{Base: src}, in.AsX())
	VINSERTI128(Imm(1), Mem{Base: src, Disp: 12}, in, in)
	VPSHUFB(shuffle, in, in)
	a, b := YMM(), YMM()
	VPAND(maskHigh, in, a)
	VPMULHUW(mulHigh, a, a)
	VPAND(maskLow, in, b)
	VPMULLW(mulLow, b, b)
	VPOR(a, b, a)
	// Group 0 is a-z, 1-10 the digits, 11 '+', 12 '/', 13 A-Z.
	group, upper := YMM(), YMM()
	VPSUBUSB(c51, a, group)
	VPCMPGTB(c25, a, upper) // a > 25
	VPANDN(thirteen, upper, upper)
	VPOR(upper, group, group)
	VPSHUFB(group, table, group)
	VPADDB(group, a, a)
	VMOVDQU(a, Mem{Base: dst})
	ADDQ(Imm(24), src)
	ADDQ(Imm(32), dst)
	DECQ(blocks)
	JNZ(LabelRef("loop"))
	VZEROUPPER()
	RET()
}
