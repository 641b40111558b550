package voice_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/relay"
	"agentos.dev/dialtone/voice/signature"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestNewRelay: everything that is wrong at once.
func TestNewRelay(t *testing.T) {
	_, err := voice.NewRelay(voice.RelayOptions{Settings: twiml.ConversationRelay{
		URL: "wss://elsewhere.example/", EOTThreshold: "2", Languages: []twiml.Language{{Voice: "x"}},
	}})
	var option *voice.OptionError
	require.ErrorAs(t, err, &option)
	for _, want := range []string{"Settings.URL is not empty", "eotThreshold", "code: missing"} {
		require.ErrorContains(t, err, want)
	}
}

// TestRelayTwiML: what the webhook answers, with all that the host has set, and what is set
// for it.
func TestRelayTwiML(t *testing.T) {
	all := twiml.ConversationRelay{
		Languages: []twiml.Language{{Code: "sv-SE", TTSProvider: "Amazon"}}, Failovers: []twiml.Failover{{}}, Parameters: []twiml.Parameter{{Name: "a", Value: "b"}},
		ApplicationReconnect: twiml.True, ASRSmartFormat: twiml.True, BackgroundNoiseReduction: "true", ConversationConfiguration: "conf", ConversationID: "id",
		CustomerName: "Ada", Debug: []twiml.RelayDebug{twiml.RelayTokensPlayed, twiml.RelaySpeakerEvents}, DeepgramSmartFormat: "false", DTMFDetection: twiml.False,
		EagerEOTThreshold: "0.4", EchoPromptFiltering: twiml.True, ElevenlabsLanguageTextNormalization: twiml.True, ElevenlabsTextNormalization: "on", EOTThreshold: "0.8",
		Events: "config-updated", Hints: "chair", IgnoreBackchannel: "true", IncludeInPrompt: "turn-state", IntelligenceService: "GA1", InterruptSensitivity: "low",
		Interruptible: twiml.InterruptSpeech, Language: "en-GB", PartialPromptOnHangup: twiml.True, PartialPrompts: twiml.False, Preemptible: twiml.True,
		ProfanityFilter: twiml.False, ReportInputDuringAgentSpeech: twiml.ReportAny, SpeechModel: "nova-3", SpeechTimeout: "auto", TranscriptionLanguage: "en-GB",
		TranscriptionProvider: "Deepgram", TTSLanguage: "en-GB", TTSLanguageTextNormalization: twiml.True, TTSProvider: "Google", TTSTextNormalization: "on",
		TurnDetection: twiml.True, Voice: "en-GB-Journal-O", WelcomeGreeting: "Hi.", WelcomeGreetingInterruptible: twiml.InterruptNone,
	}
	for fields, i := reflect.ValueOf(all), 0; i < fields.NumField(); i++ {
		if name := fields.Type().Field(i).Name; name != "URL" && name != "Extra" {
			require.False(t, fields.Field(i).IsZero(), "%s is not tried", name)
		}
	}
	set := twiml.ConversationRelay{Language: "en-US", Hints: "room,table", PartialPrompts: twiml.True, DTMFDetection: twiml.True,
		EchoPromptFiltering: twiml.True, IgnoreBackchannel: "true",
		Debug: []twiml.RelayDebug{twiml.RelaySpeakerEvents, twiml.RelayTokensPlayed}}
	other := set
	other.Language, other.TTSLanguage, other.Debug = "", "sv-SE", []twiml.RelayDebug{"debugging", twiml.RelaySpeakerEvents, twiml.RelayTokensPlayed}
	for name, test := range map[string]struct{ settings, want twiml.ConversationRelay }{
		"all":       {all, all},
		"nothing":   {twiml.ConversationRelay{}, set},
		"languages": {twiml.ConversationRelay{TTSLanguage: "sv-SE", Debug: other.Debug[:1]}, other},
	} {
		t.Run(name, func(t *testing.T) {
			_, mux := newHost(t, voice.Config{Relay: relayed(t, test.settings), Language: "en-US", Phrases: []string{"room", "table"}, Resume: voice.ResumeAlone,
				Handler: voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil })})
			form := url.Values{"CallSid": {"CA" + strings.Repeat("1", 32)}, "AccountSid": {voicetest.AccountSID}, "From": {caller}, "To": {callee}, "CallStatus": {"ringing"}, "Direction": {"inbound"}, "ApiVersion": {"2010-04-01"}}
			const to = voicetest.PublicURL + voice.DefaultPath + "/twilio/inbound"
			r := httptest.NewRequest(http.MethodPost, to, strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("X-Twilio-Signature", signature.Sign(voicetest.AuthToken, to, form))
			w := httptest.NewRecorder()
			mux.ServeHTTP(w, r)
			require.Equal(t, http.StatusOK, w.Code)
			got, err := twiml.Parse(w.Body)
			require.NoError(t, err)
			connect := got.Verbs[0].(*twiml.Connect)
			noun := connect.Noun.(*twiml.ConversationRelay)
			require.Contains(t, noun.URL, "wss://calls.example.com"+voice.DefaultPath+"/twilio/stream/")
			require.Contains(t, connect.Action, voice.DefaultPath+"/twilio/resume/")
			want := test.want
			want.URL = noun.URL
			require.Equal(t, string(twiml.New(&twiml.Connect{Action: connect.Action, Noun: &want}).AppendXML(nil)), string(twiml.New(connect).AppendXML(nil)))
		})
	}
}

