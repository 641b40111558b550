package codec

import "fmt"

// WAVError says why a file is not a WAV file that can be read.
type WAVError struct {
	Offset int64  // where in the file
	Reason string // what is wrong there
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
