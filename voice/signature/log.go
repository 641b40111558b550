package signature

import (
	"log/slog"
	"net/http"
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
		if s != nil {
			c.explain(r, cl, s, err)
		}
	}
	if c.OnResult != nil {
		named := ""
		if _, known := c.keys.shared[cl.settings.key]; known {
			named = cl.settings.key
		}
		c.OnResult(Result{Reason: err.Reason, Key: -1, SharedKey: named, Handshake: cl.handshake})
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
