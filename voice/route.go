package voice

import (
	"cmp"
	"context"
	"net/http"
)

// routeKey is the key of the function that WithRoute puts into a context.
type routeKey struct{}

// WithRoute returns a context for a request on its way to a [Server], which calls told
// with the pattern of the route that serves it, as "/api/voice/twilio/stream/{token}", or
// with "" if it has no such route. [Server.Verified] and [Server.Admitted] call told with
// the Pattern of the request, if it has one. A middleware learns the route by it under any
// router, behind http.StripPrefix and through copies of the request, where Request.Pattern
// is not visible. told may be called several times, the last
// of which counts, and on another goroutine (http.TimeoutHandler). A function that the
// context has already is called, too.
func WithRoute(ctx context.Context, told func(pattern string)) context.Context {
	if outer, ok := ctx.Value(routeKey{}).(func(string)); ok {
		inner := told
		told = func(pattern string) { outer(pattern); inner(pattern) }
	}
	return context.WithValue(ctx, routeKey{}, told)
}

// tellRoute tells whoever asked by WithRoute which route serves a request.
func tellRoute(r *http.Request, pattern string) {
	if told, ok := r.Context().Value(routeKey{}).(func(string)); ok {
		told(pattern)
	}
}

// telling is next for requests of the pattern, "" for that of the request.
func telling(pattern string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if served := cmp.Or(pattern, r.Pattern); served != "" {
			tellRoute(r, served)
		}
		next.ServeHTTP(w, r)
	})
}

// The routes, below [Config].Path.
const (
	inboundRoute   = "/twilio/inbound"
	challengeRoute = "/twilio/challenge/"
	resumeRoute    = "/twilio/resume/"
	statusRoute    = "/twilio/status"
	amdRoute       = "/twilio/amd"
	streamRoute    = "/twilio/stream/"
	healthRoute    = "/health"
)
