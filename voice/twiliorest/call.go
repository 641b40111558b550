package twiliorest

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

const (
	// maxTwiML is the length of TwiML that the API takes, in characters.
	maxTwiML = 4000

	attempts = 3
	pause    = 200 * time.Millisecond // before the second attempt; it doubles
)

// HangUp ends a call. It returns nil if the call is over already. It is tried up
// to three times until ctx ends. Errors are ErrCallSID and *Error.
func (c *Client) HangUp(ctx context.Context, callSID string) error {
	params := new(api.UpdateCallParams)
	params.SetStatus("completed")
	err := c.update(ctx, "hang up", callSID, params, true)
	if e := (*Error)(nil); errors.As(err, &e) && e.CallEnded() {
		return nil
	}
	return err
}

// Update makes a live call run other TwiML, which ends what runs now, its
// streams as well. URLs in it must be absolute, as there is no base for relative
// ones. It is tried again only when Twilio refused for its rate limit. Errors are
// ErrCallSID, ErrTooLong, a *twiml.SyntaxError, *twiml.Error for each thing that is
// wrong with the document, and *Error, whose CallEnded reports that the call is over.
func (c *Client) Update(ctx context.Context, callSID, twiml string) error {
	if err := checkTwiML(twiml); err != nil {
		return err
	}
	params := new(api.UpdateCallParams)
	params.SetTwiml(twiml)
	return c.update(ctx, "update", callSID, params, false)
}

func (c *Client) update(ctx context.Context, op, callSID string, params *api.UpdateCallParams, idempotent bool) error {
	if !callSIDs.MatchString(callSID) {
		return ErrCallSID
	}
	err := c.do(ctx, op, callSID, idempotent, func(s *api.ApiService) error {
		_, err := s.UpdateCall(callSID, params)
		return err
	})
	if e := (*Error)(nil); errors.As(err, &e) && e.Status/100 == 2 {
		return nil // done; what the answer says of the call is not used
	}
	return err
}

// Create places a call and returns its SID. An ErrOutbound lists everything that
// Twilio would not take; no request was made then. The request is tried again only when
// Twilio refused for its rate limit: after any other *Error a call may have been placed or
// not. Keeping to the account's calls per second is up to the caller.
func (c *Client) Create(ctx context.Context, o Outbound) (callSID string, err error) {
	if err := o.check(); err != nil {
		return "", err
	}
	params := new(api.CreateCallParams)
	params.SetFrom(o.From)
	params.SetTo(o.To)
	set := func(setter func(string) *api.CreateCallParams, value string) {
		if value != "" {
			setter(value)
		}
	}
	set(params.SetUrl, o.URL)
	set(params.SetTwiml, o.TwiML)
	set(params.SetStatusCallback, o.StatusCallback)
	set(params.SetMachineDetection, o.MachineDetection)
	if o.DetectionCallback != "" {
		params.SetAsyncAmd("true").SetAsyncAmdStatusCallback(o.DetectionCallback)
	}
	if len(o.Events) > 0 {
		params.SetStatusCallbackEvent(o.Events)
	}
	if o.Ring > 0 {
		params.SetTimeout(seconds(o.Ring))
	}
	if o.TimeLimit > 0 {
		params.SetTimeLimit(seconds(o.TimeLimit))
	}
	err = c.do(ctx, "create call", "", false, func(s *api.ApiService) error {
		call, err := s.CreateCall(params)
		switch {
		case err != nil:
			return err
		case call.Sid == nil:
			return errors.New("the answer names no call")
		}
		callSID = *call.Sid
		return nil
	})
	return callSID, err
}

// seconds rounds up, so that a short limit is a limit.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// do tries a request until it succeeds, fails for good or ctx ends.
func (c *Client) do(ctx context.Context, op, callSID string, idempotent bool, request func(*api.ApiService) error) error {
	wait := pause
	for n := 1; ; n++ {
		err := c.try(ctx, request)
		e := (*Error)(nil)
		if !errors.As(err, &e) {
			return err
		}
		e.Op, e.CallSID = op, callSID
		again := e.refused() || idempotent && e.lost()
		if !again || n == attempts || ctx.Err() != nil {
			return e
		}
		timer := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return e
		}
		wait *= 2
	}
}
