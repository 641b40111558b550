package signature

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// explain fills in the reason and the detail of a refusal, as far as the keys
// allow.
func (c *config) explain(r *http.Request, cl *claim, s *scratch, err *Error) {
	if cl.form && (err.Reason == ReasonMalformed || err.Reason == ReasonUnknownKey) { // perhaps before it was parsed
		if s.parse(cl.body, c.MaxParams) != "" {
			return
		}
		s.canonical()
	}
	search := newSearch(c, cl, s)
	switch err.Reason {
	case ReasonMalformed:
		if search != nil {
			search.everywhere(r, err)
		}
	case ReasonMismatch:
		if !search.everywhere(r, err) {
			search.otherwise(r, err)
		}
	case ReasonAccount:
		err.Detail = cl.account.detail()
		search.andWho(err)
	case ReasonUnknownKey:
		switch {
		case cl.settings.detail != "":
			err.Detail = cl.settings.detail
			return
		case !cl.settings.present:
			err.Detail = SettingsHeader + " is missing, and there are no auth tokens"
		case len(c.keys.shared) == 0:
			err.Detail = "a shared key is said to have signed it, and SharedKeys is empty"
		default:
			err.Detail = fmt.Sprintf("SharedKeys has no key %.64q", cl.settings.key)
		}
		search.andWho(err)
	case ReasonAlgorithm:
		if err.Detail = cl.settings.detail; err.Detail == "" {
			err.Detail = fmt.Sprintf("shared key %s is pinned to another algorithm than %s", cl.settings.key, cl.settings.algorithm)
		}
	case ReasonSettings:
		err.Detail = cl.settings.detail
	}
}

// A search looks for the URL and the key that a signature fits. It stops when it
// has hashed enough: what it costs must not grow with the number of keys.
type search struct {
	c      *config
	cl     *claim
	s      *scratch
	mac    []byte
	keys   []*key
	budget int // bytes to hash; what a short message costs above its length is 128
	found  *key
}

// What a search tries: bytes to hash, for every token, for other URLs and for other
// queries, of which twice as many for those in another order and another encoding; and keys of each kind for other URLs and queries.
const (
	searchBudget = 128 << 10
	searchKeys   = 32
)

// newSearch returns nil for a signature that has the length of none.
func newSearch(c *config, cl *claim, s *scratch) *search {
	mac, ok := decodeMAC(s.mac[:], cl.signature)
	if !ok {
		return nil
	}
	if !cl.form {
		s.params = s.params[:0]
	}
	f := &search{c: c, cl: cl, s: s, mac: mac, budget: searchBudget}
	for _, keys := range [][]*key{c.keys.named(cl.settings.key), c.keys.byAccount[string(cl.account.sid)], c.keys.tokens, c.keys.sharedAll, c.keys.all} {
		most := len(f.keys) + searchKeys
		for _, k := range keys {
			if k.algorithm.size() == len(mac) && !slices.Contains(f.keys, k) {
				f.keys = append(f.keys, k)
			}
			if len(f.keys) == most {
				break
			}
		}
	}
	return f
}

// fits reports whether one of the search's keys signed a URL.
func (f *search) fits(o origin, target string) bool { return f.fitsOne(o, target, f.keys) }

// fitsOne reports whether one of the keys signed a URL, and remembers it.
func (f *search) fitsOne(o origin, target string, keys []*key) bool {
	return f.fitsAt(o, target, keys, false) || f.fitsAt(o, target, keys, true)
}

// fitsAt is fitsOne with the port as it is, or as [origin.appendTo] toggles it.
func (f *search) fitsAt(o origin, target string, keys []*key, otherPort bool) bool {
	f.s.url = append(o.appendTo(f.s.url[:0], otherPort), target...)
	for _, k := range keys {
		if f.budget -= 128 + len(f.s.url) + len(f.s.params); f.budget < 0 {
			return false
		}
		if k.signed(f.s.url, f.s.params, f.mac, f.s.sum[:]) {
			f.found = k
			return true
		}
	}
	return false
}

// everywhere tries the URLs that Twilio may have been given, and reports whether
// one fits.
func (f *search) everywhere(r *http.Request, err *Error) bool {
	cl := f.cl
	if len(f.mac) == HMACSHA1.size() && f.fitsOne(cl.origin, cl.target, f.c.keys.all) {
		f.tell(cl.origin, cl.target, "", err)
		return true
	}
	f.budget = searchBudget
	for _, scheme := range schemes(cl.origin.scheme) {
		for _, authority := range authorities(r, cl.origin.authority) {
			for _, path := range paths(r, cl) {
				o := origin{scheme: scheme, authority: authority, prefix: path.prefix}
				if f.fits(o, path.target) {
					f.tell(o, path.target, "", err)
					return true
				}
			}
		}
	}
	f.budget = searchBudget
	for _, target := range encodings(cl.target) {
		if f.fits(cl.origin, target) {
			f.tell(cl.origin, target, ", which is its query in another encoding", err)
			return true
		}
	}
	for target := range orders(cl.target) {
		if f.fits(cl.origin, target) {
			f.tell(cl.origin, target, ", which is its query in another order", err)
			return true
		}
		if f.budget < 0 {
			break
		}
	}
	f.budget = 2 * searchBudget
	for _, encoded := range encodings(cl.target) {
		for target := range orders(encoded) {
			if f.fitsAt(cl.origin, target, f.keys, false) {
				f.tell(cl.origin, target, ", which is its query in another order and another encoding", err)
				return true
			}
			if f.budget < 0 {
				break
			}
		}
	}
	f.budget = searchBudget
	return false
}

