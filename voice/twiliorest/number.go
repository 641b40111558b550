package twiliorest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	api "github.com/twilio/twilio-go/rest/api/v2010"

	"agentos.dev/dialtone/policy"
)

// Errors of [Client.SetNumber].
var (
	// ErrNumber means that the account does not have the number, or that it is malformed.
	ErrNumber = errors.New("twiliorest: the account has no such number")
	// ErrNumberElsewhere means that a trunk or a TwiML application has the number, whose own
	// URLs Twilio then does not ask.
	ErrNumberElsewhere = errors.New("twiliorest: a trunk or an application has the number, its own URLs do not count")
)

// NumberURLs are what Twilio asks, by POST, about the calls of a number. "" leaves what there
// is.
type NumberURLs struct {
	Voice          string // for the TwiML of a call
	Fallback       string // when that fails
	StatusCallback string // at the end of each call
}

// A Change is one thing that a request changes, or would change.
type Change struct{ What, Before, After string }

// String returns the change as "voice URL: https://old.example.com/ -> https://new.example.com/".
func (c Change) String() string {
	return c.What + ": " + cmp.Or(c.Before, "none") + " -> " + cmp.Or(c.After, "none")
}

// SetNumber sets the URLs of one of the account's numbers, and returns what that changes;
// nothing is asked of Twilio if that is nothing. With dryRun it changes nothing. Errors are
// ErrNumber, ErrNumberElsewhere, one for URLs that Twilio would not take, and *Error. It is
// tried up to three times, as it comes to the same.
//
// Source: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
func (c *Client) SetNumber(ctx context.Context, number string, to NumberURLs, dryRun bool) ([]Change, error) {
	if !policy.IsE164(number) {
		return nil, ErrNumber
	}
	var errs []error
	for _, u := range []struct{ name, value string }{{"Voice", to.Voice}, {"Fallback", to.Fallback}, {"StatusCallback", to.StatusCallback}} {
		if u.value != "" {
			errs = append(errs, absolute("twiliorest: "+u.name, u.value))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	var found []api.ApiV2010IncomingPhoneNumber
	err := c.do(ctx, "look up a number", "", true, func(s *api.ApiService) error {
		params := new(api.ListIncomingPhoneNumberParams)
		page, err := s.PageIncomingPhoneNumber(params.SetPhoneNumber(number), "", "")
		if err == nil {
			found = page.IncomingPhoneNumbers
		}
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0 || text(found[0].Sid) == "" || text(found[0].PhoneNumber) != number: // a pattern matches others
		return nil, ErrNumber
	case text(found[0].TrunkSid) != "" || text(found[0].VoiceApplicationSid) != "":
		return nil, ErrNumberElsewhere
	}
	is := &found[0]
	params := new(api.UpdateIncomingPhoneNumberParams)
	var changes []Change
	set := func(what string, setter func(string) *api.UpdateIncomingPhoneNumberParams, before *string, after string) {
		if after != "" && text(before) != after {
			setter(after)
			changes = append(changes, Change{what, text(before), after})
		}
	}
	method := func(of string) string {
		if of == "" {
			return ""
		}
		return http.MethodPost
	}
	set("voice URL", params.SetVoiceUrl, is.VoiceUrl, to.Voice)
	set("voice method", params.SetVoiceMethod, is.VoiceMethod, method(to.Voice))
	set("fallback URL", params.SetVoiceFallbackUrl, is.VoiceFallbackUrl, to.Fallback)
	set("fallback method", params.SetVoiceFallbackMethod, is.VoiceFallbackMethod, method(to.Fallback))
	set("status callback", params.SetStatusCallback, is.StatusCallback, to.StatusCallback)
	set("status callback method", params.SetStatusCallbackMethod, is.StatusCallbackMethod, method(to.StatusCallback))
	if len(changes) == 0 || dryRun {
		return changes, nil
	}
	err = c.do(ctx, "set the URLs of a number", "", true, func(s *api.ApiService) error {
		_, err := s.UpdateIncomingPhoneNumber(*is.Sid, params)
		return err
	})
	return changes, err
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// UsageTrigger has Twilio call back when the account has used up a sum, by Twilio's own
// bill.
type UsageTrigger struct {
	Name     string  // by which it is known again, up to 64 characters
	Dollars  float64 // of all that the account uses
	Every    string  // "daily", "monthly", "yearly", or "" = "monthly"
	Callback string  // URL that is posted to when the sum is reached
}

// check fills in the default.
func (u *UsageTrigger) check() error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("twiliorest: usage trigger: "+format, args...))
	}
	if u.Name == "" || len([]rune(u.Name)) > 64 {
		wrong("Name has not 1 to 64 characters")
	}
	if !(u.Dollars > 0 && u.Dollars < 1e9) {
		wrong("Dollars are not above 0")
	}
	switch u.Every {
	case "":
		u.Every = "monthly"
	case "daily", "monthly", "yearly":
	default:
		wrong("Every %.20q is none of daily, monthly, yearly", u.Every)
	}
	if err := absolute("Callback", u.Callback); err != nil {
		wrong("%v", err)
	}
	return errors.Join(errs...)
}

// SetUsageTrigger creates a usage trigger, unless the account has one of that name and sum,
// and returns what that changes: nothing then. A trigger of that name with another sum, period
// or callback stays beside it, as Twilio changes none of these: delete it in the console. With
// dryRun it changes nothing. The request is tried again only when Twilio refused for its rate
// limit.
//
// Source: https://www.twilio.com/docs/usage/api/usage-trigger
func (c *Client) SetUsageTrigger(ctx context.Context, u UsageTrigger, dryRun bool) ([]Change, error) {
	if err := u.check(); err != nil {
		return nil, err
	}
	value := fmt.Sprintf("%.2f", u.Dollars)
	var there []api.ApiV2010UsageTrigger
	err := c.do(ctx, "list usage triggers", "", true, func(s *api.ApiService) error {
		params := new(api.ListUsageTriggerParams)
		page, err := s.PageUsageTrigger(params.SetUsageCategory("totalprice").SetPageSize(1000), "", "")
		if err == nil {
			there = page.UsageTriggers
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	change := Change{What: "usage trigger " + u.Name, After: value + " dollars " + u.Every + ", told to " + u.Callback}
	for _, t := range there {
		if text(t.FriendlyName) != u.Name {
			continue
		}
		var dollars float64
		if _, err := fmt.Sscan(text(t.TriggerValue), &dollars); err == nil && fmt.Sprintf("%.2f", dollars) == value && text(t.Recurring) == u.Every && text(t.CallbackUrl) == u.Callback {
			return nil, nil
		}
		change.Before = text(t.TriggerValue) + " dollars " + text(t.Recurring) + ", told to " + text(t.CallbackUrl) + " (which stays)"
	}
	if dryRun {
		return []Change{change}, nil
	}
	err = c.do(ctx, "create a usage trigger", "", false, func(s *api.ApiService) error {
		params := new(api.CreateUsageTriggerParams)
		params.SetCallbackUrl(u.Callback).SetCallbackMethod(http.MethodPost).SetTriggerValue(value).SetUsageCategory("totalprice").
			SetFriendlyName(u.Name).SetRecurring(u.Every).SetTriggerBy("price")
		_, err := s.CreateUsageTrigger(params)
		return err
	})
	return []Change{change}, err
}