// TestRelayChoosesByCall: one host, both kinds of calls.
func TestRelayChoosesByCall(t *testing.T) {
	any := relayed(t, twiml.ConversationRelay{})
	kinds := make(chan string, 3)
	_, mux := newHost(t, voice.Config{
		Relay: func(call voice.Info) *voice.Relay {
			switch call.From {
			case "+14155550101":
				return any(call)
			case "+14155550102":
				panic("of the host")
			}
			return nil
		},
		Handler: voice.HandlerFunc(func(_ context.Context, call *voice.Call) error {
			kinds <- call.StreamSID[:2]
			return nil
		}),
	})
	tw := voicetest.New(t, mux)
	for from, want := range map[string]string{"+14155550100": "MZ", "+14155550101": "VX", "+14155550102": "MZ"} {
		call := tw.Dial(from, callee)
		require.NoError(t, call.Wait(t.Context()))
		require.Equal(t, want, next(t, kinds), from)
	}
}

// TestRelayAlone: what only a call over ConversationRelay has.
func TestRelayAlone(t *testing.T) {
	told := make(chan string, 10)
	handOff := func(_ context.Context, call voice.Info, data string) *twiml.Response {
		return twiml.New(&twiml.Say{Text: data})
	}
	r, err := voice.NewRelay(voice.RelayOptions{HandOff: handOff, Settings: twiml.ConversationRelay{
		Failovers: []twiml.Failover{{}}, Events: "config-updated", Parameters: []twiml.Parameter{{Name: "table", Value: "4"}},
	}})
	require.NoError(t, err)
	var l ledger
	_, mux := newHost(t, voice.Config{Trace: l.trace(), Relay: func(voice.Info) *voice.Relay { return r }, Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		only := call.Relay()
		told <- only.Session.Parameters["table"]
		_, err := call.Play(ctx, make([]byte, 160))
		require.ErrorIs(t, err, voice.ErrNoAudio)
		_, err = only.Play(ctx, relay.Play{Source: "song.mp3"})
		var wrong *relay.Error
		require.ErrorAs(t, err, &wrong)
		song, err := only.Play(ctx, relay.Play{Source: "https://cdn.example.com/song.mp3"})
		require.NoError(t, err)
		behind, err := call.Say(ctx, "That was a song.")
		require.NoError(t, err)
		require.NoError(t, song.Wait(ctx))
		require.NoError(t, behind.Wait(ctx))
		require.NoError(t, only.Send(relay.Language{TTS: "sv-SE", Transcription: "sv-SE"}))
		require.NoError(t, only.Send(relay.Digits{Digits: "1w2#"}))
		require.NoError(t, only.Send(relay.Raw(`{"type":"config","interruptible":"none"}`)))
		require.ErrorIs(t, only.Send(relay.Text{Token: "x"}), errors.ErrUnsupported)
		require.ErrorIs(t, only.Send(nil), errors.ErrUnsupported)
		require.Error(t, only.Send(relay.Digits{Digits: "x"}))
		told <- "sent"
		for e := range call.Events(ctx) {
			switch {
			case e.Relay != nil && e.Relay.Type == relay.EventInfo && e.Relay.Info.Name == relay.InfoConfigUpdated:
				told <- "configUpdated " + e.Relay.Info.Value
			case e.Relay != nil && e.Relay.Type == relay.EventUnknown:
				told <- string(e.Relay.Raw)
			case e.Relay != nil && e.Transcript.Final:
				told <- e.Transcript.Language + " " + e.Transcript.Text
				require.NoError(t, only.HandOff("Table 4, please."))
				return nil
			}
		}
		return nil
	})})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	require.Equal(t, "4", next(t, told))
	require.Equal(t, "sent", next(t, told))
	require.Equal(t, []string{"https://cdn.example.com/song.mp3"}, call.Files())
	require.Eventually(t, func() bool { return call.Sent() == "1w2#" }, patience, time.Millisecond)
	call.ProviderFails("tts")
	require.Equal(t, "configUpdated ttsProvider", next(t, told))
	call.Sends(voicetest.Message{Data: []byte(`{"type":"mood","value":7}`)})
	require.Equal(t, `{"type":"mood","value":7}`, next(t, told))
	call.Says("hej")
	require.Equal(t, "sv-SE hej", next(t, told))
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []string{"Table 4, please."}, call.Said())
	require.Equal(t, []voice.Reason{voice.ReasonTransfer}, l.ends(t, 1))
	require.Empty(t, call.Warnings())
}

