package signature

import "net/http"

// Reason says why a request was refused. The set is small and fixed, so that a
// Reason can be the label of a metric.
type Reason string

// The reasons. Those from ReasonScheme to ReasonQuery are found by looking,
// after the refusal, for a URL that the signature would fit; when none is found,
// or refusals come too fast to look, the reason is ReasonMismatch.
const (
	ReasonMethod        Reason = "method"              // not GET or POST, or a handshake that is not GET
	ReasonMissing       Reason = "missing_signature"   // no X-Twilio-Signature
	ReasonMalformed     Reason = "malformed_signature" // two of them, or not base64 of the right length
	ReasonMismatch      Reason = "mismatch"            // the signature fits nothing that was tried
	ReasonScheme        Reason = "scheme"              // it fits http for https, or a webhook for a stream, or the reverse
	ReasonHost          Reason = "host"                // it fits another host; or the host is not allowed
	ReasonPort          Reason = "port"                // it fits another port
	ReasonPath          Reason = "path"                // it fits another path prefix
	ReasonSlash         Reason = "trailing_slash"      // it fits the path with or without a slash at its end
	ReasonQuery         Reason = "query"               // it fits the URL without its query, or with its query in another order or encoding
	ReasonAccount       Reason = "account"             // the account is unknown, not allowed, or named twice; or another account's token or another key signed
	ReasonUnknownKey    Reason = "unknown_key"         // X-Twilio-Webhooks-Signature-Settings names no key of SharedKeys
	ReasonAlgorithm     Reason = "algorithm"           // it names an unknown algorithm, one that the key is not pinned to, or another than that which signed
	ReasonSettings      Reason = "signature_settings"  // it is malformed or names two keys; or it is missing, and a shared key signed
	ReasonUnsignedBody  Reason = "unsigned_body"       // a body that neither a form's signature nor bodySHA256 covers
	ReasonBodyHash      Reason = "body_hash"           // the body is not the one that bodySHA256 names
	ReasonBodyConsumed  Reason = "body_consumed"       // something read the body before it could be verified
	ReasonMalformedBody Reason = "malformed_body"      // cut short, or not a well-formed form
	ReasonBodyTooLarge  Reason = "body_too_large"      // more than MaxBody bytes
	ReasonBodyTimeout   Reason = "body_timeout"        // the body did not come within BodyTimeout
	ReasonOverloaded    Reason = "overloaded"          // it was not there when more than MaxPending others were waited for
	ReasonTooManyParams Reason = "too_many_params"     // more than MaxParams parameters
	ReasonEncoding      Reason = "content_encoding"    // a compressed body: Twilio sends none
	ReasonTarget        Reason = "target"              // the request line holds no path, or more than 16 KiB
	ReasonForwarded     Reason = "forwarded"           // a trusted proxy's forwarded header is malformed
)

// Status is the HTTP status that [Validator.Middleware] answers for the reason. An
// unknown key is 403 as well, where Twilio's SDK answers 500 when it has no shared
// key at all: Twilio turns to the number's fallback URL either way, and a 500 would
// let strangers make the service look broken.
func (r Reason) Status() int {
	switch r {
	case ReasonMethod:
		return http.StatusMethodNotAllowed
	case ReasonBodyTooLarge, ReasonTooManyParams:
		return http.StatusRequestEntityTooLarge
	case ReasonBodyTimeout:
		return http.StatusRequestTimeout
	case ReasonOverloaded:
		return http.StatusServiceUnavailable
	}
	return http.StatusForbidden
}

// Error is a refusal. It is for logs: an answer must not say more than
// [Reason.Status].
type Error struct {
	Reason Reason
	Detail string // what would have been valid, or what is wrong; may be empty
	URL    string // the URL that was checked, without its secrets; empty when none was
	Params int    // number of form parameters that were checked
}

// Error returns the reason and the detail.
func (e *Error) Error() string {
	if e.Detail == "" {
		return "signature: " + string(e.Reason)
	}
	return "signature: " + string(e.Reason) + ": " + e.Detail
}
