package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"agentos.dev/dialtone/policy/capacity"
	"agentos.dev/dialtone/policy/outbound"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/pocketsphinx"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/twiliorest"
)

// mistake is what is wrong with a variable or a flag. It does not hold the value of a
// secret.
type mistake struct{ name, text string }

func (m mistake) Error() string { return m.name + ": " + m.text }

// mistakes are collected, to be reported all at once.
type mistakes []mistake

func (m *mistakes) wrong(name, format string, args ...any) {
	*m = append(*m, mistake{name, fmt.Sprintf(format, args...)})
}

// told reports whether the variable is known to be wrong.
func (m mistakes) told(name string) bool {
	return slices.ContainsFunc(m, func(m mistake) bool { return m.name == name })
}

// err returns the mistakes in the order of -h.
func (m mistakes) err() error {
	place := func(m mistake) uint { // after the others if it is no variable
		return uint(slices.IndexFunc(variables, func(v variable) bool { return v.name == m.name }))
	}
	var errs []error
	for _, mistake := range slices.SortedStableFunc(slices.Values(m), func(a, b mistake) int { return cmp.Compare(place(a), place(b)) }) {
		errs = append(errs, mistake)
	}
	return errors.Join(errs...)
}

// maxShown is the longest value that is shown whatever it is, and the longest word of one
// that is [harmless].
const maxShown = 16

// shown returns a wrong value for a message, unless it may be a secret that was given to
// the wrong variable.
func shown(value string) string {
	if harmless(value) {
		return fmt.Sprintf("%q", value)
	}
	return hidden(value)
}

// hidden returns a value for a message, unless it is long enough to be a secret.
func hidden(value string) string {
	if len(value) > maxShown {
		return fmt.Sprintf("a value of %d characters", len(value))
	}
	return fmt.Sprintf("%q", value)
}

// harmless reports whether a long value is written like a host, a path, a list of numbers
// or of rates, or hours: in words and numbers that are apart, as those of keys are not.
func harmless(value string) bool {
	const most = 100 // bytes
	if len(value) > most || !strings.ContainsAny(value, "/.:+") || strings.Trim(value, alphanumeric+" /.:=+,;_*()-") != "" {
		return false
	}
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return !strings.ContainsRune(alphanumeric, r) }) {
		capitals := strings.TrimLeft(word[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
		switch {
		case len(word) > maxShown:
			return false
		case strings.Trim(word, "0123456789") == "", len(word) <= 4 && strings.Trim(word, "0123456789abcdef") == "":
		case strings.ContainsAny(word, "0123456789"), !capitals && word[1:] != strings.ToLower(word[1:]):
			return false
		}
	}
	return true
}

const alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// secrets are the variables whose values are never shown, whatever they look like.
var secrets = []string{"TWILIO_AUTH_TOKEN", "TWILIO_SHARED_KEYS", "TWILIO_API_KEY", "TWILIO_API_SECRET", "STT_URL", "STT_KEY", "TTS_URL", "TTS_KEY", "ADMIN_TOKENS", "SESSION_KEYS", "REDIS_URL"}

// quoted matches a value in a message.
var quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// quiet returns a message without what is longer than [shown] shows of the value of any
// variable: secrets are given to wrong ones.
func (e *env) quiet(message string) string {
	var values []string
	for _, v := range variables {
		value := e.get(v.name)
		if len(value) > maxShown && (slices.Contains(secrets, v.name) || !harmless(value)) {
			values = append(values, strings.ToLower(value))
		}
	}
	message = quoted.ReplaceAllStringFunc(message, func(text string) string {
		value, err := strconv.Unquote(text)
		if err != nil || !slices.ContainsFunc(values, func(v string) bool { return strings.Contains(v, strings.ToLower(value)) }) {
			return text
		}
		return hidden(value)
	})
	for _, value := range values { // without quotes
		for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune(",;\"' \t\r\n", r) }) {
			if len(word) > maxShown {
				message = regexp.MustCompile("(?i)"+regexp.QuoteMeta(word)).ReplaceAllLiteralString(message, hidden(word))
			}
		}
	}
	return message
}

// readFrom names the variables that options of the packages are read from.
var readFrom = map[string]string{
	"AuthTokens": "TWILIO_AUTH_TOKEN", "PublicURL": "PUBLIC_URL", "MaxDuration": "MAX_CALL_DURATION", "TimeLimit": "MAX_CALL_DURATION",
	"SessionKeys": "SESSION_KEYS", "AccountSIDs": "TWILIO_ACCOUNT_SID", "AccountSID": "TWILIO_ACCOUNT_SID", "APIKey": "TWILIO_API_KEY",
	"SharedKeys": "TWILIO_SHARED_KEYS", "SharedKeyPins": "TWILIO_SHARED_KEYS", "APISecret": "TWILIO_API_SECRET", "Options.Key": "STT_KEY", "Options.URL": "STT_URL", "Options.BaseURL": "STT_URL",
	"TTSKey": "TTS_KEY", "TTSBaseURL": "TTS_URL", "TTSURL": "TTS_URL", "TTSVoice": "TTS_VOICE",
}

