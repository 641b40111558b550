package voice

import "time"

// ErrWAV is the error of a WAV file that is played as it is.
var ErrWAV = errWAV

// Hurry makes the streams of a server time out early: those that do not start,
// and those that fall silent.
func (s *Server) Hurry(start, idle time.Duration) {
	s.limits.StartTimeout, s.limits.IdleTimeout = start, idle
}
