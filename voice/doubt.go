package voice

import (
	"bytes"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// longestCall is what Twilio lets a call last at most.
const longestCall = 24 * time.Hour

// doubts returns what can work and hardly does. Nothing in it is secret.
func (c *Config) doubts() []*OptionError {
	var doubts []*OptionError
	doubt := func(option, format string, args ...any) {
		doubts = append(doubts, &OptionError{Option: option, Problem: fmt.Sprintf(format, args...)})
	}
	if c.ReportOnly {
		doubt("ReportOnly", "is set: requests that Twilio has not signed are answered")
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return doubts
	}
	host := strings.ToLower(u.Hostname())
	switch why := unreachable(host); {
	case why != "":
		doubt("PublicURL", "names the host %q, %s: Twilio cannot reach it", host, why)
	case strings.Contains(host, "_"):
		doubt("PublicURL", "names the host %q: Twilio makes no callbacks to names with an underscore", host)
	}
	if u.User != nil {
		doubt("PublicURL", "has a user or password in it, which every stream's URL then shows")
	}
	if strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), c.Path) {
		doubt("PublicURL", "ends in %s, which is added once more: that is right only where a proxy takes it away", c.Path)
	}
	switch {
	case c.MaxDuration > longestCall:
		doubt("MaxDuration", "is %v, and no call of Twilio's lasts longer than %v", c.MaxDuration, longestCall)
	case c.MaxDuration < time.Second:
		doubt("MaxDuration", "is %v: calls end before anybody has spoken", c.MaxDuration)
	}
	for i, key := range c.SessionKeys {
		if len(key) > 0 && len(bytes.Trim(key, string(key[:1]))) == 0 {
			doubt(fmt.Sprintf("SessionKeys[%d]", i), "is one byte repeated, which anybody can guess")
		}
	}
	return doubts
}

// unreachable says why a host cannot be reached from the internet, or "".
func unreachable(host string) string {
	if ip, err := netip.ParseAddr(host); err == nil {
		switch ip = ip.Unmap(); {
		case ip.IsLoopback():
			return "this machine itself"
		case ip.IsUnspecified():
			return "no address of any machine"
		case ip.IsPrivate(), ip.IsLinkLocalUnicast(), netip.MustParsePrefix("100.64.0.0/10").Contains(ip):
			return "an address of a private network"
		}
		return ""
	}
	name := strings.TrimSuffix(host, ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return "this machine itself"
	}
	if !strings.Contains(name, ".") {
		return "a name without a domain"
	}
	for _, domain := range []string{".local", ".internal", ".lan", ".home.arpa", ".intranet", ".corp", ".test", ".invalid", ".example"} {
		if strings.HasSuffix(name, domain) {
			return "a name of a private network"
		}
	}
	if strings.HasPrefix(name, "your-") || strings.HasPrefix(name, "your_") {
		return "a placeholder"
	}
	return ""
}
