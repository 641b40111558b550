// Package twiml writes, reads and checks TwiML, the XML of instructions to Twilio for a
// call. It has a type for every verb and noun of the voice schema.
//
// A document is a [Response] with verbs. The children that a verb may have are a Go
// type, so most wrong nesting does not compile; [Response.Validate] finds the rest.
//
//	twiml.Respond(w,
//		&twiml.Say{Text: "Please leave a message."},
//		&twiml.Record{MaxLength: time.Minute, FinishOnKey: "#"},
//	)
//
// The zero value of a field leaves its attribute out. To write an empty string or a 0,
// use [Empty] or [Zero]:
//
//	&twiml.Gather{FinishOnKey: twiml.Empty} // finishOnKey="": no key ends the input
//	&twiml.Play{URL: music, Loop: twiml.Zero} // loop="0": for ever
//
// [Parse] returns the same types, made for a type switch:
//
//	for _, verb := range response.Verbs {
//		switch v := verb.(type) {
//		case *twiml.Say:
//			speak(v.Text)
//		case *twiml.Gather:
//			wait(twiml.Or(v.Timeout, 5*time.Second))
//		}
//	}
//
// The types, constants and rules are generated from schema.json, which follows
// https://www.twilio.com/docs/voice/twiml and Twilio's own libraries.
package twiml

//go:generate go run generate.go

import (
	"errors"
	"io"
	"net/http"
	"strconv"
)

// Limits of Twilio on a document.
const (
	MaxSize     = 64 << 10 // bytes of a document that Twilio fetches (error 11750)
	MaxRESTSize = 4000     // characters of the Twiml parameter of the REST API (error 32018)
)

// ErrTooLarge means that a document is larger than [MaxSize].
var ErrTooLarge = errors.New("twiml: document over 64 kB")

// Response is a TwiML document: the steps of a call, in order. An empty Response is a
// valid one: Twilio hangs up.
type Response struct {
	Verbs []Verb

	Before, After []Comment // comments outside of the root element

	Extra
}

// New returns a response of the given verbs.
func New(verbs ...Verb) *Response { return &Response{Verbs: verbs} }

// AppendXML appends the document to dst, XML declaration first. It does not
// allocate when dst has room. Attributes come in a fixed order. The output is
// always well-formed: characters that XML 1.0 does not allow are left out.
func (r *Response) AppendXML(dst []byte) []byte { return r.write(writer{buf: dst}).buf }

// String returns the document, as the Twiml parameter of the REST API wants it.
func (r *Response) String() string { return string(r.AppendXML(nil)) }

// WriteTo writes the document to w in one call of Write.
func (r *Response) WriteTo(w io.Writer) (int64, error) { return r.Document().WriteTo(w) }

// ServeHTTP answers a webhook with the document; see [Document.ServeHTTP].
func (r *Response) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.Document().ServeHTTP(w, req)
}

// Document renders the response once, for every answer that is the same.
func (r *Response) Document() Document { return r.AppendXML(nil) }

// Respond answers a webhook with the verbs. It returns [ErrTooLarge], having
// answered with status 500, or the error of w.
func Respond(w http.ResponseWriter, verbs ...Verb) error {
	return New(verbs...).Document().respond(w)
}

// Document is a rendered response.
type Document []byte

// WriteTo writes the document to w in one call of Write.
func (d Document) WriteTo(w io.Writer) (int64, error) {
	n, err := w.Write(d)
	return int64(n), err
}

// ServeHTTP answers a webhook with the document as text/xml. A document that
// Twilio would refuse for its size becomes a status 500, so that Twilio goes to
// the fallback URL.
func (d Document) ServeHTTP(w http.ResponseWriter, _ *http.Request) { _ = d.respond(w) }

func (d Document) respond(w http.ResponseWriter) error {
	if len(d) > MaxSize {
		http.Error(w, ErrTooLarge.Error(), http.StatusInternalServerError)
		return ErrTooLarge
	}
	// Twilio reads text/plain to the caller: the type is not left to a guess.
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(d)))
	_, err := w.Write(d)
	return err
}

func (r *Response) write(w writer) writer {
	w.buf = append(w.buf, `<?xml version="1.0" encoding="UTF-8"?>`...)
	if r == nil {
		return w.missing()
	}
	if len(r.Before) != 0 || r.source != nil {
		w = w.outside(r.Before, r.source, false)
	}
	w = w.open("<Response", classResponse, r)
	if len(r.Attrs) != 0 || r.source != nil {
		w = w.extras(r.Attrs, r.source)
	}
	w.buf = append(w.buf, '>')
	mark := len(w.buf)
	for _, n := range r.Verbs {
		if n == nil {
			w = w.missing()
		} else {
			w = n.write(w)
		}
	}
	w = w.rest(r.Nodes)
	w = w.close(mark, "</Response>")
	if len(r.After) != 0 || r.source != nil {
		w = w.outside(r.After, r.source, true)
	}
	return w
}

func (r *Response) add(name string) (element, slot) {
	n := newVerb(name)
	if n == nil {
		return nil, slotFields
	}
	r.Verbs = grow(r.Verbs, n)
	return n.(element), slotFields
}

func (r *Response) chars(s string) {
	if !isSpace(s) {
		r.foreign(Text(s))
	}
}

func (r *Response) foreign(n Node) slot {
	r.Verbs = append(r.Verbs, n.(Verb))
	return slotFields
}
