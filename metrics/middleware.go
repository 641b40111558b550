package metrics

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"agentos.dev/dialtone/voice"
)

// endpoint returns the route by which a voice server served a request, or else the pattern that the mux found, without its method: a closed set, as the runbook
// writes it.
func endpoint(r *http.Request, route *string) string {
	pattern := r.Pattern
	if route != nil {
		pattern = *route
	}
	if i := strings.IndexByte(pattern, '/'); i >= 0 {
		return pattern[i:]
	}
	return other
}

// Middleware measures the requests that next serves. Mount it around a
// [voice.Server], or around the host's mux or router, whichever it is and however they
// are nested: the endpoint is the route that the voice server says it served
// ([voice.WithRoute]). For requests that reach no voice server it is the Pattern of the
// request as far as Middleware can see it, which is that of the innermost http.ServeMux
// unless another router or http.StripPrefix comes before that, and else "other".
//
// A handler that panics counts as one that answered 500, whatever it had answered before.
// Handlers find the same optional interfaces in their http.ResponseWriter as without
// Middleware: http.Flusher, http.Hijacker, io.ReaderFrom, http.Pusher and
// http.CloseNotifier, and Unwrap for an http.ResponseController.
func (m *Metrics) Middleware(next http.Handler) http.Handler {
	if m.requests == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun, outer := time.Now(), r
		recorder := &recorder{ResponseWriter: w, status: http.StatusOK}
		var route atomic.Pointer[string]
		r = r.WithContext(voice.WithRoute(r.Context(), func(pattern string) { route.Store(&pattern) }))
		panicking := true
		defer func() {
			outer.Pattern = r.Pattern // for the middlewares before this one
			if panicking {            // net/http cuts the connection
				recorder.status = http.StatusInternalServerError
			}
			m.requests.WithLabelValues(endpoint(r, route.Load()), method(r.Method), strconv.Itoa(recorder.status)).
				Observe(time.Since(begun).Seconds())
		}()
		next.ServeHTTP(recorder.as(), r)
		panicking = false
	})
}

// method keeps a client from inventing label values.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost:
		return m
	}
	return other
}
