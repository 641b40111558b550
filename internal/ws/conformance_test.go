package ws

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestConformance runs every case against the reader of this package and against
// coder's: the verdicts are the same.
func TestConformance(t *testing.T) {
	all := conformanceCases()
	require.GreaterOrEqual(t, len(all), 240)
	seen, sections := make(map[string]bool), make(map[string]int)
	for _, c := range all {
		sections[c.rfc]++
		require.False(t, seen[c.rfc+c.name], "%s twice", c.name)
		seen[c.rfc+c.name] = true
		t.Logf("%s %s: %s", c.rfc, c.name, c.want)
	}
	t.Logf("%d cases, by section of RFC 6455: %v", len(all), sections)
	for _, by := range []way{plain, secure, foreign} {
		t.Run(string(by), func(t *testing.T) {
			verdicts := make(chan string, 1)
			peers := server(t, by, Options{ReadLimit: caseLimit}, func(s Socket) { verdicts <- readAll(s) })
			for _, c := range all {
				// In two writes, and at once, also together with the handshake.
				cuts := []int{len(c.send) / 2, 0, len(c.send)}
				if by == secure {
					cuts = cuts[:1] // handshakes take their time
				}
				for _, cut := range cuts {
					conn, br := peers.dial(t, c.send[:cut])
					_, _ = io.WriteString(conn, c.send[cut:])
					_ = conn.CloseWrite() // the server may have ended it
					told := receive(br)
					if told.err == nil {
						_, told.err = br.ReadByte()
					}
					_ = conn.Close()
					require.Equal(t, c.want, <-verdicts, "%s %s", c.rfc, c.name)
					if by == foreign && told.err != io.EOF {
						continue // coder does not read what is left, so that the kernel resets the connection
					}
					want := c.code
					if by == foreign && strings.HasPrefix(c.name, "a close") && want == codeNotUTF8 {
						want = 1000 // coder echoes a close frame before its reason is looked at
					}
					require.Equal(t, want, told.code, "%s %s: told", c.rfc, c.name)
					require.Equal(t, len(c.pongs), len(told.frames), "%s %s: %v", c.rfc, c.name, told.frames)
					for i, p := range c.pongs {
						require.Equal(t, "pong "+brief(p), told.frames[i], "%s %s", c.rfc, c.name)
					}
				}
			}
		})
	}
}
