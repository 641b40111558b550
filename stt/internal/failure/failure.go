// Package failure makes errors of package stt from the answers of speech services.
package failure

import (
	"errors"
	"fmt"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/stt"
)

// Unclear is the error of a message that is not as documented.
func Unclear(engine, op string, err error) *stt.Error {
	return &stt.Error{Engine: engine, Op: op, Kind: stt.ErrUnavailable, Err: fmt.Errorf("answer is not as documented: %w", err)}
}

// Missing is the error of a message without a field.
func Missing(engine, op, field string) *stt.Error {
	return Unclear(engine, op, errors.New("its field "+field+" is missing"))
}

// kinds are the kinds of failure by those of package answer.
var kinds = map[answer.Kind]error{answer.Auth: stt.ErrAuth, answer.Quota: stt.ErrQuota, answer.Overloaded: stt.ErrOverloaded,
	answer.Unavailable: stt.ErrUnavailable, answer.Timeout: stt.ErrTimeout, answer.BadInput: stt.ErrBadAudio, answer.Refused: stt.ErrRefused}

// Kind returns the kind of a fault, nil if it is unknown.
func Kind(f answer.Fault) error { return kinds[f.Kind()] }

// Of makes an error of a fault, of its kind or of [stt.ErrUnavailable]. It leaves
// out the message about a refused key, as that may quote the key.
func Of(f answer.Fault, engine, op string) *stt.Error {
	e := &stt.Error{Engine: engine, Op: op, Kind: Kind(f), Status: f.Status, Code: f.Code}
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
	f := answer.Fault{Code: e.Code}
	if e.Err != nil {
		f.Message = e.Err.Error()
	}
	return e.Kind == stt.ErrAuth || e.Kind == stt.ErrQuota || f.Expired()
}
