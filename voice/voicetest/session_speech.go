package voicetest

import (
	"context"
	"slices"
	"strings"
	"time"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice/relay"
)

// part is a reply, or a file.
type part struct {
	tokens        string // not spoken yet
	said          string // spoken
	whole         bool   // its last token has come
	file          string
	began         time.Time
	interruptible bool
	preemptible   bool
}

// preempt drops what a new reply or file preempts. The caller holds the lock.
func (s *session) preempt() {
	s.parts = slices.DeleteFunc(s.parts, func(p *part) bool { return p.preemptible })
}

func (s *session) queue(p *part) {
	s.mu.Lock()
	s.parts = append(s.parts, p)
	s.mu.Unlock()
	s.signal()
}

func (s *session) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// speak says what is queued, word by word, at the pace of speech.
func (s *session) speak(ctx context.Context) {
	for ctx.Err() == nil {
		p, word := s.next()
		if p == nil {
			select {
			case <-s.wake:
			case <-ctx.Done():
			}
			continue
		}
		took := sayTime(word)
		if p.file != "" {
			took = time.Second
		}
		if s.call.sleep(ctx, took) != nil {
			return
		}
		s.mu.Lock()
		heard := slices.Contains(s.parts, p) // or it was interrupted meanwhile
		if heard {
			p.said += word
		}
		s.mu.Unlock()
		if !heard {
			continue
		}
		if p.file == "" && s.subscribed(twiml.RelayTokensPlayed) {
			s.tell(relay.Event{Type: relay.EventInfo, Info: relay.Info{Name: relay.InfoTokensPlayed, Value: strings.TrimSpace(word)}})
		}
		s.call.change(func() {
			if p.file != "" {
				s.call.files = append(s.call.files, p.file)
			}
			s.call.words = append(s.call.words, wordsOf(word)...)
		})
		if s.call.plan.echo != nil && !s.noun.EchoPromptFiltering.Or(false) && len(strings.Fields(p.said)) == echoedWords {
			s.echoes(strings.TrimSpace(p.said))
		}
		s.mu.Lock()
		if p.file != "" || p.whole && strings.TrimSpace(p.tokens) == "" {
			s.parts = slices.DeleteFunc(s.parts, func(q *part) bool { return q == p })
		}
		s.mu.Unlock()
		s.quiet()
	}
}

// echoedWords is how many words of a reply come back as the caller's.
const echoedWords = 3

// echoes has Twilio take the host's own words for the caller's.
func (s *session) echoes(words string) {
	s.interrupt(func(p *part) bool { return p.interruptible })
	s.tell(relay.Event{Type: relay.EventPrompt, Speech: relay.Speech{Text: words, Language: s.language, Last: true}})
}

// next takes the next word to say off what waits; nil when there is none yet.
func (s *session) next() (*part, string) {
	s.mu.Lock()
	for len(s.parts) > 0 {
		p := s.parts[0]
		word, rest := firstWord(p.tokens, p.whole)
		if p.file == "" && word == "" {
			if p.whole {
				s.parts = s.parts[1:]
				continue
			}
			break
		}
		p.tokens = rest
		if p.began.IsZero() {
			p.began = time.Now()
		}
		begins := !s.talks
		s.talks = true
		s.mu.Unlock()
		if begins && s.subscribed(twiml.RelaySpeakerEvents) {
			s.tell(relay.Event{Type: relay.EventInfo, Info: relay.Info{Name: relay.InfoAgentSpeaking, Value: "on"}})
		}
		return p, word
	}
	s.mu.Unlock()
	s.quiet()
	return nil, ""
}

// firstWord returns the first word of a text with the space around it, if it is known where
// it ends.
func firstWord(text string, whole bool) (word, rest string) {
	start := len(text) - len(strings.TrimLeft(text, " \t\r\n"))
	n := strings.IndexAny(text[start:], " \t\r\n")
	switch {
	case start == len(text):
		return "", text
	case n >= 0:
		return text[:start+n], text[start+n:]
	case whole:
		return text, ""
	}
	return "", text
}

// quiet tells that Twilio does not speak any more, if that is so.
func (s *session) quiet() {
	s.mu.Lock()
	ends := s.talks && len(s.parts) == 0
	if ends {
		s.talks = false
	}
	s.mu.Unlock()
	if ends && s.subscribed(twiml.RelaySpeakerEvents) {
		s.tell(relay.Event{Type: relay.EventInfo, Info: relay.Info{Name: relay.InfoAgentSpeaking, Value: "off"}})
	}
}

// interrupt stops what is said, as far as the caller may, and tells how much he has heard. It
// reports whether something goes on that he may not interrupt.
func (s *session) interrupt(may func(*part) bool) (goesOn bool) {
	s.mu.Lock()
	if len(s.parts) == 0 || !may(s.parts[0]) {
		goesOn = len(s.parts) > 0
		s.mu.Unlock()
		return goesOn
	}
	p := s.parts[0]
	said, after := strings.TrimSpace(p.said), time.Duration(0)
	if !p.began.IsZero() {
		after = time.Duration(float64(time.Since(p.began)) * s.call.tw.cfg.Pace)
	}
	s.parts = nil
	s.mu.Unlock()
	s.tell(relay.Event{Type: relay.EventInterrupt, Interruption: relay.Interruption{Heard: said, After: after}})
	s.quiet()
	return false
}
