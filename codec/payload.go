package codec

import (
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
)

// ErrShortBuffer says that a payload holds more samples than dst has room for.
var ErrShortBuffer = errors.New("codec: buffer too short for the payload")

// PayloadError is the offset of the first byte that makes a payload invalid
// base64.
type PayloadError int

func (e PayloadError) Error() string {
	return "codec: payload is not base64 at byte " + strconv.Itoa(int(e))
}

// payloadChunk is how many characters DecodePayload decodes at a time: a frame
// of 20 ms has 216.
const payloadChunk = 256

// DecodePayload decodes the payload of a media message, base64 of mu-law codes
// (https://www.twilio.com/docs/voice/media-streams/websocket-messages), to PCM
// and returns the number of samples, at most len(payload)/4*3.
//
// The base64 must be strict: the standard alphabet, padded, no line breaks, no
// stray bits (RFC 4648 sections 3.3 and 3.5). Otherwise the error is a
// [PayloadError]; when dst is too short it is [ErrShortBuffer]. With an error n
// is 0 and the contents of dst are undefined.
func DecodePayload(dst []int16, payload []byte) (n int, err error) {
	size, ok := base64Len(payload)
	if !ok {
		return 0, badPayload(payload)
	}
	if size > len(dst) {
		return 0, ErrShortBuffer
	}
	var codes [payloadChunk / 4 * 3]byte
	for len(payload) > 0 {
		chunk := payload[:min(len(payload), payloadChunk)]
		m := min(len(chunk)/4*3, size-n)
		if !decodeBase64(codes[:m], chunk) {
			return 0, badPayload(payload)
		}
		decodeMulaw(dst[n:n+m], codes[:m])
		n += m
		payload = payload[len(chunk):]
	}
	return n, nil
}

// AppendPayload appends the payload of a media message, base64 of the mu-law
// codes of the PCM in src, to dst.
func AppendPayload(dst []byte, src []int16) []byte {
	dst = slices.Grow(dst, base64.StdEncoding.EncodedLen(len(src)))
	var codes [payloadChunk / 4 * 3]byte
	for len(src) > 0 {
		n := min(len(src), len(codes))
		encodeMulaw(codes[:n], src[:n])
		dst = base64.StdEncoding.AppendEncode(dst, codes[:n])
		src = src[n:]
	}
	return dst
}
