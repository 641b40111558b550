package wire

import "net/url"

// SetMissing sets the parameters that are not empty and that a URL does not have: those in
// the URL of a host's own come first.
func SetMissing(q url.Values, values map[string]string) {
	for key, value := range values {
		if value != "" && !q.Has(key) {
			q.Set(key, value)
		}
	}
}
