package signature

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// An origin is the part of the signed URL that the request line does not hold.
// The strings are kept as they were given: Twilio signs bytes, and any
// re-encoding loses.
type origin struct {
	scheme    string // http, https, ws or wss, in any case
	spelling  string // another one of the scheme that counts as well, "" when there is none
	authority string // [user:password@]host[:port]
	prefix    string // of the path, without a slash at its end
	source    string // where it is from, for the log
}

// parsePublicURL takes Options.PublicURL apart.
func parsePublicURL(s string) (origin, error) {
	bad := func(why string) (origin, error) {
		return origin{}, errors.New("signature: PublicURL " + why)
	}
	o, target, ok := splitURL(s)
	if !ok {
		return bad("is not scheme://host[:port][/prefix]")
	}
	if !strings.EqualFold(o.scheme, "http") && !strings.EqualFold(o.scheme, "https") {
		return bad("must be http or https: the ws or wss URL follows from it")
	}
	if strings.ContainsAny(s, "?#") {
		return bad("must have no query and no fragment")
	}
	if _, err := url.Parse(s); err != nil || strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return bad("is not a URL")
	}
	if !validHost(o.authority[strings.LastIndexByte(o.authority, '@')+1:]) {
		return bad("has no valid host")
	}
	o.prefix = strings.TrimSuffix(target, "/")
	o.source = "PublicURL"
	return o, nil
}

// splitURL cuts a URL before its path, and takes the fragment away, which
// Twilio does not sign. It looks at nothing else.
func splitURL(s string) (o origin, target string, ok bool) {
	s, _, _ = strings.Cut(s, "#")
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return origin{}, "", false
	}
	o.scheme = scheme
	switch lower := strings.ToLower(scheme); lower {
	case "http", "https", "ws", "wss":
		if lower != scheme {
			o.spelling = lower
		}
	default:
		return origin{}, "", false
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	o.authority = rest[:end]
	return o, rest[end:], end > 0
}

// splitPort cuts the port off an authority; a colon in user information or in
// an IPv6 address is none.
func splitPort(authority string) (rest, port string, ok bool) {
	colon := strings.LastIndexByte(authority, ':')
	if colon < 0 || colon < strings.LastIndexAny(authority, "@]") {
		return authority, "", false
	}
	return authority[:colon], authority[colon+1:], true
}

// validHost reports whether s is host[:port] and nothing else.
func validHost(s string) bool {
	host, port, hasPort := splitPort(s)
	if hasPort && (port == "" || len(port) > 5 || strings.Trim(port, "0123456789") != "") {
		return false
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		return ok && inner != "" && only(inner, "0123456789abcdefABCDEF:.")
	}
	return host != "" && only(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")
}

// only reports whether s has no bytes but those in set.
func only(s, set string) bool {
	for i := range len(s) {
		if strings.IndexByte(set, s[i]) < 0 {
			return false
		}
	}
	return true
}

// appendTo appends the URL up to its path. With otherPort, a port is taken off,
// or the scheme's default port added where there is none: Twilio's back end is
// not consistent about it, as the validators of all its SDKs say.
func (o *origin) appendTo(dst []byte, otherPort bool) []byte {
	dst = append(dst, o.scheme...)
	dst = append(dst, "://"...)
	if !otherPort {
		dst = append(dst, o.authority...)
		return append(dst, o.prefix...)
	}
	host, _, hasPort := splitPort(o.authority)
	dst = append(dst, host...)
	if !hasPort {
		dst = append(dst, defaultPort(o.scheme)...)
	}
	return append(dst, o.prefix...)
}

func defaultPort(scheme string) string {
	if strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "wss") {
		return ":443"
	}
	return ":80"
}

// socket returns the origin as a WebSocket handshake's. Twilio is given that URL
// by TwiML, so its scheme is in lower case, unless it was derived from one in
// capitals.
func (o origin) socket() origin {
	secure := strings.EqualFold(o.scheme, "https")
	if o.spelling != "" {
		o.spelling = "WS"
		if secure {
			o.spelling = "WSS"
		}
	}
	o.scheme = "ws"
	if secure {
		o.scheme = "wss"
	}
	return o
}

// target returns the path and query of the request line, byte for byte. An
// absolute form (RFC 9112 section 3.2.2) is reduced to it.
func target(r *http.Request) (string, bool) {
	t := r.RequestURI
	if !strings.HasPrefix(t, "/") && strings.Contains(t, "://") {
		o, rest, ok := splitURL(t)
		if !ok || strings.Contains(t, "#") || strings.EqualFold(o.scheme[:2], "ws") {
			return "", false
		}
		if rest == "" || rest[0] == '?' {
			rest = "/" + rest // what the server makes of it
		}
		t = rest
	}
	return t, strings.HasPrefix(t, "/") && strings.IndexByte(t, '#') < 0
}

// bodyHash finds the bodySHA256 that Twilio adds to the query of a URL whose
// body is not a form. Two different ones are not ok.
func bodyHash(target string) (hash string, ok bool) {
	_, query, _ := strings.Cut(target, "?")
	found := false
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, value, _ := strings.Cut(pair, "=")
		if name != "bodySHA256" {
			continue
		}
		if found && value != hash {
			return "", false
		}
		hash, found = value, true
	}
	return hash, true
}

// isHandshake reports whether a request asks for a WebSocket. It takes any
// Upgrade header that says so, whatever the rest of the request looks like, so
// that nothing a WebSocket library would accept is checked as a webhook.
func isHandshake(r *http.Request) bool {
	for _, value := range r.Header["Upgrade"] {
		if containsFold(value, "websocket") {
			return true
		}
	}
	return false
}

// containsFold is strings.Contains without regard to ASCII case; substr is in
// lower case.
func containsFold(s, substr string) bool {
	for i := 0; i+len(substr) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(substr)], substr) {
			return true
		}
	}
	return false
}
