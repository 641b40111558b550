package voicetest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"agentos.dev/dialtone/twiml"
)

// referAnswers holds what the action of a Refer is told for each outcome: ReferSipResponseCode
// and NotifySipResponseCode. Never written to.
var referAnswers = map[string][2]string{
	"in-progress": {"202", "200"}, "busy": {"202", "486"}, "no-answer": {"202", "480"}, "failed": {"202", "404"}, "canceled": {"202", "180"},
}

// Referred sets the ReferCallStatus of a <Refer>: in-progress (the default), busy, no-answer or
// failed; or the SIP response with which the caller's telephone refuses it, such as 405.
func Referred(status string) Option { return func(p *plan) { p.referred = status } }

// isSIP reports whether the other end of a call is a SIP telephone.
func (c *Call) isSIP() bool {
	other := c.To
	if c.direction == "inbound" {
		other = c.From
	}
	return strings.HasPrefix(other, "sip:") || strings.HasPrefix(other, "sips:")
}

// runRefer has the caller's telephone call somebody else, and asks the action how that went.
func (c *Call) runRefer(ctx context.Context, v *twiml.Refer, base string) (*document, error) {
	if v.Sip == nil {
		return nil, nil // it has been warned of
	}
	c.event(Verb, "Refer %s", v.Sip.URI)
	if !c.isSIP() {
		return nil, c.warn(13801, "<Refer> is for SIP calls alone, and this is one from %s to %s", c.From, c.To)
	}
	outcome := c.plan.referred
	if c.sleep(ctx, legRings) != nil {
		outcome = "canceled"
	}
	if v.Action == "" {
		return nil, nil
	}
	form := url.Values{"ReferCallStatus": {outcome}}
	if codes, ok := referAnswers[outcome]; ok {
		form.Set("ReferSipResponseCode", codes[0])
		form.Set("NotifySipResponseCode", codes[1])
	} else {
		form = url.Values{"ReferCallStatus": {"failed"}, "ReferSipResponseCode": {outcome}}
	}
	return c.after(ctx, base, v.Action, v.Method, form)
}

// Refers sends a SIP REFER from a SIP leg that is joined with a caller, to transfer him to
// target: the leg ends, and the caller goes on with the TwiML of the <Dial>'s referUrl.
func (c *Call) Refers(target string) error {
	c.helper()
	if !c.isSIP() || c.refers == nil {
		return c.tw.fail(errors.New("voicetest: the call is not one that a <Dial> has placed to a <Sip>"))
	}
	if err := c.await(func() bool { return c.talker != nil }); err != nil {
		return c.tw.fail(fmt.Errorf("voicetest: nobody to transfer: %w", err))
	}
	select {
	case c.refers <- target:
	default: // it has asked already
	}
	return nil
}

// transferred returns what a caller goes on with whose leg asks that he be transferred, nil
// when the Dial has no referUrl.
func (d *dialing) transferred(target string) *document {
	at := twiml.Or(d.verb.ReferURL, "")
	if at == "" {
		d.call.warn(13802, "the called telephone sent a REFER, and <Dial> has no referUrl")
		return nil
	}
	next, err := d.call.goTo(d.base, at, d.verb.ReferMethod, url.Values{"ReferTransferTarget": {target}})
	if err != nil {
		return nil // it has been warned of
	}
	return next
}
