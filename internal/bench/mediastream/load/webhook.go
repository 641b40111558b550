package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"agentos.dev/dialtone/voice/signature"
)

// callID names a call.
type callID struct{ account, call, stream string }

var (
	streamURL = regexp.MustCompile(`<Stream url="([^"]+)"`)
	client    = &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} // as in dial
)

// webhook asks the server what to do with a call, and returns the path of its
// stream and the signature of that request.
func webhook(addr string, secure bool, token string, id *callID) (path, sign string, err error) {
	base := "http"
	if secure {
		base = "https"
	}
	hook := base + "://" + addr + "/api/voice/twilio/inbound"
	form := url.Values{"CallSid": {id.call}, "AccountSid": {id.account}, "From": {"+14155550100"}, "To": {"+14155550199"},
		"CallStatus": {"ringing"}, "Direction": {"inbound"}, "ApiVersion": {"2010-04-01"}}
	req, err := http.NewRequest(http.MethodPost, hook, strings.NewReader(form.Encode()))
	if err != nil {
		return "", "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", signature.Sign(token, hook, form))
	resp, err := client.Do(req)
	if err != nil {
		return "", "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", "", err
	}
	found := streamURL.FindSubmatch(body)
	if found == nil {
		return "", "", fmt.Errorf("no stream: %s %s", resp.Status, body)
	}
	u, err := url.Parse(string(found[1]))
	if err != nil {
		return "", "", err
	}
	return u.Path, signature.Sign(token, u.String(), nil), nil
}
