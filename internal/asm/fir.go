package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A filter's coefficients come in groups of sixteen: the high parts of sixteen taps,
// then their low parts, each 16 bits. The high parts have 14 fractional bits, the low
// ones 8 more. PMADDWD multiplies samples by either exactly.
const (
	splitBits = 14
	lowBits   = 8
)

// round returns (high + low>>lowBits + 1/2) >> splitBits in high.
func round(high, low, half Register) {
	VPSRAD(Imm(lowBits), low, low)
	VPADDD(low, high, high)
	VPADDD(half, high, high)
	VPSRAD(Imm(splitBits), high, high)
}

// firAVX2 makes sixteen outputs at a time: a pair of taps times the samples from an
// even place on gives the even outputs, from the next place on the odd ones.
func firAVX2() {
	function("firAVX2", "func(dst, x, taps *int16, groups, n int)",
		"firAVX2 filters n samples, at least 16, with groups of 16 taps: dst[i] is made of",
		"the samples from x[i] on. It reads n+16*groups samples.")
	dst := Load(Param("dst"), GP64())
	filterBlocks(func(i, even, odd Register) {
		interleave(even, odd)
		VMOVDQU(even, Mem{Base: dst, Index: i, Scale: 2})
	})
}

// interleave packs even and odd outputs to 16 bits, in order, into even.
func interleave(even, odd Register) {
	order := data("firInterleave", twice([]byte{0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15}))
	VPACKSSDW(odd, even, even)
	VPSHUFB(order, even, even)
}

// firPairsAVX2 is firAVX2 for a half-band filter, whose other phase only delays.
func firPairsAVX2() {
	function("firPairsAVX2", "func(dst, x, keep, taps *int16, groups, n int)",
		"firPairsAVX2 filters as firAVX2 does and stores each sample followed by one of",
		"keep.")
	dst, keep := Load(Param("dst"), GP64()), Load(Param("keep"), GP64())
	filterBlocks(func(i, even, odd Register) {
		interleave(even, odd)
		kept, low, high, out := YMM(), YMM(), YMM(), YMM()
		VMOVDQU(Mem{Base: keep, Index: i, Scale: 2}, kept)
		VPUNPCKLWD(kept, even, low)
		VPUNPCKHWD(kept, even, high)
		VPERM2I128(Imm(0x20), high, low, out)
		VMOVDQU(out, Mem{Base: dst, Index: i, Scale: 4})
		VPERM2I128(Imm(0x31), high, low, out)
		VMOVDQU(out, Mem{Base: dst, Index: i, Scale: 4, Disp: 32})
	})
}

// filterBlocks filters n samples in blocks of sixteen, the last overlapping the one
// before, and calls store with each block's even and odd outputs in 32 bits.
func filterBlocks(store func(i, even, odd Register)) {
	x, taps := Load(Param("x"), GP64()), Load(Param("taps"), GP64())
	groups, n := Load(Param("groups"), GP64()), Load(Param("n"), GP64())
	half := splat(1<<(splitBits-1), YMM())
	eachBlock(n, 16, func(i Register) {
		var high, low [2]Register
		for k := range 2 {
			high[k], low[k] = YMM(), YMM()
			VPXOR(high[k], high[k], high[k])
			VPXOR(low[k], low[k], low[k])
		}
		at, c, left := GP64(), GP64(), GP64()
		LEAQ(Mem{Base: x, Index: i, Scale: 2}, at)
		MOVQ(taps, c)
		MOVQ(groups, left)
		Label("group")
		for pair := range 8 {
			h, l := YMM(), YMM()
			VPBROADCASTD(Mem{Base: c, Disp: 4 * pair}, h)
			VPBROADCASTD(Mem{Base: c, Disp: 4*pair + 32}, l)
			for k := range 2 {
				samples, product := YMM(), YMM()
				VMOVDQU(Mem{Base: at, Disp: 4*pair + 2*k}, samples)
				VPMADDWD(samples, h, product)
				VPADDD(product, high[k], high[k])
				VPMADDWD(samples, l, samples)
				VPADDD(samples, low[k], low[k])
			}
		}
		ADDQ(Imm(32), at)
		ADDQ(Imm(64), c)
		DECQ(left)
		JNZ(LabelRef("group"))
		for k := range 2 {
			round(high[k], low[k], half)
		}
		store(i, high[0], high[1])
	})
	finish()
}

func dotAVX2() {
	function("dotAVX2", "func(x, taps *int16, groups int) int16",
		"dotAVX2 filters one sample with groups of 16 taps.")
	x, taps, groups := Load(Param("x"), GP64()), Load(Param("taps"), GP64()), Load(Param("groups"), GP64())
	high, low := YMM(), YMM()
	VPXOR(high, high, high)
	VPXOR(low, low, low)
	Label("group")
	samples, product := YMM(), YMM()
	VMOVDQU(Mem{Base: x}, samples)
	VPMADDWD(Mem{Base: taps}, samples, product)
	VPADDD(product, high, high)
	VPMADDWD(Mem{Base: taps, Disp: 32}, samples, samples)
	VPADDD(samples, low, low)
	ADDQ(Imm(32), x)
	ADDQ(Imm(64), taps)
	DECQ(groups)
	JNZ(LabelRef("group"))
	// Both sums in one: the low quarter of each half is high, the next one low.
	VPHADDD(low, high, high)
	VPHADDD(high, high, high)
	upper := XMM()
	VEXTRACTI128(Imm(1), high, upper)
	sum := high.AsX()
	VPADDD(upper, sum, sum)
	h, l := GP32(), GP32()
	VMOVD(sum, h)
	VPEXTRD(Imm(1), sum, l)
	SARL(Imm(lowBits), l)
	LEAL(Mem{Base: h, Index: l, Scale: 1, Disp: 1 << (splitBits - 1)}, h)
	SARL(Imm(splitBits), h)
	VMOVD(h, sum)
	VPACKSSDW(sum, sum, sum)
	VMOVD(sum, h)
	Store(h.As16(), ReturnIndex(0))
	VZEROUPPER()
	RET()
}
