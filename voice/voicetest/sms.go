package voicetest

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"unicode/utf8"

	"agentos.dev/dialtone/twiml"
)

// maxSms is the length of a message in characters.
const maxSms = 1600

// runSms sends a message, to the other end of the call unless it says to whom, and asks the
// action.
func (c *Call) runSms(ctx context.Context, v *twiml.Sms, base string) (*document, error) {
	to, from := c.To, c.From
	if c.direction == "inbound" {
		to, from = from, to
	}
	to, from = twiml.Or(v.To, to), twiml.Or(v.From, from)
	status := "invalid"
	switch {
	case !e164.MatchString(to):
		c.warn(14101, "<Sms> to %q, which is not a phone number", to)
	case !e164.MatchString(from):
		c.warn(14102, "<Sms> from %q, which is not a phone number", from)
	case v.Text == "" || utf8.RuneCountInString(v.Text) > maxSms:
		c.warn(14103, "<Sms> of %d characters", utf8.RuneCountInString(v.Text))
	default:
		status = "sending"
		c.change(func() { c.texts = append(c.texts, v.Text) })
	}
	sid := newSID("SM")
	form := url.Values{"SmsSid": {sid}, "MessageSid": {sid}, "SmsStatus": {status}, "MessageStatus": {status}}
	if at := twiml.Or(v.StatusCallback, ""); at != "" && status == "sending" {
		told := url.Values{"AccountSid": {c.tw.cfg.AccountSID}, "ApiVersion": {"2010-04-01"}, "From": {from}, "To": {to}}
		maps.Copy(told, form)
		told["SmsStatus"], told["MessageStatus"] = []string{"sent"}, []string{"sent"}
		if to, err := resolve(base, at); err != nil {
			c.warn(14105, "statusCallback of <Sms>: %v", err)
		} else {
			c.background.Go(func() { c.callback(http.MethodPost, to, told) })
		}
	}
	if v.Action == "" {
		return nil, nil
	}
	return c.after(ctx, base, v.Action, v.Method, form)
}

// Texts returns the texts of the messages that the host has sent with <Sms>.
func (c *Call) Texts() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.texts)
}
