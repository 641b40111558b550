package voice_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// onFirst edits that message, whatever the mode.
func onFirst(edit func(m voicetest.Message) []voicetest.Message) voicetest.Option {
	return voicetest.EditMessage(func(event string, m voicetest.Message) []voicetest.Message {
		if event == "start" || event == "setup" {
			return edit(m)
		}
		return []voicetest.Message{m}
	})
}

// times repeats a message.
func times(n int, data string) []voicetest.Message {
	return slices.Repeat([]voicetest.Message{{Data: []byte(data)}}, n)
}

// lives has messages come that change nothing.
func lives(messages ...voicetest.Message) scene {
	return scene{play: func(s *stage) {
		s.call.Says("one")
		s.call.HearsText("you said one", patience)
		s.call.Sends(messages...)
		s.call.Says("two")
		s.call.HearsText("you said two", patience)
		s.call.HangUp()
		s.over(voice.ReasonHungUp, "completed")
	}}
}

// dies has messages come that end the call.
func dies(messages ...voicetest.Message) scene {
	return scene{warned: true, handler: stays, play: func(s *stage) {
		hello(s)
		s.call.Sends(messages...)
		s.wants(voice.ReasonProtocol.Error())
		s.over(voice.ReasonProtocol, "failed")
		require.NotEmpty(s, s.ledger.ws)
	}}
}

// TestModesWire: what the other end of either connection does wrong.
func TestModesWire(t *testing.T) {
	t.Parallel()
	perform(t, map[string]scene{
		"garbage":                 lives(times(1, `{"event":"media",`)...),
		"no JSON":                 lives(times(3, `Bad Gateway`)...),
		"nested deeply":           lives(times(1, strings.Repeat("[", 10_000))...),
		"a message of tomorrow":   lives(times(1, `{"event":"weather","type":"weather","sky":"blue"}`)...),
		"many messages like that": lives(times(150, `{"event":"weather","type":"weather"}`)...),
		"a field that is missing": lives(times(1, `{"event":"dtmf","type":"dtmf"}`)...),
		"much garbage":            dies(times(150, `{}`)...),
		"binary":                  dies(voicetest.Message{Binary: true, Data: []byte{1, 2, 3}}),
		"too large":               dies(times(1, `{"event":"x","type":"`+strings.Repeat("x", 70<<10)+`"}`)...),
		"text that is not UTF-8":  dies(times(1, "{\"event\":\"\xff\"}")...),
		"no first message": {
			options: []voicetest.Option{onFirst(func(voicetest.Message) []voicetest.Message { return nil })}, warned: true,
			play: func(s *stage) {
				s.call.Wait(s.Context())
				require.Zero(s, s.ledger.starts())
				require.NotEmpty(s, s.ledger.ws)
			},
		},
		"first message of another call": {
			options: []voicetest.Option{onFirst(func(m voicetest.Message) []voicetest.Message {
				at := strings.Index(string(m.Data), `"callSid":"CA`) + len(`"callSid":"CA`)
				m.Data = append(append(slices.Clone(m.Data[:at]), strings.Repeat("0", 32)...), m.Data[at+32:]...)
				return []voicetest.Message{m}
			})}, warned: true,
			play: func(s *stage) {
				s.call.Wait(s.Context())
				require.Zero(s, s.ledger.starts())
				require.Equal(s, []string{"auth"}, s.ledger.ws)
			},
		},
		"first message without the call": {
			options: []voicetest.Option{onFirst(func(m voicetest.Message) []voicetest.Message {
				m.Data = []byte(strings.ReplaceAll(string(m.Data), `"callSid"`, `"callsid"`))
				return []voicetest.Message{m}
			})}, warned: true,
			play: func(s *stage) { s.call.Wait(s.Context()); require.Zero(s, s.ledger.starts()) },
		},
		"handler that reads nothing": {
			handler: func(ctx context.Context, _ *voice.Call, s *stage) error { <-ctx.Done(); return nil },
			play: func(s *stage) {
				for range 10 {
					s.call.Digits("0123456789")
				}
				s.call.Says("one")
				s.call.HangUp()
				s.over(voice.ReasonHungUp, "completed")
			},
		},
	})
}
