// Package client makes the HTTP clients of engines that were given none.
package client

import "net/http"

// New returns a client with a transport like the default one, tuned, and whether
// it is nobody else's.
func New(tune func(*http.Transport)) (client *http.Client, own bool) {
	shared, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // the application has put its own there
		return http.DefaultClient, false
	}
	t := shared.Clone()
	tune(t)
	return &http.Client{Transport: t}, true
}
