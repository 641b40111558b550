package mediastream

import (
	"unicode/utf8"
)

// wire is a carrier's message format. One belongs to one stream.
type wire interface {
	// parse fills e from a message. Strings and payload may alias the message.
	parse(e *Event, msg []byte) *Error
	// begin tells the stream's id, known from the Start event on.
	begin(streamSID string)
	appendMedia(dst, audio []byte) []byte
	appendMark(dst []byte, name string) []byte
	appendClear(dst []byte) []byte
}

// twilio is the format of Twilio Media Streams. It sends exactly the
// documented fields: one more is error 31951 and the message is ignored.
type twilio struct {
	sid   string
	media []byte // what a media message has before its payload
	tail  string // what the carrier's have behind it
}

func (t *twilio) begin(streamSID string) {
	t.sid = streamSID
	t.media = append(t.media[:0], `{"event":"media","streamSid":`...)
	t.media = appendString(t.media, streamSID)
	t.media = append(t.media, `,"media":{"payload":"`...)
	if plain([]byte(streamSID)) { // or messages of this stream are not in the order looked for
		t.tail = wireSID + streamSID + wireEnd
	}
}

func (t *twilio) appendMedia(dst, audio []byte) []byte {
	dst = append(dst, t.media...)
	dst = appendBase64(dst, audio)
	return append(dst, `"}}`...)
}

func (t *twilio) appendMark(dst []byte, name string) []byte {
	dst = append(dst, `{"event":"mark","streamSid":`...)
	dst = appendString(dst, t.sid)
	dst = append(dst, `,"mark":{"name":`...)
	dst = appendString(dst, name)
	return append(dst, "}}"...)
}

func (t *twilio) appendClear(dst []byte) []byte {
	dst = append(dst, `{"event":"clear","streamSid":`...)
	dst = appendString(dst, t.sid)
	return append(dst, '}')
}

// parse tries the order in which Twilio writes its messages, then any order,
// and leaves what is left, all errors among it, to encoding/json. A parser that
// accepts a message agrees with the ones after it.
func (t *twilio) parse(e *Event, msg []byte) *Error {
	if t.parseWireOrder(e, msg) || t.parseAnyOrder(e, msg) {
		return nil
	}
	if len(msg) > len(byteOrderMark) && string(msg[:len(byteOrderMark)]) == byteOrderMark {
		err := t.parseText(e, msg[len(byteOrderMark):])
		if err != nil {
			err.Offset += len(byteOrderMark)
		}
		return err
	}
	return parseAside(e, msg)
}

// byteOrderMark may stand before JSON (RFC 8259, section 8.1).
const byteOrderMark = "\ufeff"

// parseText parses what stands behind a byte order mark, so that a second one is an error.
func (t *twilio) parseText(e *Event, msg []byte) *Error {
	if t.parseAnyOrder(e, msg) {
		return nil
	}
	return parseAside(e, msg)
}

// parseAside runs parseJSON on a stack of its own. encoding/json needs a deep
// one, and would leave every call with twice the stack it needs from then on.
func parseAside(e *Event, msg []byte) (err *Error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		err = parseJSON(e, msg)
	}()
	<-done
	return err
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
