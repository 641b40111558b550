package vad

import "time"

// Options configure a Segmenter. The zero value suits a telephone dialogue.
type Options struct {
	Threshold float32       // probability that starts speech; 0 = 0.5
	Release   float32       // probability under which speech pauses; 0 = 0.7 of Threshold
	Start     time.Duration // voiced time before speech is believed; 0 = 60 ms
	HangOver  time.Duration // silence that ends an utterance; 0 = 280 ms
	PreRoll   time.Duration // audio kept from before the first voiced frame; 0 = 240 ms
	MinSpeech time.Duration // an utterance with less voiced time is discarded; 0 = 100 ms
	MaxLength time.Duration // longer utterances are cut, at the weakest frame of their last second; 0 = 20 s
}

// Kind is the kind of an Event.
type Kind uint8

const (
	SpeechStart Kind = iota + 1 // the caller began to speak
	Utterance                   // the utterance is complete
	Discard                     // what began was too short to be speech
)

// Event reports a step of an utterance. Positions count samples since the start of the
// call; an end is the position after the last sample.
type Event struct {
	Kind  Kind
	Start int64 // first sample of the utterance, pre-roll included
	Onset int64 // first voiced sample
	// The rest is zero in a SpeechStart.
	VoicedEnd int64 // end of the last voiced frame, from which latency is measured
	End       int64 // end of the utterance, hang-over included
	Forced    bool  // cut at MaxLength or by Flush; the caller may still be speaking
}

// Segmenter cuts a call's audio into utterances. It reports positions and keeps no
// audio: to cut the samples out, keep those from Needed on. Each SpeechStart is
// followed by one Utterance or Discard; utterances never overlap. A Segmenter is not
// safe for concurrent use. It is made by [NewSegmenter]; the zero value is not usable.
type Segmenter struct {
	detector *Detector // nil until Write needs one
	opts     limits
	events   []Event

	now       int64 // end of the latest frame
	free      int64 // no utterance may start before
	state     state
	run       int64 // voiced samples while pending, then in the utterance
	start     int64
	onset     int64
	voicedEnd int64
	weakest   float32 // least probability of the second before a forced cut
	cut       int64   // end of the frame that had it
	tail      int64   // voiced samples since
}

type state uint8

const (
	silent  state = iota
	pending       // voiced, but not for long enough
	speaking
)

// limits are Options in samples, with defaults.
type limits struct {
	threshold, release                             float32
	start, hangOver, preRoll, minSpeech, maxLength int64
}

// NewSegmenter returns a segmenter at the start of a call.
func NewSegmenter(opts Options) *Segmenter {
	return &Segmenter{opts: opts.limits(), events: make([]Event, 0, 4)}
}

func (o Options) limits() limits {
	samples := func(d, otherwise time.Duration) int64 {
		if d <= 0 {
			d = otherwise
		}
		return int64(d/time.Second)*SampleRate + int64(d%time.Second*SampleRate/time.Second)
	}
	l := limits{
		threshold: o.Threshold,
		release:   o.Release,
		start:     samples(o.Start, 60*time.Millisecond),
		hangOver:  samples(o.HangOver, 280*time.Millisecond),
		preRoll:   samples(o.PreRoll, 240*time.Millisecond),
		minSpeech: samples(o.MinSpeech, 100*time.Millisecond),
		maxLength: samples(o.MaxLength, 20*time.Second),
	}
	if l.threshold <= 0 {
		l.threshold = 0.5
	}
	if l.release <= 0 {
		l.release = 0.7 * l.threshold
	}
	l.release = min(l.release, l.threshold)
	l.maxLength = max(l.maxLength, l.preRoll+l.start+3*FrameSize)
	return l
}

