package voicetest_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"testing"
	"time"

	"agentos.dev/dialtone/voice/voicetest"
)

// The test of a host: dial, speak, hear the answer, hang up.
func Example() {
	var (
		t            testing.TB // of the test
		mux          http.Handler
		confirmation []byte // 8 kHz mu-law
	)
	test := func() {
		tw := voicetest.New(t, mux)
		call := tw.Dial("+14155550100", "+14155550199")
		call.Speak("testdata/book_a_room.wav")
		call.Hears(confirmation, 2*time.Second)
		call.HangUp()
	}
	_ = test
}

// Outside of tests the fake is started with a Config, and errors are returned.
func ExampleStart() {
	menu := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		if r.FormValue("Digits") == "2" {
			fmt.Fprint(w, `<Response><Say>Two it is</Say></Response>`)
			return
		}
		fmt.Fprint(w, `<Response><Gather numDigits="1"/></Response>`)
	})
	tw, err := voicetest.Start(voicetest.Config{Handler: menu})
	if err != nil {
		log.Fatal(err)
	}
	defer tw.Close()

	call := tw.Dial("+14155550100", "+14155550199")
	if err := call.Digits("2"); err != nil {
		log.Fatal(err)
	}
	if err := call.Wait(context.Background()); err != nil {
		log.Fatal(err)
	}
	fmt.Println(call.Said(), call.Status())
	// Output: [Two it is] completed
}

// Faults are options of a call.
func ExampleTwilio_Dial_faults() {
	tw, err := voicetest.Start(voicetest.Config{Handler: http.NotFoundHandler()})
	if err != nil {
		log.Fatal(err)
	}
	defer tw.Close()

	call := tw.Dial("+14155550100", "+14155550199",
		voicetest.Unsigned(voicetest.Webhook),
		voicetest.Param("StirVerstat", "TN-Validation-Failed-C"),
		voicetest.Garbage(50), // before the 50th frame
		voicetest.Reset(100),  // after the 100th
	)
	fmt.Println(call.Warnings()[0].Code)
	// Output: 11200
}
