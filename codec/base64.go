package codec

import "encoding/base64"

const base64Invalid = 0x80

// base64Values holds the value of every character, or base64Invalid.
var base64Values = base64Table()

func base64Table() (t [256]byte) {
	for i := range t {
		t[i] = base64Invalid
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i, c := range []byte(alphabet) {
		t[c] = byte(i)
	}
	return t
}

// unpad strips the padding from src and returns the number of bytes that the
// rest decodes to. ok is false when src has a length that padded base64 cannot
// have; whether the rest is valid is for the decoder to say.
func unpad(src []byte) (chars []byte, n int, ok bool) {
	end := len(src)
	if end%4 != 0 {
		return nil, 0, false
	}
	n = end / 4 * 3
	for range 2 {
		if n > 0 && src[end-1] == '=' {
			end--
			n--
		}
	}
	return src[:end], n, true
}

// strayBits reports whether the last character of unpadded base64 carries bits
// that belong to no byte.
func strayBits(src []byte) bool {
	switch len(src) % 4 {
	case 2:
		return base64Values[src[len(src)-1]]&15 != 0
	case 3:
		return base64Values[src[len(src)-1]]&3 != 0
	}
	return false
}

// decodeBase64MulawGeneric decodes all of src, unpadded base64 of mu-law, to
// exactly len(dst) samples and reports whether it is strict.
func decodeBase64MulawGeneric(dst []int16, src []byte) bool {
	v, t := &base64Values, &mulawPCM
	var bad byte
	for len(src) >= 4 && len(dst) >= 3 {
		s, d := (*[4]byte)(src), (*[3]int16)(dst)
		a, b, c, e := v[s[0]], v[s[1]], v[s[2]], v[s[3]]
		bad |= a | b | c | e
		d[0], d[1], d[2] = t[a<<2|b>>4], t[b<<4|c>>2], t[c<<6|e]
		src, dst = src[4:], dst[3:]
	}
	if len(src) >= 2 && len(dst) >= 1 {
		a, b := v[src[0]], v[src[1]]
		bad |= a | b
		dst[0] = t[a<<2|b>>4]
		if len(src) >= 3 && len(dst) >= 2 {
			c := v[src[2]]
			bad |= c
			dst[1] = t[b<<4|c>>2]
		}
	}
	return bad&base64Invalid == 0 && !strayBits(src)
}

// encodeBase64Generic fills dst with the padded base64 of src.
func encodeBase64Generic(dst, src []byte) { base64.StdEncoding.Encode(dst, src) }
