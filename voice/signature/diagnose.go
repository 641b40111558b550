package signature

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// refuse completes err, counts it and logs it. Whatever it finds out comes
// after the refusal and cannot change it.
func (v *Validator) refuse(c *config, r *http.Request, cl *claim, s *scratch, err *Error) *Error {
	noticed, suppressed := v.notices.take()
	if noticed {
		if cl.origin.scheme != "" {
			err.URL = redact(string(cl.origin.appendTo(nil, false)) + cl.target)
		}
		if s != nil && cl.form {
			err.Params = len(s.pairs)
		}
		if err.Reason == ReasonMismatch {
			c.diagnose(r, cl, s, err)
		}
	}
	if c.OnResult != nil {
		c.OnResult(Result{Reason: err.Reason, Key: -1, Handshake: cl.handshake})
	}
	if noticed {
		message := "signature: refused a request"
		if c.ReportOnly {
			message = "signature: would refuse a request"
		}
		c.Logger.Warn(message, slog.String("reason", string(err.Reason)), slog.String("detail", err.Detail),
			slog.String("url", err.URL), slog.Int("params", err.Params), slog.Int64("unlogged", suppressed))
	}
	return err
}

// diagnose looks for a URL that the signature of a refused claim would fit.
func (c *config) diagnose(r *http.Request, cl *claim, s *scratch, err *Error) {
	mac, _ := decodeMAC(s.mac[:], cl.signature)
	if !cl.form {
		s.params = s.params[:0]
	}
	budget := 256 << 10 // bytes to hash
	keys := c.keys.all
	if shared, ok := c.keys.shared[cl.keySID]; ok {
		keys = append([]*key{shared}, keys...)
	}
	fits := func(o origin, target string) bool {
		for _, otherPort := range [2]bool{false, true} {
			s.url = append(o.appendTo(s.url[:0], otherPort), target...)
			for _, k := range keys {
				if budget -= len(s.url) + len(s.params); budget < 0 {
					return false
				}
				if k.signed(s.url, s.params, mac, s.sum[:]) {
					return true
				}
			}
		}
		return false
	}
	for _, scheme := range schemes(cl.origin.scheme) {
		for _, authority := range authorities(r, cl.origin.authority) {
			for _, path := range paths(r, cl) {
				o := origin{scheme: scheme, authority: authority, prefix: path.prefix}
				if !fits(o, path.target) {
					continue
				}
				if err.Reason = cl.difference(o, path.target); err.Reason == ReasonAccount {
					err.Detail = "the URL is right, but another account's token or another key signed it"
					return
				}
				err.Detail = "would be valid for " + redact(string(s.url)) + ": " + cl.origin.source + " says " + err.URL
				if cl.origin.source == connection {
					err.Detail += ", set PublicURL"
				}
				return
			}
		}
	}
	err.Detail = "fits no URL that was tried: signed with another token, or changed on the way"
	if !cl.form {
		return
	}
	if r != nil && len(cl.body) == 0 && (len(r.PostForm) > 0 || r.ContentLength > 0) {
		err.Reason, err.Detail = ReasonBodyConsumed, "something read the body before the signature was checked"
		return
	}
	if s.params = s.params[:0]; fits(cl.origin, cl.target) {
		err.Reason, err.Detail = ReasonUnsignedBody, "the signature covers the URL alone"
	}
}

// difference names the first part in which a URL differs from the claim's.
func (cl *claim) difference(o origin, target string) Reason {
	host, _, _ := splitPort(cl.origin.authority)
	other, _, _ := splitPort(o.authority)
	path, _, _ := strings.Cut(cl.target, "?")
	otherPath, _, _ := strings.Cut(target, "?")
	switch {
	case o.scheme != cl.origin.scheme:
		return ReasonScheme
	case other != host:
		return ReasonHost
	case o.authority != cl.origin.authority:
		return ReasonPort
	case o.prefix == cl.origin.prefix && strings.Trim(path, "/") == strings.Trim(otherPath, "/") && path != otherPath:
		return ReasonSlash
	case o.prefix != cl.origin.prefix || path != otherPath:
		return ReasonPath
	case target != cl.target:
		return ReasonQuery
	}
	return ReasonAccount // the URL is right: another account's token signed it
}

