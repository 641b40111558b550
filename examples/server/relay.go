package main

import (
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
)

// readRelay reads how calls go over ConversationRelay, if they do. Twilio then hears and
// speaks, so that no engine of this server does.
func (c *config) readRelay(e *env) {
	language, provider, named := e.text("RELAY_LANGUAGE"), e.text("RELAY_TTS"), e.text("RELAY_VOICE")
	if !e.truth("RELAY") {
		return
	}
	relay, err := voice.NewRelay(voice.RelayOptions{Settings: twiml.ConversationRelay{
		Language:              language,
		TTSProvider:           provider,
		Voice:                 named,
		TranscriptionProvider: e.text("RELAY_STT"),
		ApplicationReconnect:  twiml.BoolOf(e.truth("RELAY_RECONNECT")),
	}})
	e.adopt("RELAY", err)
	c.relay, c.stt, c.tts = relay, "off", recorded
}
