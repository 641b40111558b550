package otel_test

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/metrics"
	"agentos.dev/dialtone/metrics/otel"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// A host joins the tracer's hooks to those of the metrics, whose latencies then
// name the call's trace. Here the spans go to a recorder, and a fake Twilio calls.
func Example() {
	recorder := tracetest.NewSpanRecorder()
	tracer := otel.New(sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder)))
	m, err := metrics.New(prometheus.NewRegistry(), &metrics.Options{Exemplar: tracer.Exemplar})
	if err != nil {
		fmt.Println(err)
		return
	}
	heard := make(chan string, 1)
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken},
		PublicURL:  voicetest.PublicURL,
		Trace:      m.Trace().Join(tracer.Trace()),
		STT:        stt.Segmented(&stttest.Recognizer{Texts: []string{"book a room"}}, stt.Segmentation{}),
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			for t := range call.Transcripts(ctx) {
				heard <- t.Text
			}
			return nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	twilio, err := voicetest.Start(voicetest.Config{Handler: srv})
	if err != nil {
		fmt.Println(err)
		return
	}
	call := twilio.Dial("+14155550100", "+14155550199")
	if err := call.SpeakAudio(stttest.Speech(1, codec.Format{Encoding: codec.Mulaw, Rate: 8000})); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("heard:", <-heard)
	call.HangUp()
	twilio.Close()
	srv.Shutdown(context.Background())
	for _, span := range recorder.Ended() {
		fmt.Println("span:", span.Name(), span.SpanContext().TraceID() == otel.TraceID(call.SID))
	}
	// Unordered output:
	// heard: book a room
	// span: webhook true
	// span: utterance true
	// span: call true
	// span: status callback true
}
