//go:build unix

package codec

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/bench"
)

// TestPageEnd converts one frame in the midst of memory and one that ends where the
// next page is not there, which costs a masked load or store dearly.
func TestPageEnd(t *testing.T) {
	pcm := speech(160)
	mulaw := codec.AppendEncodeMulaw(nil, pcm)
	payload := codec.AppendPayload(nil, pcm)

	pcmAtEnd := unsafe.Slice((*int16)(unsafe.Pointer(unsafe.SliceData(pageEnd(t, 320)))), 160)
	mulawAtEnd, payloadAtEnd := pageEnd(t, 160), pageEnd(t, len(payload))
	copy(pcmAtEnd, pcm)
	copy(mulawAtEnd, mulaw)
	copy(payloadAtEnd, payload)

	var contestants []bench.Contestant
	for _, at := range []struct {
		name           string
		pcm            []int16
		mulaw, payload []byte
	}{{"", pcm, mulaw, payload}, {" at a page's end", pcmAtEnd, mulawAtEnd, payloadAtEnd}} {
		contestants = append(contestants,
			repeat("codec.DecodePayload"+at.name, func() { _, _ = codec.DecodePayload(at.pcm, at.payload) }),
			repeat("codec.AppendPayload"+at.name, func() { codec.AppendPayload(at.payload[:0], at.pcm) }),
			repeat("codec.DecodeMulaw"+at.name, func() { codec.DecodeMulaw(at.pcm, at.mulaw) }),
			repeat("codec.EncodeMulaw"+at.name, func() { codec.EncodeMulaw(at.mulaw, at.pcm) }),
			repeat("codec.DecodeMulaw of 20 samples"+at.name, func() { codec.DecodeMulaw(at.pcm[140:], at.mulaw[140:]) }),
			repeat("codec.EncodeMulaw of 20 samples"+at.name, func() { codec.EncodeMulaw(at.mulaw[140:], at.pcm[140:]) }))
	}
	bench.Report(t, "one frame of 160 samples before a page that is not there", contestants...)
}

// pageEnd returns n bytes that end before a page that is not there.
func pageEnd(t *testing.T, n int) []byte {
	page := unix.Getpagesize()
	mem, err := unix.Mmap(-1, 0, 2*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Munmap(mem) })
	if err := unix.Mprotect(mem[page:], unix.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	return mem[page-n : page : page]
}
