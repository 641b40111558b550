package twiliorest

import (
	"encoding/base64"
	"errors"
	"net/url"
	"regexp"
	"strings"
	"unicode"

	"agentos.dev/dialtone/internal/percent"
)

// maxText bounds what an error quotes, in bytes.
const maxText = 300

// What a text from elsewhere may repeat of a request: TwiML, the user information and the
// query of URLs, and in their paths what is too long for a name, as tokens are.
var (
	markup    = regexp.MustCompile(`(?s)(<|&lt;|%3C).*`)
	userinfo  = regexp.MustCompile(`(://)[^/?#\s"'<>]*@`)
	login     = regexp.MustCompile(`[^\s:/@"'<>=]+:[^\s/@"'<>]+@`)
	query     = regexp.MustCompile(`(://[^?\s"'<>]*\?)[^\s"'<>]*`)
	named     = regexp.MustCompile(`(?i)\b([a-z_.-]*(?:token|secret|password|passwd|api_?key|auth|signature)|key|sig|pwd)(["']?\s*=\s*["']?|["']\s*:\s*["'])[^\s&"'<>]+`)
	longName  = regexp.MustCompile(`/[A-Za-z0-9_~=.-]{40,}`)
	basicAuth = regexp.MustCompile(`(?i)\b(basic|bearer)\s+[A-Za-z0-9+/=_.-]+`)
)

// quiet returns a text that may come from anywhere without secrets, on one line and not
// too long. A text with a secret in percent-encoding is decoded.
func (c *Client) quiet(text string) string {
	text = percent.Redact(text, c.redact)
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "..."
	}
	return text
}

// redact returns a text without secrets.
func (c *Client) redact(text string) string {
	credentials := c.credentials()
	for _, s := range []string{
		base64.StdEncoding.EncodeToString([]byte(credentials.Username + ":" + credentials.Password)),
		credentials.Password, credentials.Username, c.account,
	} {
		text = strings.ReplaceAll(text, s, "[redacted]")
	}
	text = basicAuth.ReplaceAllString(text, "$1 [redacted]")
	text = markup.ReplaceAllString(text, "[TwiML]")
	text = userinfo.ReplaceAllString(text, "$1[redacted]@")
	text = query.ReplaceAllString(text, "$1[redacted]")
	text = named.ReplaceAllString(text, "$1$2[redacted]")
	text = login.ReplaceAllStringFunc(text, func(found string) string {
		if scheme, user, _ := strings.Cut(found, ":"); (scheme == "sip" || scheme == "sips") && !strings.Contains(user, ":") {
			return found // whom a call is to
		}
		return "[redacted]@"
	})
	return longName.ReplaceAllString(text, "/[redacted]")
}

// quietError returns err without secrets: as it is, but for the URL of the request, or
// where its text holds more than may be told, that text made quiet.
func (c *Client) quietError(err error) error {
	if request := (*url.Error)(nil); errors.As(err, &request) {
		err = request.Err
	}
	if text := c.quiet(err.Error()); text != err.Error() {
		return errors.New(text)
	}
	return err
}
