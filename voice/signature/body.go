package signature

import (
	"errors"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// An intake is what one request is taken in with. It is reused, and holds nothing
// that outlives the check.
type intake struct {
	claim    claim
	body     []byte
	complete bool // body is all of it

	// Under the lock of pending.
	w          http.ResponseWriter
	until      time.Time
	prev, next *intake
	waits      bool
	ended      Reason // why it need not wait any longer
}

// Sizes of a body's buffer in bytes: it begins with the first and doubles as the
// body arrives, whatever its Content-Length says; one above the last is not kept
// for another request.
const (
	firstBuffer = 1 << 10
	keptBuffer  = 72 << 10 // one for 64 KiB and a byte, as the allocator rounds it
)

// release gives an intake back.
func (v *Validator) release(in *intake) {
	if cap(in.body) > keptBuffer {
		in.body = nil
	}
	*in = intake{body: in.body[:0]}
	v.intakes.Put(in)
}

// receive reads the body of a POST. With a ResponseWriter, the wait for it is
// bounded; without one, the request has the whole of its body afterwards even
// when the answer is an error.
func (v *Validator) receive(c *config, w http.ResponseWriter, r *http.Request, in *intake) *Error {
	if r.ContentLength > c.MaxBody {
		return &Error{Reason: ReasonBodyTooLarge}
	}
	if r.Body == nil || r.Body == http.NoBody {
		in.body, in.complete = in.body[:0], true
		return nil
	}
	if w == nil {
		err := in.read(r, c.MaxBody)
		if err != nil {
			in.restorePart(r)
		}
		return err
	}
	if !v.pending.enter(in, w, c.MaxPending, c.BodyTimeout) {
		return &Error{Reason: ReasonOverloaded, Detail: "MaxPending requests wait for their body"}
	}
	err := in.read(r, c.MaxBody)
	switch v.pending.leave(in) {
	case ReasonOverloaded:
		in.complete = false
		return &Error{Reason: ReasonOverloaded, Detail: "waited for its body longest when MaxPending requests did"}
	case ReasonBodyTimeout:
		in.complete = false
		return &Error{Reason: ReasonBodyTimeout, Detail: "the body was not there after " + c.BodyTimeout.String()}
	}
	return err
}

// read reads a body of at most limit bytes.
func (in *intake) read(r *http.Request, limit int64) *Error {
	in.body = slices.Grow(in.body[:0], firstBuffer)
	for {
		n, err := r.Body.Read(in.body[len(in.body):cap(in.body)])
		in.body = in.body[:len(in.body)+n]
		switch {
		case int64(len(in.body)) > limit:
			return &Error{Reason: ReasonBodyTooLarge}
		case err == io.EOF:
			in.complete = true
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return &Error{Reason: ReasonBodyTimeout, Detail: "the server's read timeout"}
		case err != nil:
			return &Error{Reason: ReasonMalformedBody, Detail: "the body cannot be read: " + err.Error()}
		case len(in.body) == cap(in.body):
			more, rest := int64(len(in.body)), limit+1-int64(len(in.body))
			if rest <= 2*more { // one step instead of two
				more = rest
			}
			in.body = slices.Grow(in.body, int(more))
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

// restore makes the body readable again.
func (in *intake) restore(r *http.Request) {
	if len(in.body) > 0 {
		replayBody(r, string(in.body))
	}
}

// restorePart does so for a body of which there is more to read.
func (in *intake) restorePart(r *http.Request) {
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(strings.NewReader(string(in.body)), r.Body), r.Body}
}

// handOver gives a verified POST its body and its form, in memory of their own.
func (s *scratch) handOver(r *http.Request, in *intake, form bool) {
	r.Form, r.PostForm, r.MultipartForm = nil, nil, nil
	if !form {
		in.restore(r)
		return
	}
	var both strings.Builder // one allocation for the body and the form's text
	both.Grow(len(in.body) + len(s.decoded))
	both.Write(in.body)
	both.Write(s.decoded)
	text := both.String()
	if r.Body != nil {
		replayBody(r, text[:len(in.body)])
	}
	r.PostForm = s.values(text[len(in.body):])
}
