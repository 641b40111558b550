package arch

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoticeNamesEveryRecording: the root's NOTICE says under which terms each file of
// sound or weights is here, and names none that is not.
func TestNoticeNamesEveryRecording(t *testing.T) {
	const root = "../.."
	text, err := os.ReadFile(filepath.Join(root, "NOTICE"))
	require.NoError(t, err)
	named := make(map[string]bool)
	for word := range strings.FieldsSeq(string(text)) {
		named[word] = true
	}
	found := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || len(d.Name()) > 2 && d.Name()[0] == '.') {
			return fs.SkipDir
		}
		switch filepath.Ext(path) {
		case ".wav", ".raw", ".ulaw", ".mp3", ".ogg", ".flac", ".bin", ".mllr", ".onnx":
			name, err := filepath.Rel(root, path)
			require.NoError(t, err)
			require.True(t, named[filepath.ToSlash(name)], "NOTICE does not name %s", name)
			found++
		}
		return nil
	}))
	require.NotZero(t, found)
	for word := range named {
		if ext := filepath.Ext(word); strings.Contains(word, "/testdata/") && ext == ".wav" {
			require.FileExists(t, filepath.Join(root, word))
		}
	}
}