// aboutOption matches what a package says of an option: "voice: AuthTokens[0] is empty",
// "signature: SharedKeyPins[id].Algorithm is ...".
var aboutOption = regexp.MustCompile(`^\w+: ((?:Options\.)?\w+)(?:\[(?:(\d+)|("(?:[^"\\]|\\.)*"|[^\]]*))\](?:\.\w+)?)?:? (.*)$`)

// translate says of a variable what a package says of the option that is read from it. It
// returns no name for other messages.
func translate(message string) (name, text string) {
	m := aboutOption.FindStringSubmatch(message)
	if m == nil || readFrom[m[1]] == "" {
		return "", message
	}
	text = m[4]
	switch id := strings.Trim(m[3], `"`); {
	case m[2] != "" && m[2] != "0":
		text += " (number " + m[2] + " of the list, from 0)"
	case strings.HasPrefix(id, "webhooks_sharedkey_"):
		text += " (key " + id + ")"
	case id != "":
		text += " (key " + shown(id) + ")"
	}
	return readFrom[m[1]], text
}

// adopt adds what a package refuses, except of variables that are known to be wrong. What
// is about no option is said of the variable that is named.
func (m *mistakes) adopt(name string, err error) {
	var found mistakes
	var walk func(error)
	walk = func(err error) {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, err := range joined.Unwrap() {
				walk(err)
			}
			return
		}
		about, text := translate(err.Error())
		if about == "" {
			about, text = name, strings.TrimPrefix(text, packageOf(text))
		}
		if !m.told(about) {
			found.wrong(about, "%s", text)
		}
	}
	if err != nil {
		walk(err)
	}
	*m = append(*m, found...)
}

// packageOf returns the name that a package begins its messages with.
func packageOf(message string) string {
	name, _, _ := strings.Cut(message, ": ")
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") == "" {
		return name + ": "
	}
	return ""
}

// check returns what the packages would refuse. It starts nothing.
func (c *config) check(m *mistakes) {
	_, err := outbound.NewDestinations(outbound.DestinationsOptions{Countries: c.outboundTo})
	m.adopt("OUTBOUND_COUNTRIES", err)
	_, err = outbound.NewGate(outbound.GateOptions{TimeLimit: c.maxDuration})
	m.adopt("MAX_CALL_DURATION", err)
	settings := c.voice()
	settings.Handler = voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil })
	_, err = voice.New(settings)
	m.adopt("PUBLIC_URL", err)
	if c.apiKey != "" && c.apiSecret != "" {
		_, err = twiliorest.New(c.rest())
		m.adopt("TWILIO_API_KEY", err)
	}
	_, closeStore, err := openStore(config{redisURL: c.redisURL})
	m.adopt("REDIS_URL", err)
	if err == nil {
		closeStore()
	}
	_, closeStore, err = openStore(config{natsURL: c.natsURL, natsReplicas: c.natsReplicas})
	m.adopt("NATS_URL", err)
	if err == nil {
		closeStore()
	}
	if c.stt != "pocketsphinx" { // which newEngine starts; checkEngine looks at it
		engine, err := openEngine(*c, slog.New(slog.DiscardHandler))
		m.adopt("STT_KEY", err)
		stt.Close(engine)
	}
	c.checkSpeaker(m)
	longest := capacity.BilledMinutes(c.maxDuration)
	for _, limit := range c.caps {
		if len(c.outboundTo) > 0 && limit.Minutes > 0 && limit.Minutes < longest && !m.told("OUTBOUND_CAPS") {
			m.wrong("OUTBOUND_CAPS", "%d minutes a day to %s are fewer than one call may last by MAX_CALL_DURATION, so none could be made", limit.Minutes, limit.To)
		}
	}
}

// checkEngine returns why the speech engine on this machine cannot start. It starts
// no workers.
func (c *config) checkEngine() error {
	var m mistakes
	if c.stt != "pocketsphinx" || len(c.phrases) == 0 { // which has been told
		return nil
	}
	err := pocketsphinx.Options{Phrases: c.phrases}.Validate()
	if errors.Is(err, stt.ErrUnavailable) {
		m.wrong("STT", "%v; or choose another engine with STT=openai STT_URL=..., or none with STT=off", err)
	} else {
		m.adopt("STT_PHRASES", err)
	}
	return m.err()
}

// checkAddress returns an error for what cannot be listened on.
func checkAddress(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return errors.New("is not of the form host:port or :port")
	}
	if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("has no port that there is: %s", shown(port))
	}
	return nil
}

// shownAddress returns an address for the log, without a host that is too long to be shown.
func shownAddress(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || len(host) <= maxShown || harmless(host) || net.ParseIP(host) != nil {
		return address
	}
	return net.JoinHostPort("("+shown(host)+")", port)
}

// sameAddress reports whether one cannot be listened on beside the other.
func sameAddress(a, b string) bool {
	hostA, portA, errA := net.SplitHostPort(a)
	hostB, portB, errB := net.SplitHostPort(b)
	everywhere := func(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
	return errA == nil && errB == nil && portA == portB && portA != "0" && (hostA == hostB || everywhere(hostA) || everywhere(hostB))
}
