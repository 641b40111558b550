// Package secret keeps a service's credentials out of errors: services quote a refused
// key, and requests.
package secret

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"agentos.dev/dialtone/internal/percent"
)

// Secrets are texts that no error may hold.
type Secrets struct{ texts *[]string } // a pointer, so that they are not printed

// Of returns the key and the secrets in the service's URL, both plain and as a URL
// encodes them.
func Of(key string, u *url.URL) Secrets {
	var texts []string
	add := func(s string) {
		if s == "" {
			return
		}
		texts = append(texts, s)
		for _, escaped := range []string{url.QueryEscape(s), url.PathEscape(s), strings.TrimPrefix(url.UserPassword("", s).String(), ":")} {
			if !slices.Contains(texts, escaped) {
				texts = append(texts, escaped)
			}
		}
	}
	add(key)
	if password, ok := u.User.Password(); ok {
		add(password)
	} else {
		add(u.User.Username()) // a token in its place
	}
	for name, values := range u.Query() {
		if named(strings.ToLower(name)) {
			for _, v := range values {
				add(v)
			}
		}
	}
	slices.SortFunc(texts, func(a, b string) int { return len(b) - len(a) }) // one may begin with another
	return Secrets{&texts}
}

// Shown returns a key as options print it.
func Shown(key string) string {
	if key == "" {
		return ""
	}
	return "[key]"
}

// ShownURL returns a service's URL as options print it: without a password and
// without secret parameters.
func ShownURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "[not a URL]"
	}
	if u.User != nil {
		u.User = url.User("user")
	}
	if q := u.Query(); u.RawQuery != "" {
		for name := range q {
			if named(strings.ToLower(name)) {
				q.Set(name, "[key]")
			}
		}
		u.RawQuery = q.Encode()
	}
	return u.String()
}

// named reports whether a parameter of that name is secret.
func named(name string) bool {
	for _, word := range []string{"token", "secret", "password", "api_key", "apikey", "signature"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return name == "key" || name == "sig"
}

// maxText bounds a quotation of a service's answer.
const maxText = 300

// Text returns text, which may come from anywhere, without secrets: valid UTF-8,
// and not too long. A text with a secret in percent-encoding is decoded.
func (s Secrets) Text(text string) string {
	text = percent.Redact(text, func(text string) string {
		for _, secret := range *s.texts {
			text = strings.ReplaceAll(text, secret, "[key]")
		}
		return text
	})
	if len(text) > maxText {
		text = text[:maxText] + "..."
	}
	return strings.ToValidUTF8(text, "?")
}

// Error returns err if it holds no secret, and otherwise an error with its text
// without them.
func (s Secrets) Error(err error) error {
	if err == nil {
		return nil
	}
	if text := s.Text(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}
