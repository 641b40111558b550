// Package stt turns the audio of a call into text.
//
// It is a plug point: [Recognizer] and [Engine] are what a speech engine
// implements, and the rest of the package is what makes any engine hold under
// load. [Segmented] makes an engine out of a recogniser of single utterances,
// [Pool] bounds how many run at once, [Failover] replays an utterance to the
// next engine when one dies, [Breaker] stops asking an engine that is down,
// [Hedged] asks twice when an answer is late, [Measure] tells how long after the
// caller's last word each final transcript came, and [Clean] keeps the caller's
// words of a service's text.
//
// The engines are in subpackages: pocketsphinx needs no network, openai speaks
// the HTTP API that most local servers share, and deepgram, assemblyai,
// openairealtime, vosk and twilio speak those services' own protocols.
// Package stttest tests an engine of one's own.
package stt

import "context"

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
type Engine interface {
	// Open starts the transcription of one call. It does not wait for a network:
	// a stream that cannot reach its service says so through Recv. The stream
	// ends when ctx is done, as if Close had been called.
	Open(ctx context.Context, c Config) (Stream, error)
}

// EngineFunc makes an Engine of a function.
type EngineFunc func(ctx context.Context, c Config) (Stream, error)

// Open calls f.
func (f EngineFunc) Open(ctx context.Context, c Config) (Stream, error) { return f(ctx, c) }

// A Stream is the transcription of one call. Send and Flush belong to the
// goroutine that reads the call's audio, Recv to the one that uses the text;
// Close may be called from any goroutine, and more than once.
//
// What every implementation promises, and package stttest checks:
//   - Send never waits, neither for the network nor for a slow caller of Recv.
//     Audio that cannot be kept is dropped, oldest first, and reported by a
//     Degraded event.
//   - Final transcripts arrive in the order they were spoken, once each, and are
//     never dropped for lack of a reader, up to 1 MiB of them. Interim ones may be:
//     the newest counts.
//   - Texts are the caller's words, as Clean leaves them.
//   - Start and End of transcripts are on the call's audio clock, across
//     reconnects and replays.
//   - After Close no goroutine of the stream is left.
type Stream interface {
	// Send adds audio in the Format of the Config. It copies frame, which holds
	// any number of whole samples. After Close it returns [ErrClosed], and the error that ended
	// the stream after one did.
	Send(frame []byte) error
	// Flush returns when everything sent so far is final and can be received, or
	// with the error of ctx.
	Flush(ctx context.Context) error
	// Recv waits for the next event. It returns io.EOF when the stream was closed
	// and all events were received, and the error that ended the stream otherwise.
	Recv(ctx context.Context) (Event, error)
	// Close ends the stream within a second. Use Flush first to keep what was
	// just said.
	Close() error
}

// Config describes one call, or one utterance, to an engine.
type Config struct {
	Format   Format
	Language string   // BCP 47, as "en-US", see ParseLanguage; empty is the engine's default
	Phrases  []string // what the caller is likely to say; an engine may ignore them
	Interim  bool     // report unfinished transcripts too, where the engine can
	OnHold   bool     // the last utterances were music: a recogniser takes less for speech
	CallID   string   // names the call in logs and at the service; Twilio's CallSid
}

// Checker is implemented by engines that can tell whether they work.
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

// Status is a snapshot of an engine for health pages and gauges.
type Status struct {
	Engine  string // "pocketsphinx", "openai", ...
	Model   string
	Ready   bool
	Workers int // utterances that can be recognised at once; 0 = not bounded
	Busy    int // being recognised now
	Queued  int // waiting for a worker
}
