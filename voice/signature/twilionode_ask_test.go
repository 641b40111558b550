package signature_test

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	stdjson "encoding/json"
	"fmt"
	"hash"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"

	"agentos.dev/dialtone/voice/signature"
)

// bases are the PublicURLs.
var bases = []string{public, public + ":8443", "http://calls.example.com", "http://calls.example.com:80", "HTTPS://calls.example.com",
	"https://user:pa:ss@calls.example.com", "https://[2001:db8::1]", "https://Calls.Example.com", public + "/tenant"}

// The keys: eight, one of which may sign with one algorithm only.
const pinnedKey = "webhooks_sharedkey_7"

var sharedKeys = map[string]string{
	"webhooks_sharedkey_0": "secret-0", "webhooks_sharedkey_1": "secret-1", "webhooks_sharedkey_2": "secret-2", "webhooks_sharedkey_3": "secret-3",
	"webhooks_sharedkey_4": "secret-4", "webhooks_sharedkey_5": "secret-5", "a=b": "secret-6", pinnedKey: "secret-7",
}

// gambler makes random requests.
type gambler struct{ *rand.Rand }

// one reports true once in n times.
func (g gambler) one(n int) bool { return g.IntN(n) == 0 }

func (g gambler) of(choices ...string) string { return choices[g.IntN(len(choices))] }

// some returns up to n pieces of text.
func (g gambler) some(n int, pieces ...string) (text string) {
	for range g.IntN(n + 1) {
		text += g.of(pieces...)
	}
	return text
}

// ask makes a request. Most are as Twilio would send them, signed as they should
// be; each thing that can be wrong is so now and then.
func ask(r *rand.Rand) *asked {
	g := gambler{r}
	q := &asked{base: g.of(bases...), method: "POST", header: http.Header{}}
	hash := ""
	switch g.IntN(4) {
	case 0:
		q.method = "GET"
	case 1:
		q.method, q.handshake = "GET", true
	case 2:
		q.header.Set("Content-Type", g.of("application/json", "application/json; charset=utf-8", "text/plain"))
		q.body = g.of(`{}`, `{"b":"x","a":1}`, `[]`, `{"é":"\u00e9"}`, "no JSON", "")
		sum := sum256(q.body)
		hash = g.of(sum, sum, sum, sum, sum, sum, sum256("{}"), "00", "%"+fmt.Sprintf("%x", sum[0])+sum[1:], strings.ToUpper(sum), sum+"&bodySHA256=00", sum+"&bodySHA256="+sum)
	default:
		q.header.Set("Content-Type", g.of("application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-Urlencoded"))
		q.body = g.form()
		if g.one(10) {
			hash = sum256(q.body)
		}
	}
	if g.one(50) {
		hash = g.of(sum256(""), sum256("{}"), sum256(q.body))
	}
	q.target = g.target(hash)
	g.spoil(q)
	g.sign(q)
	return q
}

