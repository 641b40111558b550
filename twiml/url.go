package twiml

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// url checks the address in an attribute, or in the text when the attribute is
// empty. An empty address is not one.
func (c *checker) url(attr, v string, k kind) {
	if v == "" {
		return
	}
	u, err := url.Parse(v)
	if err != nil || strings.ContainsAny(v, " \t\r\n") {
		code := 11100
		if k == kindWSS {
			code = 31923
		}
		c.reportAttr(attr, code, "%q is not a URL", clip(v))
		return
	}
	switch {
	case k == kindWSS && u.Scheme != "wss":
		c.reportAttr(attr, 31922, "%q is not a wss URL", clip(v))
	case k == kindWSS && u.Host == "":
		c.reportAttr(attr, 31923, "%q has no host", clip(v))
	case k == kindWSS && (u.RawQuery != "" || u.ForceQuery):
		c.reportAttr(attr, 31920, "query strings do not reach the server; use <Parameter> or the path")
	case k == kindWSS:
	case u.Scheme == "" && u.Host == "" && k == kindAbsoluteURL:
		c.reportAttr(attr, 11100, "%q is not absolute", clip(v))
	case u.Scheme == "" && u.Host == "" && c.rest:
		c.reportAttr(attr, 15004, "%q is relative: without a document URL it leads nowhere", clip(v))
	case u.Scheme == "" && u.Host == "":
	case u.Scheme != "http" && u.Scheme != "https":
		c.reportAttr(attr, 11100, "%q is not an http or https URL", clip(v))
	case u.Host == "":
		c.reportAttr(attr, 11100, "%q has no host", clip(v))
	}
	if strings.Contains(u.Hostname(), "_") {
		c.reportAttr(attr, 11100, "underscore in host name %s", clip(u.Hostname()))
	}
	c.overrides(attr, u.Fragment)
}

// overrides checks the connection overrides in the fragment of a URL, see
// https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
func (c *checker) overrides(attr, fragment string) {
	for pair := range strings.SplitSeq(fragment, "&") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		between := func(low, high int) {
			if n, err := strconv.Atoi(value); err != nil || n < low || n > high {
				c.reportAttr(attr, 11243, "#%s=%s is not between %d and %d", key, clip(value), low, high)
			}
		}
		oneOf := func(code int, known ...string) {
			for v := range strings.SplitSeq(value, ",") {
				if !slices.Contains(known, v) {
					c.reportAttr(attr, code, "#%s: %q is none of %s", key, clip(v), strings.Join(known, " "))
				}
			}
		}
		switch key {
		case "ct":
			between(100, 10000)
		case "rt", "tt":
			between(100, 15000)
		case "rc":
			between(0, 5)
		case "rp":
			oneOf(11243, "4xx", "5xx", "ct", "rt", "all")
		case "sni":
			oneOf(11243, "y", "n")
		case "e":
			oneOf(11240, edges...)
		}
	}
}

// edges are the places that Twilio can send a webhook from. Never written to.
var edges = []string{
	"ashburn", "dublin", "frankfurt", "sao-paulo", "singapore", "sydney", "tokyo", "umatilla",
	"ashburn-ix", "london-ix", "frankfurt-ix", "san-jose-ix", "singapore-ix", "sydney-ix", "tokyo-ix",
}