// tell describes the finding.
func (f *search) tell(o origin, target, how string, err *Error) {
	named := &f.cl.settings
	difference := f.cl.difference(o, target)
	switch {
	case difference != ReasonAccount:
		err.Reason = difference
		err.Detail = "would be valid for " + redact(string(f.s.url)) + how + ": " + f.cl.origin.source + " says " + err.URL
		if f.cl.origin.source == connection {
			err.Detail += ", set PublicURL"
		}
		if named.key != f.found.sharedKey {
			err.Detail += "; and " + f.found.String() + " signed it"
		}
	case f.found.sharedKey != "" && !named.present:
		err.Reason, err.Detail = ReasonSettings, f.found.String()+" signed it, and "+SettingsHeader+" is missing: something on the way takes it off"
	case f.found.sharedKey != "" && f.found.sharedKey == named.key:
		err.Reason, err.Detail = ReasonAlgorithm, f.found.String()+" signed it, and "+SettingsHeader+" says "+string(named.algorithm)
	case named.present:
		err.Reason, err.Detail = ReasonAccount, "the URL is right, but "+f.found.String()+" signed it, and "+SettingsHeader+" names shared key "+named.key
	default:
		err.Reason, err.Detail = ReasonAccount, "the URL is right, but "+f.found.String()+" signed it"
		if isAccountSID(f.cl.account.sid) {
			err.Detail += ", not one of account " + string(f.cl.account.sid)
		}
	}
}

// andWho adds which key signed a request that is refused for what it names.
func (f *search) andWho(err *Error) {
	if f != nil && f.fits(f.cl.origin, f.cl.target) {
		err.Detail += "; " + f.found.String() + " signed it"
	}
}

// otherwise says what is known when nothing fits.
func (f *search) otherwise(r *http.Request, err *Error) {
	err.Detail = "fits no URL that was tried: signed with another token, or changed on the way"
	switch {
	case f.cl.account.unnamed && len(f.c.keys.byAccount) > 0 && !(f.cl.account.guessed && f.c.keys.guessing):
		err.Detail += "; it names no account, and there are too many tokens to try, or its URL is too long: set AccountOf"
	case f.cl.settings.present:
		err.Detail = "fits no URL that was tried: shared key " + f.cl.settings.key + " has another secret, or the request was changed on the way"
	}
	if !f.cl.form {
		return
	}
	if r != nil && len(f.cl.body) == 0 && (len(r.PostForm) > 0 || r.ContentLength > 0) {
		err.Reason, err.Detail = ReasonBodyConsumed, "something read the body before the signature was checked"
		return
	}
	if f.s.params = f.s.params[:0]; f.fits(f.cl.origin, f.cl.target) {
		err.Reason, err.Detail = ReasonUnsignedBody, "the signature covers the URL alone"
	}
}

// String names the key in a log.
func (k *key) String() string {
	switch {
	case k.sharedKey != "":
		return "shared key " + k.sharedKey + " with " + string(k.algorithm)
	case k.account != "":
		return fmt.Sprintf("auth token %d of account %s", k.index, k.account)
	}
	return fmt.Sprintf("auth token %d", k.index)
}

// difference names the first part in which a URL differs from the claim's.
func (cl *claim) difference(o origin, target string) Reason {
	host, _, _ := splitPort(cl.origin.authority)
	other, _, _ := splitPort(o.authority)
	path, _, _ := strings.Cut(cl.target, "?")
	otherPath, _, _ := strings.Cut(target, "?")
	switch {
	case o.scheme != cl.origin.scheme:
		return ReasonScheme
	case other != host:
		return ReasonHost
	case o.authority != cl.origin.authority:
		return ReasonPort
	case o.prefix == cl.origin.prefix && strings.Trim(path, "/") == strings.Trim(otherPath, "/") && path != otherPath:
		return ReasonSlash
	case o.prefix != cl.origin.prefix || path != otherPath:
		return ReasonPath
	case target != cl.target:
		return ReasonQuery
	}
	return ReasonAccount // the URL is right: another account's token or another key signed it
}

// schemes returns every scheme, that of the claim first.
func schemes(first string) []string {
	all := []string{first}
	for _, s := range []string{"https", "http", "wss", "ws", "HTTPS", "HTTP"} {
		if s != first {
			all = append(all, s)
		}
	}
	return all
}

