package flite

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/voice/tts/text"
)

// print has flite print the phones of each text, which is an utterance of its own.
func print(t *testing.T, path string, texts []string) []string {
	t.Helper()
	cmd := exec.Command(path, "-voice", "kal", "-psdur", "-f", "/dev/stdin", "-o", "none")
	cmd.Stdin = strings.NewReader(strings.Join(texts, "\n\n") + "\n\n")
	out, err := cmd.Output()
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// spokenPieces returns pieces of English text as they are said.
func spokenPieces(t *testing.T) []string {
	t.Helper()
	var pieces []string
	for _, name := range []string{"numbers", "money", "times", "dates", "phones", "abbreviations", "names"} {
		content, err := os.ReadFile(filepath.Join("../text/testdata/corpus", name+".txt"))
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			source, _, _ := strings.Cut(line, "\t")
			for _, p := range text.Split(source, text.Options{}) {
				// Without punctuation inside, so that it is one utterance.
				if w := readable(p.Text); len(w) > 1 && !strings.ContainsAny(strings.TrimRight(p.Text, ".?!,;:"), ".?!;:") {
					pieces = append(pieces, plain(w))
				}
			}
		}
	}
	return pieces
}

// The words get the sounds that they have when they are said alone.
func TestAlign(t *testing.T) {
	path := apt.Need(t, "flite", "flite")
	pieces := spokenPieces(t)
	lines := print(t, path, pieces)
	require.Len(t, lines, len(pieces), "a line for each piece")
	var vocabulary []string
	for _, p := range pieces {
		for _, w := range readable(p) {
			vocabulary = append(vocabulary, w.plain)
		}
	}
	slices.Sort(vocabulary)
	vocabulary = slices.Compact(vocabulary)
	said := print(t, path, vocabulary)
	require.Len(t, said, len(vocabulary))
	alone := make(map[string][]phone)
	for i, w := range vocabulary {
		alone[w] = slices.DeleteFunc(parsePhones(said[i]), func(p phone) bool { return p.name == pause })
	}

	words, right, early := 0, 0, 0
	for i, p := range pieces {
		list := readable(p)
		phones := parsePhones(lines[i])
		sounds := slices.DeleteFunc(slices.Clone(phones), func(p phone) bool { return p.name == pause })
		total := 0
		for _, w := range list {
			total += len(alone[w.plain])
		}
		if total != len(sounds) { // said otherwise in a sentence
			continue
		}
		spans := align(list, phones)
		at := 0
		for k, w := range list {
			n := len(alone[w.plain])
			words++
			switch want := sounds[at+n-1].end; {
			case spans[k].end == want:
				right++
			case spans[k].end < want-60*time.Millisecond:
				early++
			}
			at += n
		}
	}
	t.Logf("%d pieces, %d words: %.2f %% of the ends exact, %.2f %% more than 60 ms too early", len(pieces), words, 100*float64(right)/float64(words), 100*float64(early)/float64(words))
	assert.Greater(t, words, 2000)
	assert.Greater(t, float64(right), 0.99*float64(words))
	assert.Less(t, float64(early), 0.01*float64(words))
}
