package tts

import "fmt"

// recovered, deferred, makes an error of an engine's panic.
func recovered(op string, err *error) {
	if p := recover(); p != nil {
		*err = &Error{Op: op, Kind: ErrPanic, Err: fmt.Errorf("%v", p)}
	}
}
