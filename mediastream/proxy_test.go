package mediastream_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/mediastream"
)

// echo returns each piece of audio and each key, as a mark, to the caller.
func echo(w http.ResponseWriter, r *http.Request) {
	c, err := mediastream.Accept(w, r, nil)
	if err != nil {
		return
	}
	ctx := context.WithoutCancel(r.Context())
	go func() { // the handler returns before the call runs
		defer func() { _ = c.Close(1000, "") }()
		for e, err := range c.Events(ctx) {
			if err != nil {
				return
			}
			switch e.Type {
			case mediastream.EventMedia:
				_ = c.SendMedia(make([]byte, 160))
			case mediastream.EventDTMF:
				_ = c.SendMark(e.Digit)
			}
		}
	}()
}

// converse is a short call: 60 pieces of audio, a key, and what comes back.
func converse(t *testing.T, url string, transport http.RoundTripper) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tw, err := mediastream.Dial(ctx, url, stream, &mediastream.DialOptions{Transport: transport})
	require.NoError(t, err)
	defer func() { _ = tw.Abort() }()
	begin(t, tw)
	require.NoError(t, media(60)(tw))
	require.NoError(t, tw.Send(tw.DTMF("5")))
	var audio int
	for {
		cmd := receive(t, tw)
		if cmd.Type == mediastream.CommandMark {
			require.Equal(t, "5", cmd.Mark)
			break
		}
		audio += len(cmd.Audio)
	}
	require.Equal(t, 60*160, audio)
	require.NoError(t, tw.Send(tw.Stop()))
	require.Equal(t, 1000, ended(t, tw))
}

func TestTLSInProcess(t *testing.T) {
	srv := httptest.NewTLSServer(http.HandlerFunc(echo))
	defer srv.Close()
	converse(t, strings.Replace(srv.URL, "https", "wss", 1), srv.Client().Transport)
}

// proxy is a reverse proxy of Debian that terminates TLS, as many hosts have.
type proxy struct {
	pkg  string
	conf string // %[1]s a folder, %[2]s the socket to listen on, %[3]s the certificate without its ending, %[4]s the server
	args func(dir, conf string) []string
	in   string // family of addresses between proxy and server
}

var proxies = map[string]proxy{
	"nginx": {pkg: "nginx", in: "tcp4", args: func(dir, conf string) []string {
		return []string{"-p", dir, "-c", conf, "-e", filepath.Join(dir, "error.log")}
	}, conf: `
daemon off;
pid %[1]s/pid;
error_log %[1]s/error.log;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
	upstream calls { server %[4]s; keepalive 1; }
	map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
	server {
		listen unix:%[2]s ssl;
		ssl_certificate %[3]s.pem;
		ssl_certificate_key %[3]s.key;
		location / {
			proxy_pass http://calls;
			proxy_http_version 1.1;
			proxy_set_header Host $host;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection $connection_upgrade;
			proxy_read_timeout 1h;
		}
	}
}
`},
	"haproxy": {pkg: "haproxy", in: "tcp6", args: func(_, conf string) []string { return []string{"-db", "-f", conf} }, conf: `
defaults
	mode http
	timeout connect 10s
	timeout client 10s
	timeout server 10s
	timeout tunnel 1h
frontend carrier
	bind unix@%[2]s ssl crt %[3]s.both
	default_backend calls
backend calls
	http-reuse always
	server calls %[4]s
`},
	"caddy": {pkg: "caddy", in: "tcp6", args: func(_, conf string) []string { return []string{"run", "--adapter", "caddyfile", "--config", conf} }, conf: `
{
	admin off
	auto_https off
	default_sni 127.0.0.1
	storage file_system %[1]s
}
https://127.0.0.1 {
	bind unix/%[2]s
	tls %[3]s.pem %[3]s.key
	reverse_proxy %[4]s
}
`},
}

// TestBehindAProxy has a call, and another request before it so that the proxy has
// a connection to reuse.
func TestBehindAProxy(t *testing.T) {
	for name, p := range proxies {
		t.Run(name, func(t *testing.T) {
			mux := http.NewServeMux()
			mux.HandleFunc("/stream", echo)
			mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
			srv := httptest.NewUnstartedServer(mux)
			require.NoError(t, srv.Listener.Close())
			l, err := net.Listen(p.in, map[string]string{"tcp4": "127.0.0.1:0", "tcp6": "[::1]:0"}[p.in])
			require.NoError(t, err)
			srv.Listener = l
			srv.Start()
			defer srv.Close()
			transport := p.run(t, name, l.Addr().String())
			resp, err := (&http.Client{Transport: transport, Timeout: patience}).Get("https://127.0.0.1/health")
			require.NoError(t, err)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			require.Equal(t, "ok", string(body))
			converse(t, "wss://127.0.0.1/stream", transport)
		})
	}
}

// run starts the proxy and returns the way through it.
func (p proxy) run(t *testing.T, name, server string) http.RoundTripper {
	command := apt.Need(t, name, p.pkg)
	dir := t.TempDir()
	cert, pool := certificate(t, dir)
	socket := filepath.Join(dir, "socket") // a port could be given to another test first
	conf := filepath.Join(dir, "conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, p.conf, dir, socket, cert, server), 0o600))
	var said bytes.Buffer
	cmd := exec.Command(command, p.args(dir, conf)...)
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Env = append(os.Environ(), "HOME="+dir)
	require.NoError(t, cmd.Start())
	end := sync.OnceFunc(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // interrupted
	})
	t.Cleanup(end)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := dial(t.Context(), "", "")
		if err == nil {
			require.NoError(t, conn.Close())
			break
		}
		if time.Now().After(deadline) {
			end()
			t.Fatalf("%s does not listen: %v\n%s", name, err, said.String())
		}
	}
	return &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
}

// certificate makes one for 127.0.0.1 and returns its path without the endings.
func certificate(t *testing.T, dir string) (path string, pool *x509.CertPool) {
	openssl := apt.Need(t, "openssl", "openssl")
	path = filepath.Join(dir, "cert")
	out, err := exec.Command(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
		"-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path+".key", "-out", path+".pem").CombinedOutput()
	require.NoError(t, err, string(out))
	pem, err := os.ReadFile(path + ".pem")
	require.NoError(t, err)
	key, err := os.ReadFile(path + ".key")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path+".both", append(key, pem...), 0o600))
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	return path, pool
}
