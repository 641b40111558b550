package main

import (
	"bytes"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Payloads are made of groups: four characters of base64 are three samples. What
// follows the last whole group is left to the portable kernels.

// triple returns 3*i: where the samples of group i begin.
func triple(i Register) Register {
	three := GP64()
	LEAQ(Mem{Base: i, Index: i, Scale: 2}, three)
	return three
}

// eachGroup runs body for blocks of eight groups. Pairs of them make the loop short
// enough for a frame's last turn to be predicted.
func eachGroup(groups, chars, samples Register, body func(chars, samples Mem)) {
	block := func(i, three Register, k int) {
		body(Mem{Base: chars, Index: i, Scale: 4, Disp: 32 * k}, Mem{Base: samples, Index: three, Scale: 2, Disp: 48 * k})
	}
	eachPair(groups, 8, func(i Register) {
		three := triple(i)
		block(i, three, 0)
		block(i, three, 1)
	}, func(i Register) {
		block(i, triple(i), 0)
	})
}

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

	function("payloadDecodeAVX2", "func(dst *int16, src *byte, groups int) bool",
		"payloadDecodeAVX2 decodes groups of four characters, at least 8, to three samples",
		"each. It reports whether all are valid.")
	dst, src, groups := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("groups"), GP64())
	d := newMulawDecoder()
	low, high, rolls := broadcast128(classLow), broadcast128(classHigh), broadcast128(roll)
	slash := splatBytes('/', YMM())
	order, bad := load256(spread), YMM()
	VPXOR(bad, bad, bad)

	eachGroup(groups, src, dst, func(from, to Mem) {
		chars := load256(from)
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
		VPERMD(chars, order, chars)
		lo, hi := d.decode(chars)
		VMOVDQU(lo, to)
		VMOVDQU(hi.(VecVirtual).AsX(), to.Offset(32))
	})
	ok := GP8()
	VPTEST(bad, bad)
	SETEQ(ok)
	Store(ok, ReturnIndex(0))
	finish()
}

// payloadEncodeAVX2 encodes 24 samples to mu-law and those in the register to 32
// characters, as the same authors do.
func payloadEncodeAVX2() {
	// The halves of the register have codes 0-15 and 8-23: the first twelve of one
	// and the last twelve of the other are what is wanted.
	lower := []byte{1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10}
	upper := bytes16(func(i int) int { return int(lower[i]) + 4 })
	split := data("base64Split", append(lower, upper...))
	word := func(name string, v ...byte) Mem { return data(name, bytes.Repeat(v, 8)) }
	maskHigh, mulHigh := word("base64MaskHigh", 0x00, 0xfc, 0xc0, 0x0f), word("base64MulHigh", 0x40, 0x00, 0x00, 0x04)
	maskLow, mulLow := word("base64MaskLow", 0xf0, 0x03, 0x3f, 0x00), word("base64MulLow", 0x10, 0x00, 0x00, 0x01)
	// What to add to a value to get its character, by value group.
	offsets := data("base64Offsets", []byte{'a' - 26, 252, 252, 252, 252, 252, 252, 252, 252, 252, 252, 256 + '+' - 62, 256 + '/' - 63, 'A', 0, 0})

	function("payloadEncodeAVX2", "func(dst *byte, src *int16, groups int)",
		"payloadEncodeAVX2 encodes groups of three samples, at least 8, to four characters",
		"each.")
	dst, src, groups := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("groups"), GP64())
	e := newMulawEncoder()
	table, c51, c25, thirteen := broadcast128(offsets), splatBytes(51, YMM()), splatBytes(25, YMM()), splatBytes(13, YMM())

	eachGroup(groups, dst, src, func(to, x Mem) {
		in := e.encode([2]Register{load256(x), load256(x.Offset(16))})
		VPSHUFB(split, in, in)
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
		VMOVDQU(a, to)
	})
	finish()
}
