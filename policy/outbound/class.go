package outbound

import "fmt"

// Class is the kind of number that a destination is, by its prefix.
type Class uint8

// The classes. The zero value is a number of no known country: nobody's, or a
// range newer than the table.
const (
	ClassUnknown     Class = iota
	ClassOrdinary          // fixed, mobile, internet or freephone number of a country
	ClassPremium           // the called party is paid for each minute
	ClassSharedCost        // the caller pays more than for an ordinary call
	ClassPersonal          // follow-me numbers, dear and often abused
	ClassSatellite         // satellite and international networks
	ClassNANPForeign       // looks like a US number but is not of the US or Canada
	ClassWatch             // of a country or range often named in revenue-share fraud
)

var classNames = [...]string{"unknown", "ordinary", "premium", "shared-cost", "personal", "satellite", "nanp-foreign", "irsf-watch"}

// String returns the class's name as the table spells it.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// parseClass is the reverse of String.
func parseClass(name string) (Class, error) {
	for i, n := range classNames {
		if n == name {
			return Class(i), nil
		}
	}
	return ClassUnknown, fmt.Errorf("outbound: %q is not a class", name)
}
