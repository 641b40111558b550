//go:build !purego

#include "textflag.h"

// func decodeNEON(dst *int16, src *byte, n int, table *[256]byte)
//
// The table has the low bytes, then the high bytes, of the samples of the codes
// below 0x80. They fill V0-V7 and V8-V15. The codes from 0x80 on are the same
// samples negated.
TEXT ·decodeNEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2
	MOVD table+24(FP), R3

	VLD1.P 64(R3), [V0.B16, V1.B16, V2.B16, V3.B16]
	VLD1.P 64(R3), [V4.B16, V5.B16, V6.B16, V7.B16]
	VLD1.P 64(R3), [V8.B16, V9.B16, V10.B16, V11.B16]
	VLD1   (R3), [V12.B16, V13.B16, V14.B16, V15.B16]
	VMOVI  $0x7f, V28.B16
	VMOVI  $64, V29.B16
	VEOR   V30.B16, V30.B16, V30.B16

loop:
	VLD1.P 16(R1), [V16.B16]
	VAND   V28.B16, V16.B16, V17.B16
	VSUB   V29.B16, V17.B16, V18.B16
	VTBL   V17.B16, [V0.B16, V1.B16, V2.B16, V3.B16], V19.B16
	VTBL   V17.B16, [V8.B16, V9.B16, V10.B16, V11.B16], V20.B16
	VTBX   V18.B16, [V4.B16, V5.B16, V6.B16, V7.B16], V19.B16
	VTBX   V18.B16, [V12.B16, V13.B16, V14.B16, V15.B16], V20.B16

	VUSHR $7, V16.B16, V21.B16
	VSUB  V21.B16, V30.B16, V21.B16      // all ones where the sign turns
	VZIP1 V20.B16, V19.B16, V22.B16
	VZIP2 V20.B16, V19.B16, V23.B16
	VZIP1 V21.B16, V21.B16, V24.B16
	VZIP2 V21.B16, V21.B16, V25.B16
	VEOR  V24.B16, V22.B16, V22.B16
	VEOR  V25.B16, V23.B16, V23.B16
	VSUB  V24.H8, V22.H8, V22.H8
	VSUB  V25.H8, V23.H8, V23.H8
	VST1.P [V22.B16, V23.B16], 32(R0)

	SUB $16, R2
	CMP $16, R2
	BGE loop
	CBZ R2, done

	// The last block ends at n and overlaps the one before.
	SUB $16, R2, R4
	ADD R4, R1
	ADD R4<<1, R0
	MOVD $16, R2
	B   loop

done:
	RET
