package text

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write what comes out as what is expected")

// corpusLine is a line of testdata/corpus: a text, with escapes as in Go, a tab and
// its pieces, separated by " | ".
type corpusLine struct{ source, pieces string }

// corpus returns the lines of a file and the options that its name stands for.
func corpus(tb testing.TB, file string) ([]corpusLine, Options) {
	tb.Helper()
	content, err := os.ReadFile(file)
	require.NoError(tb, err)
	var lines []corpusLine
	for line := range strings.Lines(string(content)) {
		source, pieces, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		lines = append(lines, corpusLine{source, pieces})
	}
	switch name := strings.TrimSuffix(filepath.Base(file), ".txt"); name {
	case "de", "fr", "es":
		return lines, Options{Language: name}
	case "cjk":
		return lines, Options{Language: "zh-CN"}
	case "gb":
		return lines, Options{Language: "en-GB"}
	case "written":
		return lines, Options{AsWritten: true}
	}
	return lines, Options{}
}

func corpusFiles(tb testing.TB) []string {
	tb.Helper()
	files, err := filepath.Glob("testdata/corpus/*.txt")
	require.NoError(tb, err)
	require.NotEmpty(tb, files)
	return files
}

// unescape reads the escapes of a line.
func unescape(tb testing.TB, s string) string {
	tb.Helper()
	var b strings.Builder
	for s != "" {
		r, multi, rest, err := strconv.UnquoteChar(s, 0)
		require.NoError(tb, err, s)
		if multi {
			b.WriteRune(r)
		} else {
			b.WriteByte(byte(r))
		}
		s = rest
	}
	return b.String()
}

func joined(pieces []Piece) string {
	texts := make([]string, len(pieces))
	for i, p := range pieces {
		texts[i] = p.Text
	}
	return strings.Join(texts, " | ")
}

func TestCorpus(t *testing.T) {
	lines := 0
	for _, file := range corpusFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			list, o := corpus(t, file)
			lines += len(list)
			var out strings.Builder
			for _, line := range list {
				got := joined(Split(unescape(t, line.source), o))
				out.WriteString(line.source + "\t" + got + "\n")
				if !*update {
					assert.Equal(t, line.pieces, got, line.source)
				}
			}
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o644))
			}
		})
	}
	assert.GreaterOrEqual(t, lines, 1000)
}
