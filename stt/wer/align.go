package wer

import "slices"

// The costs of sclite: a substitution is cheaper than a deletion and an
// insertion, so that words replaced stand opposite each other.
const (
	substitution = 4
	gap          = 3
)

// Align pairs the words of reference and hypothesis at the least cost. It needs
// time and memory in proportion to the product of their lengths.
func Align(reference, hypothesis []string) []Pair {
	width := len(hypothesis) + 1
	cost := make([]int, (len(reference)+1)*width)
	for j := range width {
		cost[j] = j * gap
	}
	for i, r := range reference {
		row := cost[(i+1)*width:]
		above := cost[i*width:]
		row[0] = (i + 1) * gap
		for j, h := range hypothesis {
			row[j+1] = min(above[j]+unlike(r, h), above[j+1]+gap, row[j]+gap)
		}
	}

	var pairs []Pair
	i, j := len(reference), len(hypothesis)
	for i > 0 || j > 0 {
		here := cost[i*width+j]
		switch {
		case i > 0 && j > 0 && here == cost[(i-1)*width+j-1]+unlike(reference[i-1], hypothesis[j-1]):
			i, j = i-1, j-1
			pairs = append(pairs, Pair{reference[i], hypothesis[j]})
		case j > 0 && here == cost[i*width+j-1]+gap:
			j--
			pairs = append(pairs, Pair{"", hypothesis[j]})
		default:
			i--
			pairs = append(pairs, Pair{reference[i], ""})
		}
	}
	slices.Reverse(pairs)
	return pairs
}

func unlike(a, b string) int {
	if a == b {
		return 0
	}
	return substitution
}