// Write takes the call's next samples, 8 kHz PCM in pieces of any length, and returns
// the events that they complete. The events are valid until the next call; Write does
// not allocate while they are few.
func (s *Segmenter) Write(samples []int16) []Event {
	s.events = s.events[:0]
	if s.detector == nil {
		s.detector = NewDetector()
	}
	var one [1]float32
	for len(samples) > 0 {
		n := min(len(samples), FrameSize)
		for _, p := range s.detector.Append(one[:0], samples[:n]) {
			s.step(p)
		}
		samples = samples[n:]
	}
	return s.events
}

// Step takes the probabilities of the call's next frames, in the place of Write, from a
// Detector of the host: one serves any number of segmenters.
func (s *Segmenter) Step(probabilities ...float32) []Event {
	s.events = s.events[:0]
	for _, p := range probabilities {
		s.step(p)
	}
	return s.events
}

// Flush ends the utterance in progress, for instance when the call does or when
// the answer shall not wait for the hang-over. The segmenter can go on.
func (s *Segmenter) Flush() []Event {
	s.events = s.events[:0]
	end := s.Position()
	if s.state == speaking {
		s.finish(end, true)
	}
	s.state, s.free = silent, end
	return s.events
}

// Position returns how many samples were written.
func (s *Segmenter) Position() int64 {
	if s.detector == nil {
		return s.now
	}
	return s.now + int64(s.detector.filled)
}

// Needed returns the position of the oldest sample that an utterance still to
// be reported may hold.
func (s *Segmenter) Needed() int64 {
	switch s.state {
	case speaking:
		return s.start
	case pending:
		return max(s.free, s.onset-s.opts.preRoll, 0)
	default:
		return max(s.free, s.now-s.opts.preRoll, 0)
	}
}

// step takes the verdict on the next frame.
func (s *Segmenter) step(p float32) {
	begin := s.now
	s.now += FrameSize
	switch s.state {
	case silent:
		if p >= s.opts.threshold {
			s.state, s.onset, s.run = pending, max(begin, s.free), 0
			s.wait()
		}
	case pending:
		if p >= s.opts.release {
			s.wait()
		} else {
			s.state = silent
		}
	case speaking:
		s.speak(p)
	}
}

// wait counts a voiced frame of speech that is not confirmed yet.
func (s *Segmenter) wait() {
	if s.run += FrameSize; s.run >= s.opts.start {
		s.begin()
	}
}

func (s *Segmenter) begin() {
	s.state = speaking
	s.start = max(s.free, s.onset-s.opts.preRoll, 0)
	s.voicedEnd = s.now
	s.weakest = 2
	s.events = append(s.events, Event{Kind: SpeechStart, Start: s.start, Onset: s.onset})
}

func (s *Segmenter) speak(p float32) {
	if p >= s.opts.release {
		s.run += FrameSize
		s.tail += FrameSize
		s.voicedEnd = s.now
	} else if s.now-s.voicedEnd >= s.opts.hangOver {
		s.finish(s.now, false)
		return
	}
	length := s.now - s.start
	if length > s.opts.maxLength-SampleRate && p <= s.weakest {
		s.weakest, s.cut, s.tail = p, s.now, 0
	}
	if length+FrameSize > s.opts.maxLength {
		s.split()
	}
}

// split ends the utterance at the cut and goes on with the audio after it.
func (s *Segmenter) split() {
	voicedEnd := s.voicedEnd
	s.finish(s.cut, true)
	s.state = speaking
	s.start, s.onset, s.run = s.cut, s.cut, s.tail
	s.voicedEnd = max(voicedEnd, s.cut)
	s.weakest = 2
	s.events = append(s.events, Event{Kind: SpeechStart, Start: s.start, Onset: s.onset})
}

// finish reports the utterance in progress as ending at end.
func (s *Segmenter) finish(end int64, forced bool) {
	s.state, s.free = silent, end
	e := Event{Utterance, s.start, s.onset, min(s.voicedEnd, end), end, forced}
	if s.run < s.opts.minSpeech {
		e.Kind = Discard
	}
	s.events = append(s.events, e)
}
