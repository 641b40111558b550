package tts_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

// A language model's answer is said while it is being made. When the caller interrupts,
// what was heard of it goes into the model's context.
func ExampleSpeak() {
	answer := func(yield func(string, error) bool) { // as a language model yields tokens
		for _, token := range []string{"Certain", "ly, ", "your **table** ", "is booked ", "for 7:30 p.m.", " It costs $24.50."} {
			if !yield(token, nil) {
				return
			}
		}
	}
	speech := tts.Speak(&ttstest.Fake{}, answer, tts.Options{}) // or a tts.Failover of real engines
	var sent time.Duration
	for chunk, err := range speech.Audio(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		sent += time.Duration(len(chunk.Audio)) * time.Second / 8000 // mu-law, 8000 Hz: what a call carries
	}
	fmt.Println(speech.Heard(2 * time.Second))
	fmt.Println(speech.Heard(sent))
	// Output:
	// Certainly, your **table** is booked
	// Certainly, your **table** is booked for 7:30 p.m. It costs $24.50.
}

// The next engine goes on where one stopped, to the word.
func ExampleFailover() {
	breaks := func(int, string) ttstest.Fault {
		return ttstest.Fault{After: 1200 * time.Millisecond, Err: tts.ErrUnavailable}
	}
	first, second := &ttstest.Fake{Fault: breaks}, &ttstest.Fake{}
	engine := tts.Failover(tts.FailoverOptions{}, first, second)
	for chunk, err := range tts.Speak(engine, tts.Text("Welcome to Harbour Dental."), tts.Options{}).Audio(context.Background()) {
		if err != nil {
			log.Fatal(err)
		}
		if chunk.Survived != nil {
			fmt.Println("survived:", chunk.Survived)
		}
	}
	fmt.Println(first.Texts(), second.Texts())
	// Output:
	// survived: tts: engine unavailable
	// [Welcome to Harbour Dental.] [Dental.]
}
