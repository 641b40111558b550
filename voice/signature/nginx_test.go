package signature_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	stdnet "net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/apt"
	"agentos.dev/dialtone/voice/signature"
)

// nginxConf is a proxy as people have it: it ends TLS, and the service sees
// http and a host of the inner network. Below /bare it tells the service
// nothing of either.
var nginxConf = template.Must(template.New("nginx").Parse(`
daemon off;
pid {{.Dir}}/pid;
error_log {{.Dir}}/error.log;
worker_processes 1;
events {}
http {
	access_log off;
	client_body_temp_path {{.Dir}}/body;
	proxy_temp_path {{.Dir}}/proxy;
	fastcgi_temp_path {{.Dir}}/fastcgi;
	uwsgi_temp_path {{.Dir}}/uwsgi;
	scgi_temp_path {{.Dir}}/scgi;
	map $http_upgrade $connection_upgrade { default upgrade; '' close; }
	server {
		listen {{.Listen}} ssl;
		server_name calls.example.com;
		ssl_certificate {{.Dir}}/cert.pem;
		ssl_certificate_key {{.Dir}}/key.pem;
		proxy_http_version 1.1;
		proxy_set_header Upgrade $http_upgrade;
		proxy_set_header Connection $connection_upgrade;
		proxy_set_header Host inner.local:8000;
		location / {
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection $connection_upgrade;
			proxy_set_header Host inner.local:8000;
			proxy_set_header X-Forwarded-Proto $scheme;
			proxy_set_header X-Forwarded-Host $http_host;
			proxy_pass http://{{.Backend}};
		}
		location /bare/ { proxy_pass http://{{.Backend}}; }
	}
}
`))

// startNginx puts nginx before a service and returns a client for which
// calls.example.com is that nginx.
func startNginx(t *testing.T, backend string) *http.Client {
	t.Helper()
	program := apt.Need(t, "nginx", "nginx")
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o755))
	roots := certificate(t, dir)

	port, err := stdnet.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	listen := port.Addr().String()
	port.Close()
	var conf bytes.Buffer
	require.NoError(t, nginxConf.Execute(&conf, map[string]string{"Dir": dir, "Listen": listen, "Backend": backend}))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "nginx.conf"), conf.Bytes(), 0o644))

	ctx, stop := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, program, "-e", filepath.Join(dir, "error.log"), "-p", dir, "-c", filepath.Join(dir, "nginx.conf"))
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // the workers end with the master
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	require.NoError(t, command.Start())
	done := make(chan struct{})
	go func() { defer close(done); command.Wait() }()
	t.Cleanup(func() { stop(); <-done })
	require.Eventually(t, func() bool {
		conn, err := stdnet.Dial("tcp", listen)
		if err == nil {
			conn.Close()
		}
		return err == nil
	}, 20*time.Second, 20*time.Millisecond, "nginx does not listen")

	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (stdnet.Conn, error) {
			return new(stdnet.Dialer).DialContext(ctx, network, listen)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// certificate writes a self-signed certificate and its key to dir.
func certificate(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"calls.example.com"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalECPrivateKey(key)
	require.NoError(t, err)
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cert.pem"), certPEM, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER}), 0o600))
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(certPEM))
	return roots
}

func TestBehindNginx(t *testing.T) {
	var log lockedBuffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	tokens := []string{token}
	v := newValidator(t, signature.Options{Tokens: tokens})
	service := httptest.NewServer(v.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			io.WriteString(w, r.Host+" "+r.PostForm.Get("CallSid"))
			return
		}
		conn, err := websocket.Accept(w, r, nil)
		if err == nil {
			conn.Write(r.Context(), websocket.MessageText, []byte("connected"))
			conn.Close(websocket.StatusNormalClosure, "")
		}
	})))
	defer service.Close()
	client := startNginx(t, service.Listener.Addr().String())

	webhook := func(t *testing.T, path string) (status int, body string) {
		r, _ := http.NewRequest("POST", public+path, strings.NewReader(encode(call)))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Twilio-Signature", reference(token, public+path, call))
		answer, err := client.Do(r)
		require.NoError(t, err)
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		require.NoError(t, err)
		return answer.StatusCode, string(text)
	}
	stream := func(t *testing.T, path, signed string) (status int, message string) {
		conn, answer, err := websocket.Dial(t.Context(), "wss://calls.example.com"+path, &websocket.DialOptions{HTTPClient: client,
			HTTPHeader: http.Header{"X-Twilio-Signature": {reference(token, signed, nil)}}})
		if err != nil {
			require.NotNil(t, answer, "%v", err)
			return answer.StatusCode, ""
		}
		defer conn.CloseNow()
		_, text, err := conn.Read(t.Context())
		require.NoError(t, err)
		return answer.StatusCode, string(text)
	}
	const in, socket = "/twilio/in?a=%27+b&c=%7e", "wss://calls.example.com/twilio/stream/1"
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

	for name, o := range map[string]signature.Options{
		"PublicURL":       {Tokens: tokens, PublicURL: public, Logger: logger},
		"trusted headers": {Tokens: tokens, TrustedProxies: loopback, AllowedHosts: []string{"calls.example.com"}, Logger: logger},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, v.Reload(o))
			status, body := webhook(t, in)
			require.Equal(t, 200, status, log.take())
			require.Equal(t, "inner.local:8000 CA01", body)
			status, message := stream(t, "/twilio/stream/1", socket)
			require.Equal(t, 101, status, log.take())
			require.Equal(t, "connected", message)

			status, _ = stream(t, "/twilio/stream/1", public+"/twilio/stream/1")
			require.Equal(t, 403, status)
			require.Contains(t, log.take(), "reason=scheme")
		})
	}
	t.Run("neither", func(t *testing.T) {
		require.NoError(t, v.Reload(signature.Options{Tokens: tokens, Logger: logger}))
		status, body := webhook(t, in)
		require.Equal(t, 403, status)
		require.Empty(t, body)
		require.Contains(t, log.take(), `reason=scheme detail="would be valid for https://calls.example.com/twilio/in?a=[redacted]&c=[redacted]: `+
			`the connection says http://inner.local:8000/twilio/in?a=[redacted]&c=[redacted], set PublicURL"`)
		status, _ = stream(t, "/twilio/stream/1", socket)
		require.Equal(t, 403, status)
		require.Contains(t, log.take(), `reason=scheme detail="would be valid for wss://calls.example.com/twilio/stream/1: the connection says ws://inner.local:8000/twilio/stream/1, set PublicURL"`)
	})
	t.Run("nothing forwarded", func(t *testing.T) {
		require.NoError(t, v.Reload(signature.Options{Tokens: tokens, PublicURL: public, Logger: logger}))
		status, _ := webhook(t, "/bare/in")
		require.Equal(t, 200, status, log.take())
		require.NoError(t, v.Reload(signature.Options{Tokens: tokens, TrustedProxies: loopback, Logger: logger}))
		status, _ = webhook(t, "/bare/in")
		require.Equal(t, 403, status)
		require.Contains(t, log.take(), "reason=mismatch")
	})
}

// A lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// take returns what was logged since it was last called.
func (b *lockedBuffer) take() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer b.text.Reset()
	return b.text.String()
}
