package codec

const (
	base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	base64Invalid  = 0x80
)

// base64Chars holds the character of every value, base64Values the value of every
// character, or base64Invalid.
var (
	base64Chars  = [64]byte([]byte(base64Alphabet))
	base64Values = base64Table()
)

func base64Table() (t [256]byte) {
	for i := range t {
		t[i] = base64Invalid
	}
	for i, c := range []byte(base64Alphabet) {
		t[c] = byte(i)
	}
	return t
}

// base64Len returns the length of the padded base64 of n bytes.
func base64Len(n int) int { return (n + 2) / 3 * 4 }

// unpad strips the padding from src and returns the number of bytes that the
// rest decodes to. ok is false when src has a length that padded base64 cannot
// have; whether the rest is valid is for the decoder to say.
func unpad(src []byte) (chars []byte, n int, ok bool) {
	if len(src)%4 != 0 {
		return nil, 0, false
	}
	n, padding := len(src)/4*3, 0
	if n > 0 && src[len(src)-1] == '=' {
		padding = 1
		if src[len(src)-2] == '=' {
			padding = 2
		}
	}
	return src[:len(src)-padding], n - padding, true
}

// decodePayloadGeneric decodes all of src, unpadded base64 of mu-law, to exactly
// len(dst) samples and reports whether it is strict.
func decodePayloadGeneric(dst []int16, src []byte) bool {
	v, t := &base64Values, &mulawPCM
	var bad byte
	for len(src) >= 4 && len(dst) >= 3 {
		s, d := (*[4]byte)(src), (*[3]int16)(dst)
		a, b, c, e := v[s[0]], v[s[1]], v[s[2]], v[s[3]]
		bad |= a | b | c | e
		d[0], d[1], d[2] = t[a<<2|b>>4], t[b<<4|c>>2], t[c<<6|e]
		src, dst = src[4:], dst[3:]
	}
	var stray byte // bits that belong to no sample
	switch len(dst) {
	case 1:
		a, b := v[src[0]], v[src[1]]
		dst[0] = t[a<<2|b>>4]
		bad, stray = bad|a|b, b<<4
	case 2:
		a, b, c := v[src[0]], v[src[1]], v[src[2]]
		dst[0], dst[1] = t[a<<2|b>>4], t[b<<4|c>>2]
		bad, stray = bad|a|b|c, c<<6
	}
	return bad&base64Invalid == 0 && stray == 0
}

// encodePayloadGeneric fills dst with the padded base64 of the mu-law codes of src.
func encodePayloadGeneric(dst []byte, src []int16) {
	v, t := &base64Chars, &mulawCodes
	for len(src) >= 3 && len(dst) >= 4 {
		s, d := (*[3]int16)(src), (*[4]byte)(dst)
		a, b, c := t[uint16(s[0])>>2], t[uint16(s[1])>>2], t[uint16(s[2])>>2]
		d[0], d[1], d[2], d[3] = v[a>>2], v[(a<<4|b>>4)&63], v[(b<<2|c>>6)&63], v[c&63]
		src, dst = src[3:], dst[4:]
	}
	switch len(src) {
	case 1:
		a := t[uint16(src[0])>>2]
		copy(dst, []byte{v[a>>2], v[a<<4&63], '=', '='})
	case 2:
		a, b := t[uint16(src[0])>>2], t[uint16(src[1])>>2]
		copy(dst, []byte{v[a>>2], v[(a<<4|b>>4)&63], v[b<<2&63], '='})
	}
}
