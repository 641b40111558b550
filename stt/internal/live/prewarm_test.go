package live_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/assemblyai"
	"agentos.dev/dialtone/stt/deepgram"
	"agentos.dev/dialtone/stt/openairealtime"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/stt/vosk"
)

type engine interface {
	stt.Engine
	stt.Prewarmer
	stt.Checker
	stt.Reporter
	io.Closer
}

// services are a fake of each and its engine.
var services = map[string]struct {
	server func(tb testing.TB, texts []string, faults ...fakestt.Fault) *fakestt.Live
	engine func(url string, c *http.Client) (engine, error)
}{
	"deepgram": {fakestt.NewDeepgram, func(url string, c *http.Client) (engine, error) {
		return deepgram.New(deepgram.Options{Key: "k", URL: url, Client: c})
	}},
	"flux": {fakestt.NewFlux, func(url string, c *http.Client) (engine, error) {
		return deepgram.New(deepgram.Options{Key: "k", Model: "flux-general-en", URL: url, Client: c})
	}},
	"assemblyai": {fakestt.NewAssemblyAI, func(url string, c *http.Client) (engine, error) {
		return assemblyai.New(assemblyai.Options{Key: "k", URL: url, Client: c})
	}},
	"openairealtime": {fakestt.NewOpenAIRealtime, func(url string, c *http.Client) (engine, error) {
		return openairealtime.New(openairealtime.Options{Key: "k", URL: url, Client: c})
	}},
	"vosk": {fakestt.NewVosk, func(url string, c *http.Client) (engine, error) {
		return vosk.New(vosk.Options{URL: url, Client: c})
	}},
}

// far makes connections take 100 ms, as DNS, TCP and TLS may.
func far(t *testing.T, c *http.Client) *http.Client {
	t.Cleanup(func() { time.Sleep(100 * time.Millisecond) }) // for one that is no longer wanted
	transport := c.Transport.(*http.Transport)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		time.Sleep(100 * time.Millisecond)
		return dial(ctx, network, addr)
	}
	return c
}

// firstEvent is the time from Open to the first event of a call whose caller
// speaks at once.
func firstEvent(t *testing.T, e stt.Engine) time.Duration {
	t.Helper()
	began := time.Now()
	s, err := stttest.Open(t.Context(), e, stt.Config{})
	require.NoError(t, err)
	defer s.Close()
	stttest.Send(t, s, stttest.Speech(1, codec.Format{}), codec.Format{})
	_, err = s.Next(t.Context())
	require.NoError(t, err)
	return time.Since(began)
}

func TestPrewarmSavesTheHandshake(t *testing.T) {
	for name, service := range services {
		t.Run(name, func(t *testing.T) {
			server := service.server(t, []string{"one"})
			synctest.Test(t, func(t *testing.T) {
				e, err := service.engine(server.URL, far(t, server.Client(t)))
				require.NoError(t, err)
				cold := firstEvent(t, e)
				assert.GreaterOrEqual(t, cold, 100*time.Millisecond)
				require.NoError(t, e.Prewarm(t.Context()))
				assert.NoError(t, e.Check(t.Context()))
				warm := firstEvent(t, e)
				assert.Equal(t, cold-100*time.Millisecond, warm)
				t.Logf("open to first event: %v cold, %v prewarmed", cold, warm)
				time.Sleep(time.Second) // and the next call's connection is ready
				assert.Equal(t, warm, firstEvent(t, e))
				require.NoError(t, e.Close())
				assert.Equal(t, cold, firstEvent(t, e), "it works without, too")
			})
		})
	}
}

