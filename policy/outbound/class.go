package outbound

import "fmt"

// Class says what kind of number a destination is, as far as its prefix tells.
type Class uint8

// The classes. The zero value is a number of no known country: nobody's, or a
// range newer than the table.
const (
	Unknown     Class = iota
	Ordinary          // fixed, mobile, internet or freephone number of a country
	Premium           // the called party is paid for each minute
	SharedCost        // the caller pays more than for an ordinary call
	Personal          // follow-me numbers, dear and often abused
	Satellite         // satellite and international networks
	NANPForeign       // looks like a US number but is not of the US or Canada
	Watch             // of a country or range often named in revenue-share fraud
)

var classNames = [...]string{"unknown", "ordinary", "premium", "shared-cost", "personal", "satellite", "nanp-foreign", "irsf-watch"}

// String returns the class's name as the table spells it.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// ParseClass is the reverse of String.
func ParseClass(name string) (Class, error) {
	for i, n := range classNames {
		if n == name {
			return Class(i), nil
		}
	}
	return Unknown, fmt.Errorf("outbound: %q is no class", name)
}
