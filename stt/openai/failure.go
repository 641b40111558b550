package openai

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/retry"
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

// refused makes an error of an answer that is one. What a server says about a
// refused key may quote it, so that is left out.
func (e *Engine) refused(op string, status int, header http.Header, body []byte) error {
	code, message := parseError(body)
	out := &stt.Error{Engine: name, Op: op, Kind: stt.StatusKind(status), Status: status, Code: code, RetryAfter: retry.After(header)}
	if status < 400 {
		out.Kind = stt.ErrRefused // a redirect that was not followed
	}
	if code == "insufficient_quota" {
		out.Kind, out.RetryAfter = stt.ErrQuota, 0
	}
	if message != "" && out.Kind != stt.ErrAuth {
		out.Err = errors.New(message)
	}
	return e.quiet.Error(out)
}

// parseError reads {"error": {"message", "code", "type"}}, {"error": "..."},
// {"detail": "..."} or plain text.
func parseError(body []byte) (code, message string) {
	var outer struct {
		Error  json.RawMessage `json:"error"`
		Detail json.RawMessage `json:"detail"`
	}
	if json.Unmarshal(body, &outer) != nil {
		return "", strings.TrimSpace(string(body))
	}
	for _, raw := range []json.RawMessage{outer.Error, outer.Detail} {
		var inner struct {
			Message string `json:"message"`
			Code    any    `json:"code"`
			Type    string `json:"type"`
		}
		if json.Unmarshal(raw, &message) == nil && message != "" {
			return "", message
		}
		if json.Unmarshal(raw, &inner) == nil && (inner.Message != "" || inner.Type != "") {
			if s, ok := inner.Code.(string); ok {
				return s, inner.Message
			}
			return inner.Type, inner.Message
		}
	}
	return "", ""
}
