package wire

import "net/http"

// maxHeader bounds the headers of an answer, in bytes.
const maxHeader = 64 << 10

// NewClient returns a client for a service, with a transport like the default one, tuned, and whether
// it is nobody else's.
func NewClient(tune func(*http.Transport)) (client *http.Client, own bool) {
	shared, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // the application has put its own there
		return Straight(http.DefaultClient), false
	}
	t := shared.Clone()
	t.MaxResponseHeaderBytes = maxHeader
	tune(t)
	return Straight(&http.Client{Transport: t}), true
}

// Straight returns a copy of c that takes a redirect for the answer: to follow it
// would carry audio and keys, and a token in the URL as Referer, to whom the service
// names.
func Straight(c *http.Client) *http.Client {
	straight := *c
	straight.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &straight
}
