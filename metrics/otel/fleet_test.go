package otel

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/stttest"
	"agentos.dev/dialtone/voice"
	"agentos.dev/dialtone/voice/voicetest"
)

// TestOneCallIsOneTrace: the webhooks of a call come to one instance and its stream to
// another. All of their spans are of one trace, and what the host and its policies trace
// within is, too; a span that the host's middleware began is a link.
func TestOneCallIsOneTrace(t *testing.T) {
	engine := policy.NewMemory(policy.MemoryOptions{})
	recorders := make([]*tracetest.SpanRecorder, 2)
	hosts := make([]http.Handler, 2)
	servers := make([]*voice.Server, 2)
	heard := make(chan string, 1)
	for i := range hosts {
		recorders[i] = tracetest.NewSpanRecorder()
		provider := sdk.NewTracerProvider(sdk.WithSpanProcessor(recorders[i]), sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(1))))
		own := provider.Tracer("host")
		store, err := policy.NewStore(engine, policy.StoreOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		servers[i], err = voice.New(voice.Config{
			AuthTokens: []string{voicetest.AuthToken},
			PublicURL:  voicetest.PublicURL,
			Store:      store,
			Trace:      New(provider).Trace(),
			STT:        stt.Segmented(&stttest.Recognizer{Texts: []string{said}}, stt.Segmentation{}),
			Policy: policy.Func(func(ctx context.Context, _ policy.Call) policy.Decision {
				_, span := own.Start(ctx, "look up the caller")
				span.End()
				return policy.Decision{Verdict: policy.Allow}
			}),
			Handler: voice.HandlerFunc(func(ctx context.Context, call *voice.Call) error {
				for transcript := range call.Transcripts(ctx) {
					_, span := own.Start(ctx, "ask the model")
					span.End()
					heard <- transcript.Text
				}
				return nil
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		srv := servers[i]
		hosts[i] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // as otelhttp does
			ctx, span := own.Start(r.Context(), "HTTP", oteltrace.WithNewRoot())
			defer span.End()
			srv.ServeHTTP(w, r.WithContext(ctx))
		})
	}
	tw := voicetest.New(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/stream/") {
			hosts[1].ServeHTTP(w, r)
			return
		}
		hosts[0].ServeHTTP(w, r)
	}))
	call := tw.Dial("+14155550100", "+14155550199", voicetest.Param("FromCountry", "US"))
	if err := call.SpeakAudio(stttest.Speech(1, codec.Format{Encoding: codec.Mulaw, Rate: 8000})); err != nil {
		t.Fatal(err)
	}
	select {
	case <-heard:
	case <-time.After(time.Minute):
		t.Fatal("no transcript")
	}
	call.HangUp()
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	for _, srv := range servers {
		if err := srv.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
	}

	var names []string
	want := TraceID(call.SID)
	token, _, _ := strings.Cut(call.StreamURL()[strings.LastIndex(call.StreamURL(), "/")+1:], "?")
	for i, recorder := range recorders {
		for _, span := range recorder.Ended() {
			if span.Name() == "HTTP" {
				continue
			}
			names = append(names, fmt.Sprint(i, " ", span.Name()))
			if span.SpanContext().TraceID() != want {
				t.Errorf("%s is of another trace", span.Name())
			}
			text := fmt.Sprint(span.Name(), span.Attributes(), span.Events(), span.Status())
			if strings.Contains(text, "5550100") || strings.Contains(text, "5550199") || strings.Contains(text, said) || strings.Contains(text, token) {
				t.Errorf("%s tells too much: %s", span.Name(), text)
			}
			if step := slices.Contains([]string{"webhook", "call", "status callback"}, span.Name()); step != (len(span.Links()) == 1) {
				t.Errorf("%s has %d links", span.Name(), len(span.Links()))
			}
		}
	}
	slices.Sort(names)
	if got, want := names, []string{"0 look up the caller", "0 status callback", "0 webhook", "1 ask the model", "1 call", "1 utterance"}; !slices.Equal(got, want) {
		t.Errorf("spans %v, want %v", got, want) // and none for each of the frames
	}
}
