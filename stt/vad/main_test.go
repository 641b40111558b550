package vad

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// recording is one entry of testdata/manifest.json.
type recording struct {
	File    string  `json:"file"`
	Text    string  `json:"text"`
	Seconds float64 `json:"seconds"`
}

func recordings(tb testing.TB) []recording {
	data, err := os.ReadFile(filepath.Join("testdata", "manifest.json"))
	require.NoError(tb, err)
	var list []recording
	require.NoError(tb, json.Unmarshal(data, &list))
	return list
}

// samples reads a mu-law recording.
func samples(tb testing.TB, file string) []int16 {
	const header = 58
	data, err := os.ReadFile(filepath.Join("testdata", file))
	require.NoError(tb, err)
	pcm := make([]int16, len(data)-header)
	for i, code := range data[header:] {
		pcm[i] = mulaw(code)
	}
	return pcm
}

// mulaw decodes one code (ITU-T G.711), so that the package needs no other.
func mulaw(code byte) int16 {
	code = ^code
	v := (int16(code&15)<<3+132)<<(code>>4&7) - 132
	if code&128 != 0 {
		return -v
	}
	return v
}
