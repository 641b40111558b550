// Package otel makes an OpenTelemetry trace of each call: a span for each webhook, one for
// each stream (a call, or listening) with one for each utterance in it, and one for each status callback, whichever
// instance they are on. Frames have none.
//
//	tracer := otel.New(provider)
//	m, err := metrics.New(registry, &metrics.Options{Exemplar: tracer.Exemplar})
//	...
//	srv, err := voice.New(voice.Config{Trace: m.Trace().Join(tracer.Trace()), ...})
//
// The trace's id is the number in the CallSid, its 32 hexadecimal digits: every instance
// knows it from what Twilio sends and from the signed session token, no store is asked, and
// the trace can be found by its CallSid. Each step is a root of it, so a sampler must go by
// the trace id, as sdk/trace.ParentBased(TraceIDRatioBased(x)) does, to take a call whole or
// not at all. The handler's context, and that of policies and the host's own webhooks,
// carries the step's span: what they trace is part of the call. A span that a middleware has
// begun for the request is a link.
//
// Spans hold the call's SID, but neither numbers nor tokens nor what was said.
package otel

import (
	"context"
	"encoding/hex"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
)

// Tracer makes spans of what a voice server does. It is made by [New]; the zero value is not
// usable. Its methods may be called from any goroutine.
type Tracer struct {
	tracer trace.Tracer

	mu    sync.Mutex
	steps map[key]*step // under way
}

// key names a step: two streams of a call can overlap.
type key struct {
	sid            string
	leg            int
	unidirectional bool
	step           voice.Step
}

// step is a part of a call on this instance.
type step struct {
	ctx        context.Context // holds span
	span       trace.Span
	utterances map[string]trace.Span // in progress, by track
}

// New returns a tracer whose spans go to provider.
func New(provider trace.TracerProvider) *Tracer {
	return &Tracer{tracer: provider.Tracer("agentos.dev/dialtone/voice"), steps: make(map[key]*step)}
}

// Trace returns the hooks that make the spans.
func (t *Tracer) Trace() *voice.Trace {
	return &voice.Trace{
		Begin: t.begin, End: t.end,
		Decision: t.decided, StreamStarted: t.started, StreamEnded: t.ended, STTEvent: t.heard, STTError: t.failed,
	}
}

// Exemplar returns the trace of a call that has a stream and is sampled, nil
// otherwise. See the Options of package metrics.
func (t *Tracer) Exemplar(info voice.Info) prometheus.Labels {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.stream(info)
	if c == nil || !c.span.SpanContext().IsSampled() {
		return nil
	}
	return prometheus.Labels{"trace_id": c.span.SpanContext().TraceID().String()}
}

// TraceID returns the id of a call's trace, an invalid one for anything but a CallSid.
func TraceID(callSID string) (id trace.TraceID) {
	if digits, ok := strings.CutPrefix(callSID, "CA"); ok && len(digits) == 2*len(id) {
		if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
			return trace.TraceID{}
		}
	}
	return id
}

// spanNames are those of the steps.
var spanNames = map[voice.Step]string{voice.StepWebhook: "webhook", voice.StepStream: "call", voice.StepStatus: "status callback"}

func (t *Tracer) begin(ctx context.Context, info voice.Info, which voice.Step) context.Context {
	options := []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(
			attribute.String("call_sid", info.SID),
			attribute.String("direction", direction(info)),
			attribute.String("from_country", info.Country),
		),
	}
	name := spanNames[which]
	if which == voice.StepStream {
		options = append(options, trace.WithAttributes(attribute.Int("leg", max(info.Leg, 1))))
		if info.Unidirectional {
			name = "listening"
		}
	}
	id := TraceID(info.SID)
	if outer := trace.SpanContextFromContext(ctx); id.IsValid() && outer.TraceID() != id {
		if outer.IsValid() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: outer}))
		}
		ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: id}))
	}
	ctx, span := t.tracer.Start(ctx, name, options...)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps[keyOf(info, which)] = &step{ctx: ctx, span: span, utterances: make(map[string]trace.Span)}
	return ctx
}

// direction keeps anything but a direction out of the attributes.
func direction(info voice.Info) string {
	switch info.Direction {
	case "inbound", "outbound-api", "outbound-dial":
		return info.Direction
	}
	return "other"
}

func keyOf(info voice.Info, which voice.Step) key {
	k := key{sid: info.SID, step: which}
	if which == voice.StepStream {
		k.leg, k.unidirectional = info.Leg, info.Unidirectional
	}
	return k
}

// stream returns the stream of a call, or nil. The caller holds the lock.
func (t *Tracer) stream(info voice.Info) *step { return t.steps[keyOf(info, voice.StepStream)] }

// end ends the span that is in ctx.
func (t *Tracer) end(ctx context.Context, info voice.Info, which voice.Step) {
	span := trace.SpanFromContext(ctx)
	t.mu.Lock()
	if s := t.steps[keyOf(info, which)]; s != nil && s.span == span { // and not that of a repetition
		delete(t.steps, keyOf(info, which))
		for _, utterance := range s.utterances {
			utterance.End()
		}
	}
	t.mu.Unlock()
	span.End()
}

func (t *Tracer) decided(info voice.Info, d policy.Decision) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.steps[keyOf(info, voice.StepWebhook)]; s != nil {
		s.span.SetAttributes(attribute.String("decision", d.Verdict.String()))
	}
}

func (t *Tracer) started(info voice.Info, _ time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.stream(info); c != nil {
		c.span.AddEvent("start")
	}
}

func (t *Tracer) ended(info voice.Info, end voice.End) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.stream(info)
	if c == nil {
		return
	}
	c.span.SetAttributes(attribute.String("reason", string(end.Reason)))
	switch end.Reason {
	case voice.ReasonError, voice.ReasonPanic, voice.ReasonProtocol:
		c.span.SetStatus(codes.Error, string(end.Reason))
	}
}

func (t *Tracer) heard(info voice.Info, e stt.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.stream(info)
	if c == nil || e.Kind == stt.Interim || e.Kind == stt.Turn {
		return
	}
	track := e.Transcript.Track
	utterance := c.utterances[track]
	if utterance == nil {
		if e.Kind == stt.UtteranceEnd || e.Kind == stt.Degraded { // the call's span has what failed
			return
		}
		_, utterance = t.tracer.Start(c.ctx, "utterance", trace.WithTimestamp(begin(e)), trace.WithAttributes(attribute.String("track", track)))
		c.utterances[track] = utterance
	}
	switch e.Kind {
	case stt.Final:
		utterance.AddEvent("final", trace.WithAttributes(
			attribute.String("engine", e.Transcript.Engine),
			attribute.Int("characters", utf8.RuneCountInString(e.Transcript.Text)),
			attribute.Int64("latency_ms", e.Timing.Latency.Milliseconds()),
		))
	case stt.Degraded:
		utterance.SetStatus(codes.Error, stt.Reason(e.Err))
	case stt.UtteranceEnd:
		utterance.End()
		delete(c.utterances, track)
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
	if c := t.stream(info); c != nil {
		c.span.AddEvent("speech recognition failed", trace.WithAttributes(attribute.String("error_type", kind)))
	}
}
