package openai

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/failure"
)

// failure makes an error of a request that got no answer.
func (e *Engine) failure(op string, err error) error {
	kind := stt.ErrUnavailable
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		kind = stt.ErrTimeout
	}
	return e.quiet.Error(&stt.Error{Engine: name, Op: op, Kind: kind, Err: err})
}

// refused makes an error of an answer with an error's status. Its kind goes by the
// status, and by the body for failures of the account.
func (e *Engine) refused(op string, status int, header http.Header, body []byte) error {
	f, ok := answer.ReadFault(body)
	if !ok {
		f.Message = strings.TrimSpace(string(body))
	}
	out := &stt.Error{Engine: name, Op: op, Kind: stt.StatusKind(status), Status: status, Code: cmp.Or(f.Code, f.Type), RetryAfter: wire.RetryAfter(header)}
	switch kind := failure.Kind(f); {
	case status < 400:
		out.Kind = stt.ErrRefused // a redirect, which is not followed
	case status < 500 && kind == stt.ErrQuota:
		out.Kind, out.RetryAfter = kind, 0
	case status < 500 && kind == stt.ErrAuth:
		out.Kind = kind
	}
	if f.Message != "" && out.Kind != stt.ErrAuth { // which may quote the key
		out.Err = errors.New(f.Message)
	}
	return e.quiet.Error(out)
}
