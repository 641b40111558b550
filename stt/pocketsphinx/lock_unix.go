//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package pocketsphinx

import (
	"os"
	"syscall"
)

// lockFolder locks a folder of this user until the file is closed or the process
// ends, however that happens. It follows no symbolic link.
func lockFolder(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if os.IsNotExist(err) {
		return nil, errTaken
	}
	if err != nil {
		return nil, err
	}
	if !ours(f, path) || syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil || !ours(f, path) {
		f.Close()
		return nil, errTaken
	}
	return f, nil
}

// ours reports whether f is this user's and still at path.
func ours(f *os.File, path string) bool {
	opened, err := f.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(path)
	if err != nil || !os.SameFile(opened, named) {
		return false
	}
	owner, ok := opened.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == os.Geteuid()
}
