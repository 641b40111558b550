package callback

import (
	"net/url"
	"time"
)

// Gather is the form that the action of a Gather receives.
//
// Source: https://www.twilio.com/docs/voice/twiml/gather#action
type Gather struct {
	Call
	Digits        string // without the key that ended them
	FinishedOnKey string
	Speech        string  // SpeechResult
	Confidence    float64 // of Speech, 0 to 1
}

// Empty reports whether nobody said or pressed anything, which is posted only with
// actionOnEmptyResult.
func (g *Gather) Empty() bool { return g.Digits == "" && g.Speech == "" && g.FinishedOnKey == "" }

// ReadGather reads the form that the action of a Gather receives.
func ReadGather(form url.Values) (*Gather, error) {
	r := read("gather", form)
	g := Gather{Digits: r.text("Digits"), FinishedOnKey: r.text("FinishedOnKey"), Speech: r.text("SpeechResult"), Confidence: r.share("Confidence")}
	g.Call = r.call()
	return &g, r.done()
}

// Partial is the form that the partialResultCallback of a Gather receives. Several may come, in any
// order: a later one has the higher Sequence.
type Partial struct {
	Call
	Stable    string  // StableSpeechResult
	Unstable  string  // UnstableSpeechResult, which may still change
	Stability float64 // of Unstable, 0 to 1
	Sequence  int     // SequenceNumber
}

// ReadPartial reads the form that the partialResultCallback of a Gather receives.
func ReadPartial(form url.Values) (*Partial, error) {
	r := read("partial result", form)
	p := Partial{Stable: r.text("StableSpeechResult"), Unstable: r.text("UnstableSpeechResult"), Stability: r.share("Stability"), Sequence: r.number("SequenceNumber")}
	p.Call = r.call()
	return &p, r.done()
}

// Record is the form that the action of a Record receives. The recording may not be there yet: the
// recordingStatusCallback says when it is.
//
// Source: https://www.twilio.com/docs/voice/twiml/record#action
type Record struct {
	Call
	RecordingURL string // of a WAV file, without a suffix; with ".mp3" behind it of an MP3 file
	RecordingSID string
	Duration     time.Duration // RecordingDuration, before silence was trimmed
	EndedBy      string        // the key that ended the recording, or ""
	HungUp       bool          // the caller has
}

// ReadRecord reads the form that the action of a Record receives.
func ReadRecord(form url.Values) (*Record, error) {
	r := read("record", form)
	rec := Record{
		RecordingURL: r.must("RecordingUrl"),
		RecordingSID: r.text("RecordingSid"),
		Duration:     r.duration("RecordingDuration", time.Second),
		EndedBy:      r.text("Digits"),
	}
	if rec.EndedBy == "hangup" {
		rec.EndedBy, rec.HungUp = "", true
	}
	rec.Call = r.call()
	return &rec, r.done()
}

// Dial is the form that the action of a Dial receives.
//
// Source: https://www.twilio.com/docs/voice/twiml/dial#action
type Dial struct {
	Call
	Outcome      string        // DialCallStatus: completed, answered (a conference), busy, no-answer, failed or canceled
	CalledSID    string        // DialCallSid, of the call that was placed
	Duration     time.Duration // DialCallDuration, of that call; Twilio sends none for a conference
	Bridged      bool          // DialBridged
	RecordingURL string
}

// ReadDial reads the form that the action of a Dial receives.
func ReadDial(form url.Values) (*Dial, error) {
	r := read("dial", form)
	d := Dial{
		Outcome:      r.must("DialCallStatus"),
		CalledSID:    r.text("DialCallSid"),
		Duration:     r.duration("DialCallDuration", time.Second),
		Bridged:      r.truth("DialBridged", false),
		RecordingURL: r.text("RecordingUrl"),
	}
	d.Call = r.call()
	return &d, r.done()
}

// Queue is the form that the action and the waitUrl of an Enqueue and the url of a Queue receive.
//
// Source: https://www.twilio.com/docs/voice/twiml/enqueue#action and
// https://www.twilio.com/docs/voice/twiml/queue#url
type Queue struct {
	Call
	QueueSID   string
	Result     string        // QueueResult, to the action alone: bridged, hangup, leave, queue-full, redirected, ...
	Waited     time.Duration // QueueTime
	Position   int           // QueuePosition, to the waitUrl alone
	Size       int           // CurrentQueueSize, to the waitUrl alone
	MaxSize    int           // MaxQueueSize, to the waitUrl alone
	Average    time.Duration // AvgQueueTime, to the waitUrl alone
	DequeuedBy string        // DequeingCallSid, to the url of a Queue alone
}

// ReadQueue reads the form that the action and the waitUrl of an Enqueue and the url of a Queue
// receive.
func ReadQueue(form url.Values) (*Queue, error) {
	r := read("queue", form)
	q := Queue{
		QueueSID:   r.text("QueueSid"),
		Result:     r.text("QueueResult"),
		Waited:     r.duration("QueueTime", time.Second),
		Position:   r.number("QueuePosition"),
		Size:       r.number("CurrentQueueSize"),
		MaxSize:    r.number("MaxQueueSize"),
		Average:    r.duration("AvgQueueTime", time.Second),
		DequeuedBy: r.text("DequeingCallSid"),
	}
	if q.Result == "" && q.QueueSID == "" { // a call that found no room has no queue
		r.wrong("QueueSid", "is missing")
	}
	q.Call = r.call()
	return &q, r.done()
}

// Fallback is the form that a fallback URL receives. It names the webhook that failed, and why.
type Fallback struct {
	Call
	ErrorCode int    // such as 11200, see https://www.twilio.com/docs/api/errors
	ErrorURL  string // that failed
}

// ReadFallback reads the form that a fallback URL receives.
func ReadFallback(form url.Values) (*Fallback, error) {
	r := read("fallback", form)
	f := Fallback{ErrorCode: r.number("ErrorCode"), ErrorURL: r.text("ErrorUrl")}
	if f.ErrorCode < 0 {
		r.wrong("ErrorCode", "is missing")
	}
	f.Call = r.call()
	return &f, r.done()
}