// TestRelayAnswers: the gap is told once for each turn that is answered, and not for a greeting.
func TestRelayAnswers(t *testing.T) {
	const thinks = 50 * time.Millisecond
	gaps := make(chan time.Duration, 10)
	_, mux := newHost(t, voice.Config{
		Trace: &voice.Trace{Answered: func(_ voice.Info, gap time.Duration) { gaps <- gap }},
		Relay: relayed(t, twiml.ConversationRelay{}),
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			if _, err := call.Say(ctx, "Hello."); err != nil {
				return err
			}
			for e := range call.Events(ctx) {
				if !e.Transcript.Final {
					continue
				}
				time.Sleep(thinks)
				if _, err := call.Say(ctx, "Heard "+e.Transcript.Text+"."); err != nil {
					return err
				}
			}
			return nil
		}),
	})
	call := voicetest.New(t, mux).Dial(caller, callee)
	require.NoError(t, call.HearsText("hello", patience))
	for _, said := range []string{"one", "two"} {
		require.NoError(t, call.Says(said))
		require.NoError(t, call.HearsText("heard "+said, patience))
		require.GreaterOrEqual(t, next(t, gaps), thinks)
	}
	call.HangUp()
	require.NoError(t, call.Wait(t.Context()))
	require.Empty(t, gaps)
}

