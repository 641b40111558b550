package voice

import (
	"bytes"
	"io"
	"net/http"
)

// maxUnverified bounds the form of a request that is answered without a valid signature.
const maxUnverified = 64 << 10

// verified passes on to next what Twilio has signed, or everything with ReportOnly.
func (s *Server) verified(next http.Handler) http.Handler {
	next = s.journalled(next)
	if s.config.ReportOnly {
		next = parsed(next)
	}
	return s.validator.Middleware(next)
}

// parsed reads the forms of requests that the validator let through without having verified
// them: of the others it has left the form.
func parsed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PostForm == nil && r.Method == http.MethodPost {
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUnverified))
			if err != nil {
				w.WriteHeader(http.StatusRequestEntityTooLarge)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			if err := r.ParseForm(); err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		next.ServeHTTP(w, r)
	})
}
