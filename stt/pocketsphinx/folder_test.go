//go:build linux

package pocketsphinx

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
)

// write puts a file there, and the folders before it.
func write(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte("x"), 0o600))
}

// left returns the names in dir.
func left(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// What engines of killed processes left behind is removed, and nothing else.
func TestFoldersLeftBehind(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/"+prefix+"1/u17.raw")
	write(t, dir+"/"+prefix+"1/phrases.gram")
	write(t, dir+"/"+prefix+"1/telephone.mllr")
	require.NoError(t, os.Mkdir(dir+"/"+prefix+"empty", 0o700))

	write(t, dir+"/"+prefix+"foreign/u1.raw")
	write(t, dir+"/"+prefix+"foreign/thesis.txt")
	write(t, dir+"/"+prefix+"nested/u1.raw/x")
	write(t, dir+"/other/u1.raw")
	write(t, dir+"/"+prefix+"file")
	require.NoError(t, os.Symlink(dir+"/other", dir+"/"+prefix+"link"))
	require.NoError(t, os.Mkdir(dir+"/"+prefix+"links", 0o700))
	require.NoError(t, os.Symlink(dir+"/other/u1.raw", dir+"/"+prefix+"links/u1.raw"))
	held, err := newFolderIn(dir)
	require.NoError(t, err)
	write(t, held.path+"/u1.raw")

	removeLeft(dir)
	assert.ElementsMatch(t, []string{prefix + "foreign", prefix + "nested", "other", prefix + "file", prefix + "link", prefix + "links", filepath.Base(held.path)}, left(t, dir))
	assert.FileExists(t, dir+"/other/u1.raw")
	assert.FileExists(t, dir+"/"+prefix+"foreign/u1.raw")
	assert.FileExists(t, held.path+"/u1.raw")

	require.NoError(t, held.remove())
	assert.NoDirExists(t, held.path)
}

// Engines that start at the same time take no folder from each other.
func TestFoldersAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				removeLeft(dir)
				f, err := newFolderIn(dir)
				if !assert.NoError(t, err) {
					return
				}
				removeLeft(dir)
				assert.NoError(t, os.WriteFile(f.path+"/u1.raw", nil, 0o600))
				assert.NoError(t, f.remove())
			}
		})
	}
	wg.Wait()
	assert.Empty(t, left(t, dir))
}

func TestKilledProcessLeavesNothing(t *testing.T) {
	newEngine(t, Options{Phrases: []string{"yes"}}) // skips without PocketSphinx
	other := exec.Command(os.Args[0])
	other.Env = append(os.Environ(), waitsToBeKilled+"=1")
	out, err := other.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, other.Start())
	folder, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	folder = strings.TrimSpace(folder)
	require.DirExists(t, folder)

	newEngine(t, Options{Phrases: []string{"no"}})
	require.FileExists(t, folder+"/u99.raw", "it lives")
	require.NoError(t, other.Process.Kill())
	other.Wait()
	require.FileExists(t, folder+"/u99.raw")
	newEngine(t, Options{Phrases: []string{"no"}})
	require.NoDirExists(t, folder)
}

// The workers see nothing of this process's environment but where programs are.
func TestWorkersGetNoSecrets(t *testing.T) {
	newEngine(t, Options{Phrases: []string{"yes"}})
	t.Setenv("TWILIO_AUTH_TOKEN", "very-secret")
	seen := filepath.Join(t.TempDir(), "environment")
	newEngine(t, Options{Phrases: []string{"yes"}, Workers: 1, Binary: fakeBinary(t, "env >"+seen+".part; mv "+seen+".part "+seen+"; read x")})
	require.Eventually(t, func() bool { _, err := os.Stat(seen); return err == nil }, time.Minute, time.Millisecond)
	env, err := os.ReadFile(seen)
	require.NoError(t, err)
	for line := range strings.Lines(string(env)) {
		name, _, _ := strings.Cut(line, "=")
		assert.Contains(t, []string{"PATH", "LD_LIBRARY_PATH", "LC_ALL", "PWD", "OLDPWD", "SHLVL", "_"}, name, "the shell's own included")
	}
}

// An answer without an end costs a bounded amount.
func TestEndlessAnswer(t *testing.T) {
	newEngine(t, Options{Phrases: []string{"yes"}})
	e := newEngine(t, Options{Phrases: []string{"yes"}, Workers: 1, Timeout: time.Minute,
		Binary: fakeBinary(t, `read x; exec cat /dev/zero`)})
	_, err := e.Recognize(t.Context(), make([]byte, 8000), stt.Config{})
	require.ErrorIs(t, err, stt.ErrUnavailable)
}
