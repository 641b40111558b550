package ws

import (
	"bufio"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// Why a handshake is refused.
var (
	errNoHijack   = errors.New("the http.ResponseWriter is not an http.Hijacker")
	errProto      = errors.New("a handshake needs HTTP/1.1")
	errConnection = errors.New("the Connection header has no Upgrade")
	errUpgrade    = errors.New("the Upgrade header has no websocket")
	errMethod     = errors.New("the method is not GET")
	errVersion    = errors.New("Sec-WebSocket-Version is not 13")
	errKey        = errors.New("Sec-WebSocket-Key is not one value of 16 bytes in base64")
	errBody       = errors.New("a handshake must not have a body")
	errOrigin     = errors.New("the Origin is not allowed")
)

// Accept answers a handshake (RFC 6455, section 4.2). When it fails, the
// response has been written. It hijacks the connection, also through writers
// that have Unwrap, and takes frames that came before its answer.
func Accept(w http.ResponseWriter, r *http.Request, o Options) (Socket, error) {
	if !hijackable(w) {
		return nil, refuse(w, http.StatusNotImplemented, errNoHijack)
	}
	if status, err := check(r, o.Origins); err != nil {
		switch status {
		case http.StatusUpgradeRequired:
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Sec-WebSocket-Version", "13")
		case http.StatusMethodNotAllowed:
			w.Header().Set("Allow", http.MethodGet)
		}
		return nil, refuse(w, status, err)
	}
	sum := sha1.Sum([]byte(strings.TrimSpace(r.Header.Get("Sec-Websocket-Key")) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Upgrade", "websocket")
	w.Header().Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
	w.WriteHeader(http.StatusSwitchingProtocols)
	if late, ok := w.(interface{ WriteHeaderNow() }); ok { // gin's
		late.WriteHeaderNow()
	}
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, fmt.Errorf("hijack: %w", err)
	}
	s, err := open(c, rw, r, &o)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return s, nil
}

// maxReadLimit keeps the arithmetic of lengths within an int of 32 bits.
const maxReadLimit = 1 << 29

// open returns the Socket of a hijacked connection.
func open(c net.Conn, rw *bufio.ReadWriter, r *http.Request, o *Options) (Socket, error) {
	o.ReadLimit = min(max(o.ReadLimit, 0), maxReadLimit)
	early, err := rw.Reader.Peek(rw.Reader.Buffered())
	if err != nil {
		return nil, err
	}
	if tcp, ok := underTLS(c).(*net.TCPConn); ok {
		return newConn(c, tcp, early, o)
	}
	return newCoder(c, early, r, o)
}

// underTLS returns the connection that carries TLS, or c if it has none.
func underTLS(c net.Conn) net.Conn {
	if t, ok := c.(*tls.Conn); ok {
		return t.NetConn()
	}
	return c
}

func refuse(w http.ResponseWriter, status int, err error) error {
	http.Error(w, http.StatusText(status), status)
	return err
}

// hijackable reports whether Hijack has a chance.
func hijackable(w http.ResponseWriter) bool {
	for {
		switch t := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return false
		}
	}
}

// check returns the status with which to refuse a request, and why.
func check(r *http.Request, origins []string) (status int, err error) {
	switch key := r.Header.Values("Sec-Websocket-Key"); {
	case !r.ProtoAtLeast(1, 1):
		return http.StatusUpgradeRequired, errProto
	case !hasToken(r.Header["Connection"], "upgrade"):
		return http.StatusUpgradeRequired, errConnection
	case !hasToken(r.Header["Upgrade"], "websocket"):
		return http.StatusUpgradeRequired, errUpgrade
	case r.Method != http.MethodGet:
		return http.StatusMethodNotAllowed, errMethod
	case r.Header.Get("Sec-Websocket-Version") != "13":
		return http.StatusUpgradeRequired, errVersion
	case len(key) != 1 || !isKey(key[0]):
		return http.StatusBadRequest, errKey
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0: // what follows would be taken for frames
		return http.StatusBadRequest, errBody
	case !allowed(r.Header.Values("Origin"), r.Host, origins):
		return http.StatusForbidden, errOrigin
	}
	return 0, nil
}

// hasToken reports whether a list of header values contains a token.
func hasToken(values []string, token string) bool {
	for _, v := range values {
		for t := range strings.SplitSeq(v, ",") {
			if strings.EqualFold(strings.TrimSpace(t), token) {
				return true
			}
		}
	}
	return false
}

func isKey(key string) bool {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key))
	return err == nil && len(raw) == 16
}

// allowed holds the Origin header against the request's host and the patterns.
func allowed(origin []string, host string, patterns []string) bool {
	if len(origin) == 0 || len(origin) == 1 && origin[0] == "" {
		return true
	}
	u, err := url.Parse(origin[0])
	if err != nil || u.Host == "" || len(origin) > 1 {
		return false
	}
	if strings.EqualFold(u.Host, host) {
		return true
	}
	for _, p := range patterns {
		target := u.Host
		if strings.Contains(p, "://") {
			target = u.Scheme + "://" + u.Host
		}
		if ok, err := path.Match(strings.ToLower(p), strings.ToLower(target)); ok && err == nil {
			return true
		}
	}
	return false
}
