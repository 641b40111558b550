// Package otel makes OpenTelemetry traces of calls: a span for each call's
// stream, and in it a span for each utterance. Frames have none.
//
//	tracer := otel.New(provider)
//	m, err := metrics.New(registry, &metrics.Options{Exemplar: tracer.Exemplar})
//	...
//	srv, err := voice.New(voice.Config{Trace: m.Trace().Join(tracer.Trace()), ...})
//
// Spans hold the call's SID, but neither numbers nor what was said.
package otel

import (
	"context"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
)

// Tracer makes spans of what a voice server does. Its methods may be called from
// any goroutine.
type Tracer struct {
	tracer trace.Tracer

	mu    sync.Mutex
	calls map[string]*call // by CallSid, from StreamStarted to StreamEnded
}

// call is a call with a stream.
type call struct {
	ctx       context.Context // holds span
	span      trace.Span
	utterance trace.Span // nil while the caller is silent
}

// New returns a tracer whose spans go to provider.
func New(provider trace.TracerProvider) *Tracer {
	return &Tracer{tracer: provider.Tracer("agentos.dev/dialtone/voice"), calls: make(map[string]*call)}
}

// Trace returns the hooks that make the spans.
func (t *Tracer) Trace() *voice.Trace {
	return &voice.Trace{StreamStarted: t.started, StreamEnded: t.ended, STTEvent: t.heard, STTError: t.failed}
}

// Exemplar returns the trace of a call that has a stream and is sampled, nil
// otherwise. See the Options of package metrics.
func (t *Tracer) Exemplar(info voice.Info) prometheus.Labels {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.calls[info.SID]
	if c == nil || !c.span.SpanContext().IsSampled() {
		return nil
	}
	return prometheus.Labels{"trace_id": c.span.SpanContext().TraceID().String()}
}

func (t *Tracer) started(info voice.Info, took time.Duration) {
	ctx, span := t.tracer.Start(context.Background(), "call",
		trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(time.Now().Add(-took)),
		trace.WithAttributes(
			attribute.String("call_sid", info.SID),
			attribute.Int("leg", max(info.Leg, 1)),
			attribute.String("direction", info.Direction),
			attribute.String("from_country", info.Country),
		))
	span.AddEvent("start")
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls[info.SID] = &call{ctx: ctx, span: span}
}

func (t *Tracer) ended(info voice.Info, end voice.End) {
	t.mu.Lock()
	c := t.calls[info.SID]
	delete(t.calls, info.SID)
	t.mu.Unlock()
	if c == nil {
		return
	}
	if c.utterance != nil {
		c.utterance.End()
	}
	c.span.SetAttributes(attribute.String("reason", string(end.Reason)))
	switch end.Reason {
	case voice.ReasonError, voice.ReasonPanic, voice.ReasonProtocol:
		c.span.SetStatus(codes.Error, string(end.Reason))
	}
	c.span.End()
}

func (t *Tracer) heard(info voice.Info, e stt.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.calls[info.SID]
	if c == nil || e.Kind == stt.Interim || e.Kind == stt.Turn {
		return
	}
	if c.utterance == nil {
		if e.Kind == stt.UtteranceEnd || e.Kind == stt.Degraded { // the call's span has what failed
			return
		}
		_, c.utterance = t.tracer.Start(c.ctx, "utterance", trace.WithTimestamp(begin(e)))
	}
	switch e.Kind {
	case stt.Final:
		c.utterance.AddEvent("final", trace.WithAttributes(
			attribute.String("engine", e.Transcript.Engine),
			attribute.Int("characters", utf8.RuneCountInString(e.Transcript.Text)),
			attribute.Int64("latency_ms", e.Timing.Latency.Milliseconds()),
		))
	case stt.Degraded:
		c.utterance.SetStatus(codes.Error, stt.Reason(e.Err))
	case stt.UtteranceEnd:
		c.utterance.End()
		c.utterance = nil
	}
}

// begin returns when an utterance began whose first event is e.
func begin(e stt.Event) time.Time {
	at := e.At
	if at.IsZero() {
		at = time.Now()
	}
	return at.Add(e.Transcript.Start - e.Transcript.End - max(e.Timing.Latency, 0))
}

func (t *Tracer) failed(info voice.Info, kind string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.calls[info.SID]; c != nil {
		c.span.AddEvent("speech recognition failed", trace.WithAttributes(attribute.String("error_type", kind)))
	}
}
