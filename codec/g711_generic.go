package codec

// The portable kernels look codes up in tables. A decoder reads 256 entries; an
// encoder drops the bits that G.711 ignores (2 of mu-law, 4 of A-law) and reads
// 16 KiB or 4 KiB: small enough to stay in the first-level cache. All of them
// need len(dst) >= len(src).

var (
	mulawPCM   = decodeTable(mulawToPCM)
	alawPCM    = decodeTable(alawToPCM)
	mulawFloat = floatTable()
	mulawCodes = mulawEncodeTable()
	alawCodes  = alawEncodeTable()
)

// mulawToPCM is ulaw_expand of ITU-T G.191.
func mulawToPCM(code byte) int16 {
	m := ^code
	exp := m >> 4 & 7
	v := (int16(m&15)<<3+0x84)<<exp - 0x84
	if code < 0x80 {
		return -v
	}
	return v
}

// alawToPCM is alaw_expand of ITU-T G.191.
func alawToPCM(code byte) int16 {
	m := code ^ 0x55
	exp := m >> 4 & 7
	v := int16(m&15)<<4 + 8
	if exp > 0 {
		v = (v + 0x100) << (exp - 1)
	}
	if code < 0x80 {
		return -v
	}
	return v
}

func decodeTable(decode func(byte) int16) (t [256]int16) {
	for i := range t {
		t[i] = decode(byte(i))
	}
	return t
}

func floatTable() (t [256]float32) {
	for i := range t {
		t[i] = float32(mulawToPCM(byte(i))) / 32768
	}
	return t
}

// mulawEncodeTable is ulaw_compress of ITU-T G.191 for every sample>>2: segment
// s of the biased magnitude begins at 32<<s and has sixteen steps of 2<<s.
func mulawEncodeTable() (t [1 << 14]byte) {
	magnitude := 0
	for m := range 128 {
		segment, step := m>>4, m&15
		end := min((33+2*step)<<segment+1<<segment-33, 1<<13)
		if m == 127 {
			end = 1 << 13 // clipped
		}
		for ; magnitude < end; magnitude++ {
			t[magnitude] = ^byte(m)                // positive
			t[1<<14-1-magnitude] = ^byte(m | 0x80) // negative: the one's complement
		}
	}
	return t
}

// alawEncodeTable is alaw_compress of ITU-T G.191 for every sample>>4.
func alawEncodeTable() (t [1 << 12]byte) {
	for magnitude := range 1 << 11 {
		m, segment := magnitude, 0
		if m > 15 {
			segment = 1
			for m > 31 {
				m >>= 1
				segment++
			}
			m -= 16
		}
		code := byte(segment<<4|m) ^ 0x55
		t[magnitude] = code | 0x80
		t[1<<12-1-magnitude] = code &^ 0x80
	}
	return t
}

// decodeFour makes one number of four samples: the compiler stores it at once.
func decodeFour(t *[256]int16, dst *[4]int16, src *[4]byte) {
	v := uint64(uint16(t[src[0]])) | uint64(uint16(t[src[1]]))<<16 |
		uint64(uint16(t[src[2]]))<<32 | uint64(uint16(t[src[3]]))<<48
	dst[0], dst[1], dst[2], dst[3] = int16(v), int16(v>>16), int16(v>>32), int16(v>>48)
}

func decodeGeneric(t *[256]int16, dst []int16, src []byte) {
	for len(src) >= 32 && len(dst) >= 32 {
		s, d := (*[32]byte)(src), (*[32]int16)(dst)
		decodeFour(t, (*[4]int16)(d[0:]), (*[4]byte)(s[0:]))
		decodeFour(t, (*[4]int16)(d[4:]), (*[4]byte)(s[4:]))
		decodeFour(t, (*[4]int16)(d[8:]), (*[4]byte)(s[8:]))
		decodeFour(t, (*[4]int16)(d[12:]), (*[4]byte)(s[12:]))
		decodeFour(t, (*[4]int16)(d[16:]), (*[4]byte)(s[16:]))
		decodeFour(t, (*[4]int16)(d[20:]), (*[4]byte)(s[20:]))
		decodeFour(t, (*[4]int16)(d[24:]), (*[4]byte)(s[24:]))
		decodeFour(t, (*[4]int16)(d[28:]), (*[4]byte)(s[28:]))
		src, dst = src[32:], dst[32:]
	}
	dst = dst[:len(src)]
	for i, c := range src {
		dst[i] = t[c]
	}
}

func decodeMulawGeneric(dst []int16, src []byte) { decodeGeneric(&mulawPCM, dst, src) }
func decodeAlawGeneric(dst []int16, src []byte)  { decodeGeneric(&alawPCM, dst, src) }

func decodeMulawFloat32Generic(dst []float32, src []byte) {
	dst = dst[:len(src)]
	for i, c := range src {
		dst[i] = mulawFloat[c]
	}
}

func encodeMulawGeneric(dst []byte, src []int16) {
	t := &mulawCodes
	for len(src) >= 8 && len(dst) >= 8 {
		s, d := (*[8]int16)(src), (*[8]byte)(dst)
		d[0], d[1] = t[uint16(s[0])>>2], t[uint16(s[1])>>2]
		d[2], d[3] = t[uint16(s[2])>>2], t[uint16(s[3])>>2]
		d[4], d[5] = t[uint16(s[4])>>2], t[uint16(s[5])>>2]
		d[6], d[7] = t[uint16(s[6])>>2], t[uint16(s[7])>>2]
		src, dst = src[8:], dst[8:]
	}
	dst = dst[:len(src)]
	for i, x := range src {
		dst[i] = t[uint16(x)>>2]
	}
}

func encodeAlawGeneric(dst []byte, src []int16) {
	t := &alawCodes
	for len(src) >= 8 && len(dst) >= 8 {
		s, d := (*[8]int16)(src), (*[8]byte)(dst)
		d[0], d[1] = t[uint16(s[0])>>4], t[uint16(s[1])>>4]
		d[2], d[3] = t[uint16(s[2])>>4], t[uint16(s[3])>>4]
		d[4], d[5] = t[uint16(s[4])>>4], t[uint16(s[5])>>4]
		d[6], d[7] = t[uint16(s[6])>>4], t[uint16(s[7])>>4]
		src, dst = src[8:], dst[8:]
	}
	dst = dst[:len(src)]
	for i, x := range src {
		dst[i] = t[uint16(x)>>4]
	}
}
