package ws

import "encoding/binary"

// Opcodes, RFC 6455 section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
)

const (
	maxHeader  = 14  // bytes of a masked frame's header
	maxControl = 125 // bytes of a control frame's payload
)

// header is that of a frame which a client sent.
type header struct {
	fin    bool
	opcode byte
	key    uint32 // of the mask, the first byte lowest
	size   int    // bytes of the header itself; 0 if it is not complete yet
	length uint64 // bytes of the payload; below 1<<63
}

// parseHeader reads the header that b begins with.
func parseHeader(b []byte) (h header, err error) {
	if len(b) < 2 {
		return header{}, nil
	}
	masked := b[1]&0x80 != 0
	size := 2
	length := uint64(b[1] & 0x7f)
	switch length {
	case 126:
		if size += 2; len(b) < size {
			return header{}, nil
		}
		length = uint64(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if size += 8; len(b) < size {
			return header{}, nil
		}
		if length = binary.BigEndian.Uint64(b[2:]); length >= 1<<63 {
			return header{}, errLength
		}
	}
	if masked {
		if size += 4; len(b) < size {
			return header{}, nil
		}
		h.key = binary.LittleEndian.Uint32(b[size-4:])
	}
	h.fin, h.opcode, h.size, h.length = b[0]&0x80 != 0, b[0]&0xf, size, length
	switch {
	case b[0]&0x70 != 0:
		return h, errReserved
	case !masked && h.opcode == opClose:
		return h, errUnmaskedClose
	case !masked:
		return h, errUnmasked
	case h.opcode > opBinary && h.opcode < opClose || h.opcode > opPong:
		return h, errOpcode
	case h.control() && length > maxControl:
		return h, errLongControl
	case h.control() && !h.fin:
		return h, errSplitControl
	}
	return h, nil
}

func (h *header) control() bool { return h.opcode >= opClose }

// appendHeader appends the header of a whole, unmasked frame.
func appendHeader(dst []byte, opcode byte, length int) []byte {
	dst = append(dst, 0x80|opcode)
	switch {
	case length <= maxControl:
		return append(dst, byte(length))
	case length < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, 126), uint16(length))
	}
	return binary.BigEndian.AppendUint64(append(dst, 127), uint64(length))
}

// unmask applies a mask whose first byte is the key's lowest.
func unmask(b []byte, key uint32) {
	wide := uint64(key)<<32 | uint64(key)
	for len(b) >= 32 {
		q := b[:32]
		binary.LittleEndian.PutUint64(q, binary.LittleEndian.Uint64(q)^wide)
		binary.LittleEndian.PutUint64(q[8:], binary.LittleEndian.Uint64(q[8:])^wide)
		binary.LittleEndian.PutUint64(q[16:], binary.LittleEndian.Uint64(q[16:])^wide)
		binary.LittleEndian.PutUint64(q[24:], binary.LittleEndian.Uint64(q[24:])^wide)
		b = b[32:]
	}
	for ; len(b) >= 8; b = b[8:] {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
	}
	for i := range b {
		b[i] ^= byte(wide >> (8 * i))
	}
}
