package voicetest

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"agentos.dev/dialtone/twiml"
)

// transcription is a real-time transcription of a call. Its inbound track has what the
// caller says by [Call.Says] or [Call.Answer]; its outbound track has what the host says
// with Say, or another party by [Call.Says].
type transcription struct {
	call *Call
	sid  string
	noun *twiml.Transcription
	to   string // statusCallbackUrl; or ""

	mu       sync.Mutex
	sequence int
	over     bool // stopped: it posts no more events
}

// startTranscription begins a transcription. base is the URL of the TwiML document.
func (c *Call) startTranscription(n *twiml.Transcription, base string) *transcription {
	s := &transcription{call: c, sid: newSID("GT"), noun: n}
	if at := twiml.Or(n.StatusCallbackURL, ""); at != "" {
		to, err := resolve(base, at)
		if err != nil {
			c.warn(15004, "%v", err)
		}
		s.to = to
	}
	c.change(func() { c.scribes = append(slices.Clip(c.scribes), s) })
	engine := twiml.Or(n.TranscriptionEngine, "google")
	config, _ := json.Marshal(map[string]string{"profanityFilter": strconv.FormatBool(n.ProfanityFilter.Or(true)), "speechModel": twiml.Or(n.SpeechModel, "telephony"),
		"enableAutomaticPunctuation": strconv.FormatBool(n.EnableAutomaticPunctuation.Or(true)), "hints": twiml.Or(n.Hints, "")})
	s.tell("transcription-started", url.Values{"LanguageCode": {s.language()}, "TranscriptionEngine": {engine}, "ProviderConfiguration": {string(config)},
		"Track": {s.track()}, "PartialResults": {strconv.FormatBool(n.PartialResults.Or(false))},
		"InboundTrackLabel": {twiml.Or(n.InboundTrackLabel, "")}, "OutboundTrackLabel": {twiml.Or(n.OutboundTrackLabel, "")}})
	return s
}

func (s *transcription) language() string { return twiml.Or(s.noun.LanguageCode, "en-US") }
func (s *transcription) track() string    { return string(twiml.Or(s.noun.Track, "both_tracks")) }

// stopTranscription ends the transcription of that name.
func (c *Call) stopTranscription(name string) {
	for _, s := range c.transcribing() {
		if s.noun.Name == name {
			s.stop()
		}
	}
}

// transcribing returns the transcriptions of the call that are running.
func (c *Call) transcribing() []*transcription {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.scribes
}

// stop ends the transcription.
func (s *transcription) stop() {
	s.call.change(func() {
		s.call.scribes = slices.DeleteFunc(slices.Clone(s.call.scribes), func(o *transcription) bool { return o == s })
	})
	s.tell("transcription-stopped", url.Values{})
}

// speaksTo returns the calls in which the caller is heard, and reports whether his call or
// one of those has a transcription.
func (c *Call) speaksTo() (hearers []*Call, transcribed bool) {
	c.mu.Lock()
	talker, inside := c.talker, c.inside
	transcribed = len(c.scribes) > 0
	c.mu.Unlock()
	switch {
	case inside != nil:
		hearers = inside.hearers()
	case talker != nil:
		hearers = []*Call{talker}
	}
	for _, h := range hearers {
		transcribed = transcribed || len(h.transcribing()) > 0
	}
	return hearers, transcribed
}

// uttered has the caller's words transcribed in his call and in those where he is heard.
func (c *Call) uttered(text string) {
	hearers, _ := c.speaksTo()
	c.transcribe(twiml.InboundTrack, text)
	for _, h := range hearers {
		h.transcribe(twiml.OutboundTrack, text)
	}
}

// transcribe posts text, said on a track, from each transcription of the call.
func (c *Call) transcribe(track twiml.Track, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	for _, s := range c.transcribing() {
		if s.track() != "both_tracks" && s.track() != string(track) {
			continue
		}
		content := func(data map[string]any, final bool) {
			encoded, _ := json.Marshal(data)
			form := url.Values{"LanguageCode": {s.language()}, "Track": {string(track)}, "TranscriptionData": {string(encoded)}, "Final": {strconv.FormatBool(final)}}
			if !final {
				form.Set("Stability", "0.9")
			}
			s.tell("transcription-content", form)
		}
		if s.noun.PartialResults.Or(false) {
			content(map[string]any{"transcript": text}, false)
		}
		content(map[string]any{"transcript": text, "confidence": 0.9}, true)
	}
}

// tell posts an event to the statusCallbackUrl, unless the transcription has stopped.
func (s *transcription) tell(event string, form url.Values) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.over = event == "transcription-stopped"
	if s.to == "" {
		return
	}
	s.sequence++
	form.Set("TranscriptionEvent", event)
	form.Set("TranscriptionSid", s.sid)
	form.Set("AccountSid", s.call.tw.cfg.AccountSID)
	form.Set("CallSid", s.call.SID)
	form.Set("Timestamp", time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"))
	form.Set("SequenceId", strconv.Itoa(s.sequence))
	s.call.background.Go(func() { s.call.callback(methodOf(s.noun.StatusCallbackMethod), s.to, form) })
}
