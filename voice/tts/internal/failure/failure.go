// Package failure makes errors of package tts from the answers of speech services.
package failure

import (
	"cmp"
	"errors"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/voice/tts"
)

// kinds are the kinds of failure by those of package answer.
var kinds = map[answer.Kind]error{answer.Auth: tts.ErrAuth, answer.Quota: tts.ErrQuota, answer.Overloaded: tts.ErrOverloaded,
	answer.Unavailable: tts.ErrUnavailable, answer.Timeout: tts.ErrTimeout, answer.BadInput: tts.ErrBadText, answer.Refused: tts.ErrRefused}

// Kind returns the kind of failure that an answer means, nil for an answer that is fine.
func Kind(k answer.Kind) error { return kinds[k] }

// Of makes an error of a fault, of its kind or of [tts.ErrUnavailable]. It leaves out the
// message about a refused key, as that may quote the key.
func Of(f answer.Fault, engine, op string) *tts.Error {
	e := &tts.Error{Engine: engine, Op: op, Kind: Kind(f.Kind()), Status: f.Status, Code: cmp.Or(f.Code, f.Type)}
	if e.Kind == nil {
		e.Kind = tts.ErrUnavailable
	}
	if e.Kind != tts.ErrAuth && f.Message != "" {
		e.Err = errors.New(f.Message)
	}
	return e
}
