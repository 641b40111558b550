package mediastream

import (
	"unicode/utf8"
)

// wire is a carrier's message format. One belongs to one stream.
type wire interface {
	// parse fills e from a message. Strings and payload may alias the message.
	parse(e *Event, msg []byte) *Error
	// begin sets the stream's id, known from the start message on.
	begin(streamSID string)
	appendMedia(dst, audio []byte) []byte
	appendMark(dst []byte, name string) []byte
	appendClear(dst []byte) []byte
}

// appendString appends s as a JSON string. Invalid UTF-8 becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

// Limits of a message besides its size.
const (
	maxDepth        = 8                   // of nested objects and arrays; Twilio's reach 3
	maxDigits       = 18                  // of a number, so that it fits an int64
	maxName         = 64                  // bytes of an unknown event's name that are kept
	maxMilliseconds = 24 * 60 * 60 * 1000 // of a timestamp: Twilio ends a call after a day
)
