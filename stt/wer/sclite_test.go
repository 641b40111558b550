package wer

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
)

var scores = regexp.MustCompile(`id: \(rm_(\d+)\)\s*\nScores: \(#C #S #D #I\) (\d+) (\d+) (\d+) (\d+)`)

// TestAgainstSclite compares the counts of every utterance with those of NIST's
// program, on random pairs of few words, where alignments are most ambiguous.
func TestAgainstSclite(t *testing.T) {
	sclite := apt.Need(t, "sclite", "sctk")
	rng := rand.New(rand.NewPCG(1, 1))
	const pairs = 1000
	var references, hypotheses [pairs][]string
	var ref, hyp strings.Builder
	for i := range pairs {
		words := 2 + rng.IntN(12)
		references[i] = sentence(rng, 1+rng.IntN(20), words)
		hypotheses[i] = garble(rng, references[i], words)
		fmt.Fprintf(&ref, "%s (rm_%d)\n", strings.Join(references[i], " "), i)
		fmt.Fprintf(&hyp, "%s (rm_%d)\n", strings.Join(hypotheses[i], " "), i)
	}
	dir := t.TempDir()
	refFile, hypFile := filepath.Join(dir, "ref.trn"), filepath.Join(dir, "hyp.trn")
	require.NoError(t, os.WriteFile(refFile, []byte(ref.String()), 0o600))
	require.NoError(t, os.WriteFile(hypFile, []byte(hyp.String()), 0o600))
	out, err := exec.Command(sclite, "-r", refFile, "trn", "-h", hypFile, "trn", "-i", "rm", "-o", "pra", "stdout").CombinedOutput()
	require.NoError(t, err, string(out))

	found := scores.FindAllStringSubmatch(string(out), -1)
	require.Len(t, found, pairs, string(out))
	for _, f := range found {
		var n [5]int
		for k := range n {
			n[k], err = strconv.Atoi(f[k+1])
			require.NoError(t, err)
		}
		got := Count(Align(references[n[0]], hypotheses[n[0]]))
		assert.Equal(t, Errors{n[1] + n[2] + n[3], n[2], n[3], n[4]}, got, "%v\n%v", references[n[0]], hypotheses[n[0]])
	}
}

func sentence(rng *rand.Rand, n, words int) []string {
	s := make([]string, n)
	for i := range s {
		s[i] = string(rune('a' + rng.IntN(words)))
	}
	return s
}

// garble makes about one error in three words.
func garble(rng *rand.Rand, s []string, words int) []string {
	var out []string
	for _, w := range s {
		switch rng.IntN(9) {
		case 0:
		case 1:
			out = append(out, sentence(rng, 1, words)...)
		case 2:
			out = append(out, w, sentence(rng, 1, words)[0])
		default:
			out = append(out, w)
		}
	}
	return out
}
