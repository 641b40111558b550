package signature

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Format implements [fmt.Formatter]: however Options are printed, what they show are no
// secrets.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, o.summary()) }

// LogValue implements [slog.LogValuer], without secrets.
func (o Options) LogValue() slog.Value { return slog.StringValue(o.summary()) }

func (o *Options) summary() string {
	public := o.PublicURL
	if strings.Contains(public, "@") {
		public = "[redacted]@" + public[strings.LastIndexByte(public, '@')+1:]
	}
	return fmt.Sprintf("signature.Options{PublicURL: %q, Tokens: %d [redacted], TokensByAccount: %d [redacted], SharedKeys: %d [redacted], AccountSIDs: %q}",
		public, len(o.Tokens), len(o.TokensByAccount), len(o.SharedKeys), o.AccountSIDs)
}

// trimmed returns a copy without what stands around tokens, secrets, SIDs and the URL
// where they were copied or read from: blanks, line breaks, a byte order mark.
func (o Options) trimmed() Options {
	o.PublicURL = trim(o.PublicURL)
	o.Tokens, o.AccountSIDs = trimAll(o.Tokens), trimAll(o.AccountSIDs)
	byAccount := make(map[string][]string, len(o.TokensByAccount))
	for account, tokens := range o.TokensByAccount {
		byAccount[account] = trimAll(tokens)
	}
	o.TokensByAccount = byAccount
	o.SharedKeys, o.SharedKeyPins = maps.Clone(o.SharedKeys), maps.Clone(o.SharedKeyPins)
	for id, secret := range o.SharedKeys {
		o.SharedKeys[id] = trim(secret)
	}
	for id, pin := range o.SharedKeyPins {
		pin.AccountSID = trim(pin.AccountSID)
		o.SharedKeyPins[id] = pin
	}
	return o
}

func trim(s string) string { return strings.Trim(s, " \t\r\n\v\f\x00\u00a0\u200b\ufeff") }

func trimAll(texts []string) []string {
	texts = slices.Clone(texts)
	for i, text := range texts {
		texts[i] = trim(text)
	}
	return texts
}

// twilioSID is the form of all account SIDs that Twilio issues.
var twilioSID = regexp.MustCompile(`^AC[0-9a-f]{32}$`)

// checkAccounts returns an error for each account that no request of Twilio's can name.
func (o *Options) checkAccounts() (errs []error) {
	check := func(sid, format string, args ...any) {
		if !twilioSID.MatchString(sid) {
			errs = append(errs, fmt.Errorf("signature: "+format+" is not AC and 32 hexadecimal digits in small letters", args...))
		}
	}
	for i, sid := range o.AccountSIDs {
		check(sid, "AccountSIDs[%d]", i)
	}
	for _, sid := range slices.Sorted(maps.Keys(o.TokensByAccount)) {
		check(sid, "TokensByAccount[%.40q]", sid)
	}
	for _, id := range slices.Sorted(maps.Keys(o.SharedKeyPins)) {
		if sid := o.SharedKeyPins[id].AccountSID; sid != "" {
			check(sid, "SharedKeyPins[%.128q].AccountSID", id)
		}
	}
	return errs
}
