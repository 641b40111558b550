package codec

// The four functions below follow ITU-T G.191 (STL, src/g711/g711.c) line by
// line: they are the truth that every kernel is held to.

func g191MulawCompress(x int16) byte {
	absno := int(x)>>2 + 33
	if x < 0 {
		absno = (^int(x))>>2 + 33
	}
	if absno > 0x1fff {
		absno = 0x1fff
	}
	segno := 1
	for i := absno >> 6; i != 0; i >>= 1 {
		segno++
	}
	high := 8 - segno
	low := 0xf - absno>>segno&0xf
	code := byte(high<<4 | low)
	if x >= 0 {
		code |= 0x80
	}
	return code
}

func g191MulawExpand(code byte) int16 {
	sign := 1
	if code < 0x80 {
		sign = -1
	}
	mantissa := int(^code)
	exponent := mantissa >> 4 & 7
	segment := exponent + 1
	mantissa &= 0xf
	step := 4 << segment
	return int16(sign * (0x80<<exponent + step*mantissa + step/2 - 4*33))
}

func g191AlawCompress(x int16) byte {
	ix := int(x) >> 4
	if x < 0 {
		ix = (^int(x)) >> 4
	}
	if ix > 15 {
		iexp := 1
		for ix > 16+15 {
			ix >>= 1
			iexp++
		}
		ix -= 16
		ix += iexp << 4
	}
	if x >= 0 {
		ix |= 0x80
	}
	return byte(ix ^ 0x55)
}

func g191AlawExpand(code byte) int16 {
	ix := int(code^0x55) & 0x7f
	iexp := ix >> 4
	mant := ix & 0xf
	if iexp > 0 {
		mant += 16
	}
	mant = mant<<4 + 8
	if iexp > 1 {
		mant <<= iexp - 1
	}
	if code > 127 {
		return int16(mant)
	}
	return int16(-mant)
}