func (g gambler) form() string {
	pieces := []string{"a", "B", "é", "😀", "\uff0b", "1", "_", ".", "'", " ", "CallSid", ""}
	var pairs []string
	for range g.IntN(6) {
		key, value := g.some(2, pieces...), g.some(3, pieces...)
		switch g.IntN(4) {
		case 0:
			pairs = append(pairs, url.QueryEscape(key)+"="+strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
		case 1:
			pairs = append(pairs, strings.ToLower(url.QueryEscape(key))+"="+strings.ReplaceAll(url.QueryEscape(value), "%27", "'"))
		default:
			pairs = append(pairs, url.QueryEscape(key)+"="+url.QueryEscape(value))
		}
		if g.one(8) {
			pairs = append(pairs, url.QueryEscape(key)+"="+url.QueryEscape(g.some(2, pieces...)), pairs[len(pairs)-1])
		}
	}
	if g.one(12) {
		pairs = append(pairs, g.of("a=%zz", "a=%4", "%", "a;b", "", "&", "=", "a", "=b", "a=b=c", "a=%ff", "%80=x", "a=\xff", strings.Repeat("k=v&", 256)+"k=v"))
	}
	g.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	if g.one(100) {
		pairs = append(pairs, "big="+strings.Repeat("x", 64<<10-g.IntN(2)*100))
	}
	return strings.Join(pairs, "&")
}

// target returns a path and a query.
func (g gambler) target(hash string) string {
	target := "/" + g.some(3, "in", "a", "~", "%20", "%C3%A9", "/", "-")
	if g.one(30) {
		target = "/" + g.some(4, "in", "'", "(", "..", "/", ".", "{", "|", "\"", "bodySHA256", "é")
	}
	var pairs []string
	if g.one(2) {
		for range g.IntN(4) {
			pairs = append(pairs, g.some(1, "a", "b", "AccountSid", "%61")+"="+g.some(3, "1", "x", "+", "%20", "%2B", "é", "~", "%7e"))
		}
	}
	if g.one(30) {
		pairs = append(pairs, g.of("q=it's", "q=it%27s", "q=a:b@c", "q=%3A%40", "q=<", "xbodySHA256=1", "bodySHA256", "a;b=c", "q=%zz", "'"))
	}
	if hash != "" && !g.one(20) {
		pairs = append(pairs, "bodySHA256="+hash)
	}
	g.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	if len(pairs) > 0 || g.one(40) {
		target += "?" + strings.Join(pairs, "&")
	}
	if g.one(2000) {
		target += strings.Repeat("x", 16<<10)
	}
	return target
}

// spoil makes a request that Twilio does not send of one in some.
func (g gambler) spoil(q *asked) {
	switch g.IntN(150) {
	case 0:
		q.method = g.of("PUT", "HEAD", "POST")
	case 1:
		q.header.Set("Content-Encoding", g.of("gzip", "identity", "Identity", ""))
	case 2:
		q.header["Content-Type"] = []string{"application/x-www-form-urlencoded", g.of("application/json", "application/x-www-form-urlencoded")}
	case 3:
		q.body = g.of("a=b", "{}")
	case 4:
		q.header.Del("Content-Type")
	}
}

// sign adds the signature and the header that says how it was made.
func (g gambler) sign(q *asked) {
	ids := slices.Sorted(maps.Keys(sharedKeys))
	id, algorithm := g.of(ids...), signature.HMACSHA1
	secret := sharedKeys[id]
	switch {
	case g.one(3):
		secret, id = token, ""
	case g.one(2):
		algorithm = signature.HMACSHA256
	}
	if id != "" {
		q.header[signature.SettingsHeader] = []string{signature.Settings(id, algorithm)}
	}
	if g.one(6) {
		q.header[signature.SettingsHeader] = g.settings(id, algorithm)
		if named, a := q.named(); named != "" && g.one(2) { // signed as the header says, however it says it
			if secret = sharedKeys[named]; secret == "" {
				secret = token
			}
			algorithm = cmp.Or(a, algorithm)
		}
	}
	if g.one(30) {
		secret = g.of(token, "secret-0", "another")
	}
	if g.one(30) {
		algorithm = signature.Algorithm(g.of(string(signature.HMACSHA1), string(signature.HMACSHA256)))
	}
	text := q.url() + q.params()
	if q.isForm() && g.one(8) {
		text = q.url() + q.bytes()
	}
	if g.one(5) {
		text = g.of(q.urls(everyURL...)...) + g.of(q.params(), q.bytes(), q.members(), q.relay(), "")
	}
	if strings.HasPrefix(q.base, "HTTPS") && g.one(4) {
		text = lower(q.url()) + q.params()
	}
	if q.handshake && g.one(6) {
		text, _, _ = strings.Cut(q.url(), "?")
		text += q.relay()
	}
	sig := mac(algorithm, secret, text)
	switch g.IntN(60) {
	case 0:
		sig = g.of("", " "+sig, sig+"\n", strings.TrimSuffix(sig, "="), sig+"=", strings.ToLower(sig), "AAAA", sig+","+sig)
	case 1:
		flipped := []byte(sig)
		flipped[g.IntN(len(flipped))] ^= 1 << g.IntN(7)
		sig = string(flipped)
	}
	q.header[signature.Header] = []string{sig}
	switch g.IntN(100) {
	case 0:
		q.header[signature.Header] = []string{sig, g.of(sig, "AAAA")}
	case 1:
		q.header.Del(signature.Header)
	}
}

// settings returns lines that say what they should in another way, or do not.
func (g gambler) settings(id string, algorithm signature.Algorithm) []string {
	if g.one(12) {
		return [][]string{nil, {""}, {" "}, {"", ""}, {","}, {"key="}}[g.IntN(6)]
	}
	blank := func() string { return g.some(1, " ", "\t", "  ", "\xa0") }
	if !g.one(6) {
		blank = func() string { return g.some(1, " ", "\t", "") }
	}
	name := func(name string) string {
		if g.one(12) {
			return g.of(strings.ToUpper(name), name+"s", "", "x"+name)
		}
		return name
	}
	part := func(n, value string) string { return blank() + name(n) + blank() + "=" + blank() + value + blank() }
	says := string(algorithm)
	switch g.IntN(8) {
	case 0:
		says = strings.ToLower(says)
	case 1:
		says = g.of("", "HMAC_SHA512", "none", "SHA256", "HMAC-SHA256", "HMAC_SHA1 ", "HMAC_\u017fHA1", "hmac_Sha256", "HMAC_SHA256")
	}
	if g.one(12) {
		id = g.of("webhooks_sharedkey_9", "constructor", "", "WEBHOOKS_SHAREDKEY_0", `"webhooks_sharedkey_0"`, "a", "webhooks_sharedkey_0")
	}
	parts := []string{part("key", id), part("algorithm", says)}
	if g.one(6) {
		parts = parts[:1]
	}
	for range g.IntN(3) {
		parts = append(parts, g.of("", " ", "x", "v=1", "=", "key", "key=", "algorithm=", part("key", id), part("algorithm", says),
			part("key", "webhooks_sharedkey_0"), part("algorithm", "HMAC_SHA256"), "note=\xe9"))
	}
	if g.one(4) {
		g.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	}
	if g.one(5) && len(parts) > 1 {
		return []string{strings.Join(parts[:1], ","), strings.Join(parts[1:], ",")}
	}
	return []string{strings.Join(parts, g.of(",", ",", ",", ", ", ";"))}
}

// What follows is how Twilio's library reads a request, in the simplest code there
// is.

// joined is the header as Node hands it over.
func (q *asked) joined() string {
	return strings.Join(q.header[signature.SettingsHeader], ", ")
}

// values returns what the header says of a name, but for what is empty.
func (q *asked) values(name string) (values []string) {
	latin1 := []rune{}
	for _, b := range []byte(q.joined()) {
		latin1 = append(latin1, rune(b))
	}
	trim := func(s string) string { return strings.Trim(s, " \t\u00a0") }
	for _, part := range strings.Split(string(latin1), ",") {
		if n, value, ok := strings.Cut(part, "="); ok && trim(n) == name && trim(value) != "" {
			values = append(values, trim(value))
		}
	}
	return values
}

// named returns the key and the algorithm that the library takes the header for;
// the algorithm is empty when it knows none of that name.
func (q *asked) named() (string, signature.Algorithm) {
	key := append(q.values("key"), "")[0]
	switch strings.ToUpper(append(q.values("algorithm"), "HMAC_SHA1")[0]) {
	case "HMAC_SHA1":
		return key, signature.HMACSHA1
	case "HMAC_SHA256":
		return key, signature.HMACSHA256
	}
	return key, ""
}

// fits reports whether the signature is that of one of the texts, by the key and
// the algorithm that the library takes.
func (q *asked) fits(urls []string, params ...string) bool {
	secret, algorithm := token, signature.HMACSHA1
	if q.joined() != "" {
		id, a := q.named()
		secret, algorithm = sharedKeys[id], a
	}
	lines := q.header[signature.Header]
	if secret == "" || algorithm == "" || len(lines) != 1 {
		return false
	}
	for _, at := range urls {
		for _, p := range params {
			if mac(algorithm, secret, at+p) == lines[0] {
				return true
			}
		}
	}
	return false
}

func mac(a signature.Algorithm, secret, text string) string {
	h := map[signature.Algorithm]func() hash.Hash{signature.HMACSHA1: sha1.New, signature.HMACSHA256: sha256.New}[a]
	m := hmac.New(h, []byte(secret))
	m.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}

// Changes of a URL.
var (
	received  = func(at string) string { return at }
	otherPort = func(at string) string { return togglePort(at, ":80") }  // as the library adds it
	port443   = func(at string) string { return togglePort(at, ":443") } // as a wss URL has it
	noSlash   = func(at string) string { return dropSlash(at) }          // of an empty path
	lower     = func(at string) string { return lowerScheme(at) }        // the scheme
	lowerHost = func(at string) string { return strings.ToLower(at[:20]) + at[20:] }
	escaped   = func(at string) string { return changeQuery(at, "'", "%27") }
	unescaped = func(at string) string { return changeQuery(at, "%27", "'") }
	http4s    = func(at string) string { return strings.Replace(at, "https://", "http://", 1) }
	noQuery   = func(at string) string { at, _, _ = strings.Cut(at, "?"); return at }
)

var everyURL = []func(string) string{received, otherPort, port443, noSlash, lower, lowerHost, escaped, unescaped, http4s, noQuery}

// urls returns the URL changed in some ways.
func (q *asked) urls(changes ...func(string) string) (all []string) {
	for _, change := range changes {
		all = append(all, change(q.url()))
	}
	return all
}

// split cuts a URL behind its authority.
func split(at string) (front, rest string) {
	end := strings.Index(at, "://") + 3
	end += strings.IndexAny(at[end:]+"/", "/?")
	return at[:end], at[end:]
}

func togglePort(at, add string) string {
	front, rest := split(at)
	if colon := strings.LastIndex(front, ":"); colon > strings.LastIndexAny(front, "/@]") {
		return front[:colon] + rest
	}
	if strings.HasPrefix(strings.ToLower(at), "https:") {
		add = ":443"
	}
	return front + add + rest
}

func dropSlash(at string) string {
	path, query, ok := strings.Cut(at, "?")
	if path = strings.TrimSuffix(path, "/"); ok {
		path += "?" + query
	}
	return path
}

func lowerScheme(at string) string {
	scheme, rest, _ := strings.Cut(at, "://")
	return strings.ToLower(scheme) + "://" + rest
}

func changeQuery(at, from, to string) string {
	path, query, ok := strings.Cut(at, "?")
	if ok {
		path += "?" + strings.ReplaceAll(query, from, to)
	}
	return path
}

// isForm reports whether the body is a form's.
func (q *asked) isForm() bool {
	media, _, _ := strings.Cut(q.header.Get("Content-Type"), ";")
	return q.method != "GET" && strings.EqualFold(media, "application/x-www-form-urlencoded")
}

// params returns what the library appends to the URL.
func (q *asked) params() string {
	media, _, _ := strings.Cut(q.header.Get("Content-Type"), ";")
	switch {
	case strings.Contains(q.url(), "bodySHA256") || q.method == "GET":
		return ""
	case q.isForm():
		return canonical(q.body, func(s string) string { return string([]rune(s)) }, func(a, b string) int {
			return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
		})
	case media == "application/json":
		return q.members()
	}
	return ""
}

// bytes returns the form sorted by its bytes, as the libraries for Go, Python, Ruby
// and PHP do.
func (q *asked) bytes() string { return canonical(q.body, strings.Clone, strings.Compare) }

// relay returns the query as ConversationRelay appends it.
func (q *asked) relay() string {
	_, query, _ := strings.Cut(q.target, "?")
	return canonical(query, strings.Clone, strings.Compare)
}

// canonical returns the pairs of a form in order, without those that come twice.
func canonical(form string, decode func(string) string, compare func(a, b string) int) (text string) {
	seen := map[[2]string]bool{}
	var pairs [][2]string
	for _, part := range strings.Split(form, "&") {
		if part == "" {
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		if p := [2]string{decode(unescape(key)), decode(unescape(value))}; !seen[p] {
			seen[p] = true
			pairs = append(pairs, p)
		}
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return cmp.Or(compare(a[0], b[0]), compare(a[1], b[1])) })
	for _, p := range pairs {
		text += p[0] + p[1]
	}
	return text
}

// unescape decodes what it can, as Node does.
func unescape(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	var text strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if c, err := url.PathUnescape(s[i : i+3]); err == nil {
				text.WriteString(c)
				i += 2
				continue
			}
		}
		text.WriteByte(s[i])
	}
	return text.String()
}

// members returns those of a JSON object, which the library takes for parameters.
func (q *asked) members() (text string) {
	var object map[string]any
	if stdjson.Unmarshal([]byte(q.body), &object) != nil {
		return ""
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		text += key + fmt.Sprint(object[key])
	}
	return text
}
