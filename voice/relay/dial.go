package relay

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	"agentos.dev/dialtone/internal/ws"
	"agentos.dev/dialtone/mediastream"
)

// DialOptions says how [Dial] connects, as for a stream.
type DialOptions = mediastream.DialOptions

// Carrier is Twilio's end of a session, for tests and tools. It is made by [Dial]; the zero
// value is not usable. It must be ended with [Carrier.Close] or [Carrier.Abort]. Messages are
// made by [Event.AppendJSON] and read by [ParseMessage], so that a test can misbehave in
// between. Send may be called from any goroutine, Receive from one.
type Carrier struct{ ws *ws.Client }

// maxReceive is the largest message a Carrier takes. Twilio's limit is not documented.
const maxReceive = 16 << 20

// Dial opens a session to a server, as Twilio does to the url of <ConversationRelay>: ws,
// wss, http and https are understood, redirects are not followed. It sends no message yet.
// A server that cannot be reached or refuses is an [*Error] of type handshake whose Code is
// the HTTP status, 0 if there is none.
func Dial(ctx context.Context, url string, opts *DialOptions) (*Carrier, error) {
	var o DialOptions
	if opts != nil {
		o = *opts
	}
	client, status, err := ws.Dial(ctx, url, ws.DialOptions{Header: o.Header, Host: o.Host, Transport: o.Transport, ReadLimit: maxReceive})
	if err != nil {
		return nil, &Error{Type: mediastream.ErrorHandshake, Offset: -1, Code: status, Err: err}
	}
	return &Carrier{client}, nil
}

// Send sends a message, whatever it says. It waits for a server that does not read, until
// [Carrier.Abort]. Its error is an [*Error] of type disconnect.
func (c *Carrier) Send(m mediastream.Message) error {
	if err := c.ws.Send(m.Binary, m.Data); err != nil {
		return &Error{Type: mediastream.ErrorDisconnect, Offset: -1, Code: codeAbnormal, Err: err}
	}
	return nil
}

// Receive returns the server's next message, for [ParseMessage]. The session has ended when it
// fails: with a [*mediastream.CloseError] when the server said so, with ctx.Err() when ctx has
// ended, which closes the socket, else with an [*Error].
func (c *Carrier) Receive(ctx context.Context) (mediastream.Message, error) {
	binary, data, err := c.ws.Receive(ctx)
	var frame *ws.CloseError
	switch {
	case err == nil:
		return mediastream.Message{Binary: binary, Data: data}, nil
	case errors.As(err, &frame):
		return mediastream.Message{}, &mediastream.CloseError{Code: frame.Code, Reason: frame.Reason}
	case ctx.Err() != nil:
		return mediastream.Message{}, ctx.Err()
	}
	return mediastream.Message{}, closedWith(err)
}

// Close closes the socket properly, with a close code and a reason of at most 123 bytes. It
// waits ten seconds at most.
func (c *Carrier) Close(code int, reason string) error { return c.ws.Close(code, reason) }

// Abort drops the connection without a word.
func (c *Carrier) Abort() error { return c.ws.Abort() }

// AppendJSON appends the event as Twilio writes it. One that has a Raw is that.
func (e *Event) AppendJSON(dst []byte) []byte {
	if e.Raw != nil {
		return append(dst, e.Raw...)
	}
	field := func(name, value string) { dst = appendText(append(appendText(append(dst, ','), name), ':'), value) }
	name := e.Name
	if e.Type != EventUnknown {
		name = e.Type.String()
	}
	dst = appendText(append(dst, `{"type":`...), name)
	switch e.Type {
	case EventSetup:
		s := e.Session
		for _, f := range s.fields() {
			field(f.name, *f.value)
		}
		parameters, _ := json.Marshal(s.Parameters) // of strings, which cannot fail
		if s.Parameters == nil {
			parameters = []byte("{}")
		}
		dst = append(append(dst, `,"customParameters":`...), parameters...)
	case EventPrompt:
		field("voicePrompt", e.Speech.Text)
		field("lang", e.Speech.Language)
		dst = strconv.AppendBool(append(dst, `,"last":`...), e.Speech.Last)
	case EventDTMF:
		field("digit", e.Digit)
	case EventInterrupt:
		field("utteranceUntilInterrupt", e.Interruption.Heard)
		dst = strconv.AppendInt(append(dst, `,"durationUntilInterruptMs":`...), e.Interruption.After.Milliseconds(), 10)
	case EventError:
		field("description", e.Problem)
	case EventInfo:
		field("name", e.Info.Name)
		field("value", e.Info.Value)
	}
	return append(dst, '}')
}

// sessionField is a field of a setup message.
type sessionField struct {
	name     string
	value    *string
	required bool
}

// fields returns what a setup message says, in Twilio's order.
func (s *Session) fields() []sessionField {
	return []sessionField{
		{"sessionId", &s.SessionID, true}, {"accountSid", &s.AccountSID, true}, {"parentCallSid", &s.ParentCallSID, false},
		{"callSid", &s.CallSID, true}, {"from", &s.From, false}, {"to", &s.To, false}, {"forwardedFrom", &s.ForwardedFrom, false},
		{"callType", &s.CallType, false}, {"callerName", &s.CallerName, false}, {"direction", &s.Direction, false}, {"callStatus", &s.CallStatus, false},
	}
}
