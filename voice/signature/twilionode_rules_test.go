package signature_test

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"agentos.dev/dialtone/voice/signature"
)

// A rule says that a request is refused here that Twilio's library accepts.
type rule struct {
	applies func(*asked) bool
	reasons []signature.Reason // any of them; those of a URL depend on what the log had time to find out
	always  bool               // also when the library refuses it
}

// mismatched are the reasons of a signature that fits nothing here.
var mismatched = []signature.Reason{"mismatch", "scheme", "host", "port", "path", "trailing_slash", "query", "account", "unsigned_body"}

// stricter are the rules of ours that Twilio's library does not have.
var stricter = map[string]rule{
	"two keys or two algorithms are named": {always: true, reasons: []signature.Reason{"signature_settings"}, applies: func(q *asked) bool {
		return q.joined() != "" && (differ(q.values("key")) || differ(q.values("algorithm")))
	}},
	"the settings are not printable ASCII": {always: true, reasons: []signature.Reason{"signature_settings"}, applies: func(q *asked) bool {
		return strings.ContainsFunc(q.joined(), func(c rune) bool { return c != '\t' && (c < ' ' || c > '~') })
	}},
	"the key is pinned to the other algorithm": {always: true, reasons: []signature.Reason{"algorithm"}, applies: func(q *asked) bool {
		key, a := q.named()
		return q.joined() != "" && key == pinnedKey && a == signature.HMACSHA1
	}},
	"neither GET nor POST, or a handshake by another than GET": {always: true, reasons: []signature.Reason{"method"}, applies: func(q *asked) bool {
		return q.method != "GET" && (q.method != "POST" || q.handshake)
	}},
	"a GET with a body": {always: true, reasons: []signature.Reason{"unsigned_body"}, applies: func(q *asked) bool {
		return q.method == "GET" && q.body != ""
	}},
	"a compressed body": {always: true, reasons: []signature.Reason{"content_encoding"}, applies: func(q *asked) bool {
		return strings.EqualFold(q.header.Get("Content-Encoding"), "gzip")
	}},
	"two content types": {always: true, reasons: []signature.Reason{"malformed_body"}, applies: func(q *asked) bool {
		return len(q.header["Content-Type"]) > 1
	}},
	"a form that url.ParseQuery does not read": {always: true, reasons: []signature.Reason{"malformed_body"}, applies: func(q *asked) bool {
		_, err := url.ParseQuery(q.body)
		return q.isForm() && len(q.header["Content-Type"]) == 1 && err != nil && len(q.body) <= 64<<10 && strings.Count(q.body, "&") < 256
	}},
	"more than 256 parameters": {always: true, reasons: []signature.Reason{"too_many_params"}, applies: func(q *asked) bool {
		n := 0
		for _, part := range strings.Split(q.body, "&") {
			if part != "" {
				n++
			}
		}
		return q.isForm() && len(q.header["Content-Type"]) == 1 && n > 256 && len(q.body) <= 64<<10
	}},
	"a body of more than 64 KiB": {always: true, reasons: []signature.Reason{"body_too_large"}, applies: func(q *asked) bool { return len(q.body) > 64<<10 }},
	"a URL of more than 16 KiB":  {always: true, reasons: []signature.Reason{"target"}, applies: func(q *asked) bool { return len(q.target) > 16<<10 }},
	"two body hashes": {always: true, reasons: []signature.Reason{"body_hash"}, applies: func(q *asked) bool {
		return differ(q.hashes())
	}},
	"a body hash in percent-encoding": {always: true, reasons: []signature.Reason{"body_hash"}, applies: func(q *asked) bool {
		return !q.isForm() && !q.handshake && strings.Contains(q.hash(), "%")
	}},
	"a body that nothing signs": {always: true, reasons: []signature.Reason{"unsigned_body"}, applies: func(q *asked) bool {
		return q.method == "POST" && !q.isForm() && q.body != "" && q.hash() == ""
	}},
	"a form that only its hash covers": {reasons: mismatched, applies: func(q *asked) bool {
		return q.isForm() && q.hash() != "" && q.bytes() != "" && q.fits(q.urls(received, otherPort), "")
	}},
	"an empty body under the hash of {}": {always: true, reasons: []signature.Reason{"body_hash"}, applies: func(q *asked) bool {
		return !q.handshake && q.body == "" && q.hash() == sum256("{}")
	}},
	"a URL that new URL() has rewritten": {reasons: mismatched, applies: func(q *asked) bool {
		return !q.fits(q.urls(received, otherPort), q.params())
	}},
	"a wss URL on port 80": {reasons: mismatched, applies: func(q *asked) bool {
		return strings.HasPrefix(q.url(), "wss:") && !q.fits(q.urls(received), "") && q.fits(q.urls(otherPort), "")
	}},
	"a form sorted by UTF-16 units": {reasons: mismatched, applies: func(q *asked) bool {
		return q.isForm() && q.hash() == "" && utf8.ValidString(unescape(q.body)) && q.params() != q.bytes() && q.fits(q.urls(received, otherPort), q.params())
	}},
	"replacement characters for what is not UTF-8": {reasons: mismatched, applies: func(q *asked) bool {
		return q.isForm() && q.hash() == "" && !utf8.ValidString(unescape(q.body)) && q.fits(q.urls(received, otherPort), q.params())
	}},
}