// authorities returns the hosts that Twilio may have been given. It is no risk
// to take them from headers that anybody can send: one is named only when a
// token has signed it.
func authorities(r *http.Request, first string) []string {
	all := []string{first}
	host := first[strings.LastIndexByte(first, '@')+1:]
	name, _, _ := splitPort(host)
	candidates := []string{host, name, strings.ToLower(host)}
	if r != nil {
		candidates = append(candidates, r.Host)
		candidates = append(candidates, r.Header.Values("X-Forwarded-Host")...)
		candidates = append(candidates, r.Header.Values("X-Original-Host")...)
	}
	for _, candidate := range candidates[:min(len(candidates), 8)] {
		if validHost(candidate) && !slices.Contains(all, candidate) {
			all = append(all, candidate)
		}
	}
	return all
}

// A place is a path that Twilio may have been given.
type place struct{ prefix, target string }

func paths(r *http.Request, cl *claim) []place {
	prefix := cl.origin.prefix
	path, query, hasQuery := strings.Cut(cl.target, "?")
	if hasQuery {
		query = "?" + query
	}
	slash := path + "/"
	if strings.HasSuffix(path, "/") {
		slash = strings.TrimSuffix(path, "/")
	}
	all := []place{{prefix, cl.target}, {prefix, slash + query}, {prefix, path}, {"", cl.target}}
	if r != nil {
		if r.URL != nil { // after http.StripPrefix
			all = append(all, place{prefix, r.URL.RequestURI()})
		}
		if p := r.Header.Get("X-Forwarded-Prefix"); strings.HasPrefix(p, "/") {
			all = append(all, place{strings.TrimSuffix(p, "/"), cl.target})
		}
	}
	return all
}

// encodings returns the target with its query in the encodings that something on
// the way is seen to change it from: Twilio signs apostrophes, colons and at signs
// as it was given them (twilio-node#1183, #621).
func encodings(target string) []string {
	path, query, ok := strings.Cut(target, "?")
	if !ok {
		return nil
	}
	var all []string
	add := func(query string) {
		if other := path + "?" + query; other != target && !slices.Contains(all, other) {
			all = append(all, other)
		}
	}
	add(strings.ReplaceAll(query, "%27", "'"))
	add(strings.ReplaceAll(query, "'", "%27"))
	add(strings.ReplaceAll(query, "%20", "+"))
	add(strings.ReplaceAll(query, "+", "%20"))
	add(strings.NewReplacer("%27", "'", "%3A", ":", "%3a", ":", "%40", "@", "%2C", ",", "%2c", ",").Replace(query))
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		key, err1 := url.QueryUnescape(key)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil {
			return all
		}
		if pairs[i] = url.QueryEscape(key); ok {
			pairs[i] += "=" + url.QueryEscape(value)
		}
	}
	query = strings.Join(pairs, "&")
	add(query)
	add(strings.ReplaceAll(query, "+", "%20"))
	add(strings.ReplaceAll(query, "%27", "'"))
	add(delimiters.Replace(query))
	add(strings.ReplaceAll(delimiters.Replace(query), "+", "%20"))
	add(smallEscapes(query))
	return all
}

// delimiters decodes what a query may have as it is (RFC 3986, section 3.4).
var delimiters = strings.NewReplacer("%21", "!", "%24", "$", "%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%2C", ",", "%2F", "/", "%3A", ":", "%3B", ";", "%3F", "?", "%40", "@")

// smallEscapes writes hexadecimal digits in small letters, as .NET does.
func smallEscapes(query string) string {
	small := []byte(query)
	for i := 0; i+2 < len(small); i++ {
		if small[i] == '%' {
			copy(small[i+1:], strings.ToLower(query[i+1:i+3]))
		}
	}
	return string(small)
}

// orders yields the target with the parameters of its query in other orders: all
// there are of up to five, and of more those in which one of them has moved.
func orders(target string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		path, query, ok := strings.Cut(target, "?")
		pairs := strings.Split(query, "&")
		if !ok || len(pairs) < 2 {
			return
		}
		with := func(pairs []string) bool { return yield(path + "?" + strings.Join(pairs, "&")) }
		if len(pairs) <= 5 {
			permute(pairs, 0, with)
			return
		}
		for from := range pairs {
			rest := slices.Delete(slices.Clone(pairs), from, from+1)
			for to := range pairs {
				if !with(slices.Insert(slices.Clone(rest), to, pairs[from])) {
					return
				}
			}
		}
	}
}

// permute calls with for every order of all[n:], until it returns false.
func permute(all []string, n int, with func([]string) bool) bool {
	if n == len(all) {
		return with(all)
	}
	for i := n; i < len(all); i++ {
		all[n], all[i] = all[i], all[n]
		more := permute(all, n+1, with)
		all[n], all[i] = all[i], all[n]
		if !more {
			return false
		}
	}
	return true
}
