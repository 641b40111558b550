//go:build unix

package codec

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// guarded returns n values that end exactly where unreadable memory begins and n
// that begin exactly where unreadable memory ends: one byte read or written
// outside them crashes the test.
func guarded[T any](t *testing.T, n int) (atEnd, atStart []T) {
	t.Helper()
	page := syscall.Getpagesize()
	size := n * int(unsafe.Sizeof(*new(T)))
	room := (size + page) / page * page
	mem, err := syscall.Mmap(-1, 0, room+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(mem)) })
	require.NoError(t, syscall.Mprotect(mem[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(mem[page+room:], syscall.PROT_NONE))
	atEnd = unsafe.Slice((*T)(unsafe.Pointer(&mem[page+room-size:][0])), n)
	atStart = unsafe.Slice((*T)(unsafe.Pointer(&mem[page])), n)
	return atEnd, atStart
}
