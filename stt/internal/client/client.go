// Package client makes the HTTP clients that carry audio and keys to speech
// services. They follow no redirect: it would take both, and a token in the URL as
// Referer, to whom the service names.
package client

import "net/http"

// maxHeader bounds the headers of an answer, in bytes.
const maxHeader = 64 << 10

// New returns a client with a transport like the default one, tuned, and whether
// it is nobody else's.
func New(tune func(*http.Transport)) (client *http.Client, own bool) {
	shared, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // the application has put its own there
		return Straight(http.DefaultClient), false
	}
	t := shared.Clone()
	t.MaxResponseHeaderBytes = maxHeader
	tune(t)
	return Straight(&http.Client{Transport: t}), true
}

// Straight returns a copy of c that takes a redirect for the answer.
func Straight(c *http.Client) *http.Client {
	straight := *c
	straight.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &straight
}
