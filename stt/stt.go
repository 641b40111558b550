// Package stt turns the audio of a call into text.
//
// It is a plug point: a speech engine implements [Recognizer] or [Engine], and a host
// calls [Open], which makes any engine hold in a call. Open begins a session: it
// listens to the call once, gives the audio to the engine, puts its transcripts on the
// call's clock, measures their latency, and passes them to the call's Emit, in order.
// When a connection breaks or grows old the session opens another, and when an engine
// fails it goes on with the next one of [Failover], with the speech that is not final
// yet. Engines need none of this themselves.
//
// [Segmented] makes an engine out of a recogniser of single utterances, [Pool] bounds
// how many run at once, [Breaker] stops asking an engine that is down, and [Clean]
// reduces a service's text to the caller's words.
//
// The engines are in subpackages: pocketsphinx needs no network, openai speaks the HTTP
// API that most local servers share, and deepgram, assemblyai, openairealtime, vosk and
// twilio speak those services' own protocols. Package stttest tests your own engine.
package stt

import (
	"context"
	"io"
	"time"

	"agentos.dev/dialtone/codec"
)

// A Recognizer turns one utterance into text. Implementations are safe for
// concurrent use, return soon after ctx is done, and do not keep audio after
// they return. An utterance without speech is an empty Transcript, not an error.
type Recognizer interface {
	// Recognize transcribes audio, which is encoded as c.Format says. Times in
	// the transcript count from the first sample. Errors are of type [*Error]
	// where the kind of failure is known.
	Recognize(ctx context.Context, audio []byte, c Config) (Transcript, error)
}

// RecognizerFunc makes a Recognizer of a function.
type RecognizerFunc func(ctx context.Context, audio []byte, c Config) (Transcript, error)

// Recognize calls f.
func (f RecognizerFunc) Recognize(ctx context.Context, audio []byte, c Config) (Transcript, error) {
	return f(ctx, audio, c)
}

// An Engine transcribes calls while they run. Implementations are safe for
// concurrent use and accept at least mu-law and PCM16, both at 8000 Hz.
//
// One that knows more about itself implements [Describer], [Checker],
// [Prewarmer], [Reporter], [Validator] or io.Closer.
type Engine interface {
	// Open begins a stream for a [Open]ed session: one connection to a service,
	// whose clock begins at 0. It does not wait for a network: a stream that
	// cannot reach its service ends. The stream ends when ctx is done, as if Close
	// had been called. Hosts call the function Open, which keeps the promises that
	// a single connection cannot.
	Open(ctx context.Context, c Config) (Stream, error)
}

// EngineFunc makes an Engine of a function.
type EngineFunc func(ctx context.Context, c Config) (Stream, error)

// Open calls f.
func (f EngineFunc) Open(ctx context.Context, c Config) (Stream, error) { return f(ctx, c) }

// A Stream takes the audio of one call. Send and Flush belong to the goroutine that
// reads the call's audio; Close may be called from any goroutine, and more than once.
// Its events come through the Emit of its Config.
//
// An engine's stream ends by itself with an event of kind [Ended], its last one.
// After that, Send and Flush return its error.
type Stream interface {
	// Send adds audio in the Format of the Config and never waits. It copies
	// frame, which holds any number of whole samples. After Close it returns
	// [ErrClosed].
	Send(frame []byte) error
	// Flush returns when everything sent so far is final and was emitted, or with
	// the error of ctx.
	Flush(ctx context.Context) error
	// Close ends the stream within a second; when it has returned, nothing is emitted any
	// more and no goroutine of the stream is left. Use Flush first to keep the last words.
	Close() error
}

// A Duplex is a [Stream] that separates the caller's speech from the echo of the
// playback, for [Ear]. Its recogniser gets all audio, with the echo. The streams of
// [Open] implement it.
type Duplex interface {
	Stream
	// SendOver sends frame, as Send does, with the audio that is played to the caller at
	// the same time: of the same length and format; nil is silence. A constant delay
	// between the two does no harm: the echo is looked for up to a second later. After a
	// second of silence in played the separation costs nothing.
	SendOver(frame, played []byte) error
}

// Config describes one call, or one utterance, to an engine.
type Config struct {
	Format   codec.Format
	Language string      // BCP 47, as "en-US", see ParseLanguage; empty is the engine's default
	Phrases  []string    // phrases that the caller is likely to say; an engine may ignore them
	Expected Expectation // of the first answer; an Expecter takes that of the next ones
	Interim  bool        // report unfinished transcripts too, where the engine can
	OnHold   bool        // the last utterances were music: a recogniser takes less for speech
	CallSID  string      // names the call in logs and at the service; Twilio's CallSid
	Parts    *Parts      // set by Segmented with a Join or Ahead, for its Recognizer; nil otherwise
	// Emit takes the events, in order and one at a time; nil = they are dropped. The Emit
	// of a host returns soon, as audio waits for it, and calls no method of the stream. An
	// engine calls its own from any goroutine, whatever locks it holds: that Emit never
	// waits.
	Emit func(Event)
}

