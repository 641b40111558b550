package journal

import (
	"encoding/json"
	"net/url"
	"strings"
)

// numbers that were left out, or are about to be.
const aNumberHere = "{number}"

// Normal returns TwiML, or any other text of the host, as what it has in common with the
// same text of another run of the call: without tokens, numbers, and what the record does
// not keep, and with {host} for the host of a public URL.
func (h *Header) Normal(text, publicURL string) string {
	r := h.redactor()
	return h.normal(r.document(text), publicURL)
}

// NormalMessage is Normal for a message of a stream.
func (h *Header) NormalMessage(message []byte) string {
	r := h.redactor()
	if clean, ok := r.message(message); ok {
		return h.normal(string(clean), h.PublicURL)
	}
	return h.normal(r.text(string(message)), h.PublicURL)
}

func (h *Header) redactor() *redactor {
	return &redactor{o: &Options{Audio: h.Audio, Speech: h.Speech, Numbers: h.Numbers, Digits: h.Digits}, numbers: map[string]string{}}
}

func (h *Header) normal(text, publicURL string) string {
	if u, err := url.Parse(publicURL); err == nil && u.Host != "" {
		text = strings.ReplaceAll(text, "//"+u.Host, "//{host}")
	}
	if h.Numbers {
		return text
	}
	return national.ReplaceAllString(e164.ReplaceAllString(text, aNumberHere), aNumberHere)
}

// Bytes returns how many bytes of audio a message of Media Streams had that is recorded
// without it; 0 for any other.
func (l *Line) Bytes() int {
	var m media
	if l.Message == nil || json.Unmarshal(l.Message, &m) != nil || m.Event != "media" || m.Media.Payload != "" {
		return 0
	}
	return min(max(0, m.Media.Bytes), maxLine)
}
