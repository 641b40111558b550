package metrics

import (
	"bufio"
	"io"
	"net"
	"net/http"
)

// recorder notes the status of a response. Unwrap lets an http.ResponseController reach
// the writer below.
type recorder struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (r *recorder) WriteHeader(status int) {
	if !r.wrote {
		r.status, r.wrote = status, status >= 200 || status == http.StatusSwitchingProtocols
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	return r.ResponseWriter.Write(b)
}

// Unwrap returns the writer below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// What a writer can do beyond http.ResponseWriter. Handlers ask by a type assertion, so
// that what the writer below has must be there, and nothing else.
type (
	flusher       struct{ *recorder }
	hijacker      struct{ *recorder }
	readerFrom    struct{ *recorder }
	closeNotifier interface{ CloseNotify() <-chan bool } // http.CloseNotifier, which old handlers ask for
)

// Flush sends what is buffered.
func (f flusher) Flush() { f.FlushError() } //nolint:errcheck // Flush has no error

// FlushError sends what is buffered, for an http.ResponseController.
func (f flusher) FlushError() error {
	f.wrote = true
	return http.NewResponseController(f.ResponseWriter).Flush()
}

// Hijack hands the connection over. A handler that has not answered yet answers on the
// connection itself: what it switches to is the only reason to.
func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, rw, err := h.ResponseWriter.(http.Hijacker).Hijack()
	if err == nil && !h.wrote {
		h.status, h.wrote = http.StatusSwitchingProtocols, true
	}
	return c, rw, err
}

// ReadFrom sends what src has, by sendfile where the system can.
func (r readerFrom) ReadFrom(src io.Reader) (int64, error) {
	r.wrote = true
	return r.ResponseWriter.(io.ReaderFrom).ReadFrom(src)
}

// Abilities of a writer, as bits.
const (
	flushes = 1 << iota
	hijacks
	reads
	pushes
	notifies
)

// as returns the recorder with the abilities of the writer below.
func (r *recorder) as() http.ResponseWriter {
	var able int
	if _, ok := r.ResponseWriter.(http.Flusher); ok {
		able |= flushes
	}
	if _, ok := r.ResponseWriter.(http.Hijacker); ok {
		able |= hijacks
	}
	if _, ok := r.ResponseWriter.(io.ReaderFrom); ok {
		able |= reads
	}
	p, ok := r.ResponseWriter.(http.Pusher)
	if ok {
		able |= pushes
	}
	n, ok := r.ResponseWriter.(closeNotifier)
	if ok {
		able |= notifies
	}
	f, h, rf := flusher{r}, hijacker{r}, readerFrom{r}
	switch able {
	case flushes:
		return struct {
			*recorder
			flusher
		}{r, f}
	case hijacks:
		return struct {
			*recorder
			hijacker
		}{r, h}
	case flushes | hijacks:
		return struct {
			*recorder
			flusher
			hijacker
		}{r, f, h}
	case reads:
		return struct {
			*recorder
			readerFrom
		}{r, rf}
	case flushes | reads:
		return struct {
			*recorder
			flusher
			readerFrom
		}{r, f, rf}
	case hijacks | reads:
		return struct {
			*recorder
			hijacker
			readerFrom
		}{r, h, rf}
	case flushes | hijacks | reads:
		return struct {
			*recorder
			flusher
			hijacker
			readerFrom
		}{r, f, h, rf}
	case pushes:
		return struct {
			*recorder
			http.Pusher
		}{r, p}
	case flushes | pushes:
		return struct {
			*recorder
			flusher
			http.Pusher
		}{r, f, p}
	case hijacks | pushes:
		return struct {
			*recorder
			hijacker
			http.Pusher
		}{r, h, p}
	case flushes | hijacks | pushes:
		return struct {
			*recorder
			flusher
			hijacker
			http.Pusher
		}{r, f, h, p}
	case reads | pushes:
		return struct {
			*recorder
			readerFrom
			http.Pusher
		}{r, rf, p}
	case flushes | reads | pushes:
		return struct {
			*recorder
			flusher
			readerFrom
			http.Pusher
		}{r, f, rf, p}
	case hijacks | reads | pushes:
		return struct {
			*recorder
			hijacker
			readerFrom
			http.Pusher
		}{r, h, rf, p}
	case flushes | hijacks | reads | pushes:
		return struct {
			*recorder
			flusher
			hijacker
			readerFrom
			http.Pusher
		}{r, f, h, rf, p}
	case notifies:
		return struct {
			*recorder
			closeNotifier
		}{r, n}
	case flushes | notifies:
		return struct {
			*recorder
			flusher
			closeNotifier
		}{r, f, n}
	case hijacks | notifies:
		return struct {
			*recorder
			hijacker
			closeNotifier
		}{r, h, n}
	case flushes | hijacks | notifies:
		return struct {
			*recorder
			flusher
			hijacker
			closeNotifier
		}{r, f, h, n}
	case reads | notifies:
		return struct {
			*recorder
			readerFrom
			closeNotifier
		}{r, rf, n}
	case flushes | reads | notifies:
		return struct {
			*recorder
			flusher
			readerFrom
			closeNotifier
		}{r, f, rf, n}
	case hijacks | reads | notifies:
		return struct {
			*recorder
			hijacker
			readerFrom
			closeNotifier
		}{r, h, rf, n}
	case flushes | hijacks | reads | notifies:
		return struct {
			*recorder
			flusher
			hijacker
			readerFrom
			closeNotifier
		}{r, f, h, rf, n}
	case pushes | notifies:
		return struct {
			*recorder
			http.Pusher
			closeNotifier
		}{r, p, n}
	case flushes | pushes | notifies:
		return struct {
			*recorder
			flusher
			http.Pusher
			closeNotifier
		}{r, f, p, n}
	case hijacks | pushes | notifies:
		return struct {
			*recorder
			hijacker
			http.Pusher
			closeNotifier
		}{r, h, p, n}
	case flushes | hijacks | pushes | notifies:
		return struct {
			*recorder
			flusher
			hijacker
			http.Pusher
			closeNotifier
		}{r, f, h, p, n}
	case reads | pushes | notifies:
		return struct {
			*recorder
			readerFrom
			http.Pusher
			closeNotifier
		}{r, rf, p, n}
	case flushes | reads | pushes | notifies:
		return struct {
			*recorder
			flusher
			readerFrom
			http.Pusher
			closeNotifier
		}{r, f, rf, p, n}
	case hijacks | reads | pushes | notifies:
		return struct {
			*recorder
			hijacker
			readerFrom
			http.Pusher
			closeNotifier
		}{r, h, rf, p, n}
	case flushes | hijacks | reads | pushes | notifies:
		return struct {
			*recorder
			flusher
			hijacker
			readerFrom
			http.Pusher
			closeNotifier
		}{r, f, h, rf, p, n}
	}
	return r
}
