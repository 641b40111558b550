package voice_test

import (
	"context"
	"fmt"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
)

// think stands for a language model, which takes its time.
var think = func(ctx context.Context, text string) (string, error) {
	select {
	case <-time.After(time.Second):
		return "You said: " + text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// reply answers what the caller said. How much of it was heard is what a language
// model should know when the caller interrupts.
func reply(ctx context.Context, call *voice.Call, text string) {
	answer, err := think(ctx, text)
	if err != nil {
		return
	}
	playback, err := call.Say(ctx, answer)
	if err != nil {
		return
	}
	<-playback.Done()
	fmt.Println(playback.HeardText())
}

// converse is the handler of a bot that answers when the caller's turn is over. He may
// interrupt it while it speaks, as Config.Interruption says, and goes before what it thinks:
// the loop never waits. Its answer ends then, with ErrInterrupted; after a cough or an "uh-huh"
// it goes on.
func converse(ctx context.Context, call *voice.Call) error {
	stop := func() {}
	defer func() { stop() }()
	for event, err := range call.Events(ctx) {
		if err != nil {
			return err // there will be no more transcripts
		}
		if text := event.Transcript.Text; event.Turn.State == stt.TurnEnd && text != "" { // a Final may be half a sentence
			stop() // what it thinks is not said any more
			turn, cancel := context.WithCancel(ctx)
			stop = cancel
			go reply(turn, call, text)
		}
	}
	return nil
}

func ExampleCall_Events() {
	_ = voice.Config{Handler: voice.HandlerFunc(converse)}
}

// orderNumber asks for the four digits of an order, and returns what the caller says in
// one turn: with pauses between them, as people read numbers.
func orderNumber(ctx context.Context, call *voice.Call, question []byte) (string, error) {
	if err := call.Expect(stt.Expectation{Digits: 4}); err != nil {
		return "", err
	}
	defer call.Expect(stt.Expectation{}) // what comes after is an open question
	if _, err := call.Play(ctx, question); err != nil {
		return "", err
	}
	for event, err := range call.Events(ctx) {
		if err != nil {
			return "", err
		}
		if text := event.Transcript.Text; event.Turn.State == stt.TurnEnd && text != "" {
			return text, nil
		}
	}
	return "", voice.ErrCallEnded
}

func ExampleCall_Expect() {
	_ = voice.Config{Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
		_, err := orderNumber(ctx, call, nil)
		return err
	})}
}
