// Package phonenumbers classifies telephone numbers with libphonenumber's whole
// numbering plans: more exact than the built-in table of package outbound, which is
// made from them, and some 7 MB larger in the binary.
package phonenumbers

import (
	"github.com/nyaruka/phonenumbers"

	"agentos.dev/dialtone/policy/outbound"
)

// Look is for outbound.DestinationsOptions. It returns the country (ISO 3166 alpha-2, "001" for
// international networks, "" if unknown) and the class of a number in E.164. A number
// that no plan has a use for is [outbound.ClassUnknown]. Numbering plans know no revenue-share fraud: what
// outbound calls Watch and NANPForeign is Ordinary here.
func Look(number string) (country string, class outbound.Class) {
	n, ok := parse(number)
	if !ok {
		return "", outbound.ClassUnknown
	}
	country = phonenumbers.GetRegionCodeForNumber(n)
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.UNKNOWN:
		return country, outbound.ClassUnknown
	case phonenumbers.PREMIUM_RATE:
		return country, outbound.ClassPremium
	case phonenumbers.SHARED_COST:
		return country, outbound.ClassSharedCost
	case phonenumbers.PERSONAL_NUMBER:
		return country, outbound.ClassPersonal
	}
	if country == "001" {
		switch n.GetCountryCode() {
		case 870, 881, 882, 883, 888:
			return country, outbound.ClassSatellite
		}
	}
	return country, outbound.ClassOrdinary
}

// Valid reports whether a numbering plan has a use for the number.
func Valid(number string) bool {
	n, ok := parse(number)
	return ok && phonenumbers.IsValidNumber(n)
}

// parse accepts only what is in E.164 already: libphonenumber would forgive
// separators and national prefixes.
func parse(number string) (*phonenumbers.PhoneNumber, bool) {
	n, err := phonenumbers.Parse(number, "ZZ")
	return n, err == nil && phonenumbers.Format(n, phonenumbers.E164) == number
}
