package service

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Kind is what kind of failure an answer means.
type Kind uint8

const (
	Fine Kind = iota
	Auth
	Quota
	Overloaded
	Unavailable
	Timeout
	BadInput // the request is too large or of the wrong type
	Refused
)

// Status returns what an HTTP status means. A redirect, which is not followed, is
// refused.
func Status(status int) Kind {
	switch {
	case status < 300:
		return Fine
	case status == 401 || status == 403:
		return Auth
	case status == 402:
		return Quota
	case status == 408 || status == 504:
		return Timeout
	case status == 413 || status == 415:
		return BadInput
	case status == 429:
		return Overloaded
	case status >= 500:
		return Unavailable
	}
	return Refused
}

// Fault is what a service says of a failure.
type Fault struct {
	Code    string // or its type if it has no code
	Message string
}

// ReadFault reads {"error": {"message", "code", "type"}}, {"error": "..."},
// {"detail": "..." or [{"msg"}]}, {"message": "..."} or plain text.
func ReadFault(body []byte) Fault {
	var outer map[string]json.RawMessage
	if json.Unmarshal(body, &outer) != nil {
		return Fault{Message: strings.TrimSpace(string(body))}
	}
	for _, name := range []string{"error", "detail", "message"} {
		raw := outer[name]
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
			raw = list[0]
		}
		var text string
		if json.Unmarshal(raw, &text) == nil && text != "" {
			return Fault{Message: text}
		}
		var inner map[string]any
		if json.Unmarshal(raw, &inner) != nil {
			continue
		}
		first := func(names ...string) string {
			for _, n := range names {
				switch v := inner[n].(type) {
				case string:
					if v != "" {
						return v
					}
				case float64:
					return strconv.FormatFloat(v, 'f', -1, 64)
				}
			}
			return ""
		}
		return Fault{Code: first("code", "type"), Message: first("message", "msg", "detail")}
	}
	return Fault{}
}

// Exhausted reports whether the account's quota is used up, which OpenAI answers with
// the status of an overload.
func (f Fault) Exhausted() bool { return f.Code == "insufficient_quota" || f.Code == "quota_exceeded" }
