package signature

import (
	"net/http"
	"net/netip"
	"strings"
)

// peer returns the address that the request's connection comes from.
func peer(r *http.Request) (netip.Addr, bool) {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}, false
	}
	return at.Addr().Unmap().WithZone(""), true
}

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// fromTrusted reports whether the request's peer is one of proxies.
func fromTrusted(r *http.Request, proxies []netip.Prefix) bool {
	if len(proxies) == 0 {
		return false
	}
	addr, ok := peer(r)
	return ok && contains(proxies, addr)
}

// connection is the source of an origin that nobody configured.
const connection = "the connection"

// origin decides which URL Twilio signed, up to its path.
func (c *config) origin(r *http.Request) (origin, *Error) {
	if c.PublicURL != "" {
		return c.public, nil
	}
	o := origin{scheme: "http", authority: r.Host, source: connection}
	if r.TLS != nil {
		o.scheme = "https"
	}
	if fromTrusted(r, c.TrustedProxies) {
		proto, host, ok := c.forwarded(r)
		if !ok {
			return o, &Error{Reason: ReasonForwarded, Detail: "malformed, or fewer entries than ProxyHops"}
		}
		switch strings.ToLower(proto) {
		case "":
		case "https", "wss":
			o.scheme = "https"
		case "http", "ws":
			o.scheme = "http"
		default:
			return o, &Error{Reason: ReasonForwarded, Detail: "the protocol is neither http nor https"}
		}
		if host != "" {
			o.authority = host
		}
		o.source = "the forwarded headers"
	}
	if !validHost(o.authority) {
		return o, &Error{Reason: ReasonHost, Detail: "the host has characters that no host has"}
	}
	if len(c.AllowedHosts) > 0 && !allowedHost(c.AllowedHosts, o.authority) {
		return o, &Error{Reason: ReasonHost, Detail: "the host is not in AllowedHosts"}
	}
	return o, nil
}

func allowedHost(allowed []string, host string) bool {
	name, _, _ := splitPort(host)
	for _, a := range allowed {
		if strings.EqualFold(a, host) || strings.EqualFold(a, name) {
			return true
		}
	}
	return false
}

// forwarded returns the protocol and the host that the trusted proxy names,
// each empty when it names none.
func (c *config) forwarded(r *http.Request) (proto, host string, ok bool) {
	if c.Forwarded {
		e, ok := forwardedElement(r.Header["Forwarded"], c.ProxyHops)
		return e.proto, e.host, ok
	}
	proto, ok1 := entry(r.Header["X-Forwarded-Proto"], c.ProxyHops)
	host, ok2 := entry(r.Header["X-Forwarded-Host"], c.ProxyHops)
	return proto, host, ok1 && ok2
}

// entry returns the hops-th entry, counted from the right, of a list that may
// be spread over several header lines. A header that is absent is an empty
// entry; one with fewer entries is not ok, as is an empty entry that counts.
func entry(lines []string, hops int) (string, bool) {
	if len(lines) == 0 {
		return "", true
	}
	for i := len(lines) - 1; i >= 0; i-- {
		line := lines[i]
		for {
			comma := strings.LastIndexByte(line, ',')
			if hops--; hops == 0 {
				value := strings.Trim(line[comma+1:], " \t")
				return value, value != ""
			}
			if comma < 0 {
				break
			}
			line = line[:comma]
		}
	}
	return "", false
}

// An element is one of a Forwarded header (RFC 7239 section 4).
type element struct{ proto, host, by, client string }

// parameter returns where the parameter of a name belongs, nil when it does not
// matter here.
func (e *element) parameter(name string) *string {
	switch {
	case strings.EqualFold(name, "proto"):
		return &e.proto
	case strings.EqualFold(name, "host"):
		return &e.host
	case strings.EqualFold(name, "by"):
		return &e.by
	case strings.EqualFold(name, "for"):
		return &e.client
	}
	return nil
}

// forwardedElement returns the hops-th element, counted from the right, of a
// Forwarded header. An absent header is an empty element; any error in it is not
// ok. It remembers no more than that many elements, however long the header is.
func forwardedElement(lines []string, hops int) (element, bool) {
	if len(lines) == 0 {
		return element{}, true
	}
	elements := make([]element, 1, 4)
	s := strings.Join(lines, ",")
	for {
		s = strings.TrimLeft(s, " \t")
		name, rest, ok := strings.Cut(s, "=")
		if !ok || name == "" || !only(name, tokenChars) {
			return element{}, false
		}
		value, rest, ok := forwardedValue(rest)
		if to := elements[len(elements)-1].parameter(name); to != nil {
			ok = ok && *to == "" && value != ""
			*to = value
		}
		if !ok {
			return element{}, false
		}
		rest = strings.TrimLeft(rest, " \t")
		switch {
		case rest == "":
			if hops > len(elements) {
				return element{}, false
			}
			return elements[len(elements)-hops], true
		case rest[0] == ',':
			if len(elements) == hops { // the first is out of reach
				elements = append(elements[:0], elements[1:]...)
			}
			elements = append(elements, element{})
		case rest[0] != ';':
			return element{}, false
		}
		s = rest[1:]
	}
}

// tokenChars are the characters of a token (RFC 9110 section 5.6.2).
const tokenChars = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// forwardedValue reads a token or a quoted string at the start of s.
func forwardedValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ",; \t")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], end > 0 && only(s[:end], tokenChars)
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}
