package voicetest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// link is the way from Twilio to the host: whoever dials the public URL
// reaches the listener, every other name is unreachable.
type link struct {
	target    string // where the host really is
	public    string // host:port of the public URL
	https     bool   // the host itself speaks TLS
	transport *http.Transport

	webhook   time.Duration // for a webhook and its answer, error 11205
	handshake time.Duration // for a stream's; Twilio's is not documented
	grace     time.Duration // for handlers when the server closes

	server *http.Server // nil with Config.Target
	memory *memory      // the way to it with Config.InMemory; or nil
	rest   *memory      // the way to the REST API then
	served chan struct{}

	mu      sync.Mutex
	idle    *sync.Cond
	serving map[*http.Request]struct{}
}

func newLink(cfg Config) (*link, error) {
	public, _ := url.Parse(cfg.PublicURL) // Config has been checked, Target too
	l := &link{public: hostPort(public), target: cfg.Target, serving: map[*http.Request]struct{}{},
		webhook: 15 * time.Second, handshake: 10 * time.Second, grace: 10 * time.Second}
	l.idle = sync.NewCond(&l.mu)
	if cfg.Handler != nil {
		if err := l.serve(cfg.Handler, cfg); err != nil {
			return nil, err
		}
	}
	target, _ := url.Parse(l.target)
	l.https = target.Scheme == "https"
	addr := hostPort(target)
	dial := func(ctx context.Context, network, to string) (net.Conn, error) {
		if l.rest != nil && to == l.rest.Addr().String() {
			return l.rest.dial()
		}
		if to != l.public {
			return nil, &net.DNSError{Err: "not below PublicURL, the fake does not reach it", Name: to, IsNotFound: true}
		}
		conn, err := l.connect(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if !l.https {
			return newValve(conn), nil
		}
		tlsConn := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, ServerName: target.Hostname()}) // loopback, or who looks at the certificate elsewhere
		if err := tlsConn.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		return newValve(tlsConn), nil
	}
	l.transport = &http.Transport{DialContext: dial, DialTLSContext: dial, DisableKeepAlives: true}
	return l, nil
}

// connect opens a connection to the host.
func (l *link) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	if l.memory != nil {
		return l.memory.dial()
	}
	var d net.Dialer
	return d.DialContext(ctx, network, addr)
}

// serve serves h on a loopback listener, or in memory, and counts what it handles.
func (l *link) serve(h http.Handler, cfg Config) error {
	var ln net.Listener
	var err error
	if cfg.InMemory {
		l.memory, l.rest = newMemory("127.0.0.1:1"), newMemory("127.0.0.1:2")
		ln = l.memory
	} else if ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return fmt.Errorf("voicetest: %w", err)
	}
	l.target = "http://" + ln.Addr().String()
	if cfg.TLS {
		cert, err := selfSigned()
		if err != nil {
			ln.Close()
			return fmt.Errorf("voicetest: %w", err)
		}
		l.target = "https://" + ln.Addr().String()
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	l.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.mu.Lock()
		l.serving[r] = struct{}{}
		l.mu.Unlock()
		defer func() {
			l.mu.Lock()
			delete(l.serving, r)
			l.idle.Broadcast()
			l.mu.Unlock()
		}()
		h.ServeHTTP(w, r)
	})}
	l.served = make(chan struct{})
	go func() {
		defer close(l.served)
		l.server.Serve(ln) // returns http.ErrServerClosed
	}()
	return nil
}

// close stops the server and waits for its handlers, hijacked ones too.
func (l *link) close() error {
	l.transport.CloseIdleConnections()
	if l.server == nil {
		return nil
	}
	l.server.Close()
	<-l.served
	late := false
	timer := time.AfterFunc(l.grace, func() {
		l.mu.Lock()
		late = true
		l.idle.Broadcast()
		l.mu.Unlock()
	})
	defer timer.Stop()
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.serving) > 0 && !late {
		l.idle.Wait()
	}
	var errs []error
	for r := range l.serving {
		errs = append(errs, fmt.Errorf("voicetest: the handler of %s %s is still running %v after the last call ended", r.Method, r.URL.Path, l.grace))
	}
	return errors.Join(errs...)
}

// hostPort returns the authority of u with its port, as net.Dial wants it.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if u.Scheme == "http" || u.Scheme == "ws" {
			port = "80"
		}
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
