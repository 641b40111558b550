package signature

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
)

// A claim is a request as far as its signature is concerned.
type claim struct {
	origin    origin
	target    string // path and query, as on the request line
	signature string
	settings  settings
	body      []byte
	form      bool // body is a form
	handshake bool
	owner     []byte // what AccountOf says
	account   account
}

// maxTarget is the longest path and query in bytes. What a URL costs grows with
// its length, as what a body costs does.
const maxTarget = 16 << 10

// Verify reports whether Twilio signed r: nil, or an [*Error] that says why not.
// r is a webhook, or, with an Upgrade: websocket header, a WebSocket handshake.
//
// Verify reads the body of a POST and replaces it: afterwards r.Body can be read
// from its start. When the request is verified, r.PostForm holds the form that
// was verified, and r.Form is reset so that it will be built from it. The wait for
// the body is bounded by the server's read timeout alone; [Validator.Middleware]
// bounds it itself.
func (v *Validator) Verify(r *http.Request) error {
	in := v.intakes.Get().(*intake)
	defer v.release(in)
	if err := v.verify(v.config.Load(), nil, r, in); err != nil {
		return err
	}
	return nil
}

// VerifyBody is [Validator.Verify] for a request that is no [http.Request], as
// in a serverless function: the URL that Twilio was given, the body, and the
// values of X-Twilio-Signature and, if the request has one, of
// X-Twilio-Webhooks-Signature-Settings. A URL with a bodySHA256 parameter is a JSON
// webhook's, otherwise body is a form; GET requests and handshakes have none.
// MaxBody and MaxParams apply; PublicURL and AllowedHosts do not, the URL counts
// as given.
func (v *Validator) VerifyBody(rawURL string, body []byte, signature string, settings ...string) error {
	c := v.config.Load()
	in := v.intakes.Get().(*intake)
	defer v.release(in)
	cl := &in.claim
	cl.signature, cl.settings, cl.body = signature, parseSettings(settings), body
	var ok bool
	if cl.origin, cl.target, ok = splitURL(rawURL); !ok {
		return v.refuse(c, nil, cl, nil, &Error{Reason: ReasonTarget, Detail: "not a URL"})
	}
	cl.handshake = strings.EqualFold(cl.origin.scheme, "ws") || strings.EqualFold(cl.origin.scheme, "wss")
	cl.origin.source = "the URL given"
	switch {
	case len(rawURL) > maxTarget:
		return v.refuse(c, nil, cl, nil, &Error{Reason: ReasonTarget, Detail: "longer than 16 KiB"})
	case int64(len(body)) > c.MaxBody:
		return v.refuse(c, nil, cl, nil, &Error{Reason: ReasonBodyTooLarge})
	}
	hash, ok := bodyHash(cl.target)
	cl.form = ok && hash == "" && len(body) > 0 && !cl.handshake

	s := v.scratch.Get().(*scratch)
	defer v.scratch.Put(s)
	matched, reason := c.check(s, cl)
	if reason != "" {
		return v.refuse(c, nil, cl, s, &Error{Reason: reason})
	}
	v.accept(c, cl, matched)
	return nil
}

// verify is Verify with a configuration, room for the body and a typed error. With
// w, which is nil for Verify, it bounds the wait for the body, and the request is
// left without its body when it is refused.
func (v *Validator) verify(c *config, w http.ResponseWriter, r *http.Request, in *intake) *Error {
	if c.ReportOnly {
		w = nil
	}
	cl := &in.claim
	cl.handshake = isHandshake(r)
	if err := c.read(r, cl); err != nil {
		return v.refuse(c, r, cl, nil, err)
	}
	if r.Method == http.MethodGet {
		if r.ContentLength != 0 {
			return v.refuse(c, r, cl, nil, &Error{Reason: ReasonUnsignedBody, Detail: "a GET with a body"})
		}
	} else if err := v.receive(c, w, r, in); err != nil {
		return v.refuse(c, r, cl, nil, err)
	} else {
		cl.body = in.body
	}
	if c.AccountOf != nil {
		cl.owner = []byte(c.AccountOf(r))
	}
	s := v.scratch.Get().(*scratch)
	defer v.scratch.Put(s)
	matched, reason := c.check(s, cl)
	if reason != "" {
		if w == nil {
			in.restore(r)
		}
		return v.refuse(c, r, cl, s, &Error{Reason: reason})
	}
	if r.Method == http.MethodPost {
		s.handOver(r, in, cl.form)
	}
	v.accept(c, cl, matched)
	return nil
}

func (v *Validator) accept(c *config, cl *claim, k *key) {
	if c.OnResult != nil {
		c.OnResult(Result{Key: k.index, Account: k.account, SharedKey: k.sharedKey, Handshake: cl.handshake})
	}
}

