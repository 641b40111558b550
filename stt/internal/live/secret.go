package live

import (
	"errors"
	"net/url"
	"strings"

	"agentos.dev/dialtone/stt"
)

// secrets returns what of a service's key and URL no error may quote, as it is
// and as it is in a URL.
func secrets(key string, u *url.URL) (list []string) {
	add := func(s string) {
		if s == "" {
			return
		}
		list = append(list, s)
		if escaped := url.QueryEscape(s); escaped != s {
			list = append(list, escaped)
		}
	}
	add(key)
	if password, ok := u.User.Password(); ok {
		add(password)
	}
	for name, values := range u.Query() {
		if secret(strings.ToLower(name)) {
			for _, v := range values {
				add(v)
			}
		}
	}
	return list
}

// secret reports whether a parameter of that name is one.
func secret(name string) bool {
	for _, word := range []string{"token", "secret", "password", "api_key", "apikey", "signature"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return name == "key" || name == "sig"
}

// maxText bounds what is quoted of a service.
const maxText = 300

// redact takes secrets out of an error's text: services quote keys, and what
// was asked for.
func (e *Engine) redact(err error) error {
	typed, ok := err.(*stt.Error)
	if !ok {
		return err
	}
	clean := *typed
	clean.Code = e.mask(clean.Code)
	if clean.Err != nil {
		if text := clean.Err.Error(); e.mask(text) != text {
			clean.Err = errors.New(e.mask(text))
		}
	}
	return &clean
}

func (e *Engine) mask(text string) string {
	for _, s := range e.secrets {
		text = strings.ReplaceAll(text, s, "[key]")
	}
	if len(text) > maxText {
		text = text[:maxText] + "..."
	}
	return strings.ToValidUTF8(text, "?")
}
