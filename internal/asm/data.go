package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tables are the read-only tables by name.
var tables = map[string]Mem{}

// data returns the read-only table of that name. Its length is a multiple of eight.
func data(name string, b []byte) Mem {
	if m, ok := tables[name]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	tables[name] = m
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

// splat returns a vector register in which every 32 bits are v.
func splat(v uint32, dst Register) Register {
	name := fmt.Sprintf("splat%08x", v)
	m, ok := tables[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		DATA(0, U32(v))
		tables[name] = m
	}
	VPBROADCASTD(m, dst)
	return dst
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

// eachBlock runs body for i = 0, size, ... and ends with the block that ends at n,
// which overlaps the one before unless size divides n. n must be at least size.
//
// No kernel masks its last load or store instead: beside a page that is not there
// that takes the processor more than a thousand cycles.
func eachBlock(n Register, size int, body func(i Register)) {
	i, last := GP64(), GP64()
	XORQ(i, i)
	LEAQ(Mem{Base: n, Disp: -size}, last)
	Label("block")
	body(i)
	ADDQ(Imm(uint64(size)), i)
	CMPQ(i, last)
	JLE(LabelRef("block"))
	CMPQ(i, n)
	JGE(LabelRef("done"))
	MOVQ(last, i)
	JMP(LabelRef("block"))
	Label("done")
}

// eachPair runs pair for two blocks of size at a time and single for the rest, the
// last one overlapping as in eachBlock. n must be at least size.
func eachPair(n Register, size int, pair, single func(i Register)) {
	i, last := GP64(), GP64()
	XORQ(i, i)
	LEAQ(Mem{Base: n, Disp: -2 * size}, last)
	CMPQ(i, last)
	JG(LabelRef("rest"))
	Label("pair")
	pair(i)
	ADDQ(Imm(uint64(2*size)), i)
	CMPQ(i, last)
	JLE(LabelRef("pair"))

	Label("rest")
	CMPQ(i, n)
	JGE(LabelRef("done"))
	ADDQ(Imm(uint64(size)), last)
	Label("single")
	CMPQ(i, last)
	CMOVQGT(last, i)
	single(i)
	ADDQ(Imm(uint64(size)), i)
	CMPQ(i, n)
	JL(LabelRef("single"))
	Label("done")
}

// finish ends a kernel.
func finish() {
	VZEROUPPER()
	RET()
}

// function begins a kernel: no stack, pointers that do not escape.
func function(name, signature string, doc ...string) {
	TEXT(name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(doc...)
}
