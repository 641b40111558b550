package twilio

import (
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/vad"
)

// ear remembers when somebody spoke whose words have not come yet.
type ear struct {
	format stt.Format
	seg    *vad.Segmenter
	pcm    []int16
	spans  []span
}

// span is a stretch of speech, in samples.
type span struct{ onset, end int64 } // end is 0 while it lasts

const (
	// together is how long a pause may be in what Twilio hears as one utterance.
	together = time.Second
	maxSpans = 16
)

func newEar(f stt.Format) *ear { return &ear{format: f, seg: vad.NewSegmenter(vad.Options{})} }

func (e *ear) hear(frame []byte) {
	e.pcm = e.format.AppendPCM(e.pcm[:0], frame)
	every := e.format.Rate() / vad.SampleRate
	n := len(e.pcm) / every
	for i := range n { // no good filter, and good enough to tell silence
		e.pcm[i] = e.pcm[i*every]
	}
	for _, ev := range e.seg.Write(e.pcm[:n]) {
		last := len(e.spans) - 1
		lasting := last >= 0 && e.spans[last].end == 0
		switch {
		case ev.Kind == vad.SpeechStart:
			if len(e.spans) == maxSpans {
				e.spans = e.spans[:copy(e.spans, e.spans[1:])]
			}
			e.spans = append(e.spans, span{onset: ev.Onset})
		case !lasting: // its words came before it ended
		case ev.Kind == vad.Utterance:
			e.spans[last].end = ev.VoicedEnd
		default:
			e.spans = e.spans[:last]
		}
	}
}

// clock is how much audio was heard.
func (e *ear) clock() time.Duration { return at(e.seg.Position()) }

// place returns when words that came just now were spoken: before the caller last
// stopped, or until now if he has not. Final words are those of all that was heard
// until then. Both are 0 if nothing was.
func (e *ear) place(final bool) (start, end time.Duration) {
	n := len(e.spans)
	if n > 1 && e.spans[n-1].end == 0 {
		n-- // the last has begun since
	}
	if n == 0 {
		return 0, 0
	}
	first, last := n-1, e.spans[n-1].end
	if last == 0 {
		last = e.seg.Position()
	}
	for first > 0 && at(e.spans[first].onset-e.spans[first-1].end) <= together {
		first--
	}
	start, end = at(e.spans[first].onset), at(last)
	if final {
		e.spans = e.spans[:copy(e.spans, e.spans[n:])]
	}
	return start, end
}

// at returns the place of a sample on the call's clock.
func at(sample int64) time.Duration { return time.Duration(sample) * time.Second / vad.SampleRate }
