package codec

import (
	"errors"
	"slices"
	"strconv"
)

// ErrShortBuffer says that a payload holds more samples than dst has room for.
var ErrShortBuffer = errors.New("codec: buffer too short for the payload")

// PayloadError is the offset of the byte that makes a payload invalid base64; it
// is the payload's length where a byte is missing.
type PayloadError int

// Error names the offset.
func (e PayloadError) Error() string {
	return "codec: payload is not base64 at byte " + strconv.Itoa(int(e))
}

// DecodePayload decodes the payload of a media message, base64 of mu-law codes
// (https://www.twilio.com/docs/voice/media-streams/websocket-messages), to PCM
// and returns the number of samples, at most len(payload)/4*3.
//
// The base64 must be strict: the standard alphabet, padded, no line breaks, no
// stray bits (RFC 4648 sections 3.3 and 3.5). Otherwise the error is a
// [PayloadError]; when dst is too short it is [ErrShortBuffer]. With an error n
// is 0 and the contents of dst are undefined.
func DecodePayload(dst []int16, payload []byte) (n int, err error) {
	chars, n, ok := unpad(payload)
	if ok && n > len(dst) {
		return 0, ErrShortBuffer
	}
	if !ok || !decodePayload(dst[:n], chars) {
		return 0, findBadByte(payload)
	}
	return n, nil
}

// findBadByte returns the error for a payload that is not strict base64.
func findBadByte(payload []byte) PayloadError {
	chars, _, ok := unpad(payload)
	if !ok {
		chars = payload
	}
	for i, c := range chars {
		if base64Values[c] == base64Invalid {
			return PayloadError(i)
		}
	}
	if ok { // all that is left to be wrong
		return PayloadError(len(chars) - 1)
	}
	return PayloadError(len(payload))
}

// AppendPayload appends the payload of a media message, base64 of the mu-law
// codes of the PCM in src, to dst.
func AppendPayload(dst []byte, src []int16) []byte {
	n, size := len(dst), base64Len(len(src))
	dst = slices.Grow(dst, size)[:n+size]
	encodePayload(dst[n:], src)
	return dst
}
