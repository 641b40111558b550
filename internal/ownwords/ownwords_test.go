package ownwords

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// TestWords: an echo is the server's words but for some, in order; what may be one is more.
func TestWords(t *testing.T) {
	const said = "your table for four is booked under the name of miller"
	for heard, want := range map[string]struct{ echo, doubtful bool }{
		"booked under the name":              {true, true},
		"booked under the game":              {true, true},
		"looked under the game":              {false, true},
		"looked over a game of pillars":      {false, false},
		"the name under booked":              {false, true},
		"booked":                             {false, true},
		"no":                                 {false, true},
		"no thanks":                          {false, false},
		"for six":                            {false, true},
		"i said six people":                  {false, false},
		"a table for four is fine thank you": {false, true},
	} {
		words := strings.Fields(heard)
		m := Compare(words, strings.Fields(said))
		require.Equal(t, want.echo, m.Echo(), heard)
		require.Equal(t, want.doubtful, m.Doubtful(), heard)
		m = Compare(words, nil)
		require.False(t, m.Echo(), heard)
		require.False(t, m.Doubtful(), heard)
	}
}
