package signature

import (
	"crypto/fips140"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"
	"strings"
	"sync"
)

// A key is one secret and the HMACs that are ready to use it. An HMAC that has
// been reset once keeps the states after its padded key, which saves two of the
// blocks that each message costs.
type key struct {
	index     int // in its list
	account   string
	sharedKey string
	size      int       // of its MAC in bytes
	macs      sync.Pool // of hash.Hash
}

func newKey(secret string, h func() hash.Hash) *key {
	k := &key{size: h().Size()}
	k.macs.New = func() any {
		mac := hmac.New(h, []byte(secret))
		mac.Reset()
		return mac
	}
	return k
}

// signed reports whether mac is the key's MAC of url followed by params. sum is
// room for the right one.
func (k *key) signed(url, params, mac, sum []byte) bool {
	h := k.macs.Get().(hash.Hash)
	h.Reset()
	h.Write(url)
	h.Write(params)
	equal := subtle.ConstantTimeCompare(h.Sum(sum[:0]), mac) == 1
	k.macs.Put(h)
	return equal
}

// A keyring holds every key of a configuration.
type keyring struct {
	tokens    []*key
	byAccount map[string][]*key
	shared    map[string]*key
	all       []*key // tokens, then byAccount in order of the account SIDs
	decoy     []*key // matches nothing; makes an unknown account cost what a known one does
}

func newKeyring(o Options) (keyring, error) {
	if fips140.Enforced() {
		return keyring{}, errors.New("signature: Twilio signs with HMAC-SHA1, which FIPS-140-only mode forbids")
	}
	if len(o.Tokens)+len(o.TokensByAccount)+len(o.SharedKeys) == 0 {
		return keyring{}, errors.New("signature: no auth token: set Tokens")
	}
	ring := keyring{
		byAccount: make(map[string][]*key),
		shared:    make(map[string]*key),
		decoy:     []*key{newKey(rand.Text(), sha1.New)},
	}
	var errs []error
	list := func(name, account string, tokens []string) []*key {
		keys := make([]*key, len(tokens))
		for i, token := range tokens {
			if err := checkSecret(token); err != nil {
				errs = append(errs, fmt.Errorf("signature: %s[%d] %w", name, i, err))
			}
			keys[i] = newKey(token, sha1.New)
			keys[i].index, keys[i].account = i, account
		}
		ring.all = append(ring.all, keys...)
		return keys
	}
	ring.tokens = list("Tokens", "", o.Tokens)
	for _, account := range slices.Sorted(maps.Keys(o.TokensByAccount)) {
		tokens := o.TokensByAccount[account]
		name := "TokensByAccount[" + account + "]"
		if len(tokens) == 0 {
			errs = append(errs, errors.New("signature: "+name+" is empty"))
		}
		ring.byAccount[account] = list(name, account, tokens)
	}
	for _, sid := range slices.Sorted(maps.Keys(o.SharedKeys)) {
		if err := checkSecret(o.SharedKeys[sid]); err != nil {
			errs = append(errs, fmt.Errorf("signature: SharedKeys[%s] %w", sid, err))
		}
		h := o.SharedKeyHashes[sid]
		if h == nil {
			h = sha1.New
		}
		ring.shared[sid] = newKey(o.SharedKeys[sid], h)
		ring.shared[sid].sharedKey = sid
	}
	for sid := range o.SharedKeyHashes {
		if _, ok := o.SharedKeys[sid]; !ok {
			errs = append(errs, fmt.Errorf("signature: SharedKeyHashes[%s] has no key in SharedKeys", sid))
		}
	}
	return ring, errors.Join(errs...)
}

// checkSecret refuses what no token looks like. With an empty token anybody can
// sign, and a token read from a file with its line break fits no signature.
func checkSecret(secret string) error {
	switch {
	case strings.TrimSpace(secret) == "":
		return errors.New("is empty")
	case strings.HasSuffix(secret, "\n") || strings.HasSuffix(secret, "\r"):
		return errors.New("ends in a line break: trim it")
	case strings.ContainsFunc(secret, func(c rune) bool { return c <= ' ' || c == 0x7f }):
		return errors.New("contains white space or control characters")
	}
	return nil
}

// pick returns the keys that may have signed a request, and, when the request
// is refused whatever they say, the reason.
func (k *keyring) pick(keySID string, account account) ([]*key, Reason) {
	switch {
	case keySID != "":
		if shared, ok := k.shared[keySID]; ok {
			return []*key{shared}, ""
		}
		return k.decoy, ReasonUnknownKey
	case account.refused:
		return k.decoy, ReasonAccount
	case len(account.sid) == 0 && len(k.all) > 0:
		return k.all, ""
	}
	if keys, ok := k.byAccount[string(account.sid)]; ok {
		return keys, ""
	}
	if len(k.tokens) > 0 {
		return k.tokens, ""
	}
	if len(k.all) > 0 {
		return k.decoy, ReasonAccount
	}
	return k.decoy, ReasonUnknownKey // there are only shared keys, and the request names none
}

// strictBase64 has no slack in its last character, so that a signature has one
// spelling only.
var strictBase64 = base64.StdEncoding.Strict()

// decodeMAC decodes a signature into dst, which has room for maxMAC bytes and
// base64's rounding. Line breaks, which the decoder skips, make the result too
// short for its text, as does a text too long for any key.
func decodeMAC(dst []byte, signature string) ([]byte, bool) {
	var text [(maxMAC + 2) / 3 * 4]byte
	n, err := strictBase64.Decode(dst, text[:copy(text[:], signature)])
	if err != nil || base64.StdEncoding.EncodedLen(n) != len(signature) {
		return nil, false
	}
	return dst[:n], true
}

// maxMAC is the size of the longest MAC in bytes, that of a 512-bit hash.
const maxMAC = 64
