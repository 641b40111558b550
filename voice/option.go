package voice

// OptionError is one thing that is wrong with a [Config]. It holds no part of a secret.
type OptionError struct {
	Option  string // such as "PublicURL" or "AuthTokens[0]"
	Problem string // what is wrong with it, as "is missing"
	Err     error  // the cause; may be nil
}

// Error names the option and what is wrong with it.
func (e *OptionError) Error() string {
	s := "voice: " + e.Option + " " + e.Problem
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *OptionError) Unwrap() error { return e.Err }
