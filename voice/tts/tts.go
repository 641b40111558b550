// Package tts turns text into the speech of a call.
//
// It is a plug point: a speech engine implements [Synthesizer], and the rest of the
// package makes any engine speak well and hold under load. [Speak] takes text as a
// person or a language model writes it, has it prepared by package text, and gives back
// the mu-law that a call carries, the first clause while the rest is being made;
// [Speech.Heard] returns the words that were heard. [Failover] goes on with the next
// engine where one stopped, [Cache] keeps phrases that are said often, [Pool] bounds
// how many pieces are made at once.
//
// The engines are in subpackages. flite and espeak run on this machine and need no
// network, local takes whichever of them is installed, openai speaks the HTTP API that
// most local servers share, and deepgram, elevenlabs and cartesia are services over
// WebSockets. Package ttstest tests your own engine.
package tts

import (
	"context"
	"fmt"
	"iter"
	"time"

	"agentos.dev/dialtone/codec"
)

// A Synthesizer says text. Implementations are safe for concurrent use, and keep these
// promises, which package ttstest checks:
//   - Work begins with the loop over the chunks. When the loop is left, or soon after
//     ctx is done, no goroutine, process or request of it remains. Processes and
//     connections may wait for the next text until the engine is closed.
//   - Chunks come as they are made, in the order in which they are played, all in one
//     format.
//   - Word times, if the engine has them, come in the order of the text, at the latest
//     with the last chunk.
//   - An error is the last thing that is yielded. It is of type [*Error] where the kind
//     of failure is known, and the error of ctx when that is done. Text in which there
//     is nothing to say is [ErrBadText].
type Synthesizer interface {
	// Synthesize says text, which is plain: a sentence or a clause that was prepared
	// for speech, valid UTF-8 without markup.
	Synthesize(ctx context.Context, text string, c Config) iter.Seq2[Chunk, error]
}

// SynthesizerFunc makes a Synthesizer of a function.
type SynthesizerFunc func(ctx context.Context, text string, c Config) iter.Seq2[Chunk, error]

// Synthesize calls f.
func (f SynthesizerFunc) Synthesize(ctx context.Context, text string, c Config) iter.Seq2[Chunk, error] {
	return f(ctx, text, c)
}

// Streamer is implemented by engines that take the text of an utterance while they
// speak, as services with a WebSocket do: the speech then has one intonation, and
// begins sooner. The promises are those of Synthesizer.
type Streamer interface {
	Synthesizer
	// Stream says the pieces of one utterance, in order. pieces waits until the next is
	// there and ends when there are no more or ctx is done; Stream does not use it
	// after it has ended. Between two pieces belongs a space.
	Stream(ctx context.Context, pieces iter.Seq[string], c Config) iter.Seq2[Chunk, error]
}

// Config describes the speech: voice, language and speed.
type Config struct {
	Voice    string  // the engine's name for it; empty = the engine's default, as is right with several engines
	Language string  // BCP 47, such as "en-US"; empty = the voice's own
	Speed    float64 // how many times as fast as the voice's own, from 0.5 to 2; 0 = 1
	CallSID  string  // names the call in logs and at the service; Twilio's CallSid
}

// Validate returns an [ErrRefused] error for a speed outside 0.5 to 2.
func (c Config) Validate() error {
	if c.Speed != 0 && !(c.Speed >= 0.5 && c.Speed <= 2) {
		return &Error{Op: "synthesize", Kind: ErrRefused, Err: fmt.Errorf("speed %v: want 0.5 to 2", c.Speed)}
	}
	return nil
}

// Chunk is a stretch of an utterance. Its memory is valid until the loop goes on.
type Chunk struct {
	// Audio is mono sound, played after that of the chunk before. It may be empty, and
	// it may end within a sample whose rest begins the next chunk.
	Audio    []byte
	Encoding codec.Encoding // codec.Mulaw or codec.PCM16, little endian
	Rate     int            // in Hz, from 8000 to 48000; 0 = 8000
	// Piece is the number of the [Streamer]'s piece that the audio belongs to, from 0: all
	// audio of the pieces before has come. An engine that does not know leaves it at 0.
	Piece int
	Words []Word // whose times have become known; nil without word times
	// Survived is set by [Failover] in the first chunk after a failure: the error of the
	// engine that stopped.
	Survived error
}

// Word holds the times of a word.
type Word struct {
	Piece      int           // of a Streamer's utterance, from 0
	From, To   int           // the bytes of the text, or of the piece
	Start, End time.Duration // from the first sample of the utterance
}
