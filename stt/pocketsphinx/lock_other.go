//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package pocketsphinx

import "os"

// lockFolder does nothing: folders of killed processes stay.
func lockFolder(string) (*os.File, error) { return nil, nil }
