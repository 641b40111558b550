package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// deployment holds the configurations that hosts copy.
const deployment = "../deploy/"

// TestDeploymentIsTested: each file of examples/deploy is named by a test that runs or reads it.
func TestDeploymentIsTested(t *testing.T) {
	var tests strings.Builder
	for _, folder := range []string{".", deployment} {
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		require.NoError(t, err)
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			tests.Write(text)
		}
	}
	count := 0
	require.NoError(t, fs.WalkDir(os.DirFS(deployment), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || slices.Contains([]string{".go", ".mod", ".sum"}, filepath.Ext(path)) {
			return err
		}
		count++
		require.Contains(t, tests.String(), path+`"`)
		return nil
	}))
	require.NotZero(t, count)
}
