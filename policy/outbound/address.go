package outbound

import (
	"errors"
	"fmt"
	"strings"

	"agentos.dev/dialtone/policy"
)

// maxAddress is the longest address that may be dialled, in bytes. Callers' addresses
// are cut there; one that is dialled must not hide anything behind it.
const maxAddress = 512

// allow takes the list of addresses that are not numbers.
func (d *Destinations) allow(entries []string) (err error) {
	if d.other, err = policy.NewNumbers(entries...); err != nil {
		return err
	}
	d.whole = make(map[string]bool)
	var errs []error
	for _, entry := range entries {
		lower := strings.ToLower(strings.TrimSpace(entry))
		if !strings.Contains(lower, ":") || strings.HasPrefix(lower, "tel:") {
			errs = append(errs, fmt.Errorf("outbound: %q is not an address such as client:* or sip:help@example.com", entry))
		}
		if strings.HasSuffix(lower, "*") || strings.Contains(lower, ":*@") {
			continue
		}
		d.whole[lower], d.whole[policy.Call{From: entry}.Caller()] = true, true
	}
	return errors.Join(errs...)
}

// checkAddress checks an address that is not a number.
func (d *Destinations) checkAddress(to string) (country string, class Class, err error) {
	lower := strings.ToLower(to)
	scheme, rest, _ := strings.Cut(lower, ":")
	caller := policy.Call{From: to}.Caller()
	switch isSIP := scheme == "sip" || scheme == "sips"; {
	case d.own.Contains(to):
		return "", ClassUnknown, &Error{Cause: ErrOwn}
	case d.whole[lower]:
		return "", ClassUnknown, nil
	case strings.ContainsAny(lower, "<>\" \t\r\n") || scheme == "" || rest == "" || !isSIP && strings.HasPrefix(caller, "sip:") ||
		isSIP && leadsElsewhere(rest) || !d.whole[caller] && !d.other.Contains(to):
		return "", ClassUnknown, &Error{Cause: ErrAddress}
	case isSIP && !d.whole[caller]:
		user, _, ok := strings.Cut(strings.TrimPrefix(caller, "sip:"), "@")
		switch {
		case !ok:
		case strings.HasPrefix(user, "+") || strings.Contains(rest, "user=phone"):
			return d.checkNumber(user)
		case strings.Trim(user, "0123456789") == "" && len(user) >= 7: // too long for an extension
			return d.checkNumber("+" + user)
		case emergency(user):
			return "", ClassUnknown, &Error{Cause: ErrNumber}
		}
	}
	return "", ClassUnknown, nil
}

// emergency reports whether a short number is that of an emergency service in one of the
// larger plans, or another N11 of the North American one.
func emergency(user string) bool {
	switch user {
	case "000", "110", "112", "118", "119", "999":
		return true
	}
	return len(user) == 3 && user[0] >= '2' && user[0] <= '9' && user[1:] == "11"
}

// leadsElsewhere reports whether a SIP address, without its scheme and in lower case,
// has parts that may take the call to another place than its user and host, or that
// nobody needs: escapes, a password, parameters other than Twilio's own and the transport
// (twilio.com/docs/voice/twiml/sip), headers other than the caller's own.
func leadsElsewhere(rest string) bool {
	user, host, ok := strings.Cut(rest, "@")
	if !ok {
		user, host = "", rest
	}
	host, headers, _ := strings.Cut(host, "?")
	if strings.ContainsAny(user, ":;?%") || strings.ContainsAny(host, "@%") {
		return true
	}
	_, parameters, _ := strings.Cut(host, ";")
	for parameter := range strings.SplitSeq(parameters, ";") {
		switch name, _, _ := strings.Cut(parameter, "="); name {
		case "", "transport", "user", "edge", "region", "secure":
		default:
			return true
		}
	}
	for header := range strings.SplitSeq(headers, "&") {
		if header != "" && !strings.HasPrefix(header, "x-") && !strings.HasPrefix(header, "user-to-user=") {
			return true
		}
	}
	return false
}
