package voice

import (
	"context"
	"log/slog"
	"net/url"
	"reflect"
	"time"

	"agentos.dev/dialtone/mediastream"
	"agentos.dev/dialtone/policy"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice/signature"
)

// Trace is a set of hooks that run as a call goes through the server, as
// net/http/httptrace does for a request. Any of them may be nil. They run on the
// goroutine that does the work, several calls at a time, and must not block. A
// panic in one is logged and harms nothing else.
//
// The metrics package fills a Trace; a host can add its own with [Trace.Join].
type Trace struct {
	// Begin runs when a step of a call begins, and returns the context under which the step
	// runs: that of the policies and of the host's own webhooks, and, of StepStream, that of
	// the handler, which may carry a span. End runs when the step is over, with what Begin
	// returned. Steps of one call have the same Info.SID, and may be on different instances.
	Begin func(ctx context.Context, call Info, step Step) context.Context
	End   func(ctx context.Context, call Info, step Step)
	// Signature runs after a request's signature has been checked.
	Signature func(signature.Result)
	// Decision runs after the policy has been asked about a call, inbound or outbound.
	Decision func(Info, policy.Decision)
	// StreamStarted runs when Twilio's start message has come, which is when
	// the call counts as active; took is the time since the WebSocket handshake.
	StreamStarted func(call Info, took time.Duration)
	// StreamEnded runs once for every StreamStarted.
	StreamEnded func(Info, End)
	// CallResumed runs after StreamStarted for a call that goes on.
	CallResumed func(Info, Resumed)
	// CallCut runs before CallFinished for a call that neither side ended, and which counts
	// as failed; reason is one of ReasonDisconnect, ReasonShutdown, ReasonCrash and
	// ReasonRefused.
	CallCut func(call Info, reason Reason)
	// CallFinished runs once per call at its terminal state: completed, failed,
	// busy, no-answer or canceled.
	CallFinished func(call Info, status string)
	// StatusCallback runs for each status callback that Twilio has signed, before what it
	// says is counted: form is as it came, for package callback to read (ReadStatus), and is
	// not to be changed. A call has several of them, which come in any order, repeated, and
	// to any instance; one that reaches the terminal state has how long Twilio bills and the
	// SIP code. Unlike the other hooks it may take a second, as for a row in a database: the
	// callback is answered after it.
	StatusCallback func(ctx context.Context, call Info, form url.Values)
	// FrameReceived runs for every media message of a stream. It is the one
	// hook on the hot path.
	FrameReceived func()
	// FramesDropped runs when audio could not be kept for the recogniser, by reason
	// slow_consumer, or when a call went on with another stream before the recogniser
	// had answered what the caller said, by reason moved. A frame is 20 ms. Over
	// ConversationRelay moved counts prompts that an instance read when another had the call.
	FramesDropped func(reason string, frames int)
	// TranscodingError runs when audio cannot be decoded; kind is one of base64,
	// json, length, codec, resample and other.
	TranscodingError func(kind string)
	// WebSocketError runs when a connection fails, or its handshake is refused.
	WebSocketError func(kind mediastream.ErrorType)
	// STTEvent runs for everything the recogniser reports.
	STTEvent func(Info, stt.Event)
	// STTError runs when a recogniser fails; kind as in [stt.Reason].
	STTError func(call Info, kind string)
	// Playback runs when something was queued for the caller, audio or text. The playback
	// reports its progress: [Playback.Done], [Playback.Text], [Playback.HeardText] and
	// [Playback.Heard].
	Playback func(Info, *Playback)
	// Spoken runs when the making of a text of [Call.Say] is over: whole, failed or cut off by
	// an interruption.
	Spoken func(Info, Spoken)
	// BargeIn runs at each step of an interruption: see [Interruption].
	BargeIn func(Info, BargeIn)
	// Answered runs when the caller begins to hear the answer to his turn. Over a Media Stream,
	// gap is the time since his last voiced sample came; it is measured by the first mark behind
	// the answer's beginning, so it includes the mark's round trip. Over ConversationRelay it is
	// the time between Twilio's messages that he has stopped and that Twilio speaks. It must not
	// block.
	Answered func(call Info, gap time.Duration)
	// Silent runs when a caller says nothing: see [Silence].
	Silent func(Info, Silent)
}

// Spoken is how a text was said.
type Spoken struct {
	// Length is the length of the audio; 0 over ConversationRelay, where Twilio
	// makes it.
	Length time.Duration
	// Survived are the failures of synthesisers after which another one went on, or the same
	// one at a second attempt; kinds as in tts.Reason.
	Survived []string
	// Failed is the kind of the failure that ended the text; "" if none did, or the caller has
	// interrupted.
	Failed string
	// Interrupted is set when the caller interrupted the text.
	Interrupted bool
}

// Step is a part of a call that runs on one instance.
type Step string

// The steps.
const (
	StepWebhook Step = "webhook"         // Twilio asks for TwiML: the server, or a host's webhook behind Admitted or Verified
	StepStream  Step = "stream"          // from the handshake of a stream until it has ended
	StepStatus  Step = "status callback" // Twilio reports a state, or who answered
)

