package voice_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// The number's voice URL is /calls, whose TwiML puts callers through to an agent and has both
// of them listened to. Here the fake Twilio calls, and its agent answers.
func ExampleServer_Listening() {
	type line struct{ who, text string }
	lines := make(chan line, 8)
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken},
		PublicURL:  voicetest.PublicURL,
		STT:        eachHears("I cannot log in", "may I have your name"),
		Listener: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			who := map[string]string{"inbound": "caller", "outbound": "agent"}
			for t, err := range call.Transcripts(ctx) {
				if err != nil {
					return err
				}
				if t.Final {
					lines <- line{who[t.Track], t.Text}
				}
			}
			return nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	mux.Handle("POST /calls", srv.Admitted(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agent := &twiml.Dial{Number: "+14155550123"}
		document, err := srv.Listening(r, twiml.BothTracks, agent)
		if err != nil { // the call is put through all the same
			twiml.Respond(w, agent)
			return
		}
		twiml.Respond(w, document.Verbs...)
	})))

	tw, err := voicetest.Start(voicetest.Config{Handler: mux, InboundPath: "/calls"})
	if err != nil {
		fmt.Println(err)
		return
	}
	call := tw.Dial("+14155550100", "+14155550199", voicetest.Leg("", voicetest.Talks(time.Hour)))
	leg, err := call.Joined()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, party := range []*voicetest.Call{call, leg} {
		if err := party.Speak("testdata/book_a_room.wav"); err != nil {
			fmt.Println(err)
			return
		}
		said := <-lines
		fmt.Println(said.who+":", said.text)
	}
	leg.HangUp()
	tw.Close()
	srv.Shutdown(context.Background())
	// Output:
	// caller: I cannot log in
	// agent: may I have your name
}
