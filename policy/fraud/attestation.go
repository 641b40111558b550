package fraud

import "strings"

// Attestation is what SHAKEN/STIR says about a caller's number. It speaks for the
// number, never for the person, and only if the webhook's signature was verified.
type Attestation struct {
	Level       AttestationLevel // what the originating carrier attests
	Status      AttestationStatus
	Diverted    bool // attested by a carrier that forwarded the call
	Passthrough bool // the PASSporT was handed on unchecked by a carrier between
}

// AttestationLevel is a carrier's attestation: A knows customer and number, B the customer,
// C only where the call came in.
type AttestationLevel byte

// The levels; NoAttestation is what a call without a PASSporT has.
const (
	LevelNone AttestationLevel = 0
	LevelA    AttestationLevel = 'A'
	LevelB    AttestationLevel = 'B'
	LevelC    AttestationLevel = 'C'
)

// AttestationStatus says whether the PASSporT's signature held.
type AttestationStatus uint8

// The statuses. Most calls from outside the United States and Canada have StatusAbsent.
const (
	StatusAbsent AttestationStatus = iota
	StatusPassed
	StatusFailed
)

// ParseAttestation reads Twilio's StirVerstat parameter
// (twilio.com/docs/voice/trusted-calling-with-shakenstir). Anything but the exact
// spellings documented there is StatusAbsent: "TN-Validation-Passed-A" inside a longer
// text proves nothing.
func ParseAttestation(verstat string) Attestation {
	rest, ok := strings.CutPrefix(verstat, "TN-Validation-")
	if !ok {
		return Attestation{} // No-TN-Validation, NULL, empty
	}
	var a Attestation
	status, rest, levelled := strings.Cut(rest, "-")
	switch status {
	case "Passed":
		a.Status = StatusPassed
	case "Failed":
		a.Status = StatusFailed
	default:
		return Attestation{}
	}
	if !levelled {
		if a.Status == StatusFailed {
			return a
		}
		return Attestation{}
	}
	level, how, qualified := strings.Cut(rest, "-")
	if len(level) != 1 || level[0] < 'A' || level[0] > 'C' {
		return Attestation{}
	}
	a.Level = AttestationLevel(level[0])
	switch {
	case !qualified:
	case how == "Diverted":
		a.Diverted = true
	case how == "Passthrough":
		a.Passthrough = true
	default:
		return Attestation{}
	}
	return a
}

// Full reports whether the carrier of the calling customer itself vouches for the
// number, and proved it: the only attestation that says the number is genuine.
func (a Attestation) Full() bool {
	return a.Status == StatusPassed && a.Level == LevelA && !a.Diverted && !a.Passthrough
}
