package signature

import (
	"crypto/fips140"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
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

// A key is one secret with one algorithm, and the HMACs that are ready to use it.
// An HMAC that has been reset once keeps the states after its padded key, which
// saves two of the blocks that each message costs.
type key struct {
	index     int    // in its list of tokens
	account   string // whose token it is
	sharedKey string // its id, when it is no token
	algorithm Algorithm
	macs      sync.Pool // of hash.Hash
}

func newKey(secret string, a Algorithm) *key {
	k := &key{algorithm: a}
	k.macs.New = func() any {
		mac := hmac.New(a.hash(), []byte(secret))
		mac.Reset()
		return mac
	}
	return k
}

func (a Algorithm) hash() func() hash.Hash {
	if a == HMACSHA256 {
		return sha256.New
	}
	return sha1.New
}

// size returns the length of a MAC in bytes.
func (a Algorithm) size() int {
	if a == HMACSHA256 {
		return sha256.Size
	}
	return sha1.Size
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

// A sharedKey is a secret of SharedKeys, ready for the algorithms it may use.
type sharedKey struct {
	pin  Pin
	keys map[Algorithm][]*key // one each
}

// A keyring holds every key of a configuration. Its lists of tokens are all of one
// length, filled up with decoys, so that the time a refusal takes does not tell
// which accounts are known.
type keyring struct {
	tokens    []*key
	byAccount map[string][]*key
	unnamed   []*key // for handshakes and JSON webhooks that name no account
	shared    map[string]sharedKey
	decoys    map[Algorithm][]*key // one each, which matches nothing
	all       []*key               // the tokens, then those of byAccount in order of the account SIDs; no decoys
	sharedAll []*key               // the shared keys by id
	main      bool                 // there are Tokens
	guessing  bool                 // unnamed holds every token
	pinned    bool                 // some shared key is pinned to an account
}

// A handshake or a JSON webhook that names no account is checked against every
// token when there are no more than maxGuesses and its URL is no longer than
// guessedTarget bytes; otherwise against Tokens only. So its refusal costs less than
// a hundred usual ones.
const (
	maxGuesses    = 16
	guessedTarget = 2 << 10
)

func newKeyring(o Options) (*keyring, error) {
	if fips140.Enforced() {
		return nil, errors.New("signature: Twilio signs with HMAC-SHA1, which FIPS-140-only mode forbids")
	}
	if len(o.Tokens)+len(o.TokensByAccount)+len(o.SharedKeys) == 0 {
		return nil, errors.New("signature: no auth token: set Tokens")
	}
	ring := &keyring{byAccount: make(map[string][]*key), shared: make(map[string]sharedKey)}
	var errs []error
	list := func(name, account string, tokens []string) []*key {
		keys := make([]*key, len(tokens))
		for i, token := range tokens {
			if err := checkSecret(token); err != nil {
				errs = append(errs, fmt.Errorf("signature: %s[%d] %w", name, i, err))
			}
			keys[i] = newKey(token, HMACSHA1)
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
	ring.main = len(ring.tokens) > 0
	if ring.guessing = len(ring.all) > 0 && len(ring.all) <= maxGuesses; ring.guessing {
		ring.unnamed = slices.Clone(ring.all)
	}
	ring.pad()
	errs = append(errs, ring.share(o)...)
	return ring, errors.Join(errs...)
}

// pad makes the decoys, and every list of tokens as long as the longest.
func (k *keyring) pad() {
	longest := max(1, len(k.tokens))
	for _, keys := range k.byAccount {
		longest = max(longest, len(keys))
	}
	decoy := newKey(rand.Text(), HMACSHA1)
	padded := func(keys []*key) []*key {
		for len(keys) < longest {
			keys = append(keys, decoy)
		}
		return keys
	}
	k.tokens = padded(k.tokens)
	for account, keys := range k.byAccount {
		k.byAccount[account] = padded(keys)
	}
	k.decoys = map[Algorithm][]*key{HMACSHA1: {decoy}, HMACSHA256: {newKey(rand.Text(), HMACSHA256)}}
}

// share adds the shared keys, and returns what is wrong with them.
func (k *keyring) share(o Options) (errs []error) {
	for _, id := range slices.Sorted(maps.Keys(o.SharedKeys)) {
		if id == "" || len(id) > 128 || strings.ContainsAny(id, ", \t") || !printable(id) {
			errs = append(errs, fmt.Errorf("signature: SharedKeys[%.128q] is not a key id: %s could not name it", id, SettingsHeader))
		}
		if err := checkSecret(o.SharedKeys[id]); err != nil {
			errs = append(errs, fmt.Errorf("signature: SharedKeys[%s] %w", id, err))
		}
		shared := sharedKey{pin: o.SharedKeyPins[id], keys: make(map[Algorithm][]*key, 2)}
		for _, a := range []Algorithm{HMACSHA1, HMACSHA256} {
			made := newKey(o.SharedKeys[id], a)
			made.sharedKey = id
			shared.keys[a] = []*key{made}
			k.sharedAll = append(k.sharedAll, made)
		}
		k.shared[id] = shared
		k.pinned = k.pinned || shared.pin.AccountSID != ""
	}
	for _, id := range slices.Sorted(maps.Keys(o.SharedKeyPins)) {
		if _, ok := o.SharedKeys[id]; !ok {
			errs = append(errs, fmt.Errorf("signature: SharedKeyPins[%s] has no key in SharedKeys", id))
		}
		if a := o.SharedKeyPins[id].Algorithm; a != "" && a != HMACSHA1 && a != HMACSHA256 {
			errs = append(errs, fmt.Errorf("signature: SharedKeyPins[%s].Algorithm %q is neither HMAC_SHA1 nor HMAC_SHA256", id, a))
		}
	}
	return errs
}

// checkSecret refuses what no token looks like. With an empty token anybody can
// sign, and one in quotes fits no signature.
func checkSecret(secret string) error {
	switch {
	case secret == "":
		return errors.New("is empty")
	case strings.Trim(secret, "\"'`\u201c\u201d\u2018\u2019") != secret:
		return errors.New("is in quotes, which are not part of it")
	case strings.ContainsFunc(secret, func(c rune) bool { return c <= ' ' || c == 0x7f }):
		return errors.New("contains white space or control characters")
	}
	return nil
}

// pick returns the keys that may have signed a request, and, when the request is
// refused whatever they say, the reason. It does not let the number of keys depend
// on whether the account, or the shared key, is known.
func (k *keyring) pick(s *settings, a *account) ([]*key, Reason) {
	if s.present {
		shared, known := k.shared[s.key]
		switch {
		case !known:
			return k.decoys[s.algorithm], ReasonUnknownKey
		case shared.pin.AccountSID != "" && len(a.sid) > 0 && shared.pin.AccountSID != string(a.sid):
			a.refusal = pinnedAccount
		case shared.pin.Algorithm != "" && shared.pin.Algorithm != s.algorithm:
			return k.decoys[s.algorithm], ReasonAlgorithm
		}
		return shared.keys[s.algorithm], a.reason()
	}
	if keys, own := k.byAccount[string(a.sid)]; own {
		return keys, a.reason()
	}
	switch {
	case len(a.sid) == 0 && a.guessed && k.guessing:
		return k.unnamed, a.reason()
	case k.main || a.refusal != "":
	case len(k.byAccount) > 0:
		a.refusal = unknownAccount
	default:
		return k.tokens, ReasonUnknownKey // there are only shared keys, and the request names none
	}
	return k.tokens, a.reason()
}

// named returns what a shared key signs with, nil when it is not known.
func (k *keyring) named(id string) []*key {
	keys := k.shared[id].keys
	return slices.Concat(keys[HMACSHA1], keys[HMACSHA256])
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
	return dst[:n], n == sha1.Size || n == sha256.Size
}

// maxMAC is the size of the longest MAC in bytes.
const maxMAC = sha256.Size
