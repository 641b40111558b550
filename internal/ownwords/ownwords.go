// Package ownwords compares a transcript with the server's own words of the same time,
// which come back as an echo.
package ownwords

const (
	// echoShare is how much of a transcript's words, in percent, are the server's own, in
	// order, if it is an echo; and least how many of them there must be: one that the server
	// said may be the caller's answer.
	echoShare = 70
	least     = 2
	// doubtShare and strange are the same of a transcript that may be one: so much of it is the
	// server's own, or so few words are not.
	doubtShare = 30
	strange    = 2
)

// Echo reports whether words are those that the server said, in their order, but for some
// that were heard wrongly.
func Echo(words, said []string) bool {
	common := Common(words, said)
	return common >= least && common*100 >= len(words)*echoShare
}

// Doubtful reports whether words may be an echo of which much was heard wrongly. It decides
// where the sound is not surely the caller's.
func Doubtful(words, said []string) bool {
	common := Common(words, said)
	return len(said) > 0 && (len(words)-common < strange || common*100 >= len(words)*doubtShare)
}

// Common returns the length of the longest common subsequence.
func Common(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for i, y := range b {
			above := row[i+1]
			if x == y {
				row[i+1] = diagonal + 1
			} else {
				row[i+1] = max(row[i+1], row[i])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}
