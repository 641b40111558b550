package twiml

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// samples returns the documents of testdata/samples.txt by their origin.
func samples(tb testing.TB) map[string]string {
	tb.Helper()
	data, err := os.ReadFile("testdata/samples.txt")
	require.NoError(tb, err)
	docs := make(map[string]string)
	for _, sample := range strings.Split(string(data), "\n== ")[1:] {
		name, doc, _ := strings.Cut(sample, "\n")
		docs[name] = strings.TrimSpace(doc)
	}
	return docs
}

// TestSamples reads documents in the forms that are out there, and writes them
// again: encoding/xml finds the same in both.
func TestSamples(t *testing.T) {
	docs := samples(t)
	require.Greater(t, len(docs), 40)
	for name, doc := range docs {
		t.Run(name, func(t *testing.T) {
			r, err := Parse(strings.NewReader(doc))
			require.NoError(t, err)
			want, err := readTree(doc)
			require.NoError(t, err)
			got, err := readTree(r.String())
			require.NoError(t, err)
			require.Equal(t, want.normal().String(), got.normal().String())

			again, err := Parse(strings.NewReader(r.String()))
			require.NoError(t, err)
			require.Equal(t, r, again)

			if strings.HasPrefix(name, "docs") { // what Twilio shows is right
				require.NoError(t, r.Validate())
				require.Empty(t, r.Warnings())
			}
		})
	}
}
