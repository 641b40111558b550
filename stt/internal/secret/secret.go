// Package secret keeps a service's credentials out of errors of package stt.
package secret

import (
	"net/url"

	"agentos.dev/dialtone/internal/secret"
	"agentos.dev/dialtone/stt"
)

// Secrets are texts that no error may hold.
type Secrets struct{ secret.Secrets }

// Of returns the key and the secrets in the service's URL.
func Of(key string, u *url.URL) Secrets { return Secrets{secret.Of(key, u)} }

// Shown returns a key as options print it.
func Shown(key string) string { return secret.Shown(key) }

// ShownURL returns a service's URL as options print it.
func ShownURL(address string) string { return secret.ShownURL(address) }

// Error returns err without secrets. Of an [stt.Error] the kind stays; another error
// that holds one is replaced by its text.
func (s Secrets) Error(err error) error {
	typed, ok := err.(*stt.Error)
	if !ok {
		return s.Secrets.Error(err)
	}
	clean := *typed
	clean.Code, clean.Err = s.Text(clean.Code), s.Secrets.Error(clean.Err)
	return &clean
}