// Open begins to transcribe a call with e. Its stream keeps these promises with every
// e, as package stttest checks:
//   - Send waits for no network. Audio that cannot be kept is dropped, oldest
//     first, and reported by a Degraded event.
//   - Final transcripts come in the order they were spoken, once each.
//   - The steps of turns follow on each other, as [TurnChange] draws.
//   - Texts are the caller's words, as Clean leaves them.
//   - Start and End of transcripts are on the call's audio clock, across
//     reconnects and replays.
//   - When no engine is left, the last event is of kind Ended.
//
// The stream ends when ctx is done, as if Close had been called. Open returns an error
// for a Config that no engine takes, and the last engine's error when none can begin.
func Open(ctx context.Context, e Engine, c Config) (Stream, error) {
	if d, ok := e.(Describer); ok && d.Traits().Session {
		return e.Open(ctx, c)
	}
	f, ok := e.(*failover)
	if !ok || f == nil {
		f = newFailover(FailoverOptions{}, e)
	}
	return f.Open(ctx, c)
}

// Traits describe an engine to a session. The zero value is right for one that needs no
// network.
type Traits struct {
	// Engine, if not nil, is opened by the session in place of the engine itself. It may
	// come from [Segmented].
	Engine Engine
	// Reconnects is how often in a row a stream that fails is opened anew before
	// the engine is left.
	Reconnects int
	// MaxAge is the age from which a call goes on over a new stream, while nobody
	// speaks, for services that end a connection some time; 0 = never.
	MaxAge time.Duration
	// Turns is set when the engine reports [Turn] events itself. For others the
	// session does, by listening.
	Turns bool
	// Indirect is set when the engine hears the call elsewhere and not in the audio that
	// it is sent: its transcripts have no times, and get those of the last speech before
	// they came.
	Indirect bool
	// Session is set when the engine's streams keep the promises of [Open] themselves, as
	// those that repeat a session's events do: Open then adds no session, and no Failover.
	Session bool
	// Breaker is the engine's own, where it shows its health by it; nil = the
	// session's.
	Breaker *Breaker
}

// Describer is implemented by engines whose Traits are not zero.
type Describer interface{ Traits() Traits }

// Checker is implemented by engines that can check whether they work.
type Checker interface {
	// Check returns nil when the engine can transcribe now. It is cheap enough
	// for a health check every few seconds.
	Check(ctx context.Context) error
}

// Prewarmer is implemented by engines whose first transcript is slow otherwise.
type Prewarmer interface {
	// Prewarm loads models and opens connections, and returns when the next
	// utterance will be as fast as any.
	Prewarm(ctx context.Context) error
}

// Reporter is implemented by engines that know their own load.
type Reporter interface {
	Status() Status
}

// Status describes an engine at one moment, for health pages and gauges.
type Status struct {
	Engine  string // "pocketsphinx", "openai", ...
	Model   string
	Ready   bool
	Workers int // utterances that can be recognised at once; 0 = not bounded
	Busy    int // being recognised now
	Queued  int // waiting for a worker
}

// Check asks a [Checker] whether it works. Other engines are taken to work. A panic
// is an error.
func Check(ctx context.Context, e Engine) (err error) {
	defer recovered("check", &err)
	return passThrough{e}.Check(ctx)
}

// Prewarm warms a [Prewarmer]. For other engines it does nothing. A panic is an error.
func Prewarm(ctx context.Context, e Engine) (err error) {
	defer recovered("prewarm", &err)
	return passThrough{e}.Prewarm(ctx)
}

// Close closes an engine that is an io.Closer. For others it does nothing.
func Close(e Engine) error {
	if c, ok := e.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// passThrough gives a wrapper the optional abilities of the engine inside.
type passThrough struct{ inner any }

// Check checks the wrapped engine. One that is not a [Checker] is taken to work.
func (p passThrough) Check(ctx context.Context) error {
	if c, ok := p.inner.(Checker); ok {
		return c.Check(ctx)
	}
	return nil
}

func (p passThrough) Prewarm(ctx context.Context) error {
	if w, ok := p.inner.(Prewarmer); ok {
		return w.Prewarm(ctx)
	}
	return nil
}

func (p passThrough) Status() Status {
	if r, ok := p.inner.(Reporter); ok {
		return r.Status()
	}
	return Status{Ready: true}
}
