// Package pages has what the phone and the console have in common: style sheet, the parts of a
// page that draw a call, and the headers of pages that load nothing from elsewhere.
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

// Secure sets the headers of a page that runs only its own scripts, that nobody frames, and that
// connects to its own server and to what more names, as sources of Content-Security-Policy.
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