// schemes returns every scheme, that of the claim first.
func schemes(first string) []string {
	all := []string{first}
	for _, s := range []string{"https", "http", "wss", "ws"} {
		if s != first {
			all = append(all, s)
		}
	}
	return all
}

// authorities returns the hosts that Twilio may have been given. It is no risk
// to take them from headers that anybody can send: one is named only when a
// token has signed it.
func authorities(r *http.Request, first string) []string {
	all := []string{first}
	host := first[strings.LastIndexByte(first, '@')+1:]
	name, _, _ := splitPort(host)
	candidates := []string{host, name}
	if r != nil {
		candidates = append(candidates, r.Host)
		candidates = append(candidates, r.Header.Values("X-Forwarded-Host")...)
		candidates = append(candidates, r.Header.Values("X-Original-Host")...)
	}
	for _, candidate := range candidates[:min(len(candidates), 8)] {
		if validHost(candidate) && !slices.Contains(all, candidate) {
			all = append(all, candidate)
		}
	}
	return all
}

// A place is a path that Twilio may have been given.
type place struct{ prefix, target string }

func paths(r *http.Request, cl *claim) []place {
	prefix := cl.origin.prefix
	path, query, hasQuery := strings.Cut(cl.target, "?")
	if hasQuery {
		query = "?" + query
	}
	slash := path + "/"
	if strings.HasSuffix(path, "/") {
		slash = strings.TrimSuffix(path, "/")
	}
	all := []place{{prefix, cl.target}, {prefix, slash + query}, {prefix, path}, {"", cl.target}}
	if r != nil {
		if r.URL != nil { // after http.StripPrefix
			all = append(all, place{prefix, r.URL.RequestURI()})
		}
		if p := r.Header.Get("X-Forwarded-Prefix"); strings.HasPrefix(p, "/") {
			all = append(all, place{strings.TrimSuffix(p, "/"), cl.target})
		}
	}
	return all
}

// redact takes out of a URL what must not be logged: user information, the
// values of the query, and path segments long enough to be a stream's token.
func redact(rawURL string) string {
	o, target, ok := splitURL(rawURL)
	if !ok {
		return ""
	}
	var b strings.Builder
	b.WriteString(o.scheme + "://")
	if at := strings.LastIndexByte(o.authority, '@'); at >= 0 {
		b.WriteString("[redacted]@")
		o.authority = o.authority[at+1:]
	}
	b.WriteString(o.authority)
	path, query, hasQuery := strings.Cut(target, "?")
	for i, segment := range strings.Split(path, "/") {
		if i > 0 {
			b.WriteByte('/')
		}
		if len(segment) > 40 {
			segment = "[redacted]"
		}
		b.WriteString(segment)
	}
	if hasQuery {
		b.WriteByte('?')
		for i, pair := range strings.Split(query, "&") {
			if i > 0 {
				b.WriteByte('&')
			}
			name, _, _ := strings.Cut(pair, "=")
			b.WriteString(name[:min(len(name), 40)] + "=[redacted]")
		}
	}
	text := b.String()
	return text[:min(len(text), 1024)]
}

// A throttle lets ten notices through at once and ten more every second. The
// search behind a notice costs far more than the check it explains.
type throttle struct {
	start      time.Time
	next       atomic.Int64 // when the bucket is full again, in nanoseconds since start
	suppressed atomic.Int64
}

func newThrottle() *throttle { return &throttle{start: time.Now()} }

// take reports whether a notice may be given, and how many were not since the
// last one.
func (t *throttle) take() (ok bool, suppressed int64) {
	const interval, burst = int64(time.Second / 10), 10
	now := int64(time.Since(t.start))
	for {
		next := t.next.Load()
		if next-now > (burst-1)*interval {
			t.suppressed.Add(1)
			return false, 0
		}
		if t.next.CompareAndSwap(next, max(next, now)+interval) {
			return true, t.suppressed.Swap(0)
		}
	}
}
