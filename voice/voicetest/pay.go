package voicetest

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/twiml"
)

// payStep is how long the caller takes for one step of a payment, prompt and keys, and
// its processing takes.
const payStep = 2 * time.Second

// paid holds what a caller types, as Twilio tells it. Never written to.
var paid = map[twiml.PaymentStep][2]string{
	twiml.StepPaymentCardNumber: {"PaymentCardNumber", "xxxxxxxxxxxx1111"},
	twiml.StepExpirationDate:    {"ExpirationDate", "1234"},
	twiml.StepSecurityCode:      {"SecurityCode", "***"},
	twiml.StepPostalCode:        {"PaymentCardPostalCode", "94105"},
	twiml.StepBankRoutingNumber: {"BankRoutingNumber", "121181976"},
	twiml.StepBankAccountNumber: {"BankAccountNumber", "*******92"},
}

// Paid sets how a <Pay> goes: the errors of attempts that fail, such as invalid-card-number or
// invalid-date, each at the step that it is about, and then the Result, if it is not success:
// payment-connector-error, caller-interrupted-with-star, validation-error or internal-error.
// Errors beyond its maxAttempts end it as too-many-failed-attempts. The caller types nothing.
func Paid(outcomes ...string) Option { return func(p *plan) { p.paid = outcomes } }

// payment is a Pay that runs.
type payment struct {
	call   *Call
	verb   *twiml.Pay
	base   string
	status string     // statusCallback; or ""
	known  url.Values // what was captured
	errors []string   // of attempts to come
}

// paySteps returns what a Pay asks for.
func paySteps(v *twiml.Pay) []twiml.PaymentStep {
	if v.PaymentMethod == twiml.PayAchDebit {
		return []twiml.PaymentStep{twiml.StepBankRoutingNumber, twiml.StepBankAccountNumber}
	}
	steps := []twiml.PaymentStep{twiml.StepPaymentCardNumber, twiml.StepExpirationDate}
	if v.SecurityCode.Or(true) {
		steps = append(steps, twiml.StepSecurityCode)
	}
	if twiml.Or(v.PostalCode, "true") == "true" {
		steps = append(steps, twiml.StepPostalCode)
	}
	return steps
}

// runPay takes a payment, and asks the action.
func (c *Call) runPay(ctx context.Context, v *twiml.Pay, base string) (*document, error) {
	p := &payment{call: c, verb: v, base: base, known: url.Values{"PaymentMethod": {twiml.Or(string(v.PaymentMethod), "credit-card")}}}
	result := "success"
	p.errors = slices.Clone(c.plan.paid)
	if n := len(p.errors); n > 0 && !isPayError(p.errors[n-1]) {
		p.errors, result = p.errors[:n-1], p.errors[n-1]
	}
	action, err := resolve(base, twiml.Or(v.Action, ""))
	if err == nil && !strings.HasPrefix(action, "https:") {
		return nil, c.warn(64016, "the action of <Pay>, %q, is not an https URL", action)
	}
	if at := twiml.Or(v.StatusCallback, ""); at != "" {
		if p.status, err = resolve(base, at); err != nil {
			return nil, c.warn(15004, "%v", err)
		}
	}
	steps := paySteps(v)
	switch result {
	case "caller-interrupted-with-star":
		steps = steps[:1]
	case "validation-error":
		steps = nil
	}
	for i, step := range steps {
		if !p.capture(ctx, step, steps) {
			result = "too-many-failed-attempts"
			break
		}
		if i == 0 && v.PaymentMethod == twiml.PayAchDebit {
			p.known.Set("BankAccountType", twiml.Or(string(v.BankAccountType), "consumer-checking"))
		}
	}
	if result == "success" || result == "payment-connector-error" {
		p.step(ctx, twiml.StepPaymentProcessing, 1, "")
	}
	if ctx.Err() != nil {
		if c.ctx.Err() == nil { // replaced by REST
			return nil, nil
		}
		result = "caller-hung-up"
	}
	p.finish(result)
	p.tell(p.known)
	return c.after(ctx, base, v.Action, "", p.known)
}

