package voicetest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"slices"
	"strings"

	"agentos.dev/dialtone/twiml"
)

// unsimulated lists what the fake does not simulate: elements as a whole, with no attributes
// behind them, anywhere or in a parent, and attributes of others. Never written to. The
// package comment has the same list; a test holds it against the schema of package twiml.
var unsimulated = map[string][]string{
	"AiSession": nil, "Application": nil, "Autopilot": nil, "Conversation": nil,
	"ConversationRelaySession": nil, "Echo": nil, "MediaFilter": nil, "Task": nil, "Room": nil, "Sim": nil, "Siprec": nil, "Uri": nil,
	"VirtualAgent": nil, "WhatsApp": nil, "Hangup/Parameter": nil, "Reject/Parameter": nil,

	"Conference":        {"eventCallbackUrl", "record", "recordingConfigurationId", "recordingStatusCallback", "recordingStatusCallbackEvent", "recordingStatusCallbackMethod", "trim"},
	"ConversationRelay": {"conversationConfiguration", "conversationId", "customerName", "intelligenceService"},

	"Transcription": {"conversationConfiguration", "conversationId", "enableProviderData", "intelligenceService"},

	"Client":    {"clientNotificationUrl"},
	"Dial":      {"events", "passports", "recordingConfigurationId"},
	"Recording": {"recordingConfigurationId"},
	"Enqueue":   {"workflowSid"},
	"Queue":     {"postWorkActivitySid", "reservationSid"},
	"Record":    {"recordingConfigurationId"},
	"Start":     {"action", "method"},
	"Prompt":    {"requireMatchingInputs"},
	"Stream":    {"audioFormat", "connectorName", "sampleRate"},
}

// notSimulated records what the fake does not simulate and returns it.
func (c *Call) notSimulated(format string, args ...any) error {
	return c.warn(0, format, args...)
}

// notSimulated records what a request asks of the fake that it does not simulate, and that
// is about no call.
func (t *Twilio) notSimulated(text string) {
	if w := (Warning{Text: text}); !t.tolerates(w) {
		t.mu.Lock()
		t.gaps = append(t.gaps, w)
		t.mu.Unlock()
	}
}

func (t *Twilio) tolerates(w Warning) bool { return t.cfg.Tolerate != nil && t.cfg.Tolerate(w) }

// beyond returns the first of warnings that is about what the fake does not simulate, and
// that nobody tolerates.
func (t *Twilio) beyond(warnings []Warning) error {
	for _, w := range warnings {
		if w.Code == 0 && !t.tolerates(w) {
			return w
		}
	}
	return nil
}

// unknowns returns all that was met and is not simulated.
func (t *Twilio) unknowns(calls []*Call) error {
	t.mu.Lock()
	gaps := slices.Clone(t.gaps)
	t.mu.Unlock()
	for _, c := range calls {
		gaps = append(gaps, c.Warnings()...)
	}
	var errs []error
	for _, w := range gaps {
		if t.beyond([]Warning{w}) != nil && !slices.Contains(errs, error(w)) {
			errs = append(errs, w)
		}
	}
	return errors.Join(errs...)
}

// inspect warns of what is not simulated of a verb that is about to run. What is in a
// Gather or a Prompt is run, and inspected, by itself; what is in a Say has no effect here.
func (c *Call) inspect(verb twiml.Verb) {
	d := xml.NewDecoder(bytes.NewReader(twiml.New(verb).AppendXML(nil)))
	var open []string
	for {
		token, err := d.Token()
		if err != nil {
			return // the end
		}
		switch t := token.(type) {
		case xml.StartElement:
			if c.inspected(open[max(0, len(open)-1):], t) {
				d.Skip()
			} else {
				open = append(open, t.Name.Local)
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		}
	}
}

// inspected inspects one element in its parent and reports whether that is all.
func (c *Call) inspected(parent []string, e xml.StartElement) bool {
	name := e.Name.Local
	inside := strings.Join(append(parent, name), "/")
	for _, listed := range []string{name, inside} {
		if attrs, ok := unsimulated[listed]; ok && attrs == nil {
			c.notSimulated("<%s> is not simulated", listed)
			return true
		}
	}
	for _, a := range e.Attr {
		if slices.Contains(unsimulated[name], a.Name.Local) {
			c.notSimulated("%s of <%s> is not simulated", a.Name.Local, name)
		}
	}
	return name == "Say" || strings.HasPrefix(inside, "Gather/") || strings.HasPrefix(inside, "Prompt/")
}
