package text

import (
	"slices"
	"strings"
)

// shapes are the lengths of the groups of digits that are no quantity: phone
// numbers of North America, social security numbers, zip codes, cards.
var shapes = [][]int{{4, 4, 4, 4}, {4, 6, 5}, {1, 3, 3, 4}, {3, 3, 4}, {3, 4}, {3, 2, 4}, {5, 4}}

// group is a run of digits.
type group struct{ from, to int }

// phone says a phone number at the front, or another number in groups: digit by
// digit, with a pause behind each group.
func (l *lexer) phone() int {
	var list [7]group
	i, plus, paren := 0, false, false
	if l.in.at(0) == '+' {
		i, plus = 1, true
	}
	n := 0
	for n < len(list) {
		if l.in.at(i) == '(' && n < 2 {
			paren = true
			i++
		}
		start := i
		for isDigit(l.in.at(i)) && i < start+16 {
			i++
		}
		if i == start {
			break
		}
		list[n] = group{start, i}
		n++
		next := i
		if l.in.at(next) == ')' && paren {
			next++
		}
		switch l.in.at(next) {
		case ' ', '-', '.', '–':
			next++
		case '/':
			if list[0].to-list[0].from < 3 {
				return 0
			}
			next++
		}
		if !isDigit(l.in.at(next)) && !(l.in.at(next) == '(' && n == 1) || next == i && !paren {
			break
		}
		i = next
	}
	groups := l.phoneShape(list[:n], plus, paren)
	if groups == 0 {
		return l.vanity(list[:n])
	}
	if plus {
		l.say("plus", 0, 1)
	}
	end := 0
	for k, g := range list[:groups] {
		if k > 0 {
			l.pause()
		}
		if n := g.to - g.from; plus && n == 11 && l.in.at(g.from) == '1' {
			l.sayDigits(g.from, g.from+1)
			for _, part := range [...]group{{1, 4}, {4, 7}, {7, 11}} {
				l.pause()
				l.sayDigits(g.from+part.from, g.from+part.to)
			}
		} else if k == 1 && l.string(g.from, g.to) == "800" && l.string(list[0].from, list[0].to) == "1" {
			l.say("eight hundred", g.from, g.to)
		} else {
			l.sayDigits(g.from, g.to)
		}
		end = g.to
	}
	return l.extension(end)
}

// phoneShape returns how many of the groups are a number that is said in groups.
func (l *lexer) phoneShape(list []group, plus, paren bool) int {
	total := 0
	sizes := make([]int, len(list))
	for i, g := range list {
		sizes[i] = g.to - g.from
		total += sizes[i]
	}
	if len(list) == 0 {
		return 0
	}
	last := list[len(list)-1].to
	open := isWord(l.in.at(last)) && !(l.in.at(last) == 'x' && isDigit(l.in.at(last+1))) || strings.ContainsRune("-./", l.in.at(last)) && isDigit(l.in.at(last+1)) || l.in.at(last) == '%' || l.in.at(last) == ':' && isDigit(l.in.at(last+1))
	if plus {
		if open || total < 8 || total > 15 {
			return 0
		}
		return len(list)
	}
	for _, shape := range shapes {
		n := len(shape)
		if len(list) < n || !slices.Equal(sizes[:n], shape) || n == len(list) && open {
			continue
		}
		if n < len(list) && l.in.at(list[n-1].to) != ' ' { // more of the same number
			continue
		}
		if n == 2 && !l.local(list, paren, shape[0] == 5) {
			continue
		}
		if n == 4 && shape[0] == 1 && l.in.at(list[0].from) != '1' {
			continue
		}
		return n
	}
	// Numbers of other countries begin with a zero.
	if !open && len(list) > 1 && l.in.at(list[0].from) == '0' && sizes[0] >= 2 && total >= 9 && total <= 12 {
		return len(list)
	}
	if !open && len(list) == 1 && total == 10 && l.topic == "" && l.in.at(list[0].from) >= '2' && calls[strings.ToLower(l.word)] {
		return 1
	}
	return 0
}

// local reports whether three and four digits are a phone number and no range, or five
// and four a zip code.
func (l *lexer) local(list []group, paren, zip bool) bool {
	sep := l.in.at(list[0].to)
	if zip || sep == ' ' && len(list) == 2 && calls[strings.ToLower(l.word)] {
		return !paren && (sep == '-' || !zip)
	}
	if paren || sep != '-' && sep != '.' {
		return false
	}
	a, b := l.string(list[0].from, list[0].to), l.string(list[1].from, list[1].to)
	return a[0] > '1' && !(strings.HasSuffix(a, "0") && strings.HasSuffix(b, "00"))
}

// calls are words that stand before phone numbers.
var calls = set("call dial phone number at on is reach text fax tel telephone")

// vanity says "1-800-FLOWERS".
func (l *lexer) vanity(list []group) int {
	n := len(list)
	if n == 0 || n > 2 || list[n-1].to-list[n-1].from != 3 || n == 2 && l.string(list[0].from, list[0].to) != "1" || l.in.at(list[n-1].to) != '-' {
		return 0
	}
	i := list[n-1].to + 1
	j := i
	for j < i+12 && (l.in.at(j) >= 'A' && l.in.at(j) <= 'Z' || j > i && l.in.at(j) == '-' && l.in.at(j+1) >= 'A' && l.in.at(j+1) <= 'Z') {
		j++
	}
	if j-i < 4 || isWord(l.in.at(j)) {
		return 0
	}
	for k, g := range list {
		if k > 0 {
			l.pause()
		}
		if l.string(g.from, g.to) == "800" {
			l.say("eight hundred", g.from, g.to)
		} else {
			l.sayDigits(g.from, g.to)
		}
	}
	l.pause()
	l.say(strings.ReplaceAll(l.string(i, j), "-", " "), i, j)
	return j
}

// extension says "ext. 12" and "x12" behind a phone number that ends at i.
func (l *lexer) extension(i int) int {
	j := i
	for l.in.at(j) == ' ' || l.in.at(j) == ',' {
		if j++; j > i+2 {
			return i
		}
	}
	k := j
	switch {
	case l.in.at(j) == 'x':
		k++
	case strings.ToLower(l.string(j, j+3)) == "ext":
		if k += 3; l.in.at(k) == '.' {
			k++
		}
	default:
		return i
	}
	if l.in.at(k) == ' ' {
		k++
	}
	end := k
	for isDigit(l.in.at(end)) && end < k+7 {
		end++
	}
	if end == k || isWord(l.in.at(end)) {
		return i
	}
	l.pause()
	l.say("extension", j, k)
	l.sayDigits(k, end)
	return end
}
