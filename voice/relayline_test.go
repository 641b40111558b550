package voice

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFollow: what Twilio says that it has spoken is found in what was sent, by its letters.
func TestFollow(t *testing.T) {
	for _, test := range []struct {
		text, said string
		n          int
		ok         bool
	}{
		{"Your table is booked.", "Your table", 10, true},
		{"Your table is booked.", "your table IS ", 13, true},
		{"Your table is booked.", "Your table is booked.", 20, true},
		{"Your table is booked.", "Your tab", 8, true},
		{"Your table is booked.", "Your chair", 0, false},
		{"Your table is booked.", "", 0, true},
		{"Your table is booked.", "...", 0, true},
		{" is booked.", "is", 3, true},
		{"It's **fine**", "It’s fine", 11, true},
		{"Grüße", "GRÜSSE", 0, false},
		{"Grüße", "grüße", 7, true},
		{"", "Welcome", 0, true},
		{"\xff\xfe", "a", 0, true},
	} {
		n, ok := follow(test.text, test.said)
		require.Equal(t, test.ok, ok, "%q in %q", test.said, test.text)
		require.Equal(t, test.n, n, "%q in %q", test.said, test.text)
	}
}

// TestSpokenOf: words that Twilio says are found in a text wherever a word begins.
func TestSpokenOf(t *testing.T) {
	for words, want := range map[string]bool{"your": true, "table is": true, "Table IS booked": true, "able": false, "is your": false, "": false} {
		require.Equal(t, want, spokenOf("Your table is booked.", words), words)
	}
}

// TestWholeWords: no word that was not heard to its end.
func TestWholeWords(t *testing.T) {
	for _, test := range []struct {
		text string
		n    int
		want string
	}{
		{"Your table is booked.", 10, "Your table"},
		{"Your table is booked.", 8, "Your"},
		{"Your table is booked.", 11, "Your table"},
		{"Your table is booked.", 20, "Your table is booked."},
		{"Your table is booked.", 99, "Your table is booked."},
		{"Your table, sir.", 10, "Your table,"},
		{"We don't know", 6, "We"},
		{"We don't know", 5, "We"},
		{"He said 'yes' twice", 12, "He said 'yes'"},
		{"Grüße", 3, ""},
		{"...", 3, ""},
		{"", 0, ""},
	} {
		require.Equal(t, test.want, wholeWords(test.text, test.n), "%q up to %d", test.text, test.n)
	}
}

// FuzzFollow: whatever was sent and said, what is found is in the text, and what is whole of
// that begins it.
func FuzzFollow(f *testing.F) {
	f.Add("Your table is booked.", "your TABLE")
	f.Add("We don't", "we don")
	f.Fuzz(func(t *testing.T, text, said string) {
		n, ok := follow(text, said)
		if n < 0 || n > len(text) || !ok && n != 0 {
			t.Fatalf("%d of %d, %v", n, len(text), ok)
		}
		whole := wholeWords(text, n)
		if len(whole) > len(text) || text[:len(whole)] != whole {
			t.Fatalf("%q does not begin %q", whole, text)
		}
	})
}
