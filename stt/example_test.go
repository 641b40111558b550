package stt_test

import (
	"context"
	"fmt"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
)

// An engine of one's own: a function that recognises one utterance.
func ExampleOpen() {
	engine := stt.Segmented(stt.RecognizerFunc(func(ctx context.Context, audio []byte, c stt.Config) (stt.Transcript, error) {
		return stt.Transcript{Text: "yes"}, nil // ask a speech service here
	}), stt.Segmentation{})

	ctx := context.Background()
	stream, err := stt.Open(ctx, engine, stt.Config{CallSID: "CA1", Emit: func(event stt.Event) {
		if event.Kind == stt.Final {
			fmt.Println(event.Transcript.Text)
		}
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stream.Close()
	stream.Send(stttest.Speech(2, codec.Format{})) // two words with silence around them
	stream.Flush(ctx)
	// Output:
	// yes
	// yes
}

// The first engine cannot be reached: the second hears what was said.
func ExampleFailover() {
	first := &stttest.Engine{OpenError: &stt.Error{Engine: "first", Op: "open", Kind: stt.ErrUnavailable}}
	second := stt.Segmented(&stttest.Recognizer{Texts: []string{"book a room"}}, stt.Segmentation{})
	engine := stt.Failover(stt.FailoverOptions{}, first, second)

	ctx := context.Background()
	stream, err := stt.Open(ctx, engine, stt.Config{Emit: func(event stt.Event) {
		if event.Kind == stt.Final {
			fmt.Println(event.Transcript.Text)
		}
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stream.Close()
	stream.Send(stttest.Speech(1, codec.Format{}))
	stream.Flush(ctx)
	// Output: book a room
}

func ExampleReason() {
	err := &stt.Error{Engine: "deepgram", Op: "open", Kind: stt.StatusKind(429), Status: 429}
	fmt.Println(stt.Reason(err), err.Retryable())
	// Output: rate_limited true
}
