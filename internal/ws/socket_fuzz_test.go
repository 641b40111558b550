package ws

import (
	"bytes"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzSocket sends a stream of bytes over a TCP connection, in pieces, and ends
// the connection in one of several ways. Each time, the server reads what the
// reader alone makes of the same bytes, or the beginning of that, and neither a
// goroutine nor a file descriptor is left.
func FuzzSocket(f *testing.F) {
	for i, c := range conformanceCases() {
		if i%7 == 0 && len(c.send) < 2000 {
			f.Add([]byte(c.send), uint64(i))
		}
	}
	accepted := make(chan Socket, 1)
	peers := server(f, plain, Options{ReadLimit: 1100}, func(s Socket) { accepted <- s })
	f.Fuzz(func(t *testing.T, stream []byte, how uint64) {
		before := held()
		all := stream
		if how%6 == 0 { // the client ends properly
			all = append(bytes.Clone(stream), closing(1000, "")...)
		}
		alone, _ := inMemory(t, all, how, 1100)
		wanted, wantedEnd := drain(alone)
		alone.out.running.Wait()

		client, err := net.Dial("tcp", peers.srv.Listener.Addr().String())
		require.NoError(t, err)
		tcp := client.(*net.TCPConn)
		early := int(how>>8) % (len(all) + 1)
		br := upgrade(t, client, string(all[:early]))
		var listening sync.WaitGroup
		listening.Go(func() {
			receive(br)
			_ = client.Close()
		})
		s := <-accepted
		var messages, end string
		var reading sync.WaitGroup
		reading.Go(func() { messages, end = drain(s) })
		cut := early + int(how>>16)%(len(all)-early+1)
		_, _ = client.Write(all[early:cut]) // fails where the server has ended it
		_, _ = client.Write(all[cut:])
		whole := false
		switch how % 6 {
		case 0, 1:
			_ = tcp.CloseWrite()
			whole = true
		case 2: // it resets the connection
			_ = tcp.SetLinger(0)
			_ = client.Close()
		case 3: // the server ends it while it is being read
			_ = s.Close(1001, "going away")
		case 4: // it is silent, and the server loses patience
			s.Rest()
			s.Interrupt()
		case 5: // both at once
			listening.Go(func() { _ = client.Close() })
			_ = s.Close(1000, "")
		}
		reading.Wait()
		if whole {
			require.Equal(t, wanted, messages)
			require.Equal(t, wantedEnd, end)
		} else {
			require.True(t, strings.HasPrefix(wanted, messages), "%q of %q", messages, wanted)
		}
		_ = s.Close(1008, "")
		_ = client.Close()
		listening.Wait()
		deadline := time.Now().Add(patience)
		for after := held(); after.goroutines > before.goroutines || after.files > before.files; after = held() {
			require.False(t, time.Now().After(deadline), "held before %+v, after %+v", before, after)
			time.Sleep(100 * time.Microsecond)
		}
	})
}

// holding is what a process holds.
type holding struct{ goroutines, files int }

func held() holding {
	dir, err := os.ReadDir("/proc/self/fd")
	if err != nil { // no such thing here
		dir = nil
	}
	return holding{runtime.NumGoroutine(), len(dir)}
}
