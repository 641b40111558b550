// Package ownwords compares what a recogniser heard with what the server said meanwhile, whose
// words come back as an echo.
package ownwords

const (
	// In an echo at least echoShare percent of the words, and at least two, are the server's
	// own, in order: one word that the server said may be the caller's answer.
	echoShare = 70
	least     = 2
	// A transcript may be an echo that was misheard if doubtShare percent of its words are the
	// server's own, or if fewer than strange are not.
	doubtShare = 30
	strange    = 2
)

// Match is the result of a comparison, in numbers of words.
type Match struct {
	Common      int // heard and said, in the same order
	heard, said int
}

// Compare compares the words of a transcript with those that the server said.
func Compare(heard, said []string) Match {
	return Match{common(heard, said), len(heard), len(said)}
}

// Echo reports whether the words are the server's own, in their order, except for some that
// were misheard.
func (m Match) Echo() bool { return m.Common >= least && m.Common*100 >= m.heard*echoShare }

// Doubtful reports whether the words may be an echo of which many were misheard. It decides
// where the sound is not surely the caller's.
func (m Match) Doubtful() bool {
	return m.said > 0 && (m.heard-m.Common < strange || m.Common*100 >= m.heard*doubtShare)
}

// common returns the length of the longest common subsequence.
func common(a, b []string) int {
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