// A connection that waits is given up for a new one before others give it up, and
// a call does not miss one that died.
func TestConnectionThatWaits(t *testing.T) {
	server := fakestt.NewOpenAIRealtime(t, []string{"one"}, fakestt.Fault{}, fakestt.Fault{}, fakestt.Fault{Expires: time.Minute})
	synctest.Test(t, func(t *testing.T) {
		e, err := openairealtime.New(openairealtime.Options{Key: "k", URL: server.URL, Client: far(t, server.Client(t))})
		require.NoError(t, err)
		require.NoError(t, e.Prewarm(t.Context()))
		require.Equal(t, 2, server.Connections(), "one to try, one to keep")
		time.Sleep(time.Hour)
		require.InDelta(t, 2+60/4, server.Connections(), 1)
		require.Less(t, firstEvent(t, e), 100*time.Millisecond)
		require.NoError(t, e.Close())
	})
	died := fakestt.NewOpenAIRealtime(t, []string{"one"}, fakestt.Fault{}, fakestt.Fault{Expires: time.Minute})
	synctest.Test(t, func(t *testing.T) {
		e, err := openairealtime.New(openairealtime.Options{Key: "k", URL: died.URL, Client: far(t, died.Client(t))})
		require.NoError(t, err)
		require.NoError(t, e.Prewarm(t.Context()))
		time.Sleep(2 * time.Minute)
		require.Equal(t, 2, died.Connections(), "a service that hangs up is not called in a loop")
		require.GreaterOrEqual(t, firstEvent(t, e), 100*time.Millisecond)
		require.NoError(t, e.Close())
	})
}

// One that the network has lost without a word is given up as well.
func TestConnectionThatIsLost(t *testing.T) {
	server := fakestt.NewVosk(t, []string{"one"})
	synctest.Test(t, func(t *testing.T) {
		client := server.Client(t)
		transport := client.Transport.(*http.Transport)
		dial := transport.DialContext
		var lost []*losing
		transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			lost = append(lost, &losing{Conn: conn})
			return lost[len(lost)-1], err
		}
		e, err := vosk.New(vosk.Options{URL: server.URL, Client: client})
		require.NoError(t, err)
		require.NoError(t, e.Prewarm(t.Context()))
		lost[1].lost.Store(true)
		time.Sleep(time.Minute)
		require.Zero(t, firstEvent(t, e))
		require.NoError(t, e.Close())
	})
}

// losing is a connection that may lose what is sent.
type losing struct {
	net.Conn
	lost atomic.Bool
}

func (l *losing) Write(p []byte) (int, error) {
	if l.lost.Load() {
		return len(p), nil
	}
	return l.Conn.Write(p)
}

func TestPrewarmTellsWhatIsWrong(t *testing.T) {
	for name, service := range services {
		t.Run(name, func(t *testing.T) {
			refusing := service.server(t, nil, fakestt.Fault{Status: 401}, fakestt.Fault{})
			silent := service.server(t, nil, fakestt.Fault{Silent: true}, fakestt.Fault{Silent: true}, fakestt.Fault{Silent: true})
			synctest.Test(t, func(t *testing.T) {
				e, err := service.engine(refusing.URL, refusing.Client(t))
				require.NoError(t, err)
				require.ErrorIs(t, e.Prewarm(t.Context()), stt.ErrAuth)
				assert.ErrorIs(t, e.Check(t.Context()), stt.ErrAuth)
				assert.False(t, e.Status().Ready)
				time.Sleep(time.Minute)
				require.NoError(t, e.Prewarm(t.Context()), "the key was put right")
				assert.True(t, e.Status().Ready)
				require.NoError(t, e.Close())

				e, err = service.engine(silent.URL, silent.Client(t))
				require.NoError(t, err)
				err = e.Prewarm(t.Context())
				if name != "deepgram" && name != "flux" { // whose silence may mean that there was nothing to finish
					require.ErrorIs(t, err, stt.ErrTimeout)
					assert.False(t, e.Status().Ready)
				}
				require.NoError(t, e.Close())
			})
		})
	}
}

