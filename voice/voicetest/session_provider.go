package voicetest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/relay"
)

var (
	// elevenLabsVoice is an id of a voice, which a model and settings may follow.
	elevenLabsVoice = regexp.MustCompile(`^[0-9A-Za-z]{20}(-|$)`)
	// localVoice is a name that begins with the voice's language, as those of Google do.
	localVoice = regexp.MustCompile(`^([a-z]{2,3}-[A-Z]{2})-`)
)

// speakable reports whether the providers take what the TwiML asks for. When Twilio says that
// it does not, before or after the handshake, is not documented.
func (s *session) speakable() bool {
	n := s.noun
	spoken := or(or(n.TTSLanguage, n.Language), "en-US")
	if !s.voiced(n.TTSProvider, n.Voice, spoken) {
		return false
	}
	for _, l := range n.Languages {
		if !s.voiced(or(l.TTSProvider, n.TTSProvider), l.Voice, l.Code) {
			return false
		}
	}
	for _, language := range []string{spoken, n.TranscriptionLanguage} {
		if err := s.mismatch(language); err != nil {
			s.call.warn(64106, "%v", err)
			return false
		}
	}
	return true
}

// voiced reports whether a provider has a voice.
func (s *session) voiced(provider, voice, language string) bool {
	switch own := localVoice.FindStringSubmatch(voice); {
	case voice == "":
	case provider == "" || strings.EqualFold(provider, "ElevenLabs"):
		if !elevenLabsVoice.MatchString(voice) {
			s.call.warn(64101, "ElevenLabs has no voice %q: it wants the id of one", voice)
			return false
		}
	case own != nil && !strings.EqualFold(own[1], language):
		s.call.warn(64106, "the voice %q does not speak %q", voice, language)
		return false
	}
	return true
}

// mismatch returns what is wrong with a language; "" is the session's. Since 2026-10 a message
// may name one that the TwiML has not.
func (s *session) mismatch(tag string) error {
	if letters, _, _ := strings.Cut(tag, "-"); tag == "" || tag == "multi" || len(letters) == 2 || len(letters) == 3 {
		return nil
	}
	return fmt.Errorf("there is no language %q", tag)
}

// ProviderFails makes the provider of a session's speech fail: "tts" or "stt". A session with
// <Failover> goes on with another provider, once for each, and reports it to an application
// that has subscribed to config-updated; any other session fails with error 64101.
func (c *Call) ProviderFails(which string) {
	s := c.relaySession()
	if s == nil {
		return
	}
	s.mu.Lock()
	if len(s.noun.Failovers) == 0 || slices.Contains(s.failover, which) {
		s.mu.Unlock()
		s.fails(64101, "the provider of "+which+" has failed")
		return
	}
	s.failover = append(s.failover, which)
	s.mu.Unlock()
	if strings.Contains(s.noun.Events, "config-updated") {
		s.tell(relay.Event{Type: relay.EventInfo, Info: relay.Info{Name: relay.InfoConfigUpdated, Value: which + "Provider"}})
	}
}

// MediaStops ends the caller's audio in a session, as a broken network does: the session
// fails with error 64108. Twilio does not document what happens to the call then: the fake
// requests the action, as after the other errors.
func (c *Call) MediaStops() {
	if s := c.relaySession(); s != nil {
		s.fails(64108, "no audio of the caller has come")
	}
}

func (c *Call) relaySession() *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session
}

// fails ends the session with an error.
func (s *session) fails(code int, why string) {
	err := s.call.warn(code, "%s", why)
	s.mu.Lock()
	s.failed = err
	carrier := s.carrier
	s.mu.Unlock()
	if carrier != nil {
		carrier.Abort()
	}
}

func (s *session) subscribed(to twiml.RelayDebug) bool { return slices.Contains(s.noun.Debug, to) }
