package text

import "strconv"

// amount is a number as it is written.
type amount struct {
	whole    string // digits, without commas
	fraction string // digits behind the point
	end      int    // the place behind it
}

// decimal reads a number at i, as "1,234.5" or ".5".
func (l *lexer) decimal(i int) (a amount, ok bool) {
	start := i
	for isDigit(l.in.at(i)) && i < start+longest {
		i++
	}
	a.whole = l.string(start, i)
	if b, ok := l.grouped(start, i); ok {
		return b, true
	}
	if n := i - start; 0 < n && n <= 3 {
		for l.in.at(i) == ',' && isDigit(l.in.at(i+1)) && isDigit(l.in.at(i+2)) && isDigit(l.in.at(i+3)) && !isDigit(l.in.at(i+4)) && i < start+24 {
			a.whole += l.string(i+1, i+4)
			i += 4
		}
	}
	if l.in.at(i) == '.' && isDigit(l.in.at(i+1)) {
		point := i + 1
		for i = point; isDigit(l.in.at(i)) && i < point+24; i++ {
		}
		a.fraction = l.string(point, i)
	}
	a.end = i
	return a, i > start
}

// grouped reads a number whose first digits are from start up to i as other countries
// write it: "1.234.567,89", "1.234,50" and "12,34,567".
func (l *lexer) grouped(start, i int) (a amount, ok bool) {
	if n := i - start; n == 0 || n > 3 || l.in.at(start) == '0' {
		return a, false
	}
	a.whole = l.string(start, i)
	pairs := 0
	for i-start <= 2+3*pairs && l.in.at(i) == ',' && l.digits(i+1) == 2 && l.in.at(i+3) == ',' && pairs < 4 {
		a.whole += l.string(i+1, i+3)
		i, pairs = i+3, pairs+1
	}
	if pairs > 0 {
		a.whole, a.end = a.whole+l.string(i+1, i+4), i+4
		return a, l.digits(i+1) == 3 && (l.in.at(i+4) != ',' || !isDigit(l.in.at(i+5)))
	}
	dots := 0
	for l.in.at(i) == '.' && l.digits(i+1) == 3 && dots < 4 {
		a.whole += l.string(i+1, i+4)
		i, dots = i+4, dots+1
	}
	a.end = i
	if n := l.cents(i); n > 0 && dots > 0 {
		a.fraction, a.end = l.string(i+1, i+1+n), i+1+n
		return a, true
	}
	return a, dots == 2 && !(l.in.at(i) == '.' && isDigit(l.in.at(i+1)))
}

// cents returns how many digits there are behind the decimal comma at i: 2, or 0 where
// it is none.
func (l *lexer) cents(i int) int {
	if l.in.at(i) != ',' || l.digits(i+1) != 2 || isWord(l.in.at(i+3)) || l.in.at(i+3) == ',' && isDigit(l.in.at(i+4)) {
		return 0
	}
	return 2
}

// digits returns how many digits there are at i, up to four.
func (l *lexer) digits(i int) int {
	n := 0
	for n < 4 && isDigit(l.in.at(i+n)) {
		n++
	}
	return n
}

// words returns the number in words.
func (a amount) words() string {
	w := "zero"
	if a.whole != "" {
		w = cardinal(a.whole)
	}
	if a.fraction != "" {
		w += " point " + spell(a.fraction)
	}
	return w
}

// one reports whether the number is 1.
func (a amount) one() bool { return a.whole == "1" && a.fraction == "" }

// int returns the whole number, -1 if it is none or too large.
func (a amount) int() int {
	if a.fraction != "" || len(a.whole) > 9 {
		return -1
	}
	n, err := strconv.Atoi(a.whole)
	if err != nil {
		return -1
	}
	return n
}
