package voice_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// scene is a call of a host that knows nothing of what its calls go over.
type scene struct {
	config   func(*voice.Config)
	settings twiml.ConversationRelay // over ConversationRelay
	options  []voicetest.Option
	handler  func(ctx context.Context, call *voice.Call, s *stage) error // nil: answers all that is said
	play     func(s *stage)
	warned   bool // Twilio complains
}

// stage is what a scene plays on.
type stage struct {
	*testing.T
	mode   voicetest.Mode
	server *voice.Server
	mux    *http.ServeMux
	tw     *voicetest.Twilio
	call   *voicetest.Call
	ledger ledger
	told   chan string // by the handler
}

// tell tells the scene something, from the handler.
func (s *stage) tell(what string) { s.told <- what }

// wants waits for what the handler tells.
func (s *stage) wants(what ...string) {
	s.Helper()
	for _, want := range what {
		require.Equal(s, want, next(s.T, s.told))
	}
}

// over waits for the end of the call and the reason that the server has for it.
func (s *stage) over(reason voice.Reason, status string) {
	s.Helper()
	s.call.Wait(s.Context())
	require.Equal(s, []voice.Reason{reason}, s.ledger.ends(s.T, 1))
	require.NoError(s, s.tw.Close())
	require.Eventually(s, func() bool {
		s.ledger.mu.Lock()
		defer s.ledger.mu.Unlock()
		return slices.Equal(s.ledger.finished, []string{status})
	}, patience, time.Millisecond, "counted once as %s", status)
}

// HangUp implements voice.CallControl, and Update voice.Updater, by the fake's REST API.
func (s *stage) HangUp(ctx context.Context, callSID string) error {
	return restClient(s.T, s.tw).HangUp(ctx, callSID)
}

func (s *stage) Update(ctx context.Context, callSID, document string) error {
	return restClient(s.T, s.tw).Update(ctx, callSID, document)
}

// echo says what it hears.
func echo(ctx context.Context, call *voice.Call, s *stage) error {
	for t, err := range call.Transcripts(ctx) {
		if err != nil {
			return err
		}
		if !t.Final || t.Text == "" {
			continue
		}
		if _, err := call.Say(ctx, "You said "+t.Text+"."); err != nil {
			return err
		}
	}
	return nil
}

// relayed has all calls go over ConversationRelay with the given settings.
func relayed(t testing.TB, settings twiml.ConversationRelay) func(voice.Info) *voice.Relay {
	t.Helper()
	relay, err := voice.NewRelay(voice.RelayOptions{Settings: settings})
	require.NoError(t, err)
	return func(voice.Info) *voice.Relay { return relay }
}

// perform plays scenes over both.
func perform(t *testing.T, scenes map[string]scene) {
	for name, sc := range scenes {
		for _, mode := range voicetest.Modes {
			t.Run(name+"/"+string(mode), func(t *testing.T) {
				t.Parallel()
				perhaps(t, sc, mode)
			})
		}
	}
}

// perhaps plays a scene in one mode.
func perhaps(t *testing.T, sc scene, mode voicetest.Mode) {
	ear, mouth := voicetest.NewEar(), voicetest.NewVoice(nil)
	s := &stage{T: t, mode: mode, told: make(chan string, 100)}
	handler := sc.handler
	if handler == nil {
		handler = echo
	}
	config := voice.Config{STT: ear, TTS: mouth, Trace: s.ledger.trace(), Resume: voice.ResumeNever, Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		return handler(ctx, call, s)
	})}
	if mode == voicetest.Relay {
		config.Relay = relayed(t, sc.settings)
	}
	if sc.config != nil {
		sc.config(&config)
	}
	if config.CallControl == placeholder {
		config.CallControl = s
	}
	s.server, s.mux = newHost(t, config)
	s.server.Hurry(2*time.Second, 10*time.Second)
	s.tw = voicetest.New(t, s.mux, voicetest.Config{Voice: mouth, Ear: ear, Pace: 3, Tolerate: func(voicetest.Warning) bool { return false }})
	s.call = s.tw.Dial(caller, callee, sc.options...)
	sc.play(s)
	s.call.HangUp()
	if !sc.warned {
		require.Empty(t, s.call.Warnings())
	}
}

// placeholder stands for the fake's REST API, which is there when the server is.
var placeholder voice.CallControl = &stage{}

// said waits for the end of a playback and reports how it ended.
func (s *stage) said(ctx context.Context, p *voice.Playback, err error) {
	if err == nil {
		err = p.Wait(ctx)
	}
	if err != nil {
		s.tell(err.Error())
		return
	}
	s.tell("heard " + p.HeardText())
}

// kinds returns what happens in a call until the caller's turn is over.
func kinds(ctx context.Context, call *voice.Call) (list []string) {
	for e, err := range call.Events(ctx) {
		switch {
		case err != nil:
			return append(list, err.Error())
		case e.Kind == stt.Turn:
			list = append(list, e.Turn.State.String())
			if e.Turn.State == stt.TurnEnd {
				return list
			}
		case e.Kind == stt.Final, e.Kind == stt.SpeechStart:
			list = append(list, e.Kind.String())
		}
	}
	return list
}
