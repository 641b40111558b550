package stt

import (
	"fmt"
	"time"
)

// Transcript is what was heard in a stretch of speech.
type Transcript struct {
	Text  string // at most MaxText bytes and MaxWords words
	Final bool   // false: the text may still change
	// Confidence is in [0, 1]; NaN when the engine does not tell.
	Confidence float64
	Words      []Word // nil when the engine does not tell
	Language   string // BCP 47 where known; empty otherwise
	// Start and End bound the speech on the call's audio clock: the time
	// between the first sample sent and the sample meant. A Recognizer counts
	// from the first sample of the utterance.
	Start, End time.Duration
	Engine     string // which engine heard it, as "deepgram"
	RequestID  string // the service's own name for the request, for its support
	// Track is whose speech it is: "inbound" is the caller, "outbound" what the caller
	// hears. Package voice sets it, in all events; engines leave it empty.
	Track string
	// Music is true when the engine takes the audio for music or tones, so that there
	// is no Text.
	Music bool
}

// Word is one word of a Transcript.
type Word struct {
	Text       string
	Start, End time.Duration // as in Transcript
	Confidence float64       // in [0, 1]; NaN when the engine does not tell
}

// Kind is what an Event says.
type Kind uint8

const (
	SpeechStart  Kind = iota + 1 // the caller began to speak
	Interim                      // an unfinished transcript that replaces the one before
	Final                        // a finished transcript; Event.Timing tells how late
	UtteranceEnd                 // the caller stopped speaking, and all of it is final
	Degraded                     // Event.Err was survived: audio or an utterance was lost, or another engine took over
	Turn                         // the caller's turn began, or may be over, or is: Event.Turn says which
	Ended                        // the stream has ended with Event.Err, by itself; nothing comes after it
)

// String returns the kind's name, as "final".
func (k Kind) String() string {
	switch k {
	case SpeechStart:
		return "speech_start"
	case Interim:
		return "interim"
	case Final:
		return "final"
	case UtteranceEnd:
		return "utterance_end"
	case Degraded:
		return "degraded"
	case Turn:
		return "turn"
	case Ended:
		return "ended"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Event is one thing that happened in a Stream.
type Event struct {
	Kind       Kind
	Transcript Transcript // Interim and Final; the others set Start and End where known
	Timing     Timing     // Final
	Turn       TurnChange // Turn
	Err        error      // Degraded and Ended: see [Reason] for its label
	// OnHold is true in an UtteranceEnd while the line is on hold: two or more of the
	// last five utterances sounded like music. Only engines that tell music know.
	OnHold bool
	At     time.Time // when it happened
}

// TurnChange is a step of the caller's turn: of all that he says until it is the
// other side's turn to speak, in one utterance or several. The Transcript of its
// event has the turn's bounds so far, and its final text. In a TurnEager an engine that
// reports turns itself adds the text that is not final yet. Every Final is of a turn, so
// the texts of the TurnEnds are all that the caller has said. A turn without text was
// noise.
//
//	TurnStart -> TurnEager -> TurnEnd
//	     ^           |
//	     |           v
//	     +------ TurnResumed
//
// A TurnEnd may come without a TurnEager before it; after a TurnEager comes a
// TurnResumed or a TurnEnd. A Flush ends the turn, and so does the end of the stream
// by itself.
type TurnChange struct {
	State TurnState
	// Confidence is how sure the engine is that the turn is over, in [0, 1]; NaN when
	// it does not tell. It means something in TurnEager and TurnEnd.
	Confidence float64
}

// TurnState is where in his turn the caller is.
type TurnState uint8

const (
	TurnStart   TurnState = iota + 1 // the caller began to speak
	TurnEager                        // it may be over: an answer may be prepared, and not given
	TurnResumed                      // it is not over after all: what was prepared is void
	TurnEnd                          // it is over, and what was said in it is final
)

// String returns the state's name, as "turn_end".
func (s TurnState) String() string {
	switch s {
	case TurnStart:
		return "turn_start"
	case TurnEager:
		return "turn_eager"
	case TurnResumed:
		return "turn_resumed"
	case TurnEnd:
		return "turn_end"
	}
	return fmt.Sprintf("TurnState(%d)", uint8(s))
}

// Timing is how long a final transcript took.
type Timing struct {
	// Latency is the time from the arrival of the last voiced sample to the
	// transcript, so it includes the wait that decides that the caller has
	// finished. It means something only if Valid.
	Latency time.Duration
	// Valid is false when no speech was seen that the transcript belongs to, and
	// when Latency is negative: the engine cut in before the caller had finished.
	// Count such finals, and do not put their Latency into a histogram.
	Valid bool
	// Queue is the part of Latency spent waiting for a worker, or for the call's
	// utterance before, and Recognition that in which the recogniser was at work,
	// repetitions included. The rest is the silence that showed that the caller had
	// finished, and an engine that failed before this one. Both are 0 for engines
	// that stream: they wait and work at the same time.
	Queue, Recognition time.Duration
}
