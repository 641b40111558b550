package codec

import "encoding/base64"

// base64Len returns how many bytes src decodes to; ok is false when its length
// cannot be that of padded base64.
func base64Len(src []byte) (n int, ok bool) {
	n = len(src) / 4 * 3
	if len(src)%4 != 0 {
		return 0, false
	}
	if n > 0 && src[len(src)-1] == '=' {
		n--
		if src[len(src)-2] == '=' {
			n--
		}
	}
	return n, true
}

// decodeBase64 decodes all of src into dst, whose length base64Len gave, and
// reports whether src is strict base64.
func decodeBase64(dst, src []byte) bool {
	// The decoder of the standard library skips line breaks: then n differs.
	n, err := base64.StdEncoding.Strict().Decode(dst, src)
	return err == nil && n == len(dst)
}

// badPayload finds the offset for the error that explains why payload is not
// strict base64.
func badPayload(payload []byte) error {
	for i, c := range payload {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '/':
			continue
		}
		return PayloadError(i)
	}
	return PayloadError(len(payload))
}
