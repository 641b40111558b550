package mediastream_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
)

// TestAttacks has peers that mean harm, each beside a call that must not notice.
func TestAttacks(t *testing.T) {
	header := func(first byte, length uint64) []byte {
		return append(binary.BigEndian.AppendUint64([]byte{first, 0xff}, length), 0, 0, 0, 0)
	}
	drip := func(b []byte) func(net.Conn) {
		return func(c net.Conn) {
			for { // one byte at a time, and the message never ends
				if _, err := c.Write(b); err != nil {
					return
				}
				time.Sleep(time.Millisecond)
			}
		}
	}
	for _, c := range []struct {
		name   string
		begin  []byte         // what it sends first
		attack func(net.Conn) // and then, until the connection is closed
		want   mediastream.ErrorType
		code   int
	}{
		{"drips a frame", []byte{0x81, 0xfe, 0xff, 0xff, 0, 0, 0, 0}, drip([]byte{' '}), mediastream.ErrorTimeout, 1001},
		{"stalls within a frame", []byte{0x81, 0xfe, 0x01, 0x00, 0, 0, 0, 0, '{'}, nil, mediastream.ErrorTimeout, 1001},
		{"stalls within a header", []byte{0x81}, nil, mediastream.ErrorTimeout, 1001},
		{"stalls within fragments", []byte{0x01, 0x81, 0, 0, 0, 0, '{'}, nil, mediastream.ErrorTimeout, 1001},
		{"announces 2^62 bytes", header(0x81, 1<<62), drip(make([]byte, 1000)), mediastream.ErrorOversize, 1009},
		{"announces 2^63 bytes", header(0x81, 1<<63), drip(make([]byte, 1000)), mediastream.ErrorProtocol, 1002},
		{"announces 2^64-1 bytes", header(0x81, 1<<64-1), drip(make([]byte, 1000)), mediastream.ErrorProtocol, 1002},
		{"announces 2^62 bytes in a second fragment", append([]byte{0x01, 0x81, 0, 0, 0, 0, '{'}, header(0x80, 1<<62)...), drip(make([]byte, 1000)), mediastream.ErrorOversize, 1009},
		{"announces a ping of 2^62 bytes", header(0x89, 1<<62), drip(make([]byte, 1000)), mediastream.ErrorProtocol, 1002},
		{"goes on after a violation", []byte{0xc1, 0x80, 0, 0, 0, 0}, drip(bytes.Repeat([]byte{0x89, 0x80, 0, 0, 0, 0}, 1000)), mediastream.ErrorProtocol, 1002},
		{"sends text that is not UTF-8", []byte{0x81, 0x81, 0, 0, 0, 0, 0xff}, nil, mediastream.ErrorProtocol, 1007},
		{"floods pings", nil, drip(bytes.Repeat([]byte{0x89, 0x80, 0, 0, 0, 0}, 1000)), mediastream.ErrorProtocol, 1008},
		{"floods empty fragments", []byte{0x01, 0x80, 0, 0, 0, 0}, drip(bytes.Repeat([]byte{0x00, 0x80, 0, 0, 0, 0}, 1000)), mediastream.ErrorProtocol, 1008},
		{"floods messages", nil, drip(bytes.Repeat([]byte{0x81, 0x82, 0, 0, 0, 0, '[', '}'}, 10)), mediastream.ErrorProtocol, 1008},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url, reports := record(t, mediastream.Options{IdleTimeout: 2 * time.Second})
			other := dial(t, url)
			begin(t, other)
			listen(other)
			talking, enough := make(chan error, 1), make(chan struct{})
			go func() {
				for {
					select {
					case <-enough:
						talking <- nil
						return
					case <-time.After(20 * time.Millisecond):
					}
					if err := media(1)(other); err != nil {
						talking <- err
						return
					}
				}
			}()

			conn := upgraded(t, url)
			var attacking sync.WaitGroup
			_, err := conn.Write(c.begin)
			require.NoError(t, err)
			if c.attack != nil {
				attacking.Go(func() { c.attack(conn) })
			}
			r := next(t, reports)
			var e *mediastream.Error
			require.ErrorAs(t, r.err, &e)
			require.Equal(t, c.want, e.Type, e.Error())
			require.Equal(t, c.code, e.Code)
			told, _ := io.ReadAll(conn)
			require.Equal(t, []byte{byte(c.code >> 8), byte(c.code)}, closeFrame(told), "the peer is told")
			require.NoError(t, conn.Close())
			attacking.Wait()

			close(enough)
			require.NoError(t, next(t, talking))
			require.NoError(t, stop(other))
			r = next(t, reports)
			require.NoError(t, r.err)
			require.Empty(t, r.reported)
		})
	}
}

// TestManyPeersThatStall hold little memory.
func TestManyPeersThatStall(t *testing.T) {
	const peers = 500
	url, reports := record(t, mediastream.Options{StartTimeout: time.Hour, IdleTimeout: time.Hour})
	before := inUse()
	var conns []net.Conn
	for range peers {
		conn := upgraded(t, url)
		_, err := conn.Write([]byte{0x81, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0, '{'})
		require.NoError(t, err)
		conns = append(conns, conn)
	}
	require.Less(t, int(inUse()-before)/peers, 40<<10, "bytes for a peer, both ends of the connection and net/http's handler counted")
	for _, conn := range conns {
		require.NoError(t, conn.Close())
		next(t, reports)
	}
}

// inUse returns the bytes of heap and stacks that are in use.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
