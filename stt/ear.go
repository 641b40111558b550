package stt

import (
	"fmt"
	"sync"
	"time"

	"agentos.dev/dialtone/stt/vad"
)

// An utterance is a stretch of speech cut out of a call.
type utterance struct {
	audio      []byte        // in the call's format
	offset     time.Duration // of audio on the call's clock
	start, end time.Duration // of the speech in it, on the call's clock
	heard      time.Time     // when the last voiced sample arrived; zero if the speech went on
	cut        time.Time     // when its end was known
}

// A listener is a stream of this package that listens for speech. Whoever has
// listened already tells it what was heard: a call needs one detector only, and
// what is replayed is cut as it was the first time.
type listener interface {
	// listen is Send of audio that arrived at a certain time, with the probability
	// of speech in each 20 ms that it completes.
	listen(audio []byte, arrived time.Time, voice []float32) error
}

// ear finds speech in a call. It is not safe for concurrent use.
type ear struct {
	format   Format
	detector *vad.Detector // nil until it has to listen itself
	seg      *vad.Segmenter
	every    int           // samples that make one at the segmenter's rate
	pcm      []int16       // begins with samples that did not make one yet
	voice    []float32     // the result of detect
	clock    time.Duration // audio heard so far
	arrive   *arrivals
	spans    []span // the last stretches of speech
}

// span is a stretch of speech on the call's clock.
type span struct {
	onset, end time.Duration // end is 0 while it lasts
}

// maxSpans is how many stretches of speech are remembered.
const maxSpans = 16

func newEar(f Format, o vad.Options, span time.Duration) (*ear, error) {
	if err := f.Validate(); err != nil {
		return nil, err
	}
	if f.Rate()%vad.SampleRate != 0 {
		return nil, &Error{Op: "open", Kind: ErrBadAudio, Err: fmt.Errorf("sample rate %d is not a multiple of %d", f.Rate(), vad.SampleRate)}
	}
	return &ear{format: f, seg: vad.NewSegmenter(o), every: f.Rate() / vad.SampleRate, arrive: newArrivals(span)}, nil
}

// detect returns the probability of speech in each 20 ms that audio, whole
// samples, completes. The result is valid until the next call.
func (e *ear) detect(audio []byte) []float32 {
	if e.detector == nil {
		e.detector = vad.NewDetector()
	}
	e.pcm = e.format.AppendPCM(e.pcm, audio)
	n := len(e.pcm) / e.every
	left := e.pcm[n*e.every:]
	e.voice = e.detector.Append(e.voice[:0], decimate(e.pcm[:n*e.every], e.every))
	e.pcm = e.pcm[:copy(e.pcm, left)]
	return e.voice
}

// hear takes audio, whole samples, with what detect says of it, and returns what
// it completed. The result is valid until the next call.
func (e *ear) hear(audio []byte, arrived time.Time, voice []float32) []vad.Event {
	e.clock += e.format.Duration(len(audio))
	e.arrive.mark(e.clock, arrived)
	events := e.seg.Step(voice...)
	for _, ev := range events {
		if ev.Kind == vad.SpeechStart {
			if len(e.spans) == maxSpans {
				e.spans = e.spans[:copy(e.spans, e.spans[1:])]
			}
			e.spans = append(e.spans, span{onset: e.at(ev.Onset)})
			continue
		}
		e.spans[len(e.spans)-1].end = e.at(ev.VoicedEnd)
	}
	return events
}

// speaking reports whether the caller is.
func (e *ear) speaking() bool { return len(e.spans) > 0 && e.spans[len(e.spans)-1].end == 0 }

// latency returns the time from the arrival of the last voiced sample that
// belongs to t until at. It is not valid when there is none, or when it is
// negative.
func (e *ear) latency(t Transcript, at time.Time) (time.Duration, bool) {
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
		latency := at.Sub(heard)
		if !ok {
			break
		}
		return latency, latency >= 0
	}
	return 0, false
}

// at returns the place of one of the segmenter's samples on the call's clock.
func (e *ear) at(sample int64) time.Duration {
	return time.Duration(sample) * time.Second / vad.SampleRate
}

// decimate averages every n samples into one, in place. That is no good filter,
// and good enough to tell speech from silence.
func decimate(pcm []int16, n int) []int16 {
	if n == 1 {
		return pcm
	}
	out := pcm[:len(pcm)/n]
	for i := range out {
		sum := 0
		for _, v := range pcm[i*n : (i+1)*n] {
			sum += int(v)
		}
		out[i] = int16(sum / n)
	}
	return out
}

// recorder keeps a call's audio from the sample on that an utterance may need.
type recorder struct {
	*ear
	pool     *sync.Pool // of *[]byte, shared by all calls: most are silent most of the time
	buf      []byte
	bufStart int64 // the segmenter's sample that buf begins with
}

// record hears audio and calls event for what it completed: with a nil
// utterance when speech begins, and when it ends with the utterance, whose audio
// is nil if it was none.
func (r *recorder) record(audio []byte, arrived time.Time, voice []float32, event func(onset time.Duration, u *utterance)) {
	if r.buf == nil {
		r.buf = *r.pool.Get().(*[]byte)
	}
	r.buf = append(r.buf, audio...)
	r.report(r.hear(audio, arrived, voice), event)
	if r.bytes(r.seg.Needed()-r.bufStart) > len(r.buf)/2+1<<10 {
		r.forget()
	}
}

// flush ends the utterance that is under way.
func (r *recorder) flush(event func(onset time.Duration, u *utterance)) {
	r.report(r.seg.Flush(), event)
}

func (r *recorder) report(events []vad.Event, event func(time.Duration, *utterance)) {
	for _, ev := range events {
		u := &utterance{offset: r.at(ev.Start), start: r.at(ev.Onset), end: r.at(ev.VoicedEnd)}
		switch ev.Kind {
		case vad.SpeechStart:
			u = nil
		case vad.Utterance:
			u.audio = append(*r.pool.Get().(*[]byte), r.buf[r.bytes(ev.Start-r.bufStart):r.bytes(ev.End-r.bufStart)]...)
			u.heard, _ = r.arrive.at(u.end)
			if ev.Forced && ev.VoicedEnd == ev.End {
				u.heard = time.Time{}
			}
		}
		event(r.at(ev.Onset), u)
	}
}

// forget drops what no utterance needs any more.
func (r *recorder) forget() {
	needed := r.seg.Needed()
	left := r.buf[r.bytes(needed-r.bufStart):]
	r.bufStart = needed
	if cap(r.buf) > 32<<10 && len(left) < 8<<10 { // a long utterance is over
		large := r.buf
		r.buf = append(make([]byte, 0, 8<<10), left...)
		r.release(large)
		return
	}
	r.buf = r.buf[:copy(r.buf, left)]
}

// bytes returns the length of n of the segmenter's samples in the call's format.
func (r *recorder) bytes(n int64) int {
	return int(n) * r.every * r.format.Encoding.SampleSize()
}

// release gives a buffer back to the pool.
func (r *recorder) release(b []byte) {
	if b != nil {
		b = b[:0]
		r.pool.Put(&b)
	}
}