// Join returns a Trace that runs the hooks of t and then those of other, also
// when one of t panics.
func (t *Trace) Join(other *Trace) *Trace {
	a, b := t.complete(), other.complete()
	return &Trace{
		Begin: func(ctx context.Context, c Info, step Step) context.Context {
			return b.Begin(a.Begin(ctx, c, step), c, step)
		},
		End: func(ctx context.Context, c Info, step Step) {
			defer a.End(ctx, c, step)
			b.End(ctx, c, step)
		},
		Signature:     func(r signature.Result) { defer b.Signature(r); a.Signature(r) },
		Decision:      func(c Info, d policy.Decision) { defer b.Decision(c, d); a.Decision(c, d) },
		StreamStarted: func(c Info, took time.Duration) { defer b.StreamStarted(c, took); a.StreamStarted(c, took) },
		StreamEnded:   func(c Info, e End) { defer b.StreamEnded(c, e); a.StreamEnded(c, e) },
		CallResumed:   func(c Info, r Resumed) { defer b.CallResumed(c, r); a.CallResumed(c, r) },
		CallCut:       func(c Info, why Reason) { defer b.CallCut(c, why); a.CallCut(c, why) },
		CallFinished:  func(c Info, status string) { defer b.CallFinished(c, status); a.CallFinished(c, status) },
		StatusCallback: func(ctx context.Context, c Info, form url.Values) {
			defer b.StatusCallback(ctx, c, form)
			a.StatusCallback(ctx, c, form)
		},
		FrameReceived:    func() { defer b.FrameReceived(); a.FrameReceived() },
		FramesDropped:    func(reason string, n int) { defer b.FramesDropped(reason, n); a.FramesDropped(reason, n) },
		TranscodingError: func(kind string) { defer b.TranscodingError(kind); a.TranscodingError(kind) },
		WebSocketError:   func(kind mediastream.ErrorType) { defer b.WebSocketError(kind); a.WebSocketError(kind) },
		STTEvent:         func(c Info, e stt.Event) { defer b.STTEvent(c, e); a.STTEvent(c, e) },
		STTError:         func(c Info, kind string) { defer b.STTError(c, kind); a.STTError(c, kind) },
		Playback:         func(c Info, p *Playback) { defer b.Playback(c, p); a.Playback(c, p) },
		Spoken:           func(c Info, s Spoken) { defer b.Spoken(c, s); a.Spoken(c, s) },
		BargeIn:          func(c Info, s BargeIn) { defer b.BargeIn(c, s); a.BargeIn(c, s) },
		Answered:         func(c Info, gap time.Duration) { defer b.Answered(c, gap); a.Answered(c, gap) },
		Silent:           func(c Info, s Silent) { defer b.Silent(c, s); a.Silent(c, s) },
	}
}

// complete returns a copy of t, which may be nil, with every hook set.
func (t *Trace) complete() *Trace {
	c := Trace{
		Begin:            func(ctx context.Context, _ Info, _ Step) context.Context { return ctx },
		End:              func(context.Context, Info, Step) {},
		Signature:        func(signature.Result) {},
		Decision:         func(Info, policy.Decision) {},
		StreamStarted:    func(Info, time.Duration) {},
		StreamEnded:      func(Info, End) {},
		CallResumed:      func(Info, Resumed) {},
		CallCut:          func(Info, Reason) {},
		CallFinished:     func(Info, string) {},
		StatusCallback:   func(context.Context, Info, url.Values) {},
		FrameReceived:    func() {},
		FramesDropped:    func(string, int) {},
		TranscodingError: func(string) {},
		WebSocketError:   func(mediastream.ErrorType) {},
		STTEvent:         func(Info, stt.Event) {},
		STTError:         func(Info, string) {},
		Playback:         func(Info, *Playback) {},
		Spoken:           func(Info, Spoken) {},
		BargeIn:          func(Info, BargeIn) {},
		Answered:         func(Info, time.Duration) {},
		Silent:           func(Info, Silent) {},
	}
	if t == nil {
		return &c
	}
	all, set := reflect.ValueOf(&c).Elem(), reflect.ValueOf(t).Elem()
	for i := range set.NumField() {
		if hook := set.Field(i); !hook.IsNil() {
			all.Field(i).Set(hook)
		}
	}
	return &c
}

// contained returns a copy of t, which must be complete, whose hooks do not let
// a panic out: some run on timers, where it would end the process.
func (t *Trace) contained(log *slog.Logger) *Trace {
	return &Trace{
		Begin: func(ctx context.Context, c Info, step Step) (within context.Context) {
			defer func() {
				if within == nil { // after a panic, too
					within = ctx
				}
			}()
			defer contain(log)
			return t.Begin(ctx, c, step)
		},
		End: func(ctx context.Context, c Info, step Step) {
			defer contain(log)
			t.End(ctx, c, step)
		},
		Signature:     contained(log, t.Signature),
		Decision:      contained2(log, t.Decision),
		StreamStarted: contained2(log, t.StreamStarted),
		StreamEnded:   contained2(log, t.StreamEnded),
		CallResumed:   contained2(log, t.CallResumed),
		CallCut:       contained2(log, t.CallCut),
		CallFinished:  contained2(log, t.CallFinished),
		StatusCallback: func(ctx context.Context, c Info, form url.Values) {
			defer contain(log)
			t.StatusCallback(ctx, c, form)
		},
		FrameReceived:    func() { defer contain(log); t.FrameReceived() },
		FramesDropped:    contained2(log, t.FramesDropped),
		TranscodingError: contained(log, t.TranscodingError),
		WebSocketError:   contained(log, t.WebSocketError),
		STTEvent:         contained2(log, t.STTEvent),
		STTError:         contained2(log, t.STTError),
		Playback:         contained2(log, t.Playback),
		Spoken:           contained2(log, t.Spoken),
		BargeIn:          contained2(log, t.BargeIn),
		Answered:         contained2(log, t.Answered),
		Silent:           contained2(log, t.Silent),
	}
}

func contained[A any](log *slog.Logger, hook func(A)) func(A) {
	return func(a A) { defer contain(log); hook(a) }
}

func contained2[A, B any](log *slog.Logger, hook func(A, B)) func(A, B) {
	return func(a A, b B) { defer contain(log); hook(a, b) }
}