// Over TLS with HTTP/2 on offer as well: the call's WebSocket goes over the very
// connection that Prewarm made.
func TestPrewarmedConnectionIsUsed(t *testing.T) {
	fake := fakestt.NewDeepgram(t, []string{"one"})
	var mu sync.Mutex
	var laid, called []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if r.Header.Get("Sec-WebSocket-Key") == "" {
			laid = append(laid, r.RemoteAddr)
			assert.Empty(t, r.Header.Get("Authorization"), "nothing to tell a stranger")
		} else {
			called = append(called, r.RemoteAddr)
		}
		mu.Unlock()
		fake.ServeHTTP(w, r)
	}))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of a connection that is closed at once
	server.StartTLS()
	defer server.Close()
	e, err := deepgram.New(deepgram.Options{Key: "k", URL: "wss" + strings.TrimPrefix(server.URL, "https"), Client: server.Client()})
	require.NoError(t, err)
	defer e.Close()
	require.NoError(t, e.Prewarm(t.Context()))
	firstEvent(t, e)
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, called, 2)
	assert.NotEqual(t, laid[0], called[0])
	assert.Equal(t, laid[0], called[1])
}

// TestUpgradeWithoutAKey: a server that takes every upgrade hangs nothing up.
func TestUpgradeWithoutAKey(t *testing.T) {
	fake := fakestt.NewDeepgram(t, []string{"one"})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sec-WebSocket-Key") != "" {
			fake.ServeHTTP(w, r)
			return
		}
		conn, _, err := w.(http.Hijacker).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		io.Copy(io.Discard, conn)
	}))
	defer server.Close()
	e, err := deepgram.New(deepgram.Options{Key: "kkkk", URL: "ws" + strings.TrimPrefix(server.URL, "http")})
	require.NoError(t, err)
	require.NoError(t, e.Prewarm(t.Context()))
	require.NoError(t, e.Close())
}

// TestCallsTellThatAServiceIsBack, also those that take a connection kept from
// before it failed.
func TestCallsTellThatAServiceIsBack(t *testing.T) {
	server := fakestt.NewVosk(t, []string{"one"}, fakestt.Fault{}, fakestt.Fault{Silent: true}, fakestt.Fault{Silent: true}, fakestt.Fault{Silent: true})
	synctest.Test(t, func(t *testing.T) {
		e, err := vosk.New(vosk.Options{URL: server.URL, Client: server.Client(t)})
		require.NoError(t, err)
		defer e.Close()
		require.NoError(t, e.Prewarm(t.Context()))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.Error(t, e.Prewarm(ctx))
		require.False(t, e.Status().Ready)
		time.Sleep(time.Minute)
		firstEvent(t, e)
		require.True(t, e.Status().Ready)
	})
}

// TestSilentCallersKeepNoOtherAway: after a failure the first call tries the
// service, for all, and its caller may say nothing.
func TestSilentCallersKeepNoOtherAway(t *testing.T) {
	server := fakestt.NewDeepgram(t, []string{"one"}, fakestt.Fault{Status: 401})
	synctest.Test(t, func(t *testing.T) {
		e, err := deepgram.New(deepgram.Options{Key: "kkkk", URL: server.URL, Client: server.Client(t)})
		require.NoError(t, err)
		defer e.Close()
		require.ErrorIs(t, e.Prewarm(t.Context()), stt.ErrAuth)
		time.Sleep(time.Minute)
		silent, err := stttest.Open(t.Context(), e, stt.Config{})
		require.NoError(t, err)
		defer silent.Close()
		time.Sleep(time.Minute)
		other, err := stttest.Open(t.Context(), e, stt.Config{})
		require.NoError(t, err)
		require.NoError(t, other.Close())
	})
}

// TestOneConnectionIsKept: two calls at once cost the service two handshakes.
func TestOneConnectionIsKept(t *testing.T) {
	server := fakestt.NewVosk(t, []string{"one"})
	synctest.Test(t, func(t *testing.T) {
		e, err := vosk.New(vosk.Options{URL: server.URL, Client: far(t, server.Client(t))})
		require.NoError(t, err)
		defer e.Close()
		require.NoError(t, e.Prewarm(t.Context()))
		before := server.Connections()
		for range 2 {
			s, err := stttest.Open(t.Context(), e, stt.Config{})
			require.NoError(t, err)
			defer s.Close()
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		require.Equal(t, 2, server.Connections()-before, "the call that found none kept, and the next one kept")
	})
}
