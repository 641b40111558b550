// Package retry reads when a service wants to be asked again.
package retry

import (
	"net/http"
	"strconv"
	"time"
)

// After reads the header Retry-After: seconds, or a date. It returns 0 without one.
func After(h http.Header) time.Duration {
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 && s < 1e6 {
		return time.Duration(s * float64(time.Second))
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, time.Until(t))
	}
	return 0
}
