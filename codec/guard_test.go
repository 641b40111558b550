//go:build unix

package codec

import (
	"os"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// guarded returns n values that end exactly where unreadable memory begins and n
// that begin exactly where unreadable memory ends: one byte read or written
// outside them crashes the test.
func guarded[T any](t *testing.T, n int) (atEnd, atStart []T) {
	t.Helper()
	page := os.Getpagesize()
	size := n * int(unsafe.Sizeof(*new(T)))
	room := (size + page) / page * page
	mem, err := unix.Mmap(-1, 0, room+2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Munmap(mem)) })
	require.NoError(t, unix.Mprotect(mem[:page], unix.PROT_NONE))
	require.NoError(t, unix.Mprotect(mem[page+room:], unix.PROT_NONE))
	atEnd = unsafe.Slice((*T)(unsafe.Pointer(&mem[page+room-size:][0])), n)
	atStart = unsafe.Slice((*T)(unsafe.Pointer(&mem[page])), n)
	return atEnd, atStart
}