// isPayError reports whether an outcome is one of an attempt, and not the Result.
func isPayError(outcome string) bool {
	return strings.HasSuffix(outcome, "timeout") || strings.HasPrefix(outcome, "invalid-") || outcome == string(twiml.ErrorInputMatchingFailed)
}

// stepOf returns which of some steps an error is about.
func stepOf(problem string, steps []twiml.PaymentStep) twiml.PaymentStep {
	about := strings.TrimPrefix(problem, "invalid-")
	for _, s := range steps {
		if string(s) == about || s == twiml.StepExpirationDate && about == "date" {
			return s
		}
	}
	return steps[0]
}

// capture asks for one thing until the caller has typed it, and reports whether he has.
func (p *payment) capture(ctx context.Context, step twiml.PaymentStep, steps []twiml.PaymentStep) bool {
	attempts := min(1+twiml.Or(p.verb.MaxAttempts, 1), 3)
	problem := ""
	for n := 1; ; n++ {
		p.step(ctx, step, n, problem)
		fails := slices.IndexFunc(p.errors, func(e string) bool { return stepOf(e, steps) == step })
		if ctx.Err() != nil || fails < 0 {
			break
		}
		problem = p.errors[fails]
		p.errors = slices.Delete(p.errors, fails, fails+1)
		if n == attempts {
			p.known.Set("PaymentError", problem)
			return false
		}
	}
	typed := paid[step]
	p.known.Set(typed[0], typed[1])
	if step == twiml.StepPaymentCardNumber {
		kind := twiml.Visa
		if valid := p.verb.ValidCardTypes; len(valid) > 0 && !slices.Contains(valid, kind) {
			kind = valid[0]
		}
		p.known.Set("PaymentCardType", string(kind))
	}
	return true
}

// step reports an attempt at a step to the statusCallback, and plays its prompt.
func (p *payment) step(ctx context.Context, step twiml.PaymentStep, attempt int, problem string) {
	if ctx.Err() != nil {
		return
	}
	told := maps.Clone(p.known)
	told.Set("For", string(step))
	told.Set("Attempt", strconv.Itoa(attempt))
	if problem != "" {
		told.Set("ErrorType", problem)
	}
	p.tell(told)
	for i := range p.verb.Prompts {
		if prompt := &p.verb.Prompts[i]; p.fits(prompt, step, attempt, problem) {
			p.call.recite(ctx, prompt.Verbs, p.base)
			break
		}
	}
	p.call.sleep(ctx, payStep)
}

// fits reports whether a prompt is for an attempt.
func (p *payment) fits(prompt *twiml.Prompt, step twiml.PaymentStep, attempt int, problem string) bool {
	if prompt.For != step || len(prompt.Attempt) > 0 && !slices.Contains(prompt.Attempt, attempt) {
		return false
	}
	if card := twiml.CardType(p.known.Get("PaymentCardType")); len(prompt.CardType) > 0 && !slices.Contains(prompt.CardType, card) {
		return false
	}
	return len(prompt.ErrorType) == 0 || slices.Contains(prompt.ErrorType, twiml.PaymentError(strings.TrimPrefix(problem, "input-")))
}

// tell posts to the statusCallback.
func (p *payment) tell(about url.Values) {
	if p.status == "" {
		return
	}
	form := maps.Clone(about)
	form.Set("AccountSid", p.call.tw.cfg.AccountSID)
	form.Set("CallSid", p.call.SID)
	p.call.callback(methodOf(p.verb.StatusCallbackMethod), p.status, form)
}

// finish adds what the action is told of the result.
func (p *payment) finish(result string) {
	p.known.Set("Result", result)
	amount, _ := strconv.ParseFloat(twiml.Or(p.verb.ChargeAmount, "0"), 64)
	switch {
	case result == "payment-connector-error":
		p.known.Set("PaymentError", "card is declined")
		p.known.Set("PayErrorCode", "64012")
	case result != "success":
	case amount > 0:
		p.known.Set("PaymentConfirmationCode", newSID("ch_"))
	default:
		p.known.Set("PaymentToken", newSID("tok_"))
		p.known.Set("ProfileId", newSID("cus_"))
	}
}
