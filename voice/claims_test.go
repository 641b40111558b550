package voice_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// board is a store that instances share.
type board struct {
	names sync.Map
	fail  func() // instead of answering
}

func (b *board) Claim(_ context.Context, name string, _ time.Duration) (bool, error) {
	if b.fail != nil {
		b.fail()
		return false, errors.New("no store")
	}
	_, known := b.names.LoadOrStore(name, true)
	return !known, nil
}

// spread is a load balancer: the webhook goes to the first instance, the stream
// to the second, callbacks to the third.
func spread(instances ...http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "/stream/"):
			instances[1].ServeHTTP(w, r)
		case strings.HasSuffix(r.URL.Path, "/status"):
			instances[2].ServeHTTP(w, r)
		default:
			instances[0].ServeHTTP(w, r)
		}
	})
}

// instances returns three servers that share the claims and report to l.
func instances(t *testing.T, l *ledger, claims voice.Claims) (servers []*voice.Server, handlers []http.Handler) {
	for range 3 {
		srv, mux := newHost(t, voice.Config{Handler: waiting, Claims: claims, Trace: l.trace()})
		servers, handlers = append(servers, srv), append(handlers, mux)
	}
	return servers, handlers
}

func TestCallCountsOnceOnAllInstances(t *testing.T) {
	for name, test := range map[string]struct {
		claims voice.Claims
		want   int
	}{
		"shared":     {&board{}, 1},
		"not shared": {nil, 2},
		"store away": {&board{fail: func() {}}, 2},
		"store mad":  {&board{fail: func() { panic("no store") }}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var l ledger
			servers, handlers := instances(t, &l, test.claims)
			tw := voicetest.New(t, spread(handlers...))
			call := tw.Dial(caller, callee)
			require.Eventually(t, func() bool { return servers[1].Stats().ActiveCalls == 1 }, patience, time.Millisecond)
			call.HangUp()
			l.ends(t, 1)
			require.NoError(t, tw.Close()) // every callback has been answered
			l.mu.Lock()
			defer l.mu.Unlock()
			require.Len(t, l.finished, test.want)
		})
	}
}

func TestTokenOpensOneStreamOnAllInstances(t *testing.T) {
	for name, test := range map[string]struct {
		claims  voice.Claims
		streams int
	}{
		"shared":     {&board{}, 1},
		"not shared": {nil, 2},
		"store away": {&board{fail: func() {}}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var l ledger
			_, handlers := instances(t, &l, test.claims)
			here, there := voicetest.New(t, handlers[0]), voicetest.New(t, handlers[1])
			first := here.Dial(caller, callee)
			require.Eventually(t, func() bool { return l.starts() == 1 }, patience, time.Millisecond)
			replay := there.Dial(caller, callee, voicetest.ReplayedStream(streamURL(t, first)), voicetest.EditMessage(claim(first.SID)))
			if test.streams == 1 {
				replay.Wait(t.Context())
				require.Contains(t, replay.Warnings()[0].Text, "403")
			} else {
				require.Eventually(t, func() bool { return l.starts() == 2 }, patience, time.Millisecond)
				replay.HangUp()
			}
			first.HangUp()
			l.ends(t, test.streams)
			require.Equal(t, test.streams, l.starts())
		})
	}
}

// claim says that a stream is of another call, as who replays a token would.
func claim(callSID string) voicetest.MessageEdit {
	return func(event string, m voicetest.Message) []voicetest.Message {
		if event == "start" {
			_, rest, _ := strings.Cut(string(m.Data), `"callSid":"`)
			m.Data = []byte(strings.Replace(string(m.Data), rest[:34], callSID, 1))
		}
		return []voicetest.Message{m}
	}
}
