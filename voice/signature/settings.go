package signature

import "strings"

// An Algorithm is a way to sign, by the name that Twilio gives it.
type Algorithm string

// The algorithms. Auth tokens sign with HMACSHA1; for shared keys the Setting at
// Twilio says which.
const (
	HMACSHA1   Algorithm = "HMAC_SHA1"   // a signature of 28 characters
	HMACSHA256 Algorithm = "HMAC_SHA256" // a signature of 44 characters
)

// A Pin limits what a shared key is accepted for. The zero Pin limits nothing.
type Pin struct {
	// Algorithm is the only one that the key signs with; empty means either.
	Algorithm Algorithm
	// AccountSID is the account that the key belongs to: requests that name another
	// one are refused. Empty means any, so whoever knows the key can speak for all
	// accounts.
	AccountSID string
}

// Settings returns the X-Twilio-Webhooks-Signature-Settings of a request that the
// shared key signs, for tests and diagnosis.
func Settings(keyID string, a Algorithm) string {
	return "key=" + keyID + ",algorithm=" + string(a)
}

// settings is what the X-Twilio-Webhooks-Signature-Settings of a request says.
type settings struct {
	present   bool
	key       string // id of the shared key, "" when none is named
	algorithm Algorithm
	reason    Reason // why the request is refused whatever its signature, or ""
	detail    string
}

// maxSettings is the longest header in bytes, a dozen times what Twilio sends.
const maxSettings = 1 << 10

// parseSettings reads the header's lines as one list (RFC 9110 section 5.3), and
// the list as Twilio's SDK does: parts are separated by commas, a name from its
// value by the first "=", blanks around both do not count, a part without a value
// counts for nothing, a missing algorithm is HMAC_SHA1, and its case does not
// matter. A lone empty line counts as no header.
//
// It is stricter than the SDK, which takes the first of two: a name with two
// different values is refused, as are bytes that are not printable ASCII.
func parseSettings(lines []string) settings {
	if len(lines) == 0 || len(lines) == 1 && lines[0] == "" {
		return settings{algorithm: HMACSHA1}
	}
	s := settings{present: true}
	algorithm, size := "", 0
	for _, line := range lines {
		if size += len(line); size > maxSettings || !printable(line) {
			return s.refused(ReasonSettings, SettingsHeader+" is longer than 1 KiB or not printable ASCII")
		}
		for more := true; more; {
			var part string
			part, line, more = strings.Cut(line, ",")
			name, value, _ := strings.Cut(part, "=")
			var to *string
			switch strings.Trim(name, " \t") {
			case "key":
				to = &s.key
			case "algorithm":
				to = &algorithm
			default:
				continue
			}
			if value = strings.Trim(value, " \t"); value == "" {
				continue
			}
			if *to != "" && *to != value {
				return s.refused(ReasonSettings, SettingsHeader+" names two keys or two algorithms")
			}
			*to = value
		}
	}
	switch {
	case algorithm == "" || strings.EqualFold(algorithm, string(HMACSHA1)):
		s.algorithm = HMACSHA1
	case strings.EqualFold(algorithm, string(HMACSHA256)):
		s.algorithm = HMACSHA256
	default:
		return s.refused(ReasonAlgorithm, SettingsHeader+" names an algorithm that is neither HMAC_SHA1 nor HMAC_SHA256")
	}
	if s.key == "" {
		return s.refused(ReasonUnknownKey, SettingsHeader+" names no key")
	}
	return s
}

func (s settings) refused(why Reason, detail string) settings {
	s.reason, s.detail = why, detail
	return s
}

// printable reports whether s is printable ASCII with blanks and tabs.
func printable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '\t' && (c < ' ' || c > '~') {
			return false
		}
	}
	return true
}
