package main

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
)

// proxy is a program of Debian that runs a configuration of examples/deploy, unchanged.
type proxy struct {
	t         *testing.T
	dir, addr string
	variables []string
	cmd       *exec.Cmd
	said      bytes.Buffer
	reload    func()
	obeys     bool // asks /readyz
	cuts      bool // streams, when it is reloaded
	sendsBack bool // to Twilio what it cannot repeat itself
}

// proxies start the proxies.
var proxies = map[string]func(p *proxy){
	"nginx": func(p *proxy) {
		nginx, envsubst := apt.Need(p.t, "nginx", "nginx-light"), apt.Need(p.t, "envsubst", "gettext-base")
		template, err := os.Open(deployment + "nginx/voice.conf.template")
		require.NoError(p.t, err)
		defer template.Close()
		fill := exec.Command(envsubst, "$VOICE_LISTEN $VOICE_CERTIFICATE $VOICE_KEY $VOICE_A $VOICE_B")
		fill.Env, fill.Stdin = p.variables, template
		site, err := fill.Output()
		require.NoError(p.t, err)
		p.write("voice.conf", site)
		main := p.write("nginx.conf", []byte(strings.ReplaceAll(`daemon off; pid DIR/pid; error_log stderr warn; worker_processes 2; events { worker_connections 4096; } http {
			client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;
			include voice.conf; }`, "DIR", p.dir)))
		p.run(nginx, "-p", p.dir, "-e", "stderr", "-c", main)
		p.reload = func() { require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGHUP)) }
	},
	"haproxy": func(p *proxy) {
		haproxy := apt.Need(p.t, "haproxy", "haproxy")
		main := p.write("haproxy.cfg", []byte("global\n  log stderr local0\n"))
		p.run(haproxy, "-W", "-f", main, "-f", deployment+"haproxy/voice.cfg")
		p.reload = func() {
			require.NoError(p.t, exec.Command("kill", "-USR2", strconv.Itoa(p.cmd.Process.Pid)).Run()) // Windows has no SIGUSR2
		}
		p.obeys = true
	},
	"caddy": func(p *proxy) {
		caddy := apt.Need(p.t, "caddy", "caddy")
		config := []string{"--adapter", "caddyfile", "--config", deployment + "caddy/Caddyfile"}
		p.run(caddy, append([]string{"run"}, config...)...)
		p.reload = func() {
			cmd := exec.Command(caddy, append([]string{"reload", "--force"}, config...)...)
			cmd.Env = p.cmd.Env
			out, err := cmd.CombinedOutput()
			require.NoError(p.t, err, string(out))
		}
		p.obeys, p.cuts, p.sendsBack = true, true, true
	},
}

// startProxy starts a proxy in front of the instances at a and b.
func startProxy(t *testing.T, name, a, b string) *proxy {
	p := &proxy{t: t, dir: t.TempDir(), addr: steadyAddress(t)}
	cert := newAuthority(t).certify(t, "calls.example.com", time.Now().Add(24*time.Hour))
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	require.NoError(t, err)
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	both, keyFile := p.write("voice.pem", append(public, private...)), p.write("voice.key", private)
	_, port, err := net.SplitHostPort(p.addr)
	require.NoError(t, err)
	p.variables = []string{"VOICE_A=" + a, "VOICE_B=" + b, "VOICE_LISTEN=" + p.addr, "VOICE_CERTIFICATE=" + both, "VOICE_KEY=" + keyFile,
		"VOICE_SITE=https://:" + port, "VOICE_TLS=" + both + " " + keyFile, "VOICE_ADMIN=unix/" + filepath.Join(p.dir, "admin")}
	proxies[name](p)
	waitDial(t, p.addr)
	return p
}

