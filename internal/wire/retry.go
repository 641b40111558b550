package wire

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RetryAfter reads the headers Retry-After-Ms, which OpenAI sends, and Retry-After:
// seconds, or a date. It returns 0 without one, and for one beyond 11 days.
func RetryAfter(h http.Header) time.Duration {
	if d := number(h, "Retry-After-Ms", time.Millisecond); d > 0 {
		return d
	}
	if d := number(h, "Retry-After", time.Second); d > 0 {
		return d
	}
	if t, err := http.ParseTime(strings.TrimSpace(h.Get("Retry-After"))); err == nil && time.Until(t) < longest {
		return max(0, time.Until(t))
	}
	return 0
}

const longest = 1e6 * time.Second

func number(h http.Header, name string, unit time.Duration) time.Duration {
	v, err := strconv.ParseFloat(strings.TrimSpace(h.Get(name)), 64)
	if d := v * float64(unit); err == nil && d > 0 && d < float64(longest) {
		return time.Duration(d)
	}
	return 0
}
