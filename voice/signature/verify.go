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
	keySID    string
	body      []byte
	form      bool // body is a form
	handshake bool
}

// Verify reports whether Twilio signed r: nil, or an [*Error] that says why not.
// r is a webhook, or, with an Upgrade: websocket header, a WebSocket handshake.
//
// Verify reads the body of a POST and replaces it: afterwards r.Body can be read
// from its start. When the request is verified, r.PostForm holds the form that
// was verified, and r.Form is reset so that it will be built from it.
func (v *Validator) Verify(r *http.Request) error {
	if err := v.verify(v.config.Load(), r); err != nil {
		return err
	}
	return nil
}

// VerifyBody is [Validator.Verify] for a request that is no [http.Request], as
// in a serverless function: the URL that Twilio was given, the body, and the
// value of X-Twilio-Signature. A URL with a bodySHA256 parameter is a JSON
// webhook's, otherwise body is a form; GET requests and handshakes have none.
// MaxBody and MaxParams apply; PublicURL and AllowedHosts do not, the URL counts
// as given.
func (v *Validator) VerifyBody(rawURL string, body []byte, signature string) error {
	c := v.config.Load()
	cl := claim{signature: signature, body: body}
	var ok bool
	if cl.origin, cl.target, ok = splitURL(rawURL); !ok {
		return v.refuse(c, nil, &cl, nil, &Error{Reason: ReasonTarget, Detail: "not a URL"})
	}
	cl.handshake = cl.origin.scheme == "ws" || cl.origin.scheme == "wss"
	cl.origin.source = "the URL given"
	if int64(len(body)) > c.MaxBody {
		return v.refuse(c, nil, &cl, nil, &Error{Reason: ReasonBodyTooLarge})
	}
	hash, ok := bodyHash(cl.target)
	cl.form = ok && hash == "" && len(body) > 0 && !cl.handshake

	s := v.scratch.Get().(*scratch)
	defer v.scratch.Put(s)
	matched, reason := c.check(s, &cl)
	if reason != "" {
		return v.refuse(c, nil, &cl, s, &Error{Reason: reason})
	}
	v.accept(c, &cl, matched)
	return nil
}

// verify is Verify with a configuration and a typed error.
func (v *Validator) verify(c *config, r *http.Request) *Error {
	s := v.scratch.Get().(*scratch)
	defer v.scratch.Put(s)
	cl := claim{handshake: isHandshake(r)}
	if err := c.read(r, &cl); err != nil {
		return v.refuse(c, r, &cl, nil, err)
	}
	if r.Method == http.MethodGet {
		if r.ContentLength != 0 {
			return v.refuse(c, r, &cl, nil, &Error{Reason: ReasonUnsignedBody, Detail: "a GET with a body"})
		}
	} else if err := s.readBody(r, c.MaxBody); err != nil {
		return v.refuse(c, r, &cl, nil, err)
	} else {
		cl.body = s.body
	}
	matched, reason := c.check(s, &cl)
	if reason != "" {
		s.restoreBody(r)
		return v.refuse(c, r, &cl, s, &Error{Reason: reason})
	}
	if r.Method == http.MethodPost {
		s.handOver(r, cl.form)
	}
	v.accept(c, &cl, matched)
	return nil
}

func (v *Validator) accept(c *config, cl *claim, k *key) {
	if c.OnResult != nil {
		c.OnResult(Result{Key: k.index, Account: k.account, SharedKey: k.sharedKey, Handshake: cl.handshake})
	}
}

// read fills cl from everything of r but its body. It hashes nothing.
func (c *config) read(r *http.Request, cl *claim) *Error {
	if r.Method != http.MethodGet && (r.Method != http.MethodPost || cl.handshake) {
		return &Error{Reason: ReasonMethod}
	}
	signatures, keySIDs := r.Header["X-Twilio-Signature"], r.Header["X-Twilio-Signature-Key-Sid"]
	switch {
	case len(signatures) == 0:
		return &Error{Reason: ReasonMissing}
	case len(signatures) > 1 || len(keySIDs) > 1:
		return &Error{Reason: ReasonMalformed, Detail: "more than one"}
	}
	cl.signature = signatures[0]
	if len(keySIDs) == 1 {
		if cl.keySID = keySIDs[0]; cl.keySID == "" {
			return &Error{Reason: ReasonUnknownKey}
		}
	}
	for _, encoding := range r.Header["Content-Encoding"] {
		if encoding != "identity" {
			return &Error{Reason: ReasonEncoding}
		}
	}
	var ok bool
	if cl.target, ok = target(r); !ok {
		return &Error{Reason: ReasonTarget}
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
	mac, ok := decodeMAC(s.mac[:], cl.signature)
	if !ok {
		return nil, ReasonMalformed
	}
	hash, ok := bodyHash(cl.target)
	if !ok {
		return nil, ReasonBodyHash
	}
	path, query, _ := strings.Cut(cl.target, "?")
	var account account
	s.params = s.params[:0]
	switch {
	case cl.form:
		if reason := s.parse(cl.body, c.MaxParams); reason != "" {
			return nil, reason
		}
		s.canonical()
		if c.namesAccounts() {
			account = s.accountSID()
		}
	case len(cl.body) > 0 && (hash == "" || cl.handshake):
		return nil, ReasonUnsignedBody
	case cl.handshake || hash != "":
	case c.namesAccounts():
		if s.parse([]byte(query), c.MaxParams) == "" {
			account = s.accountSID()
		}
	}
	if len(c.AccountSIDs) > 0 && !cl.handshake && (cl.form || hash == "") && !c.allowed(account.sid) {
		account.refused = true
	}
	keys, refusal := c.keys.pick(cl.keySID, account)
	if len(mac) != keys[0].size && refusal == "" {
		return nil, ReasonMalformed
	}
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
	return len(c.keys.byAccount) > 0 || len(c.AccountSIDs) > 0
}

func (c *config) allowed(sid []byte) bool {
	for _, a := range c.AccountSIDs {
		if a == string(sid) {
			return true
		}
	}
	return false
}

// match returns the key whose MAC of the claim's URL and s.params is mac, nil
// when there is none. It tries the URL as it is first; then with the port added
// or taken off; and each with and without the slash of an empty path, which the
// request line needs and a configured URL does not.
func (s *scratch) match(cl *claim, path string, keys []*key, mac []byte) *key {
	targets := [2]string{cl.target}
	n := 1
	if path == "/" {
		targets[1], n = cl.target[1:], 2
	} else if path == "" {
		targets[1], n = "/"+cl.target, 2
	}
	for _, target := range targets[:n] {
		for _, otherPort := range [2]bool{false, true} {
			s.url = append(cl.origin.appendTo(s.url[:0], otherPort), target...)
			for _, k := range keys {
				if k.signed(s.url, s.params, mac, s.sum[:]) {
					return k
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
