package voicetest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

var errReadTimeout = errors.New("voicetest: the host did not answer within #rt")

// overrides is what the fragment of a webhook's URL asks of Twilio. What it says of edges
// and of names in TLS has no effect here, and bad values none at all: twiml finds them.
//
// Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
type overrides struct {
	read, total time.Duration // 0: none but Twilio's own
	retries     int
	on          []string // what is tried again: ct, rt, 4xx, 5xx, all
}

func overridesOf(rawURL string) overrides {
	o := overrides{retries: 1, on: []string{"ct"}}
	_, fragment, _ := strings.Cut(rawURL, "#")
	for pair := range strings.SplitSeq(fragment, "&") {
		key, value, _ := strings.Cut(pair, "=")
		n, err := strconv.Atoi(value)
		switch {
		case key == "rp":
			o.on = strings.Split(value, ",")
		case err != nil:
		case key == "rt" && n >= 100 && n <= 15000:
			o.read = time.Duration(n) * time.Millisecond
		case key == "tt" && n >= 100 && n <= 15000:
			o.total = time.Duration(n) * time.Millisecond
		case key == "rc" && n >= 0 && n <= 5:
			o.retries = n
		}
	}
	return o
}

// again reports whether a request is tried once more after a try of it came to that.
func (o overrides) again(try int, resp *http.Response, err error) bool {
	var op *net.OpError
	kind := ""
	switch {
	case try > o.retries:
		return false
	case err == nil && resp.StatusCode >= 500:
		kind = "5xx"
	case err == nil && resp.StatusCode >= 400:
		kind = "4xx"
	case err == nil:
		return false
	case errors.Is(err, errReadTimeout):
		kind = "rt"
	case errors.As(err, &op) && op.Op == "dial":
		kind = "ct"
	}
	return slices.Contains(o.on, kind) || slices.Contains(o.on, "all")
}

// do sends a request and waits for its answer, but not for the body.
func (o overrides) do(ctx context.Context, client *http.Client, req *http.Request) (*http.Response, error) {
	if o.read == 0 {
		return client.Do(req)
	}
	ctx, cancel := context.WithCancelCause(ctx) // ends with its parent
	timer := time.AfterFunc(o.read, func() { cancel(errReadTimeout) })
	resp, err := client.Do(req.WithContext(ctx))
	if !timer.Stop() && err != nil && context.Cause(ctx) == errReadTimeout {
		err = errReadTimeout
	}
	return resp, err
}
