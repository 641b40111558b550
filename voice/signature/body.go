package signature

import (
	"io"
	"net/http"
	"slices"
	"strings"
)

// readBody reads a body of at most limit bytes into s.body. When it cannot, the
// request still has the whole of it.
func (s *scratch) readBody(r *http.Request, limit int64) *Error {
	s.body = s.body[:0]
	if r.ContentLength > limit {
		return &Error{Reason: ReasonBodyTooLarge}
	}
	if r.Body == nil {
		return nil
	}
	s.body = slices.Grow(s.body, int(max(r.ContentLength, 511))+1)
	for {
		n, err := r.Body.Read(s.body[len(s.body):cap(s.body)])
		s.body = s.body[:len(s.body)+n]
		switch {
		case int64(len(s.body)) > limit:
			s.restorePart(r)
			return &Error{Reason: ReasonBodyTooLarge}
		case err == io.EOF:
			return nil
		case err != nil:
			s.restorePart(r)
			return &Error{Reason: ReasonMalformedBody, Detail: "the body cannot be read: " + err.Error()}
		case len(s.body) == cap(s.body):
			s.body = slices.Grow(s.body, len(s.body))
		}
	}
}

// A replay is a body that was read, to be read again.
type replay struct {
	strings.Reader
	io.Closer
}

func replayBody(r *http.Request, text string) {
	again := &replay{Closer: r.Body}
	again.Reset(text)
	r.Body = again
}

// restoreBody makes the body readable again.
func (s *scratch) restoreBody(r *http.Request) {
	if len(s.body) > 0 {
		replayBody(r, string(s.body))
	}
}

// restorePart does so for a body of which there is more to read.
func (s *scratch) restorePart(r *http.Request) {
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(strings.NewReader(string(s.body)), r.Body), r.Body}
}

// handOver gives a verified POST its body and its form, in memory of their own.
func (s *scratch) handOver(r *http.Request, form bool) {
	r.Form, r.PostForm, r.MultipartForm = nil, nil, nil
	if !form {
		s.restoreBody(r)
		return
	}
	var both strings.Builder // one allocation for the body and the form's text
	both.Grow(len(s.body) + len(s.decoded))
	both.Write(s.body)
	both.Write(s.decoded)
	text := both.String()
	if r.Body != nil {
		replayBody(r, text[:len(s.body)])
	}
	r.PostForm = s.values(text[len(s.body):])
}
