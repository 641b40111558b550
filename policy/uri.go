package policy

import (
	"net/netip"
	"strings"
)

// maxAddress is how much of an address counts, in bytes. No caller has a longer one
// (RFC 3261 bounds none, Twilio's names have 121 characters and hosts 253).
const maxAddress = 512

// shorten bounds what a From can cost. Of one that is too long, the head counts and
// what begins with the @: the host of a SIP address must not get lost, or invented
// users would have no limit in common.
func shorten(from string) string {
	if len(from) <= maxAddress {
		return from
	}
	head, host := from[:maxAddress/2], ""
	if at := strings.IndexByte(from, '@'); at >= 0 {
		head, host = from[:min(at, maxAddress/2)], from[at:]
	}
	return head + host[:min(len(host), maxAddress/2)]
}

// addrSpec returns the URI in a name-addr (RFC 3261, section 25.1): what stands in
// angle brackets, behind a display name or not. Anything else it returns as it is.
func addrSpec(from string) string {
	rest := from
	if quoted, ok := strings.CutPrefix(from, `"`); ok {
		end := 0
		for ; end < len(quoted) && quoted[end] != '"'; end++ {
			if quoted[end] == '\\' {
				end++
			}
		}
		rest = quoted[min(end, len(quoted)):]
	}
	open := strings.LastIndexByte(rest, '<')
	if open < 0 {
		return from
	}
	rest = rest[open+1:]
	if end := strings.IndexByte(rest, '>'); end >= 0 {
		rest = rest[:end]
	}
	return strings.TrimSpace(rest)
}

// identifySIP returns who a SIP URI in lower case names; rest is what follows its scheme.
func identifySIP(uri, rest string) Identity {
	user, host, ok := strings.Cut(rest, "@")
	if !ok {
		user, host = "", rest
	}
	twice := strings.IndexByte(host, '@') >= 0
	user, host = strings.TrimSpace(before(user, ":;")), bareHost(host) // without password, and parameters of a number
	if strings.HasPrefix(user, "+") {
		user = trimSeparators(user)
	}
	if user == "*" { // or it would read as all users of the host
		user = "%2a"
	}
	i := Identity{Host: host, address: sipAddress(uri, user, host)}
	i.Caller = i.address
	switch {
	case twice, host == "invalid", strings.HasSuffix(host, ".invalid"): // RFC 2606: nobody's
		i.Caller, i.Host = anonymousCaller, ""
	case user != "" && withheld(user), user == "" && withheld(host):
		i.Caller = anonymousCaller
	}
	return i
}

// sipAddress returns the shortest form of a SIP address, as part of the URI if it
// begins with that.
func sipAddress(uri, user, host string) string {
	const scheme = "sip:"
	at := ""
	if user != "" {
		at = "@"
	}
	if rest, ok := strings.CutPrefix(uri, scheme); ok && strings.HasPrefix(rest, user) {
		if rest = rest[len(user):]; strings.HasPrefix(rest, at) && strings.HasPrefix(rest[len(at):], host) {
			return uri[:len(scheme)+len(user)+len(at)+len(host)]
		}
	}
	return scheme + user + at + host
}

// bareHost returns the host in what follows a SIP URI's user, without port,
// parameters and headers, and IP addresses in their one spelling.
func bareHost(s string) string {
	s = strings.TrimSpace(s)
	if inside, ok := strings.CutPrefix(s, "["); ok {
		s, _, _ = strings.Cut(inside, "]")
		switch a, err := netip.ParseAddr(s); {
		case err != nil: // no address
		case a.Unmap().Is4():
			return a.Unmap().String()
		default:
			return "[" + a.WithZone("").String() + "]"
		}
	}
	s = strings.TrimSpace(before(s, ":;?<>@[]\",/"))
	for strings.HasSuffix(s, ".") {
		s = strings.TrimSpace(s[:len(s)-1])
	}
	return s
}

// before returns what stands before the first of the stops. For the short text that
// addresses are it is quicker than strings.IndexAny.
func before(s, stops string) string {
	for i := range len(s) {
		for j := range len(stops) {
			if s[i] == stops[j] {
				return s[:i]
			}
		}
	}
	return s
}

// identifyTel returns who a tel: URI names (RFC 3966); rest is what follows the scheme.
func identifyTel(rest string) Identity {
	number := trimSeparators(strings.TrimSpace(before(rest, ";?")))
	return named(number, "tel:"+number)
}

// identifyClient returns who a Voice SDK's client is. Its name is given by the
// service that makes the access tokens, not by the caller; one without is called
// "client:Anonymous". Twilio puts parameters behind a question mark.
func identifyClient(uri, rest string) Identity {
	name := strings.TrimSpace(before(rest, "?"))
	address := uri[:len(uri)-len(rest)+len(name)]
	if !strings.HasPrefix(rest, name) {
		address = "client:" + name
	}
	if name == "" || name == anonymousCaller {
		return Identity{Caller: anonymousCaller, address: address}
	}
	return Identity{Caller: address, address: address}
}

// decode resolves the escapes that say no more than their character, those of
// letters, digits and marks (RFC 3261, section 19.1.4), in text of lower case. A
// percent sign that begins no escape is escaped itself, so that decoding again
// changes nothing.
func decode(s string) string {
	at := strings.IndexByte(s, '%')
	if at < 0 {
		return s
	}
	out := []byte(s[:at])
	for i := at; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		if i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
			out = append(out, "%25"...)
			continue
		}
		c := byte(unhex(s[i+1])<<4 | unhex(s[i+2]))
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("-_.!~*'()", c) >= 0 {
			out = append(out, c)
		} else {
			out = append(out, s[i:i+3]...)
		}
		i += 2
	}
	return string(out)
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}
