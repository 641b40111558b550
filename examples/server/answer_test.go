package main

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice/voicetest"
)

// A call ends when the caller confirms that it shall, by word or key. While music
// is on the line no word confirms, and an answer to nothing does not either.
func TestGoodbyeIsConfirmed(t *testing.T) {
	type caller struct {
		*stttest.Stream
		*voicetest.Call
	}
	hold := func(c caller) { c.Put(stt.Event{Kind: stt.UtteranceEnd, OnHold: true}) }
	music := func(text string) func(caller) {
		return func(c caller) {
			c.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: text, Final: true}})
			hold(c)
		}
	}
	answer, err := newReceptionist(slog.New(slog.DiscardHandler), false)
	require.NoError(t, err)
	say := func(text string) func(caller) {
		return func(c caller) {
			if c.Say(text); text == "goodbye" { // keys come by another way
				require.NoError(t, c.Hears(answer.sure, patience))
			}
		}
	}
	press := func(key string) func(caller) {
		return func(c caller) { // until it has come, which the audio behind it shows: it interrupts
			require.NoError(t, c.Digits(key))
			come := len(c.Stream.Audio())
			require.Eventually(t, func() bool { return c.Closed() || len(c.Stream.Audio()) >= come+8000 }, patience, tick)
		}
	}
	lost := func(c caller) { c.Put(stt.Event{Kind: stt.Degraded, Err: stt.ErrUnavailable}) }
	told := func(c caller) { require.NoError(t, c.Hears(answer.deaf, patience)) }
	for name, c := range map[string]struct {
		does []func(caller)
		ends bool
	}{
		"said":                {[]func(caller){say("goodbye"), say("yes")}, true},
		"pressed":             {[]func(caller){say("goodbye"), press("1")}, true},
		"pressed in music":    {[]func(caller){say("goodbye"), hold, press("1")}, true},
		"not recognised":      {[]func(caller){lost, lost, told, press("1")}, true},
		"lost only once":      {[]func(caller){lost, say("help"), lost, press("1")}, false},
		"only once":           {[]func(caller){say("goodbye"), say("goodbye")}, false},
		"no":                  {[]func(caller){say("goodbye"), say("no"), say("yes")}, false},
		"another key":         {[]func(caller){say("goodbye"), press("2"), press("1")}, false},
		"music":               {[]func(caller){say("goodbye"), hold, music("yes"), music("yes")}, false},
		"nothing was asked":   {[]func(caller){say("yes"), press("1")}, false},
		"asked after a no":    {[]func(caller){say("goodbye"), say("no"), say("goodbye"), say("yes")}, true},
		"music, then the end": {[]func(caller){hold, music("goodbye"), music("yes"), say("goodbye"), say("yes")}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := new(stttest.Engine)
			a := newTestApp(t, engine)
			call := voicetest.New(t, a.handler).Dial("+14155550100", "+14155550199")
			require.NoError(t, call.Hears(answer.greeting, patience))
			stream, err := engine.Stream(t.Context(), 0)
			require.NoError(t, err)
			for _, do := range c.does {
				do(caller{stream, call})
			}
			if c.ends {
				require.NoError(t, call.Hears(answer.goodbye, patience))
				require.NoError(t, call.Wait(t.Context()))
				return
			}
			stream.Put(stt.Event{Kind: stt.Final, Transcript: stt.Transcript{Text: "help", Final: true}})
			require.NoError(t, call.Hears(answer.noted, patience))
			require.Equal(t, "in-progress", call.Status())
			call.HangUp()
		})
	}
}
