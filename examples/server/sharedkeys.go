package main

import (
	"strings"

	"agentos.dev/dialtone/voice/signature"
)

// readSharedKeys names keys by their number: what is malformed may be a secret.
func (c *config) readSharedKeys(e *env) {
	const name = "TWILIO_SHARED_KEYS"
	for i, value := range e.list(name) {
		key, secret, ok := strings.Cut(value, "=")
		id, algorithm, pinned := strings.Cut(key, ":")
		if !ok || id == "" || strings.ContainsAny(key, " \t") {
			e.wrong(name, "key %d is not of the form webhooks_sharedkey_...=secret", i+1)
			continue
		}
		if c.sharedKeys == nil {
			c.sharedKeys, c.sharedPins = make(map[string]string), make(map[string]signature.Pin)
		}
		if _, twice := c.sharedKeys[id]; twice {
			e.wrong(name, "key %d has the id of another", i+1)
		}
		if strings.ContainsAny(secret, " \t\r\n\"'") || secret == "" {
			e.wrong(name, "the secret of key %d is empty, or has blanks or quotes", i+1)
		}
		if c.sharedKeys[id] = secret; !pinned {
			continue
		}
		switch a := signature.Algorithm(algorithm); a {
		case signature.HMACSHA1, signature.HMACSHA256:
			c.sharedPins[id] = signature.Pin{Algorithm: a}
		default:
			e.wrong(name, "the algorithm of key %d is neither HMAC_SHA1 nor HMAC_SHA256", i+1)
		}
	}
}
