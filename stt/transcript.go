package stt

import (
	"fmt"
	"time"
)

// Transcript is the text of a stretch of speech.
type Transcript struct {
	Text  string // at most MaxText bytes and MaxWords words
	Final bool   // false: the text may still change
	// Confidence is in [0, 1]; NaN when the engine reports none.
	Confidence float64
	Words      []Word // nil when the engine reports none
	Language   string // BCP 47 where known; empty otherwise
	// Start and End bound the speech on the call's audio clock: the time
	// between the first sample sent and the sample meant. A Recognizer counts
	// from the first sample of the utterance.
	Start, End time.Duration
	Engine     string // which engine heard it, as "deepgram"
	RequestID  string // the service's own name for the request, for its support
	// Track names the speaker: "inbound" is the caller, "outbound" the side that the
	// caller hears. Package voice sets it, in all events; engines leave it empty.
	Track string
	// Music is true when the engine takes the audio for music or tones, so that there
	// is no Text.
	Music bool
}

// Word is one word of a Transcript.
type Word struct {
	Text       string
	Start, End time.Duration // as in Transcript
	Confidence float64       // in [0, 1]; NaN when the engine reports none
}

// Kind is the kind of an Event.
type Kind uint8

const (
	SpeechStart  Kind = iota + 1 // the caller began to speak
	Interim                      // an unfinished transcript that replaces the one before
	Final                        // a finished transcript; Event.Timing has its latency
	UtteranceEnd                 // the caller stopped speaking, and all of it is final
	Degraded                     // the stream goes on after Event.Err: audio or an utterance was lost, or another engine took over
	Turn                         // a step of the caller's turn: see Event.Turn
	Ended                        // the stream has ended by itself, with Event.Err; it is the last event
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

// Event reports one step of a Stream.
type Event struct {
	Kind       Kind
	Transcript Transcript // Interim and Final; the others set Start and End where known
	Timing     Timing     // Final
	Turn       TurnChange // Turn
	Err        error      // Degraded and Ended: see [Reason] for its label
	// OnHold is true in an UtteranceEnd while the line is on hold: two or more of the last
	// five utterances sounded like music. Only engines that set Transcript.Music have it.
	OnHold bool
	At     time.Time // when it happened
}

// TurnChange is a step of the caller's turn. A turn is the speech, in one utterance or
// several, until the other side is to speak. The Transcript of its event has the turn's
// bounds so far and its final text; a TurnEager of an engine that reports turns also
// has the text that is not final yet. Every Final belongs to a turn, so the texts of
// all TurnEnds are the whole of the caller's words. A turn without text was noise.
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
	// Confidence is the engine's confidence that the turn is over, in [0, 1]; NaN when it
	// reports none. It holds in TurnEager and TurnEnd only.
	Confidence float64
}

// TurnState is the state of the caller's turn.
type TurnState uint8

const (
	TurnStart   TurnState = iota + 1 // the caller began to speak
	TurnEager                        // the turn may be over: prepare an answer, and do not give it yet
	TurnResumed                      // the turn goes on: drop the prepared answer
	TurnEnd                          // the turn is over, and all its text is final
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

// Timing is the latency of a final transcript and its parts.
type Timing struct {
	// Latency is the time from the arrival of the last voiced sample to the transcript, so
	// it includes the wait that decides that the caller has finished. It holds only if
	// Valid.
	Latency time.Duration
	// Valid is false when this process heard no speech at the transcript's time, and when
	// Latency is negative: the engine cut in before the caller had finished. Count such
	// finals, and do not put their Latency into a histogram.
	Valid bool
	// Queue is the part of Latency spent waiting for a worker or for the call's earlier
	// utterance; Recognition is the part spent recognising, repetitions included. The rest
	// is the silence that ends an utterance, and the time of an engine that failed before
	// this one. Both are 0 for engines that stream, which wait and work at the same time.
	Queue, Recognition time.Duration
}
