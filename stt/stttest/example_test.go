package stttest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"strings"

	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// A host is tested without a recogniser: what the caller says is put into the
// call's stream, as an engine would have heard it.
func Example() {
	answer := func(ctx context.Context, call *voice.Call) error {
		for t, err := range call.Transcripts(ctx) {
			if err != nil {
				return err
			}
			if t.Final && strings.Contains(t.Text, "room") {
				_, err := call.Play(ctx, []byte(strings.Repeat("\x10\x90", 400))) // 100 ms
				return err
			}
		}
		return nil
	}
	engine := &stttest.Engine{}
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken},
		PublicURL:  voicetest.PublicURL,
		STT:        engine,
		Handler:    voice.HandlerFunc(answer),
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/voice/", srv)

	tw, err := voicetest.Start(voicetest.Config{Handler: mux}) // voicetest.New in a test
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	call := tw.Dial("+14155550100", "+14155550199")
	stream, err := engine.Stream(ctx, 0) // of the first call
	if err != nil {
		log.Fatal(err)
	}
	stream.Say("I need a room")
	call.Wait(ctx)
	fmt.Println(call.Status(), len(call.Heard()), "samples heard")
	fmt.Println(tw.Close(), srv.Shutdown(ctx))
	// Output:
	// completed 800 samples heard
	// <nil> <nil>
}
