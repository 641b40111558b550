//go:build !purego

#include "textflag.h"

// func decodeNEON(dst *int16, src *byte, n int, law *neonDecoder)
//
// The table has the low bytes, then the high bytes, of the samples of the codes
// below 0x80. They fill V0-V7 and V8-V15. The codes from 0x80 on are the same
// samples negated.
TEXT ·decodeNEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2
	MOVD law+24(FP), R3

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

// func encodeNEON(dst *byte, src *int16, n int, law *neonEncoder)
//
// Segment and step follow from seven bits that have the highest one set among the
// first three: bits 4-10 below 2048, bits 7-13 below 16384, bits 10-15 from there
// on. The table in V0-V7 knows them; each three bits up are three segments more.
TEXT ·encodeNEON(SB), NOSPLIT, $0-32
	MOVD dst+0(FP), R0
	MOVD src+8(FP), R1
	MOVD n+16(FP), R2
	MOVD law+24(FP), R3

	VLD1.P  64(R3), [V0.B16, V1.B16, V2.B16, V3.B16]
	VLD1.P  64(R3), [V4.B16, V5.B16, V6.B16, V7.B16]
	VLD1R.P 2(R3), [V8.H8]                           // double
	VLD1R.P 2(R3), [V9.H8]                           // limit
	VLD1R.P 2(R3), [V10.H8]                          // bias
	VLD1R   (R3), [V11.B16]                          // flip
	MOVD    $0x8000, R4
	VDUP    R4, V12.H8
	VMOVI   $0x80, V13.B16
	VMOVI   $0xf8, V14.B16
	VMOVI   $0xc0, V15.B16
	VMOVI   $48, V16.B16
	VMOVI   $64, V17.B16

encode:
	VLD1.P 32(R1), [V18.H8, V19.H8]
	VUZP2  V19.B16, V18.B16, V20.B16 // the bytes with the signs

	VCMTST V12.H8, V18.H8, V21.H8
	VCMTST V12.H8, V19.H8, V22.H8
	VEOR   V21.B16, V18.B16, V18.B16 // the one's complement of negative samples
	VEOR   V22.B16, V19.B16, V19.B16
	VAND   V8.B16, V18.B16, V21.B16
	VAND   V8.B16, V19.B16, V22.B16
	VADD   V21.H8, V18.H8, V18.H8
	VADD   V22.H8, V19.H8, V19.H8
	VUMIN  V9.H8, V18.H8, V18.H8
	VUMIN  V9.H8, V19.H8, V19.H8
	VADD   V10.H8, V18.H8, V18.H8
	VADD   V10.H8, V19.H8, V19.H8

	VUZP1  V19.B16, V18.B16, V21.B16 // low bytes
	VUZP2  V19.B16, V18.B16, V22.B16 // high bytes
	VUSHR  $4, V21.B16, V23.B16
	VSLI   $4, V22.B16, V23.B16      // bits 4-11
	VUSHR  $7, V21.B16, V24.B16
	VSLI   $1, V22.B16, V24.B16      // bits 7-14
	VUSHR  $2, V22.B16, V25.B16      // bits 10-15
	VCMTST V14.B16, V22.B16, V26.B16 // from bit 11 on there is one
	VCMTST V15.B16, V22.B16, V27.B16 // from bit 14 on
	VBIT   V26.B16, V24.B16, V23.B16
	VBIT   V27.B16, V25.B16, V23.B16

	VSUB V17.B16, V23.B16, V24.B16
	VTBL V23.B16, [V0.B16, V1.B16, V2.B16, V3.B16], V25.B16
	VTBX V24.B16, [V4.B16, V5.B16, V6.B16, V7.B16], V25.B16
	VAND V16.B16, V26.B16, V26.B16
	VAND V16.B16, V27.B16, V27.B16
	VADD V26.B16, V25.B16, V25.B16
	VADD V27.B16, V25.B16, V25.B16

	VAND   V13.B16, V20.B16, V20.B16
	VEOR   V11.B16, V25.B16, V25.B16
	VEOR   V20.B16, V25.B16, V25.B16
	VST1.P [V25.B16], 16(R0)

	SUB $16, R2
	CMP $16, R2
	BGE encode
	CBZ R2, encoded

	// The last block ends at n and overlaps the one before.
	SUB $16, R2, R4
	ADD R4<<1, R1
	ADD R4, R0
	MOVD $16, R2
	B   encode

encoded:
	RET
