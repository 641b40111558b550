//go:build !linux

package program

import "os"

// nameless returns a file that is gone when its last user is, however that ends.
func nameless() (*os.File, error) {
	f, err := os.CreateTemp("", "dialtone-speech-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
