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

	function("payloadDecodeVBMI", "func(dst *int16, src *byte, groups int) bool",
		"payloadDecodeVBMI decodes groups of four characters, at least 16, to three samples",
		"each. It reports whether all are valid.")
	dst, src, groups := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("groups"), GP64())
	d := newTableDecoder("mulawTable", mulawMagnitude)
	values0, values1, joins := load512(valueTable), load512(valueTable.Offset(64)), load512(joinTable)
	merge2, merge4 := splat(0x01400140, ZMM()), splat(0x00011000, ZMM())
	bad := ZMM()
	VPXORQ(bad, bad, bad)

	eachBlock(groups, 16, func(i Register) {
		three := triple(i)
		chars, v := load512(Mem{Base: src, Index: i, Scale: 4}), ZMM()
		VMOVDQA64(chars, v)
		VPERMI2B(values1, values0, v)
		VPTERNLOGQ(Imm(0xfe), v, chars, bad) // bad | v | chars
		VPMADDUBSW(merge2, v, v)
		VPMADDWD(merge4, v, v)
		VPERMB(v, joins, v)
		lo, hi := d.decode(v)
		VMOVDQU64(lo, Mem{Base: dst, Index: three, Scale: 2})
		VMOVDQU(hi.(VecVirtual).AsY(), Mem{Base: dst, Index: three, Scale: 2, Disp: 64})
	})
	invalid, ok := K(), GP8()
	VPMOVB2M(bad, invalid)
	KTESTQ(invalid, invalid)
	SETEQ(ok)
	Store(ok, ReturnIndex(0))
	finish()
}

// payloadEncodeVBMI encodes 48 samples to mu-law and those in the register to 64
// characters, as the same authors do.
func payloadEncodeVBMI() {
	split, shifts := make([]byte, 64), make([]byte, 64)
	for i := range split {
		split[i] = encodedAt(i/4*3 + []int{1, 0, 2, 1}[i%4])
		shifts[i] = []byte{10, 4, 22, 16, 42, 36, 54, 48}[i%8]
	}
	splitTable, shiftTable := data("base64SplitVBMI", split), data("base64Shifts", shifts)
	alphabetTable := data("base64Alphabet", []byte(base64Alphabet))

	function("payloadEncodeVBMI", "func(dst *byte, src *int16, groups int)",
		"payloadEncodeVBMI encodes groups of three samples, at least 16, to four characters",
		"each.")
	dst, src, groups := Load(Param("dst"), GP64()), Load(Param("src"), GP64()), Load(Param("groups"), GP64())
	e := newSampleEncoder(mulaw)
	splits, shift, alphabet := load512(splitTable), load512(shiftTable), load512(alphabetTable)

	eachBlock(groups, 16, func(i Register) {
		three := triple(i)
		x, y := load512(Mem{Base: src, Index: three, Scale: 2}), ZMM()
		VMOVDQU(Mem{Base: src, Index: three, Scale: 2, Disp: 64}, y.AsY())
		v := e.encode(x, y)
		VPERMB(v, splits, v)
		VPMULTISHIFTQB(v, shift, v)
		VPERMB(alphabet, v, v)
		VMOVDQU64(v, Mem{Base: dst, Index: i, Scale: 4})
	})
	finish()
}
