package voicetest_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"agentos.dev/dialtone/voice/voicetest"

	"github.com/stretchr/testify/require"
)

// till takes a payment and says how it went.
func till(pay string) map[string]string {
	return map[string]string{
		"inbound": `<Response>` + pay + `<Say>Never</Say></Response>`,
		"paid":    `<Response><Say>Thank you</Say></Response>`,
	}
}

func TestPay(t *testing.T) {
	const attributes = ` action="paid" statusCallback="/step" `
	for name, tc := range map[string]struct {
		pay     string
		options []voicetest.Option
		steps   string // For, with its Attempt and ErrorType
		told    url.Values
		missing []string
		said    []string
	}{
		"charges": {`<Pay chargeAmount="20.45"` + attributes + `/>`, nil,
			"payment-card-number 1, expiration-date 1, security-code 1, postal-code 1, payment-processing 1, success",
			url.Values{"Result": {"success"}, "PaymentMethod": {"credit-card"}, "PaymentCardNumber": {"xxxxxxxxxxxx1111"}, "PaymentCardType": {"visa"},
				"ExpirationDate": {"1234"}, "SecurityCode": {"***"}, "PaymentCardPostalCode": {"94105"}, "PaymentConfirmationCode": nil, "CallStatus": {"in-progress"}},
			[]string{"PaymentToken", "PaymentError", "For", "Attempt"}, []string{"Thank you"}},
		"tokenizes": {`<Pay securityCode="false" postalCode="94109" validCardTypes="amex jcb"` + attributes + `/>`, nil,
			"payment-card-number 1, expiration-date 1, payment-processing 1, success",
			url.Values{"Result": {"success"}, "PaymentToken": nil, "ProfileId": nil, "PaymentCardType": {"amex"}},
			[]string{"PaymentConfirmationCode", "SecurityCode", "PaymentCardPostalCode"}, []string{"Thank you"}},
		"from a bank account": {`<Pay paymentMethod="ach-debit" bankAccountType="consumer-savings" chargeAmount="1"` + attributes + `/>`, nil,
			"bank-routing-number 1, bank-account-number 1, payment-processing 1, success",
			url.Values{"PaymentMethod": {"ach-debit"}, "BankAccountNumber": {"*******92"}, "BankRoutingNumber": {"121181976"}, "BankAccountType": {"consumer-savings"}},
			[]string{"PaymentCardNumber"}, []string{"Thank you"}},
		"prompts": {`<Pay securityCode="false" postalCode="false"` + attributes + `>
				<Prompt for="payment-card-number" attempt="1"><Say>Your card</Say></Prompt>
				<Prompt for="payment-card-number" attempt="2" errorType="timeout"><Say>I heard nothing</Say></Prompt>
				<Prompt for="payment-card-number" attempt="2 3" errorType="invalid-card-number"><Say>That is no card</Say></Prompt>
				<Prompt for="expiration-date" cardType="amex"><Say>On the front</Say></Prompt>
				<Prompt for="expiration-date" cardType="visa"><Say>On the back</Say></Prompt></Pay>`, []voicetest.Option{voicetest.Paid("invalid-card-number")},
			"payment-card-number 1, payment-card-number 2 invalid-card-number, expiration-date 1, payment-processing 1, success",
			url.Values{"Result": {"success"}}, nil, []string{"Your card", "That is no card", "On the back", "Thank you"}},
		"fails too often": {`<Pay` + attributes + `/>`, []voicetest.Option{voicetest.Paid("invalid-date", "invalid-date")},
			"payment-card-number 1, expiration-date 1, expiration-date 2 invalid-date, too-many-failed-attempts",
			url.Values{"Result": {"too-many-failed-attempts"}, "PaymentError": {"invalid-date"}}, []string{"PaymentToken", "ExpirationDate"}, []string{"Thank you"}},
		"may try three times": {`<Pay securityCode="false" postalCode="false" maxAttempts="2"` + attributes + `/>`, []voicetest.Option{voicetest.Paid("timeout", "invalid-card-type")},
			"payment-card-number 1, payment-card-number 2 timeout, payment-card-number 3 invalid-card-type, expiration-date 1, payment-processing 1, success",
			url.Values{"Result": {"success"}}, nil, []string{"Thank you"}},
		"fails at two steps": {`<Pay securityCode="false" postalCode="false"` + attributes + `/>`, []voicetest.Option{voicetest.Paid("invalid-date", "invalid-card-number")},
			"payment-card-number 1, payment-card-number 2 invalid-card-number, expiration-date 1, expiration-date 2 invalid-date, payment-processing 1, success",
			url.Values{"Result": {"success"}}, nil, []string{"Thank you"}},
		"is not valid": {`<Pay` + attributes + `/>`, []voicetest.Option{voicetest.Paid("validation-error")},
			"validation-error", url.Values{"Result": {"validation-error"}}, []string{"PaymentCardNumber"}, []string{"Thank you"}},
		"is declined": {`<Pay chargeAmount="1" postalCode="false"` + attributes + `/>`, []voicetest.Option{voicetest.Paid("payment-connector-error")},
			"payment-card-number 1, expiration-date 1, security-code 1, payment-processing 1, payment-connector-error",
			url.Values{"Result": {"payment-connector-error"}, "PaymentError": nil, "PayErrorCode": {"64012"}}, []string{"PaymentConfirmationCode"}, []string{"Thank you"}},
		"star": {`<Pay` + attributes + `/>`, []voicetest.Option{voicetest.Paid("caller-interrupted-with-star")},
			"payment-card-number 1, caller-interrupted-with-star", url.Values{"Result": {"caller-interrupted-with-star"}}, []string{"PaymentToken"}, []string{"Thank you"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, site(till(tc.pay)))
			call := voicetest.New(t, h, voicetest.Config{Pace: 50}).Dial(alice, us, tc.options...)
			require.NoError(t, call.Wait(t.Context()))
			require.Empty(t, call.Warnings())
			require.Equal(t, tc.said, call.Said())
			var steps []string
			for _, r := range h.to("/step") {
				require.Equal(t, call.SID, r.form.Get("CallSid"))
				require.False(t, r.form.Has("From"), "it has not the standard set")
				step := r.form.Get("Result")
				if step == "" {
					step = strings.TrimSpace(r.form.Get("For") + " " + r.form.Get("Attempt") + " " + r.form.Get("ErrorType"))
				}
				steps = append(steps, step)
			}
			require.Equal(t, tc.steps, strings.Join(steps, ", "))
			require.Len(t, h.to("/paid"), 1)
			form := h.to("/paid")[0].form
			for key, want := range tc.told {
				require.NotEmpty(t, form.Get(key), key)
				if want != nil {
					require.Equal(t, want, form[key], key)
				}
			}
			for _, key := range tc.missing {
				require.False(t, form.Has(key), key)
			}
		})
	}
}

