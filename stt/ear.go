package stt

import (
	"fmt"
	"math/bits"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt/vad"
)

// frameTime is the length of a frame as Twilio sends it, and of a step of the ear.
const frameTime = 20 * time.Millisecond

// ear finds speech in a call: there is one in each session. It is not safe for
// concurrent use.
type ear struct {
	format codec.Format
	guard  *vad.Guard
	down   [2]*codec.Resampler // to the guard's rate, of the caller and of what is played; nil = the call has it
	seg    *vad.Segmenter
	own    *vad.Segmenter // of the caller's own speech
	pcm    [2][]int16
	low    [2][]int16 // the resamplers' output
	voice  []float32  // what hear found
	voices []float32  // of it, the caller's own
	voiced uint64     // the last frames, the latest in the lowest bit: his own speech or not
	speaks bool       // he does himself
	clock  time.Duration
	arrive arrivals
	spans  []span // the last stretches of speech
}

// span is a stretch of speech on the call's clock.
type span struct {
	onset, end time.Duration // end is 0 while it lasts
	short      bool          // it was too short to be speech
}

// voicedFrom is the probability from which a frame counts as speech in Voiced.
const voicedFrom = 0.49

// An Ear is a Stream that finds the caller's own speech in its audio, without the echo
// of the playback (see [Duplex]). The streams of [Open] implement it.
type Ear interface {
	// Voiced returns the length of such speech in the last audio, of at most 1.28 s and in
	// frames of 20 ms, and whether an utterance is under way; an utterance ends some time
	// after its last speech. Call it from any goroutine, but not within an Emit.
	Voiced(last time.Duration) (speech time.Duration, speaking bool)
}

// Voiced implements Ear.
func (s *session) Voiced(last time.Duration) (speech time.Duration, speaking bool) {
	s.mu.Lock()
	defer s.leave()
	frames := min(max(0, last/frameTime), 64)
	return time.Duration(bits.OnesCount64(s.ear.voiced&(1<<frames-1))) * frameTime, s.ear.speaks
}

// maxSpans is how many stretches of speech are remembered.
const maxSpans = 16

// newEar returns an ear that remembers for as long as span when audio arrived.
func newEar(f codec.Format, span time.Duration) (*ear, error) {
	if err := ValidateFormat(f); err != nil {
		return nil, err
	}
	e := &ear{format: f, guard: vad.NewGuard(), seg: vad.NewSegmenter(vad.Options{}), own: vad.NewSegmenter(vad.Options{}), arrive: arrivals{delay: make([]int16, span/frameTime)}}
	if f.SampleRate()%vad.SampleRate != 0 {
		return nil, &Error{Op: "open", Kind: ErrBadAudio, Err: fmt.Errorf("sample rate %d is not a multiple of %d", f.SampleRate(), vad.SampleRate)}
	}
	if f.SampleRate() != vad.SampleRate {
		for i := range e.down {
			down, err := codec.NewResampler(f.SampleRate(), vad.SampleRate)
			if err != nil {
				return nil, &Error{Op: "open", Kind: ErrBadAudio, Err: err}
			}
			e.down[i] = down
		}
	}
	return e, nil
}

// hear takes audio, whole samples, and the audio played to the caller meanwhile. It
// returns the probability of speech in each frame that it completes, and the
// segmenter's events. Both are valid until the next call. An echo counts as speech,
// since a recogniser may hear the caller's words through it.
func (e *ear) hear(audio, played []byte, arrived time.Time) ([]float32, []vad.Event) {
	e.clock += e.format.Duration(len(audio))
	e.arrive.mark(e.clock, arrived)
	e.voice, e.voices = e.guard.Append(e.voice[:0], e.voices[:0], e.take(0, audio), e.take(1, played))
	for _, p := range e.voices {
		if e.voiced <<= 1; p >= voicedFrom {
			e.voiced |= 1
		}
	}
	for _, ev := range e.own.Step(e.voices...) {
		e.speaks = ev.Kind == vad.SpeechStart
	}
	events := e.seg.Step(e.voice...)
	for _, ev := range events {
		if ev.Kind == vad.SpeechStart {
			if len(e.spans) == maxSpans {
				e.spans = e.spans[:copy(e.spans, e.spans[1:])]
			}
			e.spans = append(e.spans, span{onset: at(ev.Onset)})
			continue
		}
		last := &e.spans[len(e.spans)-1]
		last.end, last.short = at(ev.VoicedEnd), ev.Kind == vad.Discard
	}
	return e.voice, events
}

// take brings the audio of one side to the guard's rate.
func (e *ear) take(side int, audio []byte) []int16 {
	e.pcm[side] = e.format.AppendPCM(e.pcm[side][:0], audio)
	if e.down[side] == nil {
		return e.pcm[side]
	}
	e.low[side] = e.down[side].Resample(e.low[side][:0], e.pcm[side])
	return e.low[side]
}

// speaking reports whether the caller is speaking.
func (e *ear) speaking() bool { return len(e.spans) > 0 && e.spans[len(e.spans)-1].end == 0 }

// quiet returns how long nobody has spoken.
func (e *ear) quiet() time.Duration {
	switch {
	case e.speaking():
		return 0
	case len(e.spans) == 0:
		return e.clock
	}
	return e.clock - e.spans[len(e.spans)-1].end
}

// latency returns the time from the arrival of the last voiced sample that
// belongs to t until now. It is not valid when there is none, or when it is
// negative.
func (e *ear) latency(t Transcript, now time.Time) (time.Duration, bool) {
	for i := len(e.spans) - 1; i >= 0; i-- {
		s := e.spans[i]
		if t.End > 0 && s.onset >= t.End {
			continue
		}
		last := s.end
		if last == 0 || t.End > 0 && t.End < last {
			last = t.End // it lasts, or was longer than t
		}
		if last <= t.Start && last < t.End {
			break // t belongs to no speech that was heard
		}
		heard, ok := e.arrive.at(min(last, e.clock))
		latency := now.Sub(heard)
		if !ok {
			break
		}
		return latency, latency >= 0
	}
	return 0, false
}

// at returns the place of one of the segmenter's samples on its clock.
func at(sample int64) time.Duration {
	return time.Duration(sample) * time.Second / vad.SampleRate
}

// arrivals holds the arrival times of the latest frames, from which the latency of a
// transcript follows.
type arrivals struct {
	base  time.Time // plus frameTime for each frame and its delay, that is when it arrived
	delay []int16   // in milliseconds, one a frame, as a ring
	next  int       // frames that have arrived
	first int       // those before it came too long before the next
}

// mark says that the audio up to clock has arrived now.
func (a *arrivals) mark(clock time.Duration, now time.Time) {
	for ; time.Duration(a.next)*frameTime < clock; a.next++ {
		due := a.base.Add(time.Duration(a.next) * frameTime)
		delay := now.Sub(due) / time.Millisecond
		if a.base.IsZero() || delay != time.Duration(int16(delay)) {
			a.base, a.first, delay = now.Add(-time.Duration(a.next)*frameTime), a.next, 0
		}
		a.delay[a.next%len(a.delay)] = int16(delay)
	}
}

// at returns when the last sample before clock arrived; false if it has not, or
// if that was too long ago.
func (a *arrivals) at(clock time.Duration) (time.Time, bool) {
	slot := int((clock - 1) / frameTime)
	if clock <= 0 || slot >= a.next || slot < a.first || a.next-slot > len(a.delay) {
		return time.Time{}, false
	}
	return a.base.Add(time.Duration(slot)*frameTime + time.Duration(a.delay[slot%len(a.delay)])*time.Millisecond), true
}
