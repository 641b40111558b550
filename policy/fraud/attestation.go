package fraud

import "strings"

// attestation is what SHAKEN/STIR says about a caller's number. It speaks for the
// number, never for the person, and only if the webhook's signature was verified.
type attestation struct {
	level       attestationLevel // what the originating carrier attests
	status      attestationStatus
	diverted    bool // attested by a carrier that forwarded the call
	passthrough bool // the PASSporT was handed on unchecked by a carrier between
}

// attestationLevel is a carrier's attestation: A knows customer and number, B the customer,
// C only where the call came in.
type attestationLevel byte

// The levels; levelNone is what a call without a PASSporT has.
const (
	levelNone attestationLevel = 0
	levelA    attestationLevel = 'A'
	levelB    attestationLevel = 'B'
	levelC    attestationLevel = 'C'
)

// attestationStatus says whether the PASSporT's signature held.
type attestationStatus uint8

// The statuses. Most calls from outside the United States and Canada have statusAbsent.
const (
	statusAbsent attestationStatus = iota
	statusPassed
	statusFailed
)

// readAttestation reads Twilio's StirVerstat parameter
// (twilio.com/docs/voice/trusted-calling-with-shakenstir). Anything but the exact
// spellings documented there is statusAbsent: "TN-Validation-Passed-A" inside a longer
// text proves nothing.
func readAttestation(verstat string) attestation {
	rest, ok := strings.CutPrefix(verstat, "TN-Validation-")
	if !ok {
		return attestation{} // No-TN-Validation, NULL, empty
	}
	var a attestation
	status, rest, levelled := strings.Cut(rest, "-")
	switch status {
	case "Passed":
		a.status = statusPassed
	case "Failed":
		a.status = statusFailed
	default:
		return attestation{}
	}
	if !levelled {
		if a.status == statusFailed {
			return a
		}
		return attestation{}
	}
	level, how, qualified := strings.Cut(rest, "-")
	if len(level) != 1 || level[0] < 'A' || level[0] > 'C' {
		return attestation{}
	}
	a.level = attestationLevel(level[0])
	switch {
	case !qualified:
	case how == "Diverted":
		a.diverted = true
	case how == "Passthrough":
		a.passthrough = true
	default:
		return attestation{}
	}
	return a
}

// full reports whether the carrier of the calling customer itself vouches for the
// number, and proved it: the only attestation that says the number is genuine.
func (a attestation) full() bool {
	return a.status == statusPassed && a.level == levelA && !a.diverted && !a.passthrough
}
