package text

import (
	"strings"
	"unicode"
)

// measured says a number at i with its unit, its percent sign or its magnitude.
func (l *lexer) measured(i int, a amount) int {
	end, unit := l.unit(a.end)
	if end == 0 {
		return 0
	}
	name := unit.many
	if a.one() {
		name = unit.one
	}
	l.say(a.words(), i, a.end)
	l.say(name, a.end, end)
	if l.in.at(end) == '.' && l.in.at(end+1) == ' ' && unicode.IsLower(l.in.at(end+2)) {
		end++
	}
	return end
}

func (l *lexer) measures(i int) bool {
	end, _ := l.unit(i)
	return end > 0
}

// unit returns the unit at i, with or without a space before it, and where it ends.
func (l *lexer) unit(i int) (int, measure) {
	spaced := l.in.at(i) == ' '
	if spaced {
		i++
	}
	if end, u := l.square(i); end > 0 {
		return end, u
	}
	j := i
	for j < i+6 {
		r := l.in.at(j)
		if !isLetter(r) && !strings.ContainsRune("%°²³/µμ", r) || r == 0 {
			break
		}
		if r == '/' && l.in.at(j+1) != 'h' && l.in.at(j+1) != 's' {
			break
		}
		j++
	}
	u, ok := measures[l.string(i, j)]
	inches := l.string(i, j) == "in" && l.in.at(j) == '.' && l.in.at(j+1) == ' ' && unicode.IsLower(l.in.at(j+2))
	if !ok || isWord(l.in.at(j)) || spaced && u.tight && !inches {
		return 0, u
	}
	return j, u
}

// square returns the unit at i that is written as "sq. ft" is, and where it ends.
func (l *lexer) square(i int) (int, measure) {
	if l.string(i, i+2) != "sq" {
		return 0, measure{}
	}
	j := i + 2
	if l.in.at(j) == '.' {
		j++
	}
	if l.in.at(j) != ' ' {
		return 0, measure{}
	}
	j++
	k := j
	for k < j+3 && isLetter(l.in.at(k)) {
		k++
	}
	switch l.string(j, k) {
	case "ft", "in", "yd", "mi", "m", "km", "cm":
	default:
		return 0, measure{}
	}
	if isWord(l.in.at(k)) {
		return 0, measure{}
	}
	u := measures[l.string(j, k)]
	return k, measure{one: "square " + u.one, many: "square " + u.many}
}

// measure is a unit in words.
type measure struct {
	one, many string
	tight     bool // only without a space before it
}

var measures = map[string]measure{
	"%": {"percent", "percent", false}, "‰": {"per mille", "per mille", false}, "°": {"degree", "degrees", false}, "°C": {"degree Celsius", "degrees Celsius", false}, "°F": {"degree Fahrenheit", "degrees Fahrenheit", false},
	"km": {"kilometer", "kilometers", false}, "m": {"meter", "meters", true}, "cm": {"centimeter", "centimeters", false}, "mm": {"millimeter", "millimeters", false},
	"mi": {"mile", "miles", false}, "ft": {"foot", "feet", false}, "yd": {"yard", "yards", false}, "in": {"inch", "inches", true}, "km²": {"square kilometer", "square kilometers", false}, "m²": {"square meter", "square meters", false}, "sqft": {"square foot", "square feet", false}, "m³": {"cubic meter", "cubic meters", false},
	"kg": {"kilogram", "kilograms", false}, "g": {"gram", "grams", true}, "mg": {"milligram", "milligrams", false}, "µg": {"microgram", "micrograms", false}, "mcg": {"microgram", "micrograms", false}, "lb": {"pound", "pounds", false}, "lbs": {"pound", "pounds", false}, "oz": {"ounce", "ounces", false},
	"l": {"liter", "liters", true}, "L": {"liter", "liters", true}, "ml": {"milliliter", "milliliters", false}, "mL": {"milliliter", "milliliters", false}, "gal": {"gallon", "gallons", false}, "tsp": {"teaspoon", "teaspoons", false}, "tbsp": {"tablespoon", "tablespoons", false},
	"mph": {"mile per hour", "miles per hour", false}, "km/h": {"kilometer per hour", "kilometers per hour", false}, "kmh": {"kilometer per hour", "kilometers per hour", false}, "m/s": {"meter per second", "meters per second", false},
	"KB": {"kilobyte", "kilobytes", false}, "MB": {"megabyte", "megabytes", false}, "GB": {"gigabyte", "gigabytes", false}, "TB": {"terabyte", "terabytes", false}, "Mbps": {"megabit per second", "megabits per second", false}, "Gbps": {"gigabit per second", "gigabits per second", false}, "kbps": {"kilobit per second", "kilobits per second", false},
	"Hz": {"hertz", "hertz", false}, "kHz": {"kilohertz", "kilohertz", false}, "MHz": {"megahertz", "megahertz", false}, "GHz": {"gigahertz", "gigahertz", false}, "kW": {"kilowatt", "kilowatts", false}, "kWh": {"kilowatt hour", "kilowatt hours", false}, "W": {"watt", "watts", true}, "V": {"volt", "volts", true}, "mAh": {"milliamp hour", "milliamp hours", false}, "dB": {"decibel", "decibels", false},
	"µs": {"microsecond", "microseconds", false}, "μs": {"microsecond", "microseconds", false}, "µm": {"micrometer", "micrometers", false}, "μm": {"micrometer", "micrometers", false},
	"ms": {"millisecond", "milliseconds", false}, "s": {"second", "seconds", true}, "sec": {"second", "seconds", false}, "secs": {"second", "seconds", false}, "min": {"minute", "minutes", false}, "mins": {"minute", "minutes", false}, "h": {"hour", "hours", true}, "hr": {"hour", "hours", false}, "hrs": {"hour", "hours", false}, "yr": {"year", "years", false}, "yrs": {"year", "years", false},
	"k": {"thousand", "thousand", true}, "M": {"million", "million", true}, "bn": {"billion", "billion", false}, "mn": {"million", "million", false}, "kcal": {"kilocalorie", "kilocalories", false}, "cal": {"calorie", "calories", false}, "hp": {"horsepower", "horsepower", false}, "px": {"pixel", "pixels", false},
}
