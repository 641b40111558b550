package voice_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/twiml"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/callback"
	"agentos.dev/dialtone/voice/voicetest"
)

// A service that has a mux gets a telephone line, and stops without cutting off
// a call.
func Example() {
	var engine stt.Engine // of a subpackage of stt
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	srv, err := voice.New(voice.Config{
		AuthTokens: []string{os.Getenv("TWILIO_AUTH_TOKEN")},
		PublicURL:  "https://calls.example.com",
		STT:        engine,
		Handler:    voice.HandlerFunc(converse),
		Logger:     slog.Default(), // says why a request was refused
		LogNumber:  voice.MaskNumber,
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	web := &http.Server{Addr: ":8080", Handler: mux}
	go web.ListenAndServe()

	<-ctx.Done()
	drain, cancel := context.WithTimeout(context.Background(), voice.DefaultMaxDuration)
	defer cancel()
	if err := srv.Shutdown(drain); err != nil { // first, as web.Shutdown knows of no streams
		log.Println("calls were cut off:", err)
	}
	web.Shutdown(drain)
}

// A menu comes before the stream. The number's voice URL is then a webhook of the
// host, which sends the call on to the server, and tells the handler in the URL's
// query what was chosen. What else Twilio asks the host comes in the same way, as
// here the callback that tells where a recording is.
//
// Admitted asks the policy before the menu, so that who may not call hears none, and gets
// nowhere by its keys.
func Example_menu() {
	const base = voicetest.PublicURL
	blocked, err := policy.NewNumbers("+14155550666")
	if err != nil {
		log.Fatal(err)
	}
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken},
		PublicURL:  base,
		Policy:     policy.All(policy.Blocked(blocked), policy.PerCaller(10, time.Hour)),
		Before: []twiml.Verb{&twiml.Start{Nouns: []twiml.StartNoun{
			&twiml.Recording{RecordingStatusCallback: base + "/recorded"},
		}}},
		TTS: voicetest.NewVoice(nil), // in the place of local.New
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			_, err := call.Say(ctx, "You chose "+call.Query)
			return err
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	menu := func(w http.ResponseWriter, r *http.Request) {
		twiml.Respond(w,
			&twiml.Gather{
				NumDigits: 1,
				Action:    base + "/chosen",
				Verbs:     []twiml.Audible{&twiml.Say{Text: "For a room press 1, for a person 2."}},
			},
			&twiml.Say{Text: "Goodbye."}, // when no key was pressed
		)
	}
	chosen := func(w http.ResponseWriter, r *http.Request) {
		choice, err := callback.ReadGather(r.PostForm)
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusBadRequest)
		case choice.Digits == "1":
			twiml.Respond(w, &twiml.Redirect{URL: base + "/api/voice/twilio/inbound?topic=room"})
		case choice.Digits == "2":
			twiml.Respond(w, &twiml.Dial{Number: "+14155550123"})
		default:
			twiml.Respond(w, &twiml.Redirect{URL: base + "/menu"})
		}
	}
	recorded := func(w http.ResponseWriter, r *http.Request) {
		if recording, err := callback.ReadRecording(r.PostForm); err == nil {
			log.Println(recording.CallSID, recording.Status, recording.URL)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)
	mux.Handle("POST /menu", srv.Admitted(http.HandlerFunc(menu)))
	mux.Handle("POST /chosen", srv.Verified(http.HandlerFunc(chosen)))
	mux.Handle("POST /recorded", srv.Verified(http.HandlerFunc(recorded)))

	tw, err := voicetest.Start(voicetest.Config{Handler: mux, InboundPath: "/menu"})
	if err != nil {
		log.Fatal(err)
	}
	call := tw.Dial("+14155550100", "+14155550199")
	call.Digits("1")
	call.Wait(context.Background())
	fmt.Println(strings.Join(call.Said(), " "), time.Duration(len(call.Heard()))*time.Second/8000, "heard")
	call = tw.Dial("+14155550666", "+14155550199")
	call.Wait(context.Background())
	fmt.Println(call.Status(), call.Said())
	fmt.Println(tw.Close(), srv.Shutdown(context.Background()))
	// Output:
	// For a room press 1, for a person 2. 1.73s heard
	// no-answer []
	// <nil> <nil>
}