// read fills cl from everything of r but its body. It hashes nothing.
func (c *config) read(r *http.Request, cl *claim) *Error {
	cl.settings = parseSettings(r.Header[SettingsHeader])
	if r.Method != http.MethodGet && (r.Method != http.MethodPost || cl.handshake) {
		return &Error{Reason: ReasonMethod}
	}
	signatures := r.Header[Header]
	switch len(signatures) {
	case 0:
		return &Error{Reason: ReasonMissing}
	case 1:
		cl.signature = signatures[0]
	default:
		return &Error{Reason: ReasonMalformed, Detail: "more than one"}
	}
	for _, encoding := range r.Header["Content-Encoding"] {
		if encoding != "" && !strings.EqualFold(encoding, "identity") {
			return &Error{Reason: ReasonEncoding}
		}
	}
	var ok bool
	if cl.target, ok = target(r); !ok {
		return &Error{Reason: ReasonTarget}
	}
	if len(cl.target) > maxTarget {
		return &Error{Reason: ReasonTarget, Detail: "longer than 16 KiB"}
	}
	var err *Error
	if cl.origin, err = c.origin(r); err != nil {
		return err
	}
	if cl.handshake {
		cl.origin = cl.origin.socket()
	}
	if cl.form, ok = isForm(r.Header["Content-Type"]); !ok {
		return &Error{Reason: ReasonMalformedBody, Detail: "more than one Content-Type"}
	}
	cl.form = cl.form && r.Method == http.MethodPost
	return nil
}

// isForm reports whether a Content-Type is that of a form.
func isForm(contentType []string) (form, ok bool) {
	if len(contentType) != 1 {
		return false, len(contentType) == 0
	}
	media, _, _ := strings.Cut(contentType[0], ";")
	return strings.EqualFold(strings.Trim(media, " \t"), "application/x-www-form-urlencoded"), true
}

// check verifies a claim. It returns the key that signed it, or the reason to
// refuse it. It allocates nothing once the scratch has grown.
func (c *config) check(s *scratch, cl *claim) (*key, Reason) {
	s.pairs, s.params = s.pairs[:0], s.params[:0]
	mac, ok := decodeMAC(s.mac[:], cl.signature)
	if !ok {
		return nil, ReasonMalformed
	}
	if cl.settings.reason != "" {
		return nil, cl.settings.reason
	}
	if len(mac) != cl.settings.algorithm.size() {
		if _, known := c.keys.shared[cl.settings.key]; cl.settings.present && !known {
			return nil, ReasonUnknownKey
		}
		return nil, ReasonMalformed
	}
	hash, ok := bodyHash(cl.target)
	if !ok {
		return nil, ReasonBodyHash
	}
	path, query, _ := strings.Cut(cl.target, "?")
	switch {
	case cl.form:
		if reason := s.parse(cl.body, c.MaxParams); reason != "" {
			return nil, reason
		}
		s.canonical()
		if c.namesAccounts() {
			cl.account = s.accountSID()
		}
	case len(cl.body) > 0 && (hash == "" || cl.handshake):
		return nil, ReasonUnsignedBody
	case cl.handshake || hash != "":
		cl.account = account{sid: cl.owner, unnamed: true, guessed: len(cl.target) <= guessedTarget}
	case c.namesAccounts():
		if s.parse([]byte(query), c.MaxParams) == "" {
			cl.account = s.accountSID()
		}
	}
	c.allow(&cl.account)
	keys, refusal := c.keys.pick(&cl.settings, &cl.account)
	matched := s.match(cl, path, keys, mac)
	if matched == nil && cl.handshake && query != "" && s.parse([]byte(query), c.MaxParams) == "" {
		// ConversationRelay signs the query of its wss URL as if it were a form.
		s.canonical()
		bare := *cl
		bare.target = path
		matched = s.match(&bare, path, keys, mac)
	}
	switch {
	case refusal != "":
		return nil, refusal
	case matched == nil:
		return nil, ReasonMismatch
	case hash != "" && len(s.params) == 0 && !cl.handshake && !hashes(cl.body, hash):
		return nil, ReasonBodyHash
	}
	return matched, ""
}

// namesAccounts reports whether the configuration tells accounts apart.
func (c *config) namesAccounts() bool {
	return len(c.keys.byAccount) > 0 || len(c.AccountSIDs) > 0 || c.keys.pinned
}

// allow applies AccountSIDs.
func (c *config) allow(a *account) {
	if len(c.AccountSIDs) == 0 || a.refusal != "" || a.unnamed && len(a.sid) == 0 {
		return
	}
	for _, sid := range c.AccountSIDs {
		if sid == string(a.sid) {
			return
		}
	}
	if a.refusal = foreignAccount; len(a.sid) == 0 {
		a.refusal = noAccount
	}
}

// match returns the key whose MAC of the claim's URL and s.params is mac, nil
// when there is none. It tries the URL as it is first; then with the port added
// or taken off; each with and without the slash of an empty path, which the
// request line needs and a configured URL does not; and all of these with the
// other spelling of a scheme in capitals.
func (s *scratch) match(cl *claim, path string, keys []*key, mac []byte) *key {
	targets := [2]string{cl.target}
	n := 1
	if path == "/" {
		targets[1], n = cl.target[1:], 2
	} else if path == "" {
		targets[1], n = "/"+cl.target, 2
	}
	for o := cl.origin; o.scheme != ""; o.scheme, o.spelling = o.spelling, "" {
		for _, target := range targets[:n] {
			for _, otherPort := range [2]bool{false, true} {
				s.url = append(o.appendTo(s.url[:0], otherPort), target...)
				for _, k := range keys {
					if k.signed(s.url, s.params, mac, s.sum[:]) {
						return k
					}
				}
			}
		}
	}
	return nil
}

// hashes reports whether want is the lower-case hexadecimal SHA-256 of body.
func hashes(body []byte, want string) bool {
	sum := sha256.Sum256(body)
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], sum[:])
	return string(text[:]) == want
}
