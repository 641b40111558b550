package voicetest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// Mode is what a call's connection speaks. A test of a host is written once, by [Call.Says]
// and [Call.HearsText], and runs in both:
//
//	for _, mode := range voicetest.Modes {
//		t.Run(string(mode), func(t *testing.T) {
//			ear, mouth := voicetest.NewEar(), voicetest.NewVoice(nil)
//			config := voice.Config{STT: ear, TTS: mouth, ...}
//			if mode == voicetest.Relay {
//				config.Relay = func(voice.Info) *voice.Relay { return relay }
//			}
//			...
//			tw := voicetest.New(t, mux, voicetest.Config{Voice: mouth, Ear: ear})
//			call := tw.Dial("+14155550100", "+14155550199")
//			call.Says("book a room")
//			call.HearsText("noted", 5*time.Second)
//
// What the host's TwiML asks for decides: a <Stream> or a <ConversationRelay>.
type Mode string

// The modes.
const (
	Stream Mode = "stream" // Media Streams
	Relay  Mode = "relay"  // ConversationRelay
)

// Modes are all of them, in the order of a test. Nothing writes to it.
var Modes = [...]Mode{Stream, Relay}

// Ear is a recogniser for the host under test, which knows what callers have said by
// [Call.Says]: give it to the host as voice.Config.STT and to the fake as [Config].Ear. It is
// made by [NewEar]; the zero value is not usable. It is safe for concurrent use.
type Ear struct {
	engine stt.Engine

	mu   sync.Mutex
	said map[string][]string // by CallSid, what was not recognised yet
}

// NewEar returns an ear. What was not said by [Call.Says] it hears as no words.
func NewEar() *Ear {
	e := &Ear{said: make(map[string][]string)}
	e.engine = stt.Segmented(stt.RecognizerFunc(func(_ context.Context, _ []byte, c stt.Config) (stt.Transcript, error) {
		e.mu.Lock()
		defer e.mu.Unlock()
		said := e.said[c.CallSID]
		if len(said) == 0 {
			return stt.Transcript{Final: true}, nil
		}
		e.said[c.CallSID] = said[1:]
		return stt.Transcript{Text: said[0], Final: true}, nil
	}), stt.Segmentation{})
	return e
}

// Open implements stt.Engine.
func (e *Ear) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	return e.engine.Open(ctx, c)
}

// Traits implements stt.Describer.
func (e *Ear) Traits() stt.Traits { return stt.Traits{Engine: e.engine} }

// note keeps what is about to be said in a call.
func (e *Ear) note(callSID, text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.said[callSID] = append(e.said[callSID], text)
}

// Says says text, as the caller, and returns when it has been said. Over a Media Stream that
// is one spoken word, whatever the text, and the [Config]'s Ear knows what it was, as does a
// Transcription of his call, or of another in which he is heard; over ConversationRelay it
// takes the time of its words, and Twilio recognises it. It waits for
// a connection and fails when the call ends before.
func (c *Call) Says(text string) error {
	c.helper()
	if err := c.await(c.listened); err != nil {
		return c.tw.fail(fmt.Errorf("voicetest: nobody to speak to: %w", err))
	}
	c.mu.Lock()
	session := c.session
	c.mu.Unlock()
	defer c.uttered(text)
	if session != nil {
		session.says(text)
		return nil
	}
	if _, transcribed := c.speaksTo(); c.tw.cfg.Ear == nil && !transcribed {
		return c.tw.fail(errors.New("voicetest: Says needs a Config.Ear that the host listens with, or a Transcription"))
	}
	if c.tw.cfg.Ear != nil {
		c.tw.cfg.Ear.note(c.SID, text)
	}
	return c.SpeakAudio(stttest.Speech(1, codec.Format{Encoding: codec.Mulaw, Rate: sampleRate}))
}

// Break resets the connection of the call's stream or session, and returns when that is done.
// Twilio does what it does then: another session, or what the TwiML says next.
func (c *Call) Break() error {
	c.helper()
	if err := c.await(c.connected); err != nil {
		return c.tw.fail(fmt.Errorf("voicetest: nothing to break: %w", err))
	}
	c.mu.Lock()
	session, streams := c.session, c.streams
	c.mu.Unlock()
	if session != nil {
		session.reset()
		return nil
	}
	for _, s := range streams {
		s.valve.reset()
	}
	return nil
}

// connected reports whether a stream or session is open, with the lock held.
func (c *Call) connected() bool { return len(c.streams) > 0 || c.session != nil }

// Sends sends messages to the host as they are, over the call's stream or session: garbage, a
// flood, messages that Twilio may send one day.
func (c *Call) Sends(messages ...Message) error {
	c.helper()
	if err := c.await(c.connected); err != nil {
		return c.tw.fail(fmt.Errorf("voicetest: nobody to send to: %w", err))
	}
	c.mu.Lock()
	session, streams := c.session, c.streams
	c.mu.Unlock()
	for _, m := range messages {
		if session != nil {
			session.raw(m)
			continue
		}
		for _, s := range streams {
			(&Socket{s}).Send(m)
		}
	}
	return nil
}
