package codec

import "fmt"

// WAVError is the error of a file that cannot be read as WAV.
type WAVError struct {
	Offset int64  // where in the file
	Reason string // the mistake there
	Err    error  // the reader's error, or nil
}

// Error names the offset, the reason and the reader's error.
func (e *WAVError) Error() string {
	s := fmt.Sprintf("codec: bad WAV at byte %d: %s", e.Offset, e.Reason)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the reader's error: io.ErrUnexpectedEOF in a truncated file.
func (e *WAVError) Unwrap() error { return e.Err }
