package mediastream_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
			case mediastream.Media:
				_ = c.SendMedia(make([]byte, 160))
			case mediastream.DTMF:
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
		if cmd.Type == mediastream.SetMark {
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

// TestBehindNginx terminates TLS in nginx, as many hosts do.
func TestBehindNginx(t *testing.T) {
	nginx := apt.Need(t, "nginx", "nginx")
	srv := httptest.NewServer(http.HandlerFunc(echo))
	defer srv.Close()

	dir := t.TempDir()
	cert, pool := certificate(t, dir)
	socket := filepath.Join(dir, "nginx.sock") // a port could be given to another test first
	conf := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(conf, fmt.Appendf(nil, `
daemon off;
pid %[1]s/pid;
error_log %[1]s/error.log;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
	server {
		listen unix:%[2]s ssl;
		ssl_certificate %[3]s.pem;
		ssl_certificate_key %[3]s.key;
		location / {
			proxy_pass %[4]s;
			proxy_http_version 1.1;
			proxy_set_header Host $host;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection "upgrade";
			proxy_read_timeout 1h;
		}
	}
}
`, dir, socket, cert, srv.URL), 0o600))
	cmd := exec.Command(nginx, "-p", dir, "-c", conf, "-e", filepath.Join(dir, "error.log"))
	require.NoError(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait() // interrupted
	}()
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
			log, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			t.Fatalf("nginx does not listen: %v\n%s", err, log)
		}
	}
	transport := &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}
	converse(t, "wss://127.0.0.1/stream", transport)
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
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(pem))
	return path, pool
}
