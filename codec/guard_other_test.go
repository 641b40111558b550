//go:build !unix

package codec

import "testing"

// guarded returns two times n values: without guard pages, what is written outside them is
// not noticed here.
func guarded[T any](_ *testing.T, n int) (atEnd, atStart []T) {
	return make([]T, n), make([]T, n)
}