// lenient are the rules by which more is accepted here: what Twilio is documented
// or seen to send, and its library for Node does not know.
var lenient = map[string]func(*asked) bool{
	"an empty path without its slash": func(q *asked) bool {
		return strings.HasPrefix(q.target+"?", "/?") && q.fits([]string{dropSlash(q.url()), togglePort(dropSlash(q.url()), ":80"), togglePort(dropSlash(q.url()), ":443")}, q.params(), q.bytes(), "")
	},
	"a wss URL on port 443": func(q *asked) bool { return strings.HasPrefix(q.url(), "wss:") && q.fits(q.urls(port443), "") },
	"ConversationRelay's query as parameters": func(q *asked) bool {
		bare := []string{noQuery(q.url()), otherPort(noQuery(q.url())), port443(noQuery(q.url())), dropSlash(noQuery(q.url()))}
		return q.handshake && q.fits(bare, q.relay())
	},
	"a form sorted by its bytes": func(q *asked) bool {
		return q.isForm() && q.hash() == "" && utf8.ValidString(unescape(q.body)) && q.params() != q.bytes() && q.fits(q.urls(received, otherPort, noSlash), q.bytes())
	},
	"bytes that are not UTF-8": func(q *asked) bool {
		if !q.isForm() {
			return !utf8.ValidString(q.body) && q.hash() == sum256(q.body)
		}
		return !utf8.ValidString(unescape(q.body)) && q.fits(q.urls(received, otherPort, noSlash), q.bytes())
	},
	"bodySHA256 without a hash, or elsewhere than in a parameter": func(q *asked) bool {
		return strings.Contains(q.target, "bodySHA256") && q.hash() == ""
	},
	"a form that its signature covers, with a body hash": func(q *asked) bool {
		return q.isForm() && q.bytes() != "" && q.hash() != "" && q.fits(q.urls(received, otherPort, noSlash), q.bytes())
	},
	"an empty body under its own hash": func(q *asked) bool { return !q.handshake && q.body == "" && q.hash() == sum256("") },
	"a handshake with a body hash":     func(q *asked) bool { return q.handshake && q.hash() != "" },
	"a scheme in lower case, with what new URL() rewrites": func(q *asked) bool {
		return lower(q.url()) != q.url() && q.fits(q.urls(lower, func(at string) string { return otherPort(lower(at)) }), q.params(), q.bytes())
	},
}

func differ(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return v != values[0] })
}

// hashes returns the values of bodySHA256 in the query, as they are written.
func (q *asked) hashes() (all []string) {
	_, query, _ := strings.Cut(q.target, "?")
	for _, pair := range strings.Split(query, "&") {
		if name, value, _ := strings.Cut(pair, "="); name == "bodySHA256" {
			all = append(all, value)
		}
	}
	return all
}

func (q *asked) hash() string { return append(q.hashes(), "")[0] }
