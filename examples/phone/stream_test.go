package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

// sentFrame reads a frame that a stream has sent, and returns its opcode.
func sentFrame(in io.Reader) (opcode byte, err error) {
	var head [2]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return 0, err
	}
	n := int64(head[1] & 0x7f)
	if n == 126 {
		var long [2]byte
		if _, err := io.ReadFull(in, long[:]); err != nil {
			return 0, err
		}
		n = int64(binary.BigEndian.Uint16(long[:]))
	}
	_, err = io.CopyN(io.Discard, in, 4+n) // the mask and the message
	return head[0] & 0xf, err
}

// After its close frame a stream sends nothing, whatever the service still sends.
func TestNothingAfterClose(t *testing.T) {
	conn, far := net.Pipe()
	defer far.Close()
	s := &stream{conn: conn, load: &loading{service: new(service)}, meter: &meters{}}
	opened := make(chan error, 1)
	go func() { opened <- s.open(bufio.NewReader(conn), "AC") }()
	for range 2 {
		opcode, err := sentFrame(far)
		require.NoError(t, err)
		require.EqualValues(t, opText, opcode)
	}
	require.NoError(t, <-opened)

	why := make(chan error, 1)
	go func() { why <- s.hangUp() }()
	for _, want := range []byte{opText, opClose} {
		opcode, err := sentFrame(far)
		require.NoError(t, err)
		require.Equal(t, want, opcode)
	}
	after := make(chan byte, 1)
	go func() {
		defer close(after)
		if opcode, err := sentFrame(far); err == nil {
			after <- opcode
		}
	}()
	for _, f := range [][]byte{{0x80 | opPing, 0}, {0x80 | opClose, 2, 3, 0xe8}} {
		_, err := far.Write(f)
		require.NoError(t, err)
	}
	require.ErrorIs(t, <-why, errHungUp)
	opcode, sent := <-after
	require.False(t, sent, "sent opcode %d", opcode)
	require.False(t, s.frame(new(worker), s.due), "the pacer sends no more")
}
