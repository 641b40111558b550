package answer

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"agentos.dev/dialtone/stt"
)

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
			return f, true
		}
	}
	var f Fault
	f.code(outer, "error_code", "err_code", "warning_code", "warn_code", "variant", "code")
	f.Message = first(outer, "error_message", "err_msg", "warning", "warn_msg", "description", "message", "msg")
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
// by its message; nil if it is unknown.
func (f Fault) Kind() error {
	code := strings.ToLower(f.Code + " " + f.Type)
	all := code + " " + strings.ToLower(f.Message)
	switch {
	case has(all, expiry...):
		return stt.ErrUnavailable
	case has(all, "insufficient_quota", "quota exceeded", "exceeded your current quota", "insufficient funds", "insufficient_funds", "payment_required", "billing"):
		return stt.ErrQuota
	case has(code, "rate_limit", "too_many", "overloaded", "concurren", "throttl"):
		return stt.ErrOverloaded
	case has(all, "invalid_api_key", "incorrect api key", "invalid_auth", "authentication", "unauthorized", "not authorized", "invalid credentials", "permission"):
		return stt.ErrAuth
	case f.Status >= 400 && f.Status < 600:
		return stt.StatusKind(f.Status)
	case has(code, "timeout", "timed_out"):
		return stt.ErrTimeout
	case has(code, "audio", "media"):
		return stt.ErrBadAudio
	case has(code, "server_error", "internal", "unavailable"):
		return stt.ErrUnavailable
	case has(code, "invalid", "not_found", "unsupported", "bad_request"):
		return stt.ErrRefused
	}
	return nil
}

func has(text string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// Error makes an error of the fault, of its kind or of [stt.ErrUnavailable]. It leaves
// out the message about a refused key, as that may quote the key.
func (f Fault) Error(engine, op string) *stt.Error {
	e := &stt.Error{Engine: engine, Op: op, Kind: f.Kind(), Status: f.Status, Code: f.Code}
	if e.Code == "" {
		e.Code = f.Type
	}
	if e.Kind == nil {
		e.Kind = stt.ErrUnavailable
	}
	if e.Kind != stt.ErrAuth && f.Message != "" {
		e.Err = errors.New(f.Message)
	}
	return e
}

// Final reports whether an error ends a conversation with the service: it refuses
// the key, or the account, or says that the session has expired.
func Final(e *stt.Error) bool {
	text := strings.ToLower(e.Code)
	if e.Err != nil {
		text += " " + strings.ToLower(e.Err.Error())
	}
	return e.Kind == stt.ErrAuth || e.Kind == stt.ErrQuota || has(text, expiry...)
}

// expiry is how services say that a session has lasted for as long as one may.
var expiry = []string{"session_expired", "session expired", "session has expired", "maximum session duration"}
