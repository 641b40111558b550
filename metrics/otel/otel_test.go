package otel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/metrics"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

const said = "forty two"

// TestCall traces a real call of a voice server: one span for it, one for each
// of two utterances within it, and nothing of who called or what was said.
func TestCall(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	tracer := New(sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder)))
	exemplars := make(chan prometheus.Labels, 10)
	m, err := metrics.New(prometheus.NewRegistry(), &metrics.Options{Exemplar: func(c voice.Info) prometheus.Labels {
		labels := tracer.Exemplar(c)
		exemplars <- labels
		return labels
	}})
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan string, 2)
	within := make(chan oteltrace.SpanContext, 1)
	srv, err := voice.New(voice.Config{
		AuthTokens: []string{voicetest.AuthToken},
		PublicURL:  voicetest.PublicURL,
		Trace:      m.Trace().Join(tracer.Trace()),
		STT:        stt.Segmented(&stttest.Recognizer{Texts: []string{said}}, stt.Segmentation{}),
		Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
			within <- oteltrace.SpanContextFromContext(ctx)
			for transcript := range call.Transcripts(ctx) {
				heard <- transcript.Text
			}
			return errors.New("on purpose")
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	call := voicetest.New(t, srv).Dial("+14155550100", "+14155550199", voicetest.Param("FromCountry", "US"))
	if err := call.SpeakAudio(stttest.Speech(2, codec.Format{Encoding: codec.Mulaw, Rate: 8000})); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		select {
		case <-heard:
		case <-time.After(30 * time.Second):
			t.Fatal("no transcript")
		}
	}
	labels := <-exemplars // of the first of them
	call.HangUp()
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}

	spans := recorder.Ended()
	var names []string
	for _, span := range spans {
		names = append(names, span.Name())
		if text := fmt.Sprint(span.Attributes(), span.Events(), span.Status()); strings.Contains(text, said) || strings.Contains(text, "5550100") {
			t.Errorf("%s tells too much: %s", span.Name(), text)
		}
	}
	spans = slices.DeleteFunc(spans, func(s sdk.ReadOnlySpan) bool { return s.Name() == "status callback" }) // which may come before the stream has ended
	if len(spans) != 4 || !slices.Contains(names, "status callback") || spans[0].Name() != "webhook" || spans[3].Name() != "call" {
		t.Fatalf("spans %v", names)
	}
	whole := spans[3]
	for _, utterance := range spans[1:3] {
		if utterance.Parent().SpanID() != whole.SpanContext().SpanID() {
			t.Error("an utterance is not within its call")
		}
		if d := utterance.EndTime().Sub(utterance.StartTime()); d < 200*time.Millisecond || d > time.Minute {
			t.Errorf("an utterance lasts %v", d)
		}
	}
	if got := <-within; !got.Equal(whole.SpanContext()) {
		t.Error("the handler's context does not carry the call's span")
	}
	if got := labels["trace_id"]; got != whole.SpanContext().TraceID().String() {
		t.Errorf("exemplar %q", got)
	}
	if len(tracer.steps) != 0 {
		t.Error("the call is remembered")
	}
}

// TestListening: a call that is listened to beside its own stream has a span for each, and
// those who speak at once have an utterance each.
func TestListening(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	tracer := New(sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder)))
	trace := tracer.Trace()
	call := voice.Info{Call: policy.Call{SID: "CA1"}, Leg: 1}
	heard := call
	heard.Unidirectional = true
	ctx := trace.Begin(t.Context(), call, voice.StepStream)
	listening := trace.Begin(t.Context(), heard, voice.StepStream)
	event := func(kind stt.Kind, track string) {
		trace.STTEvent(heard, stt.Event{Kind: kind, Transcript: stt.Transcript{Track: track}})
	}
	event(stt.SpeechStart, "inbound")
	event(stt.SpeechStart, "outbound")
	event(stt.Final, "inbound")
	event(stt.UtteranceEnd, "inbound")
	trace.End(ctx, call, voice.StepStream)
	if n := len(recorder.Ended()); n != 2 { // the caller's words, the call
		t.Fatalf("%d spans have ended", n)
	}
	trace.End(listening, heard, voice.StepStream)
	var names []string
	for _, span := range recorder.Ended() {
		names = append(names, span.Name())
	}
	if want := []string{"utterance", "call", "utterance", "listening"}; !slices.Equal(names, want) {
		t.Errorf("spans %v, want %v", names, want)
	}
}

// TestWhatGoesWrong: failures are marked, and hooks for calls that are not there
// do nothing.
func TestWhatGoesWrong(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	tracer := New(sdk.NewTracerProvider(sdk.WithSpanProcessor(recorder)))
	trace, info := tracer.Trace(), voice.Info{Call: policy.Call{SID: "CA1"}}
	trace.STTEvent(info, stt.Event{Kind: stt.Final})
	trace.STTError(info, "timeout")
	trace.StreamEnded(info, voice.End{})
	if len(recorder.Started()) != 0 || tracer.Exemplar(info) != nil {
		t.Fatal("a span of nothing")
	}

	ctx := trace.Begin(t.Context(), info, voice.StepStream)
	trace.StreamStarted(info, time.Second)
	trace.STTEvent(info, stt.Event{Kind: stt.UtteranceEnd})
	trace.STTEvent(info, stt.Event{Kind: stt.Degraded, Err: stt.ErrUnavailable}) // while nobody speaks
	if n := len(recorder.Started()); n != 1 {
		t.Fatalf("%d spans of a call in silence", n)
	}
	trace.STTEvent(info, stt.Event{Kind: stt.SpeechStart})
	trace.STTEvent(info, stt.Event{Kind: stt.Degraded, Err: stt.ErrTimeout})
	trace.STTError(info, "timeout")
	trace.StreamEnded(info, voice.End{Reason: voice.ReasonPanic})
	trace.End(ctx, info, voice.StepStream)
	spans := recorder.Ended()
	if len(spans) != 2 || spans[0].Status().Code != codes.Error || spans[0].Status().Description != "timeout" || spans[1].Status().Description != "panic" {
		t.Fatalf("spans %v", spans)
	}
}
