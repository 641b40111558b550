package voice

import (
	"context"
	"math"
	"net/http"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice/relay"
)

// acceptRelay upgrades the request to the connection of a call over ConversationRelay.
func (s *Server) acceptRelay(w http.ResponseWriter, r *http.Request, stream *stream) error {
	conn, err := relay.Accept(w, r, &relay.Options{
		SetupTimeout: s.limits.StartTimeout,
		OnMessage:    stream.onMessage(),
		OnError:      func(err *relay.Error) { s.failed(stream, fault{err.Type, err.Code, err}) },
	})
	if err != nil {
		return err
	}
	line := &relayLine{Conn: conn, returned: func(string) {}}
	stream.line = line
	stream.take = func(ctx context.Context) Reason { return s.takeRelay(ctx, stream, line) }
	return nil
}

// takeRelay reads a session of ConversationRelay. Twilio has no message for the end of a
// call: it closes the connection.
func (s *Server) takeRelay(ctx context.Context, stream *stream, line *relayLine) Reason {
	var ear *relayEar
	for event, err := range line.Events(ctx) {
		switch {
		case err != nil:
			return ReasonDisconnect // stream.broken has it
		case event.Type == relay.EventSetup && stream.call == nil:
			about := event.Session
			s.begin(ctx, stream, begin{about.CallSID, about.AccountSID, about.SessionID, nil, func(call *liveCall) {
				line.returned = func(mark string) {
					call.player.mark(mark)
					call.owner.touch()
				}
				call.player.length = textLength
				if stream.comesBack && stream.info.Leg > 1 {
					line.comesBack()
					call.listensFirst = line.settled
				}
				call.relay = &RelayCall{*about, call.Call, line}
				if r := s.config.relayOf(call.Info); r != nil {
					call.handsOff = r.handOff != nil
				}
			}})
			if stream.call != nil {
				ear = &relayEar{call: stream.call, line: line}
				ear.again()
			}
		case ear != nil:
			ear.take(event)
		}
	}
	return ReasonHungUp
}

// relayEar makes events of a call of what Twilio hears, as a recogniser's: by the reader.
type relayEar struct {
	call   *liveCall
	line   *relayLine
	speaks bool          // the caller, as has been told
	quiet  bool          // he has stopped since, as Twilio hears
	turn   bool          // his turn has begun
	began  time.Duration // when he began to speak
	hushed time.Time     // when he last stopped, as Twilio tells
	owed   time.Time     // when he stopped in a turn that has no answer yet
}

// take takes a message behind the setup.
func (e *relayEar) take(event relay.Event) {
	call := e.call
	switch event.Type {
	case relay.EventPrompt:
		number := uint64(0)
		if event.Speech.Last && event.Speech.Text != "" {
			number = e.call.owner.heard(event.Raw)
		}
		e.prompt(event, number)
		return
	case relay.EventDTMF:
		call.pressed(event.Digit)
		return
	case relay.EventInterrupt:
		e.interrupted(event.Interruption.Heard)
		call.bargedIn(BargeIn{Step: BargeInConfirmed, Cause: CauseTwilio})
		e.speak()
	case relay.EventError:
		call.log.Warn("Twilio took no message, or something failed there", "error", event.Problem)
		call.server.config.Trace.WebSocketError(mediastream.ErrorProtocol)
	case relay.EventInfo:
		switch event.Info.Name {
		case relay.InfoTokensPlayed:
			e.line.played(event.Info.Value)
		case relay.InfoAgentSpeaking:
			on := event.Info.Value == "on"
			e.line.speaking(on)
			if on && !e.owed.IsZero() {
				call.server.config.Trace.Answered(call.Info, time.Since(e.owed))
				e.owed = time.Time{}
			}
		case relay.InfoClientSpeaking:
			wasQuiet := e.quiet
			if e.quiet = event.Info.Value != "on"; e.quiet { // and perhaps a prompt comes
				call.listeners[0].speaks.Store(false)
				e.hushed = time.Now()
				break
			}
			e.hushed, e.owed = time.Time{}, time.Time{}
			if wasQuiet && !e.turn { // what he said before was no speech
				e.speaks = false
			}
			e.speak()
		}
	}
	if event.Info.Name != relay.InfoTokensPlayed { // several a second
		e.put(Event{Relay: &event})
	}
}

// interrupted ends what was being said, of which the caller has heard that much.
func (e *relayEar) interrupted(heard string) {
	p := e.call.player
	p.order.Lock()
	defer p.order.Unlock()
	e.line.interrupted(heard)
	p.interrupt(ErrInterrupted)
	e.line.forget()
	e.call.owner.touch()
}

// speak reports that the caller has begun to speak.
func (e *relayEar) speak() {
	if !e.speaks {
		e.speaks, e.began = true, e.now()
		e.hear(stt.Event{Kind: stt.SpeechStart}, nil, 0)
	}
}

// again takes the prompts that a leg before has left.
func (e *relayEar) again() {
	for _, p := range e.call.owner.pending() {
		if event, err := relay.ParseEvent(p.raw); err == nil && event.Type == relay.EventPrompt {
			e.prompt(event, p.number)
		}
	}
}

// prompt takes what the caller said, all of his turn or the beginning of it.
func (e *relayEar) prompt(event relay.Event, number uint64) {
	said := event.Speech
	if !e.turn && (said.Text != "" || !said.Last) {
		e.speak()
		e.turn = true
		e.hear(stt.Event{Kind: stt.Turn, Turn: stt.TurnChange{State: stt.TurnStart, Confidence: math.NaN()}}, nil, 0)
	}
	text := stt.Transcript{Text: said.Text, Language: said.Language}
	if !said.Last {
		e.hear(stt.Event{Kind: stt.Interim, Transcript: text}, &event, 0)
		return
	}
	if text.Final = true; said.Text != "" {
		e.owed = e.hushed
		e.hear(stt.Event{Kind: stt.Final, Transcript: text}, &event, number)
	}
	if e.speaks {
		e.hear(stt.Event{Kind: stt.UtteranceEnd}, nil, 0)
	}
	if e.turn {
		e.hear(stt.Event{Kind: stt.Turn, Transcript: text, Turn: stt.TurnChange{State: stt.TurnEnd, Confidence: math.NaN()}}, nil, 0)
	}
	e.speaks, e.quiet, e.turn = false, false, false
}

// hear puts an event of the caller's speech into the inbox, with the message it is of and
// the number of the prompt.
func (e *relayEar) hear(event stt.Event, of *relay.Event, number uint64) {
	t := &event.Transcript
	t.Engine, t.Confidence, t.Start, t.End = "conversationrelay", math.NaN(), e.began, e.now()
	t.Track = string(mediastream.TrackInbound)
	event.At = time.Now()
	e.call.listeners[0].observe(event)
	e.call.player.still.heard(event)
	e.put(Event{Event: event, Relay: of, Prompt: number})
}

func (e *relayEar) put(event Event) {
	if !e.call.inbox.put(event) {
		e.call.log.Warn("event dropped: the handler does not read its events")
	}
}

func (e *relayEar) now() time.Duration { return time.Since(e.call.began) }