// steadyAddress returns an address that stays free while who listens there is started again:
// its port is none of those that the kernel gives to outgoing connections.
func steadyAddress(t *testing.T) string {
	for range 100 {
		addr := fmt.Sprint("127.0.0.1:", 20_000+rand.IntN(12_000))
		if l, err := net.Listen("tcp", addr); err == nil {
			l.Close()
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (p *proxy) write(name string, text []byte) (path string) {
	path = filepath.Join(p.dir, name)
	require.NoError(p.t, os.WriteFile(path, text, 0o600))
	return path
}

func (p *proxy) run(command string, args ...string) {
	p.cmd = exec.Command(command, args...)
	p.cmd.Env = append(append(os.Environ(), "HOME="+p.dir), p.variables...)
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	require.NoError(p.t, p.cmd.Start())
	p.t.Cleanup(func() {
		p.cmd.Process.Signal(syscall.SIGTERM)
		p.cmd.Wait()
		if p.t.Failed() {
			p.t.Log(p.said.String())
		}
	})
}

// send sends a request in a connection of its own.
func (p *proxy) send(method, path, body string, header http.Header) (net.Conn, *http.Response) {
	conn, err := tls.Dial("tcp", p.addr, &tls.Config{InsecureSkipVerify: true, ServerName: "calls.example.com"})
	require.NoError(p.t, err)
	require.NoError(p.t, conn.SetDeadline(time.Now().Add(6*patience)))
	r, err := http.NewRequest(method, "https://calls.example.com"+path, strings.NewReader(body))
	require.NoError(p.t, err)
	for name, values := range header {
		r.Header[name] = values
	}
	require.NoError(p.t, r.Write(conn))
	response, err := http.ReadResponse(bufio.NewReader(conn), r)
	require.NoError(p.t, err)
	return conn, response
}

// ask sends a request as Twilio does, which follows redirects, and returns the status.
func (p *proxy) ask(method, path, body string, header http.Header) int {
	for range 10 {
		conn, response := p.send(method, path, body, header)
		conn.Close()
		if response.StatusCode != http.StatusTemporaryRedirect {
			return response.StatusCode
		}
		require.True(p.t, p.sendsBack)
		require.Equal(p.t, "https://calls.example.com"+path, response.Header.Get("Location"))
	}
	return http.StatusLoopDetected
}

const inbound = "/api/voice/twilio/inbound"

// webhook sends one, which is answered.
func (p *proxy) webhook(body string) {
	require.Equal(p.t, http.StatusOK, p.ask(http.MethodPost, inbound, body, nil))
}

// stream opens a stream, which returns what it is sent.
func (p *proxy) stream() net.Conn {
	conn, response := p.send(http.MethodGet, "/api/voice/twilio/stream/token", "",
		http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}})
	p.t.Cleanup(func() { conn.Close() })
	require.Equal(p.t, http.StatusSwitchingProtocols, response.StatusCode)
	return conn
}

// echoes reports whether a stream is up.
func echoes(conn net.Conn) bool {
	if _, err := io.WriteString(conn, "media"); err != nil {
		return false
	}
	back := make([]byte, 5)
	_, err := io.ReadFull(conn, back)
	return err == nil && string(back) == "media"
}

// instance is what a proxy sees of a server.
type instance struct {
	*httptest.Server
	mu                sync.Mutex
	unready           bool
	breaks            bool // over webhooks, and refuses streams
	webhooks, streams int  // that were answered
	asked             *http.Request
	body              string
}

func newInstance(t *testing.T) *instance {
	i := &instance{}
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	return i
}

func (i *instance) address() string { return i.Listener.Addr().String() }

func (i *instance) lock(do func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	do()
}

// counts returns how many webhooks and streams were answered since it was asked before.
func (i *instance) counts() (webhooks, streams int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	webhooks, streams = i.webhooks, i.streams
	i.webhooks, i.streams = 0, 0
	return webhooks, streams
}

func (i *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case r.URL.Path == "/readyz":
		if i.unready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	case r.Header.Get("Upgrade") != "" && i.breaks:
		w.WriteHeader(http.StatusServiceUnavailable)
	case i.breaks:
		panic(http.ErrAbortHandler)
	case r.Header.Get("Upgrade") != "":
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		i.streams++
		accept := sha1.Sum([]byte(r.Header.Get("Sec-Websocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455, 4.2.2
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+
			base64.StdEncoding.EncodeToString(accept[:])+"\r\n\r\n")
		go func() { // ends with the connection
			defer conn.Close()
			io.Copy(conn, conn)
		}()
	default:
		i.webhooks++
		i.asked, i.body = r, string(body)
	}
}

// TestProxyRules has each proxy do what its configuration promises.
func TestProxyRules(t *testing.T) {
	for name := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b := newInstance(t), newInstance(t)
			p := startProxy(t, name, a.address(), b.address())
			p.webhook("")

			// The URL is passed on as it was signed, and nobody says himself where he comes from.
			const signed = inbound + "?a=%2F..%2f&b=+&b=%20"
			require.Equal(t, http.StatusOK, p.ask(http.MethodPost, signed, "", http.Header{"X-Twilio-Signature": {"signed="}, "Forwarded": {"for=54.172.60.1"},
				"X-Forwarded-For": {"54.172.60.1"}, "X-Forwarded-Proto": {"http"}, "X-Forwarded-Host": {"evil.example.com"}}))
			asked := a.asked
			if asked == nil || asked.RequestURI != signed {
				asked = b.asked
			}
			require.Equal(t, signed, asked.RequestURI)
			require.Equal(t, "calls.example.com", asked.Host)
			require.Equal(t, "signed=", asked.Header.Get("X-Twilio-Signature"))
			for header, want := range map[string]string{"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "calls.example.com"} {
				require.Equal(t, []string{want}, asked.Header[header], header)
			}
			require.Empty(t, asked.Header.Get("Forwarded"))
			for _, private := range []string{"/metrics", "/admin/calls", "/readyz", "/", "/api/voices"} {
				require.Equal(t, http.StatusNotFound, p.ask(http.MethodGet, private, "", nil), private)
			}
			_, err := tls.Dial("tcp", p.addr, &tls.Config{InsecureSkipVerify: true, ServerName: "calls.example.com", MaxVersion: tls.VersionTLS11})
			require.Error(t, err)

			// A stream follows each webhook: either instance gets both.
			a.counts()
			b.counts()
			var streams []net.Conn
			for range 20 {
				p.webhook("")
				streams = append(streams, p.stream())
			}
			for _, i := range []*instance{a, b} {
				webhooks, streams := i.counts()
				require.Greater(t, webhooks, 5)
				require.Greater(t, streams, 5)
			}

			// A webhook whose instance dies over it is asked elsewhere, with its body, and so is a
			// stream that is refused.
			a.lock(func() { a.breaks = true })
			for range 4 {
				p.webhook("CallSid=CA1")
				b.lock(func() { require.Equal(t, "CallSid=CA1", b.body) })
				if !p.sendsBack {
					p.stream()
				}
			}
			a.lock(func() { a.breaks = false })

			// A reload refuses nobody, and cuts no stream.
			p.reload()
			for range 50 {
				p.webhook("")
				p.stream()
			}
			for _, conn := range streams {
				require.Equal(t, !p.cuts, echoes(conn))
			}

			// An instance that is not ready gets no call, unless none is.
			unready := func() bool {
				a.counts()
				b.counts()
				for range 4 {
					p.webhook("")
				}
				webhooks, _ := a.counts()
				return webhooks == 0
			}
			if p.obeys {
				a.lock(func() { a.unready = true })
				require.Eventually(t, unready, 6*patience, tick)
				b.lock(func() { b.unready = true })
				require.Eventually(t, func() bool { return !unready() }, 6*patience, tick)
				p.stream()
				b.lock(func() { b.unready = false })
				require.Eventually(t, unready, 6*patience, tick)
				a.lock(func() { a.unready = false })
				require.Eventually(t, func() bool { return !unready() }, 6*patience, tick)
			}

			// An instance that is gone is missed by nobody.
			a.CloseClientConnections()
			a.Close()
			for range 4 {
				p.webhook("CallSid=CA2")
				b.lock(func() { require.Equal(t, "CallSid=CA2", b.body) })
				p.stream()
			}
		})
	}
}
