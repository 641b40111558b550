package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// payloadDecodeVBMI decodes base64 as W. Muła and D. Lemire do ("Base64 encoding
// and decoding at almost the speed of a memory copy", 2020), 64 characters to 48
// codes, and those to samples while they are in a register.
func payloadDecodeVBMI() {
	values, join := make([]byte, 128), make([]byte, 64)
	for i := range values {
		values[i] = 0x80 // not in the alphabet
	}
	for i, c := range []byte(base64Alphabet) {
		values[c] = byte(i)
	}
	for i := range 48 {
		join[i] = byte(i/3*4 + 2 - i%3)
	}
	valueTable, joinTable := data("base64Values", values), data("base64JoinVBMI", join)

	function("payloadDecodeVBMI", "func(dst *int16, src *byte, n int) bool",
		"payloadDecodeVBMI decodes n characters of base64 without padding to n*3/4",
		"samples. It reports whether all are valid.")
	dst, src, n := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("n"), GP64())
	d := newTableDecoder("mulawTable", mulawMagnitude)
	values0, values1, joins := load512(valueTable), load512(valueTable.Offset(64)), load512(joinTable)
	merge2, merge4 := splat(0x01400140, ZMM()), splat(0x00011000, ZMM())
	bad := ZMM()
	VPXORQ(bad, bad, bad)

	decode := func(chars Register) (lo, hi Register) {
		v := ZMM()
		VMOVDQA64(chars, v)
		VPERMI2B(values1, values0, v)
		VPTERNLOGQ(Imm(0xfe), v, chars, bad) // bad | v | chars
		VPMADDUBSW(merge2, v, v)
		VPMADDWD(merge4, v, v)
		VPERMB(v, joins, v)
		return d.decode(v)
	}

	SUBQ(Imm(64), n)
	JL(LabelRef("tail"))
	Label("loop")
	lo, hi := decode(load512(Mem{Base: src}))
	VMOVDQU64(lo, Mem{Base: dst})
	VMOVDQU(hi.(VecVirtual).AsY(), Mem{Base: dst, Disp: 64})
	ADDQ(Imm(64), src)
	ADDQ(Imm(96), dst)
	SUBQ(Imm(64), n)
	JGE(LabelRef("loop"))

	Label("tail")
	ADDQ(Imm(64), n)
	JZ(LabelRef("done"))
	k := lowMask(n)
	chars := splatBytes('A', ZMM())
	VMOVDQU8(Mem{Base: src}, k, chars)
	lo, hi = decode(chars)
	LEAQ(Mem{Base: n, Index: n, Scale: 2}, n)
	SHRQ(Imm(2), n)
	k = lowMask(n)
	VMOVDQU16(lo, k, Mem{Base: dst})
	KSHIFTRQ(Imm(32), k, k)
	VMOVDQU16(hi, k, Mem{Base: dst, Disp: 64})

	Label("done")
	invalid, ok := K(), GP8()
	VPMOVB2M(bad, invalid)
	KTESTQ(invalid, invalid)
	SETEQ(ok)
	Store(ok, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

func base64EncodeVBMI() {
	split, shifts := make([]byte, 64), make([]byte, 64)
	for i := range split {
		split[i] = byte(i/4*3) + []byte{1, 0, 2, 1}[i%4]
		shifts[i] = []byte{10, 4, 22, 16, 42, 36, 54, 48}[i%8]
	}
	splitTable, shiftTable := data("base64SplitVBMI", split), data("base64Shifts", shifts)
	alphabetTable := data("base64Alphabet", []byte(base64Alphabet))

	function("base64EncodeVBMI", "func(dst, src *byte, n, chars int)",
		"base64EncodeVBMI encodes n bytes to chars characters, n*4/3 rounded up, without",
		"padding.")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	n, chars := Load(Param("n"), GP64()), Load(Param("chars"), GP64())
	splits, shift, alphabet := load512(splitTable), load512(shiftTable), load512(alphabetTable)
	width := GP64()
	MOVQ(U32(48), width)
	block := lowMask(width)

	encode := func(k Register) Register {
		in := ZMM()
		VMOVDQU8_Z(Mem{Base: src}, k, in)
		VPERMB(in, splits, in)
		VPMULTISHIFTQB(in, shift, in)
		VPERMB(alphabet, in, in)
		return in
	}

	SUBQ(Imm(48), n)
	JL(LabelRef("tail"))
	Label("loop")
	VMOVDQU64(encode(block), Mem{Base: dst})
	ADDQ(Imm(48), src)
	ADDQ(Imm(64), dst)
	SUBQ(Imm(64), chars)
	SUBQ(Imm(48), n)
	JGE(LabelRef("loop"))

	Label("tail")
	ADDQ(Imm(48), n)
	JZ(LabelRef("done"))
	VMOVDQU8(encode(lowMask(n)), lowMask(chars), Mem{Base: dst})
	Label("done")
	VZEROUPPER()
	RET()
}