// TestRelayErrors: what Twilio does not take is told, and the session goes on.
func TestRelayErrors(t *testing.T) {
	told := make(chan string, 10)
	var l ledger
	_, mux := newHost(t, voice.Config{Trace: l.trace(), Relay: relayed(t, twiml.ConversationRelay{}), Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		if err := call.Relay().Send(relay.Raw(`{"type":"shout","token":"x"}`)); err != nil {
			return err
		}
		if err := call.Relay().Send(relay.Language{TTS: "klingon"}); err != nil {
			return err
		}
		for e := range call.Events(ctx) {
			if e.Relay != nil && e.Relay.Type == relay.EventError {
				told <- e.Relay.Problem
			}
		}
		return nil
	})})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	require.Contains(t, next(t, told), "64107")
	require.Contains(t, next(t, told), "64106")
	call.HangUp()
	require.Equal(t, 64107, call.Warnings()[0].Code)
	require.Equal(t, 64106, call.Warnings()[1].Code)
	require.Equal(t, []string{string(mediastream.ErrorProtocol), string(mediastream.ErrorProtocol)}, l.ws)
}

// comesBack is a handler that counts what it is told in state that it saves.
func comesBack(told chan string) voice.HandlerFunc {
	return func(ctx context.Context, call *voice.Call) error {
		r, resumed := call.Resumed()
		if told <- "leg " + strconv.Itoa(call.Leg) + " " + string(r.State) + " " + strconv.Itoa(r.Unheard); !resumed {
			if _, err := call.Say(ctx, "Welcome to this long greeting of the hotel."); err != nil {
				return err
			}
		}
		for t, err := range call.Transcripts(ctx) {
			if err != nil {
				return err
			}
			if !t.Final {
				continue
			}
			told <- t.Text
			if err := call.Save([]byte(t.Text)); err != nil {
				return err
			}
			if _, err := call.Say(ctx, "Heard "+t.Text+"."); err != nil {
				return err
			}
		}
		return nil
	}
}

// TestRelayReconnects: the same URL, what was said meanwhile, and nothing said twice.
func TestRelayReconnects(t *testing.T) {
	told := make(chan string, 20)
	var l ledger
	_, mux := newHost(t, voice.Config{Trace: l.trace(), Handler: comesBack(told), Relay: relayed(t, twiml.ConversationRelay{ApplicationReconnect: twiml.True, Interruptible: twiml.InterruptNone, ReportInputDuringAgentSpeech: twiml.ReportAny})})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	require.Equal(t, "leg 1  0", next(t, told))
	call.HearsText("welcome", patience)
	call.Break() // in the middle of the greeting
	call.Says("one")
	require.Equal(t, "leg 2  0", next(t, told))
	require.Equal(t, "one", next(t, told))
	call.HearsText("heard one", patience)
	call.Break()
	require.Equal(t, "leg 3 one 0", next(t, told))
	url := call.StreamURL()
	other := tw.Dial(caller, callee, voicetest.ReplayedStream(url)) // never another call
	other.Wait(t.Context())
	require.Contains(t, l.ws, "auth")
	call.Says("two")
	require.Equal(t, "two", next(t, told))
	call.HearsText("heard two", patience)
	call.HangUp()
	l.ends(t, 3)
	require.Equal(t, "completed", call.Status())
	said := strings.Join(call.Words(), " ")
	require.Equal(t, "welcome to this long greeting of the hotel heard one heard two", said, "once each")
}

// TestRelayDoesNotComeBackFromItsEnd: the URL of a call that has ended opens nothing.
func TestRelayDoesNotComeBackFromItsEnd(t *testing.T) {
	var l ledger
	_, mux := newHost(t, voice.Config{Trace: l.trace(), Resume: voice.ResumeNever, Relay: relayed(t, twiml.ConversationRelay{ApplicationReconnect: twiml.True}),
		Handler: voice.HandlerFunc(func(context.Context, *voice.Call) error { return nil })})
	tw := voicetest.New(t, mux)
	call := tw.Dial(caller, callee)
	require.NoError(t, call.Wait(t.Context()))
	require.Equal(t, []voice.Reason{voice.ReasonReturned}, l.ends(t, 1))
	again := tw.Dial(caller, callee, voicetest.ReplayedStream(call.StreamURL()))
	again.Wait(t.Context())
	require.Equal(t, 1, l.starts())
}
