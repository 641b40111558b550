package voice

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"agentos.dev/dialtone/twiml"
)

// RelayOptions say how calls go over ConversationRelay, with which Twilio turns speech into
// text and text into speech. See [NewRelay].
type RelayOptions struct {
	// Settings are those of <ConversationRelay>: languages, voices, providers, hints, what
	// interrupts, Failovers, Parameters. Its URL is the server's and stays empty. What is unset and
	// the handlers of calls need is set: PartialPrompts and DTMFDetection to true, Language
	// and Hints to [Config].Language and Phrases, Debug to the messages that report who speaks
	// and what was spoken, and what interrupts by [Config].Interruption.
	//
	// With ApplicationReconnect Twilio connects again when a connection breaks, and sends
	// what happened meanwhile. The call then goes on as one whose stream has broken, see
	// [Resume], on whichever instance that reaches: several instances need a Config.Store
	// that they share. WelcomeGreeting is said in a call's first session alone.
	Settings twiml.ConversationRelay
	// HandOff, if not nil, returns what Twilio does with a call that its handler has left by
	// [RelayCall.HandOff], with the data of that; nil = it hangs up. It runs on any instance.
	HandOff func(ctx context.Context, call Info, data string) *twiml.Response
}

// Relay configures calls over ConversationRelay. One Relay serves any number of calls.
type Relay struct {
	settings twiml.ConversationRelay
	handOff  func(ctx context.Context, call Info, data string) *twiml.Response
}

// NewRelay returns a Relay, or an error that joins everything that is wrong with the options.
func NewRelay(o RelayOptions) (*Relay, error) {
	settings := o.Settings
	settings.Languages, settings.Failovers, settings.Parameters = slices.Clone(settings.Languages), slices.Clone(settings.Failovers), slices.Clone(settings.Parameters)
	settings.Debug = slices.Clone(settings.Debug)
	var errs []error
	if settings.URL != "" {
		errs = append(errs, &OptionError{Option: "Settings.URL", Problem: "is not empty: the server makes it"})
	}
	for _, wanted := range []twiml.RelayDebug{twiml.RelaySpeakerEvents, twiml.RelayTokensPlayed} {
		if !slices.Contains(settings.Debug, wanted) {
			settings.Debug = append(settings.Debug, wanted)
		}
	}
	for _, flag := range []*twiml.Bool{&settings.PartialPrompts, &settings.DTMFDetection} {
		if *flag == "" {
			*flag = twiml.True
		}
	}
	r := &Relay{settings, o.HandOff}
	checked := r.noun("wss://calls.example.com/", 1)
	if err := twiml.New(&twiml.Connect{Noun: checked}).Validate(); err != nil {
		errs = append(errs, &OptionError{Option: "Settings", Problem: "cannot work", Err: err})
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return r, nil
}

// reconnects reports whether Twilio connects again when a connection breaks.
func (r *Relay) reconnects() bool { return r.settings.ApplicationReconnect.Or(false) }

// noun returns the element of a leg of a call, whose session is to be at the URL.
func (r *Relay) noun(url string, leg int) *twiml.ConversationRelay {
	noun := r.settings
	noun.URL = url
	if leg > 1 {
		noun.WelcomeGreeting, noun.WelcomeGreetingInterruptible = "", ""
	}
	return &noun
}

// ErrNoAudio is returned by [Call.Play] in a call over ConversationRelay, which takes text,
// and audio only by its URL: see [RelayCall.Play].
var ErrNoAudio = errors.New("voice: the call is over ConversationRelay, which takes no audio: play a URL by Call.Relay")

// next asks the host, whatever it does.
func (r *Relay) next(ctx context.Context, info Info, data string) (next *twiml.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("voice: HandOff panicked: %v", p)
		}
	}()
	return r.handOff(ctx, info, data), nil
}
