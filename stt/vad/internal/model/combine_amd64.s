//go:build !purego

#include "textflag.h"

// func combineVector(dst, m *float32, stride int, x *float32, n int)
//
// Nine registers hold the 72 sums. Products are rounded before they are added, as in
// Go on this processor, so that both give the same.
TEXT ·combineVector(SB), NOSPLIT, $0-40
	MOVQ   dst+0(FP), DI
	MOVQ   m+8(FP), SI
	MOVQ   stride+16(FP), DX
	MOVQ   x+24(FP), BX
	MOVQ   n+32(FP), CX
	SHLQ   $2, DX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7
	VXORPS Y8, Y8, Y8

next:
	VBROADCASTSS (BX), Y9
	VMULPS       0(SI), Y9, Y10
	VMULPS       32(SI), Y9, Y11
	VMULPS       64(SI), Y9, Y12
	VADDPS       Y10, Y0, Y0
	VADDPS       Y11, Y1, Y1
	VADDPS       Y12, Y2, Y2
	VMULPS       96(SI), Y9, Y13
	VMULPS       128(SI), Y9, Y14
	VMULPS       160(SI), Y9, Y15
	VADDPS       Y13, Y3, Y3
	VADDPS       Y14, Y4, Y4
	VADDPS       Y15, Y5, Y5
	VMULPS       192(SI), Y9, Y10
	VMULPS       224(SI), Y9, Y11
	VMULPS       256(SI), Y9, Y12
	VADDPS       Y10, Y6, Y6
	VADDPS       Y11, Y7, Y7
	VADDPS       Y12, Y8, Y8
	ADDQ         DX, SI
	ADDQ         $4, BX
	DECQ         CX
	JNZ          next

	VMOVUPS    Y0, 0(DI)
	VMOVUPS    Y1, 32(DI)
	VMOVUPS    Y2, 64(DI)
	VMOVUPS    Y3, 96(DI)
	VMOVUPS    Y4, 128(DI)
	VMOVUPS    Y5, 160(DI)
	VMOVUPS    Y6, 192(DI)
	VMOVUPS    Y7, 224(DI)
	VMOVUPS    Y8, 256(DI)
	VZEROUPPER
	RET
