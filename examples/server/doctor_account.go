package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// account asks Twilio about the number and the balance, with an API key.
func (d *doctor) account(ctx context.Context) {
	if d.c.apiKey == "" {
		d.warn("account", "set TWILIO_API_KEY and TWILIO_API_SECRET to have it looked at", "the number's URLs and the balance are not known")
		return
	}
	var balance struct {
		Balance  string `json:"balance"`
		Currency string `json:"currency"`
	}
	date, err := d.get(ctx, d.resource("/Balance.json"), &balance)
	if err != nil {
		code, advice := 0, "see Twilio's status page"
		if errors.Is(err, errUnauthorized) {
			code, advice = 20003, "see TWILIO_ACCOUNT_SID, TWILIO_API_KEY and TWILIO_API_SECRET"
		}
		d.fail("account", code, advice, "%v", err)
		return
	}
	d.clock("REST API", date)
	if sum, err := strconv.ParseFloat(balance.Balance, 64); err == nil && sum < lowBalance {
		d.warn("account", "calls end when it is used up: see auto-recharge", "the balance is %.2f %s", sum, balance.Currency)
	} else {
		d.ok("account", "the key works, the balance is %s %s", balance.Balance, balance.Currency)
	}
	if d.c.number != "" {
		d.lookUp(ctx)
	}
	for _, country := range d.c.outboundTo {
		d.geography(ctx, country)
	}
}

// geography asks whether Twilio lets the account dial a country, as OUTBOUND_COUNTRIES does.
func (d *doctor) geography(ctx context.Context, country string) {
	var allows struct {
		Low   *bool `json:"low_risk_numbers_enabled"`
		Fraud bool  `json:"high_risk_tollfraud_numbers_enabled"`
	}
	const console = "see Voice, Settings, Geo permissions in the console"
	_, err := d.get(ctx, d.api("https://voice.twilio.com")+"/v1/DialingPermissions/Countries/"+url.PathEscape(country), &allows)
	switch {
	case err != nil:
		d.warn("geography", console+"; the key may lack the permission", "whether %s may be dialled is not known: %v", country, err)
	case allows.Low == nil:
		d.warn("geography", console, "Twilio does not say whether %s may be dialled", country)
	case !*allows.Low:
		d.fail("geography", 21215, console, "Twilio does not let the account dial %s", country)
	case allows.Fraud:
		d.warn("geography", console, "numbers of %s that fraud runs up bills with may be dialled", country)
	default:
		d.ok("geography", "%s may be dialled", country)
	}
}

// api returns where an API of Twilio's is.
func (d *doctor) api(at string) string { return cmp.Or(d.c.restURL, at) }

// resource returns the URL of one of the account's resources.
func (d *doctor) resource(path string) string {
	return d.api("https://api.twilio.com") + "/2010-04-01/Accounts/" + d.c.accountSID + path
}

// lowBalance is a sum that may not last for a day.
const lowBalance = 10

// lookUp compares the number's URLs with those of this server.
func (d *doctor) lookUp(ctx context.Context) {
	var found struct {
		Numbers []struct {
			VoiceURL         string `json:"voice_url"`
			VoiceMethod      string `json:"voice_method"`
			VoiceFallbackURL string `json:"voice_fallback_url"`
			Application      string `json:"voice_application_sid"`
			Trunk            string `json:"trunk_sid"`
			StatusCallback   string `json:"status_callback"`
		} `json:"incoming_phone_numbers"`
	}
	if _, err := d.get(ctx, d.resource("/IncomingPhoneNumbers.json?PhoneNumber="+url.QueryEscape(d.c.number)), &found); err != nil {
		d.fail("number", 0, "the key may lack the permission", "%v", err)
		return
	}
	inbound, status := d.c.publicURL+"/api/voice/twilio/inbound", d.c.publicURL+"/api/voice/twilio/status"
	if len(found.Numbers) == 0 {
		d.fail("number", 21210, "see TWILIO_NUMBER", "%s is not the account's", d.c.number)
		return
	}
	n := found.Numbers[0]
	switch {
	case n.Trunk != "" || n.Application != "":
		d.fail("number", 0, "take the number off it, or set its URLs", "a trunk or an application has the number: its own URLs do not count")
	case n.VoiceURL != inbound:
		d.fail("number", 11200, "set it to "+inbound, "its voice URL is %q", n.VoiceURL)
	case n.VoiceMethod != http.MethodPost:
		d.fail("number", 11200, "set it to HTTP POST", "the method of its voice URL is %s", n.VoiceMethod)
	default:
		d.ok("number", "its voice URL is this server's")
	}
	if n.StatusCallback != status {
		d.warn("number", "set it to "+status+", or calls without a stream hold their line for minutes", "its status callback is %q", n.StatusCallback)
	}
	if n.VoiceFallbackURL == "" {
		d.warn("number", "callers hear Twilio's error when this server is down", "it has no fallback URL")
	}
}

var errUnauthorized = errors.New("the REST API answers 401")

// get asks the REST API and returns its Date.
func (d *doctor) get(ctx context.Context, at string, into any) (date string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", err
	}
	request.SetBasicAuth(d.c.apiKey, d.c.apiSecret)
	client, done := d.client()
	defer done()
	response, err := client.Do(request)
	if err != nil {
		return "", unwrapped(err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized:
		return "", errUnauthorized
	default:
		return "", fmt.Errorf("the REST API answers %d", response.StatusCode)
	}
	return response.Header.Get("Date"), json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(into)
}
