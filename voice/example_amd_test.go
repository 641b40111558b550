package voice_test

import (
	"context"
	"strings"

	"agentos.dev/dialtone/voice"
)

// A call that the service has placed with twiliorest.Outbound.DetectionCallback talks at
// once, and leaves a message when it turns out that a machine listens: at its beep, if
// MachineDetection is DetectMessageEnd.
func ExampleEvent_answeredBy() {
	var handler voice.Handler = voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		if _, err := call.Say(ctx, "Good morning."); err != nil {
			return err
		}
		for e, err := range call.Events(ctx) {
			switch {
			case err != nil:
				return err
			case strings.HasPrefix(e.AnsweredBy, "machine"):
				if err := call.Interrupt(); err != nil {
					return err
				}
				_, err := call.Say(ctx, "Please call us back.")
				return err // hangs up when it has been heard
			case e.AnsweredBy == "fax":
				return nil
			}
		}
		return nil
	})
	_ = handler // of voice.Config
}
