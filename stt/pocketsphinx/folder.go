package pocketsphinx

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
)

// folder holds an engine's files: the utterances under way, the grammar and the
// transform. It is locked while the engine lives. A killed process leaves it behind,
// unlocked, and the next engine on the machine removes it.
type folder struct {
	path  string
	lock  *os.File // nil where there are no such locks
	clips atomic.Uint64
}

// prefix is the beginning of the folders' names.
const prefix = "dialtone-pocketsphinx-"

// newFolder makes a folder in memory, where there is one: the processes read every
// utterance from a file.
func newFolder() (*folder, error) {
	const memory = "/dev/shm"
	removeLeft(memory)
	if f, err := newFolderIn(memory); err == nil {
		return f, nil
	}
	removeLeft(os.TempDir())
	return newFolderIn(os.TempDir())
}

// newFolderIn makes a folder in dir.
func newFolderIn(dir string) (*folder, error) {
	for {
		path, err := os.MkdirTemp(dir, prefix)
		if err != nil {
			return nil, err
		}
		lock, err := lockFolder(path)
		switch {
		case err == nil:
			return &folder{path: path, lock: lock}, nil
		case !errors.Is(err, errTaken): // another took it for one that was left behind
			os.Remove(path)
			return nil, err
		}
	}
}

// errTaken is the error of a folder that is locked by another, or gone.
var errTaken = errors.New("folder is taken")

// remove removes the folder with its files.
func (f *folder) remove() error {
	err := os.RemoveAll(f.path)
	if f.lock != nil {
		f.lock.Close()
	}
	return err
}

// removeLeft removes folders in dir that were left behind: this user's, not locked,
// and with nothing but an engine's files in them.
func removeLeft(dir string) {
	left, err := filepath.Glob(filepath.Join(dir, prefix+"*"))
	if err != nil {
		return
	}
	for _, path := range left {
		lock, err := lockFolder(path)
		if err != nil || lock == nil {
			continue
		}
		if entries, err := lock.ReadDir(-1); err == nil && allOurs(entries) {
			for _, entry := range entries {
				os.Remove(filepath.Join(path, entry.Name()))
			}
			os.Remove(path)
		}
		lock.Close()
	}
}

// allOurs reports whether an engine has written all the files.
func allOurs(entries []os.DirEntry) bool {
	for _, entry := range entries {
		number, audio := strings.CutSuffix(entry.Name(), ".raw")
		number, counted := strings.CutPrefix(number, "u")
		switch {
		case !entry.Type().IsRegular():
			return false
		case audio && counted && number != "" && strings.Trim(number, "0123456789") == "":
		case entry.Name() == "telephone.mllr", entry.Name() == "phrases.gram", entry.Name() == "phrases.dict":
		default:
			return false
		}
	}
	return true
}
