package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// data defines a read-only table whose length is a multiple of eight.
func data(name string, b []byte) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i := 0; i < len(b); i += 8 {
		var v uint64
		for j := range 8 {
			v |= uint64(b[i+j]) << (8 * j)
		}
		DATA(i, U64(v))
	}
	return m
}

// bytes16 builds a table of sixteen entries.
func bytes16(f func(i int) int) []byte {
	b := make([]byte, 16)
	for i := range b {
		b[i] = byte(f(i))
	}
	return b
}

// twice repeats a table for the two halves of a register.
func twice(b []byte) []byte { return append(b, b...) }

// constants are vectors that repeat one value; each is defined once.
var constants = map[uint32]Mem{}

// splat returns a vector register in which every 32 bits are v.
func splat(v uint32, dst Register) Register {
	m, ok := constants[v]
	if !ok {
		m = GLOBL("splat"+hex(v), RODATA|NOPTR)
		DATA(0, U32(v))
		constants[v] = m
	}
	VPBROADCASTD(m, dst)
	return dst
}

func hex(v uint32) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 8)
	for i := range b {
		b[i] = digits[v>>(28-4*i)&15]
	}
	return string(b)
}

// splatBytes and splatWords repeat an 8-bit or a 16-bit value.
func splatBytes(v byte, dst Register) Register { return splat(uint32(v)*0x01010101, dst) }
func splatWords(v uint16, dst Register) Register {
	return splat(uint32(v)*0x00010001, dst)
}

// broadcast128 loads a table of sixteen bytes into both halves of a register.
func broadcast128(m Mem) VecVirtual {
	y := YMM()
	VBROADCASTI128(m, y)
	return y
}

// eachBlock runs body for i = 0, 32, ... and ends with the block that ends at n,
// which overlaps the one before unless 32 divides n. n must be at least 32.
func eachBlock(n Register, body func(i Register)) {
	i, last := GP64(), GP64()
	XORQ(i, i)
	LEAQ(Mem{Base: n, Disp: -32}, last)
	Label("loop")
	body(i)
	ADDQ(Imm(32), i)
	CMPQ(i, last)
	JLE(LabelRef("loop"))
	CMPQ(i, n)
	JGE(LabelRef("done"))
	MOVQ(last, i)
	JMP(LabelRef("loop"))
	Label("done")
	VZEROUPPER()
	RET()
}

// function begins a kernel: no stack, pointers that do not escape.
func function(name, signature string, doc ...string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(doc...)
}
