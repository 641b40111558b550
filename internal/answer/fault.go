package answer

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// Kind is the kind of failure that an answer reports.
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

// Status returns the kind of failure of an HTTP status. A redirect, which is not
// followed, is refused.
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

// Fault is an error of a service, as its message describes it.
type Fault struct {
	Status              int // as of HTTP, or a close code; 0 if none
	Code, Type, Message string
}

// ReadFault finds an error in a message, in the forms that services use: an object
// or a text under "error", "errors", "detail" or "fault", or a code and a message by
// themselves. It reports whether there is one.
func ReadFault(data []byte) (Fault, bool) {
	var outer map[string]json.RawMessage
	if Decode(data, &outer) != nil {
		return Fault{}, false
	}
	for _, key := range []string{"error", "errors", "detail", "fault"} {
		if f, ok := FaultIn(outer[key]); ok {
			if f.Code == "" && f.Status == 0 { // beside it, as AssemblyAI has it
				f.code(outer, "error_code", "code")
			}
			if said := first(outer, "message"); said != "" && f.Code == "" && f.Type == "" { // the error is a name, as with ElevenLabs
				f.Code, f.Message = f.Message, said
			}
			if f.Status == 0 {
				f.status(string(outer["status_code"]))
			}
			return f, true
		}
	}
	var f Fault
	f.code(outer, "error_code", "err_code", "warning_code", "warn_code", "variant", "code")
	f.Message = first(outer, "error_message", "err_msg", "warning", "warn_msg", "description", "message", "msg")
	if f.Status == 0 && f != (Fault{}) {
		f.status(string(outer["status_code"]))
	}
	return f, f != (Fault{})
}

// FaultIn reads the value of a field such as "error". It reports false without one,
// and for null, false, 0 and empty values.
func FaultIn(raw json.RawMessage) (Fault, bool) {
	f := inner(raw, 3)
	return f, f != (Fault{})
}

// inner reads an error; depth bounds lists of lists.
func inner(raw json.RawMessage, depth int) (f Fault) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || depth == 0 {
		return f
	}
	switch raw[0] {
	case '"':
		json.Unmarshal(raw, &f.Message)
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(raw, &list) == nil && len(list) > 0 {
			return inner(list[0], depth-1)
		}
	case '{':
		var o map[string]json.RawMessage
		if json.Unmarshal(raw, &o) != nil || len(o) == 0 {
			return f
		}
		f.code(o, "code", "status")
		f.Type = first(o, "type")
		f.Message = first(o, "message", "msg", "detail", "description", "error")
		if f == (Fault{}) {
			f.Message = "without a message"
		}
	case 't', '1', '2', '3', '4', '5', '6', '7', '8', '9': // true, or a status
		f.Message = "without a message"
		f.status(string(raw))
	}
	return f
}

// code takes the first code of o under keys, which may be a number.
func (f *Fault) code(o map[string]json.RawMessage, keys ...string) {
	for _, key := range keys {
		raw := string(bytes.TrimSpace(o[key]))
		if f.status(strings.Trim(raw, `"`)); f.Code == "" {
			f.Code = first(o, key)
		}
		if f.Code != "" && strconv.Itoa(f.Status) == f.Code {
			f.Code = ""
		}
		if f.Code != "" || f.Status != 0 {
			return
		}
	}
}

func (f *Fault) status(s string) {
	if n, err := strconv.Atoi(s); err == nil && n >= 400 && n < 5000 {
		f.Status = n
	}
}

// first returns the first of the keys' values that is a text.
func first(o map[string]json.RawMessage, keys ...string) string {
	for _, key := range keys {
		var s string
		if json.Unmarshal(o[key], &s) == nil && s != "" {
			return s
		}
	}
	return ""
}

// Kind returns the kind of the failure by its code and, for failures of the account,
// by its message; Fine if it is unknown.
func (f Fault) Kind() Kind {
	code := strings.ToLower(f.Code + " " + f.Type)
	all := code + " " + strings.ToLower(f.Message)
	switch {
	case has(all, expiry...):
		return Unavailable
	case has(all, "insufficient_quota", "quota exceeded", "quota_exceeded", "exceeded your current quota", "insufficient funds", "insufficient_funds", "payment_required", "billing"):
		return Quota
	case has(code, "rate_limit", "too_many", "overloaded", "concurren", "throttl"):
		return Overloaded
	case has(all, "invalid_api_key", "incorrect api key", "invalid_auth", "authentication", "unauthorized", "not authorized", "invalid credentials", "permission"):
		return Auth
	case f.Status >= 400 && f.Status < 600:
		return Status(f.Status)
	case has(code, "timeout", "timed_out"):
		return Timeout
	case has(code, "audio", "media"):
		return BadInput
	case has(code, "server_error", "internal", "unavailable"):
		return Unavailable
	case has(code, "invalid", "not_found", "unsupported", "bad_request"):
		return Refused
	}
	return Fine
}

func has(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// Expired reports whether the service says that the session has lasted for as long as one may.
func (f Fault) Expired() bool {
	return has(strings.ToLower(f.Code+" "+f.Type+" "+f.Message), expiry...)
}

// expiry is how services say that a session has lasted for as long as one may.
var expiry = []string{"session_expired", "session expired", "session has expired", "maximum session duration"}
