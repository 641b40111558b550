package voicetest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"testing"
	"time"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// greet says what it hears.
func greet(ctx context.Context, call *voice.Call) error {
	for t, err := range call.Transcripts(ctx) {
		if err != nil {
			return err
		}
		if t.Final {
			if _, err := call.Say(ctx, "You said: "+t.Text); err != nil {
				return err
			}
		}
	}
	return nil
}

// One test of a host runs over Media Streams and over ConversationRelay.
func Example_modes() {
	relay, err := voice.NewRelay(voice.RelayOptions{})
	if err != nil {
		log.Fatal(err)
	}
	for _, mode := range voicetest.Modes {
		ear, mouth := voicetest.NewEar(), voicetest.NewVoice(nil)
		config := voice.Config{
			AuthTokens: []string{voicetest.AuthToken},
			PublicURL:  voicetest.PublicURL,
			STT:        ear,
			TTS:        mouth,
			Handler:    voice.HandlerFunc(greet),
		}
		if mode == voicetest.Relay {
			config.Relay = func(voice.Info) *voice.Relay { return relay }
		}
		srv, err := voice.New(config)
		if err != nil {
			log.Fatal(err)
		}
		mux := http.NewServeMux()
		mux.Handle("/api/voice/", srv)
		tw, err := voicetest.Start(voicetest.Config{Handler: mux, Ear: ear, Voice: mouth, Pace: 3})
		if err != nil {
			log.Fatal(err)
		}
		call := tw.Dial("+14155550100", "+14155550199")
		call.Says("book a room")
		fmt.Println(mode, call.HearsText("You said: book a room", 20*time.Second))
		call.HangUp()
		tw.Close()
		srv.Shutdown(context.Background())
	}
	// Output:
	// stream <nil>
	// relay <nil>
}

// A call whose instance is killed goes on with another that shares its store.
func ExampleInstances() {
	var t *testing.T // of the test
	test := func() {
		shared := policy.NewMemory(policy.MemoryOptions{}) // stands for Redis or NATS
		ear, mouth := voicetest.NewEar(), voicetest.NewVoice(nil)
		host := func() http.Handler {
			store, err := policy.NewStore(shared, policy.StoreOptions{})
			if err != nil {
				t.Fatal(err)
			}
			srv, err := voice.New(voice.Config{
				AuthTokens: []string{voicetest.AuthToken},
				PublicURL:  voicetest.PublicURL,
				Store:      store,
				Resume:     voice.ResumeShared,
				STT:        ear,
				TTS:        mouth,
				Handler:    voice.HandlerFunc(greet),
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				srv.Shutdown(context.Background())
				store.Close()
			})
			mux := http.NewServeMux()
			mux.Handle("/api/voice/", srv)
			return mux
		}
		instances := voicetest.NewInstances(host(), host())
		tw := voicetest.New(t, instances, voicetest.Config{Ear: ear, Voice: mouth})
		call := tw.Dial("+14155550100", "+14155550199")
		call.Says("one")
		call.HearsText("You said: one", 5*time.Second)
		for n, streams := range instances.Streams() {
			if streams > 0 {
				instances.Kill(n)
			}
		}
		call.Says("two")
		call.HearsText("You said: two", 10*time.Second)
		call.HangUp()
	}
	_ = test
}
