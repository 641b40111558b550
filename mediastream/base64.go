package mediastream

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
)

// sextets holds the two characters of every pair of six-bit groups, in memory
// order. It halves what encoding/base64 needs.
var sextets = sextetTable()

func sextetTable() (t [1 << 12]uint16) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range t {
		t[i] = uint16(alphabet[i>>6]) | uint16(alphabet[i&63])<<8
	}
	return t
}

// appendBase64 appends src in standard base64 with padding, six bytes at a time.
func appendBase64(dst, src []byte) []byte {
	start := len(dst)
	end := start + base64.StdEncoding.EncodedLen(len(src))
	dst = slices.Grow(dst, end-start)[:end]
	out := dst[start:]
	for len(src) >= 8 && len(out) >= 8 {
		v := binary.BigEndian.Uint64(src) >> 16
		binary.LittleEndian.PutUint64(out, uint64(sextets[v>>36])|uint64(sextets[v>>24&0xfff])<<16|
			uint64(sextets[v>>12&0xfff])<<32|uint64(sextets[v&0xfff])<<48)
		src, out = src[6:], out[8:]
	}
	base64.StdEncoding.Encode(out, src)
	return dst
}
