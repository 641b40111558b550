// Package pages holds the common parts of the phone and the console: style sheet, the
// parts of a page that draw a call, and the headers of pages that load nothing from
// elsewhere.
package pages

import (
	"embed"
	"net/http"
	"strings"
)

//go:embed style.css parts.js icon.svg
var parts embed.FS

// ServePart serves a file of this package, or reports that it is none.
func ServePart(w http.ResponseWriter, r *http.Request, name string) bool {
	if _, err := parts.ReadFile(name); err != nil {
		return false
	}
	http.ServeFileFS(w, r, parts, name)
	return true
}

// Secure sets the headers of a page that runs only its own scripts, cannot be framed,
// and connects only to its own server and to the sources in more, in the syntax of
// Content-Security-Policy.
func Secure(h http.Header, more ...string) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "+
		strings.Join(append([]string{"'self'"}, more...), " ")+"; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Permissions-Policy", "microphone=(self), camera=(), geolocation=()")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}
