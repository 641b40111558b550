package voice

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path"
	"strconv"
	"strings"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/tts"
)

// check returns everything that is wrong with the configuration.
func (c *Config) check() []error {
	var errs []error
	wrong := func(option, format string, args ...any) {
		errs = append(errs, &OptionError{Option: option, Problem: fmt.Sprintf(format, args...)})
	}
	because := func(option string, err error) {
		if err != nil {
			errs = append(errs, &OptionError{Option: option, Problem: "cannot work", Err: err})
		}
	}
	notNil := func(name string, value any) bool {
		if value != nil && option.Nil(value) {
			wrong(name, "is a nil %T", value)
		}
		return !option.Nil(value)
	}
	if c.Handler == nil && c.Listener == nil {
		wrong("Handler", "is missing")
	}
	notNil("Handler", c.Handler)
	if notNil("Listener", c.Listener) && c.STT == nil {
		wrong("Listener", "hears nothing without STT")
	}
	for i, observer := range c.Observers {
		if option.Nil(observer) {
			wrong(fmt.Sprintf("Observers[%d]", i), "is nil")
		}
	}
	notNil("CallControl", c.CallControl)
	if notNil("STT", c.STT) {
		because("STT", stt.Validate(c.STT))
	}
	if notNil("TTS", c.TTS) {
		because("TTS", tts.Validate(c.TTS))
	}
	because("TTSOptions", c.TTSOptions.Config.Validate())
	because("Interruption", c.Interruption.check())
	because("Silence", c.Silence.check())
	if notNil("Policy", c.Policy) {
		because("Policy", policy.Validate(c.Policy))
	}
	errs = append(errs, checkTokens(c.AuthTokens)...)
	for i, sid := range c.AccountSIDs {
		if !accountSID.MatchString(sid) {
			wrong(fmt.Sprintf("AccountSIDs[%d]", i), "is not AC and 32 hexadecimal digits in small letters")
		}
	}
	if _, err := streamBase(c.PublicURL); err != nil {
		wrong("PublicURL", "%s", strings.TrimPrefix(err.Error(), "voice: PublicURL "))
	} else if problem := c.publicURLProblem(); problem != "" {
		wrong("PublicURL", "%s", problem)
	}
	if !strings.HasPrefix(c.Path, "/") || path.Clean(c.Path) != c.Path || c.Path == "/" || strings.ContainsAny(c.Path, "{}?# ") {
		wrong("Path", "%q is not of the form /api/voice", c.Path)
	}
	before, problems := copyBefore(c.Before)
	c.Before, errs = before, append(errs, problems...)
	if err := option.Duration("", c.MaxDuration); err != nil {
		wrong("MaxDuration", "%s", strings.TrimSpace(err.Error()))
	}
	if language, err := stt.ParseLanguage(c.Language); err != nil {
		wrong("Language", "%.40q is not a BCP 47 tag such as en-GB", c.Language)
	} else {
		c.Language = language
	}
	if c.Resume > ResumeNever {
		wrong("Resume", "there is no %d", c.Resume)
	}
	if c.LameDuck < 0 {
		wrong("LameDuck", "is negative: %v", c.LameDuck)
	}
	if c.MaxStreams < 0 {
		wrong("MaxStreams", "is negative: %d", c.MaxStreams)
	}
	for i, key := range c.SessionKeys {
		if len(key) < minKeyLength {
			wrong(fmt.Sprintf("SessionKeys[%d]", i), "has %d bytes, fewer than %d", len(key), minKeyLength)
		}
	}
	if option.Logger("", c.Logger) != nil {
		wrong("Logger", "has no handler: make it with slog.New")
	}
	return errs
}

// checkTokens returns everything that is wrong with auth tokens that are trimmed.
func checkTokens(tokens []string) []error {
	if len(tokens) == 0 {
		return []error{&OptionError{Option: "AuthTokens", Problem: "is empty: without a token nobody's requests can be trusted"}}
	}
	var errs []error
	for i, token := range tokens {
		if err := option.Key("", &token); err != nil {
			errs = append(errs, &OptionError{Option: fmt.Sprintf("AuthTokens[%d]", i), Problem: strings.TrimSpace(err.Error())})
		}
	}
	return errs
}

// signatureBut is signature without options already known to be wrong, which would be
// reported twice.
func (c *Config) signatureBut(wrong []error) signature.Options {
	o := c.signature()
	if len(wrong) == 0 {
		return o
	}
	o.Logger = nil
	for _, err := range wrong {
		switch option, _, _ := strings.Cut(err.(*OptionError).Option, "["); option {
		case "AccountSIDs":
			o.AccountSIDs = nil
		case "AuthTokens":
			o.Tokens = []string{"wrong"}
		case "PublicURL":
			o.PublicURL = ""
		}
	}
	return o
}

// streamBase turns a public URL into the WebSocket URL of the same place.
func streamBase(publicURL string) (string, error) {
	if publicURL == "" {
		return "", errors.New("voice: PublicURL is missing: signatures cover the URL that Twilio was given")
	}
	u, err := url.Parse(publicURL)
	if err != nil || u.Host == "" {
		return "", errors.New("voice: PublicURL is not a URL such as https://calls.example.com")
	}
	if u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("voice: PublicURL has a query or fragment")
	}
	if u.Scheme != "https" && !(u.Scheme == "http" && isLoopback(u.Hostname())) {
		return "", fmt.Errorf("voice: PublicURL %s://%s is not https: Twilio opens streams over TLS only", u.Scheme, u.Host)
	}
	// http becomes ws and https wss, in lower case as Twilio's examples have it; the
	// rest stays as it is, because it is signed.
	return "ws" + u.Scheme[len("http"):] + strings.TrimSuffix(publicURL[len(u.Scheme):], "/"), nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// publicURLProblem says why nothing works under a public URL that is one, or "".
func (c *Config) publicURLProblem() string {
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return "is not a URL"
	}
	if strings.Contains(u.Path+"/", c.Path+"/twilio/") {
		return fmt.Sprintf("is to be without %s/twilio and what follows, which is added", c.Path)
	}
	if u.Port() == "" {
		return ""
	}
	switch port, err := strconv.ParseUint(u.Port(), 10, 16); {
	case err != nil || port == 0:
		return fmt.Sprintf("has the port %s, which is none from 1 to 65535", u.Port())
	case port == 80 && u.Scheme == "https":
		return "has the port of http, 80: leave it away, or say where https is served"
	}
	return ""
}