// TestTheCallerLeavesAPayment: the action is told, and its answer is not run.
func TestTheCallerLeavesAPayment(t *testing.T) {
	h := newHost(t, site(till(`<Pay action="paid" statusCallback="/step"/>`)))
	call := fast(t, h).Dial(alice, us)
	require.Eventually(t, func() bool { return len(h.to("/step")) > 0 }, 30*time.Second, time.Millisecond)
	call.HangUp()
	require.NoError(t, call.Wait(t.Context()))
	require.Empty(t, call.Said())
	require.Equal(t, []string{"caller-hung-up", "completed"}, []string{h.to("/paid")[0].form.Get("Result"), h.to("/paid")[0].form.Get("CallStatus")})
}

func TestSms(t *testing.T) {
	for name, tc := range map[string]struct {
		sms, status string
		texts       []string
		to, from    string
		codes       []int
	}{
		"to the caller":    {`<Sms statusCallback="/sms" action="done">Your table is booked</Sms>`, "sending", []string{"Your table is booked"}, alice, us, nil},
		"to somebody else": {`<Sms to="` + bob + `" from="` + carol + `" statusCallback="/sms" action="done">Hello</Sms>`, "sending", []string{"Hello"}, bob, carol, nil},
		"to no number":     {`<Sms to="client:bob" statusCallback="/sms" action="done">Hello</Sms>`, "invalid", nil, "", "", []int{14101}},
		"from no number":   {`<Sms from="me" statusCallback="/sms" action="done">Hello</Sms>`, "invalid", nil, "", "", []int{14102}},
		"without action":   {`<Sms statusCallback="/sms">Hello</Sms><Say>Next</Say>`, "", []string{"Hello"}, alice, us, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, site(map[string]string{"inbound": `<Response>` + tc.sms + `</Response>`, "done": `<Response><Say>Next</Say></Response>`}))
			call := fast(t, h).Dial(alice, us)
			require.NoError(t, call.Wait(t.Context()))
			require.Equal(t, tc.codes, codes(call))
			require.Equal(t, tc.texts, call.Texts())
			require.Equal(t, []string{"Next"}, call.Said())
			if tc.status != "" {
				require.Equal(t, tc.status, h.to("/done")[0].form.Get("SmsStatus"))
				require.NotEmpty(t, h.to("/done")[0].form.Get("SmsSid"))
			}
			if tc.texts == nil {
				require.Empty(t, h.to("/sms"))
				return
			}
			told := h.to("/sms")[0].form
			require.Equal(t, []string{tc.to, tc.from, "sent"}, []string{told.Get("To"), told.Get("From"), told.Get("SmsStatus")})
		})
	}
}
