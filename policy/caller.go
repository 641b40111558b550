package policy

import "strings"

// anonymousCaller is the key of all callers who withheld their number.
const anonymousCaller = "anonymous"

// Identity identifies the caller of a call, as far as the call shows him. It is made by
// [Call.Identity]; the zero value identifies nobody. Policies that count, list or
// remember callers go by it.
type Identity struct {
	// Caller is the number in E.164, "anonymous", or another address in its
	// shortest form, as [Call.Caller] describes them.
	Caller string

	// Host is the host of a SIP address, "" for every other caller. The user of a SIP
	// address is the caller's own choice, its host less so.
	Host string

	// Standing is the degree of proof that the number is the caller's.
	Standing Standing

	address string // what lists are searched for: Caller, or the address of one who names nobody
	number  uint64 // the digits of a number in E.164, else 0
}

// Standing says how far SHAKEN/STIR proves that a number is its caller's. Calls of
// one number with different standings are counted apart, so that forged calls use up
// nothing of the owner's. Only numbers have another standing than StandingUnattested.
type Standing uint8

// The standings.
const (
	StandingUnattested Standing = iota // no attestation, or one that does not speak for the number
	StandingAttested                   // StirVerstat is exactly "TN-Validation-Passed-A"
	StandingForged                     // the attestation failed
)

// String returns "unattested", "attested" or "forged".
func (s Standing) String() string {
	switch s {
	case StandingAttested:
		return "attested"
	case StandingForged:
		return "forged"
	}
	return "unattested"
}

// suffix returns the part of a name that is different for each standing; "" for StandingUnattested.
func (s Standing) suffix() string {
	if s == StandingUnattested {
		return ""
	}
	return "/" + s.String()
}

// String returns the caller, and the standing if it is not StandingUnattested.
func (i Identity) String() string { return i.Caller + i.Standing.suffix() }

// IsWithheld reports whether the caller withheld the number, or is an address that names
// nobody.
func (i Identity) IsWithheld() bool { return i.Caller == anonymousCaller }

// IsNumber reports whether the caller is a number in E.164.
func (i Identity) IsNumber() bool { return i.number != 0 }

// Identity returns whose call it is.
func (c Call) Identity() Identity {
	i := identify(c.From)
	i.attest(&c)
	return i
}

// attest notes the standing of a call's number.
func (i *Identity) attest(c *Call) {
	if i.number != 0 && c.StirVerstat != "" {
		i.Standing = c.standing()
	}
}

// Caller returns the key under which the call's From is counted and listed:
//
//	+14155550100            a number in E.164, whatever separates its digits, as tel: URI too
//	anonymous               a withheld number
//	sip:user@host           a SIP address, also in angle brackets behind a name
//	client:alice            another address, in lower case
//
// An address without a scheme is a SIP address if it has an @. An address with two @
// names nobody: programs do not agree where its host begins.
//
// Twilio and carriers spell a withheld number in many ways, among them digits that
// look like a number (+266696687 is ANONYMOUS on a keypad) and SIP addresses that
// name nobody (sip:anonymous@anonymous.invalid, RFC 3323).
//
// SIP addresses are compared by user and host as RFC 3261 section 19.1.4 compares
// them, except that here neither case nor sips: nor the port tells callers apart: the
// caller chooses the first two, and a port changes by itself behind a NAT. Password,
// parameters and headers do not count. A number as the user of a SIP address does
// not make it that number's call: whoever may call by SIP can write any number
// there.
func (c Call) Caller() string { return identify(c.From).Caller }

// standing reads StirVerstat (twilio.com/docs/voice/trusted-calling-with-shakenstir),
// of which only the spellings documented there count; package fraud reads the rest.
func (c *Call) standing() Standing {
	switch c.StirVerstat {
	case "TN-Validation-Passed-A":
		return StandingAttested
	case "TN-Validation-Failed",
		"TN-Validation-Failed-A", "TN-Validation-Failed-A-Diverted", "TN-Validation-Failed-A-Passthrough",
		"TN-Validation-Failed-B", "TN-Validation-Failed-B-Diverted", "TN-Validation-Failed-B-Passthrough",
		"TN-Validation-Failed-C", "TN-Validation-Failed-C-Diverted", "TN-Validation-Failed-C-Passthrough":
		return StandingForged
	}
	return StandingUnattested
}

// identify returns the identity that a From names.
func identify(from string) (i Identity) {
	i.read(from)
	return i
}

// read sets the identity to the one that a From names. It does not allocate for a From that is
// written as Caller returns it, and is quick with numbers.
func (i *Identity) read(from string) {
	if n, ok := packE164(from); ok && !withheldDigits(n) {
		*i = Identity{Caller: from, address: from, number: n}
	} else {
		*i = readAddress(from)
	}
}

func readAddress(from string) Identity {
	from = strings.ToLower(strings.TrimSpace(Visible(shorten(from))))
	from = addrSpec(from)
	scheme, rest, ok := strings.Cut(from, ":")
	if user := before(from, ":;?@"); len(user) < len(from) && from[len(user)] == '@' {
		return identifySIP("", decode(from)) // nobody has an address with an @ but SIP, so the scheme was left out
	}
	switch {
	case ok && (scheme == "sip" || scheme == "sips"):
		return identifySIP(from, decode(rest))
	case ok && scheme == "tel":
		return identifyTel(decode(rest))
	case ok && scheme == "client":
		return identifyClient(from, rest)
	}
	if strings.HasPrefix(from, "+") {
		from = trimSeparators(from)
	}
	return named(from, from)
}

// named returns the caller of a word or number, under another key if it is not a number.
func named(name, key string) Identity {
	n, ok := packE164(name)
	switch {
	case withheld(name):
		return Identity{Caller: anonymousCaller, address: anonymousCaller}
	case ok:
		return Identity{Caller: name, address: name, number: n}
	}
	return Identity{Caller: key, address: key}
}

// withheld reports whether a word or number in lower case stands for a number that
// was withheld.
func withheld(name string) bool {
	switch strings.TrimPrefix(name, "+") {
	case "", anonymousCaller, "restricted", "blocked", "private", "unknown", "unavailable", "withheld":
		return true
	}
	if name == "+464" { // ANON, as some carriers have it
		return true
	}
	name = strings.TrimPrefix(name, "+")
	if len(name) > 15 || name[0] == '0' {
		return false
	}
	n, ok := digits(name)
	return ok && withheldDigits(n)
}

// withheldDigits reports whether n spells a withheld number on a keypad. Twilio
// documents them for North America (help.twilio.com, "Why am I getting calls from
// these strange numbers?"); some carriers put a country code of 1 before them.
func withheldDigits(n uint64) bool {
	switch n {
	case 266696687, 1266696687, // ANONYMOUS
		7378742833, 7378742883, // RESTRICTED, and as some lists of these have it
		2562533, 12562533, // BLOCKED
		8656696, 18656696, // UNKNOWN
		86282452253, 186282452253, // UNAVAILABLE
		7748283, 17748283: // PRIVATE
		return true
	}
	return false
}
