package callback

import (
	"encoding/json"
	"net/url"
	"time"
)

// Stream is the form that the statusCallback of a Stream receives.
//
// Source: https://www.twilio.com/docs/voice/twiml/stream#statuscallback
type Stream struct {
	CallSID    string
	AccountSID string
	SID        string    // StreamSid
	Name       string    // StreamName
	Event      string    // StreamEvent: stream-started, stream-stopped or stream-error
	Error      string    // StreamError, of stream-error
	At         time.Time // Timestamp
	Unknown    url.Values
}

// ReadStream reads the form that the statusCallback of a Stream receives.
func ReadStream(form url.Values) (*Stream, error) {
	r := read("stream", form)
	s := Stream{
		CallSID:    r.callSID(),
		AccountSID: r.text("AccountSid"),
		SID:        r.must("StreamSid"),
		Name:       r.text("StreamName"),
		Event:      r.must("StreamEvent"),
		Error:      r.text("StreamError"),
		At:         r.at("Timestamp"),
		Unknown:    r.rest,
	}
	return &s, r.done()
}

// Transcription is the form that the statusCallbackUrl of a real-time Transcription receives.
// Several may come in any order: a later one has the higher Sequence.
//
// Source: https://www.twilio.com/docs/voice/twiml/transcription#statuscallbackurl
type Transcription struct {
	CallSID    string
	AccountSID string
	SID        string // TranscriptionSid
	Event      string // TranscriptionEvent: transcription-started, -content, -stopped or -error
	Sequence   int    // SequenceId, from 1
	At         time.Time
	Language   string  // LanguageCode
	Track      string  // inbound_track or outbound_track
	Text       string  // of TranscriptionData
	Confidence float64 // of TranscriptionData, 0 to 1
	Final      bool
	Stability  float64
	ErrorCode  int    // TranscriptionErrorCode
	Error      string // TranscriptionError
	Unknown    url.Values
}

// ReadTranscription reads the form that the statusCallbackUrl of a Transcription receives.
func ReadTranscription(form url.Values) (*Transcription, error) {
	r := read("transcription", form)
	t := Transcription{
		CallSID:    r.callSID(),
		AccountSID: r.text("AccountSid"),
		SID:        r.must("TranscriptionSid"),
		Event:      r.must("TranscriptionEvent"),
		Sequence:   r.number("SequenceId"),
		At:         r.at("Timestamp"),
		Language:   r.text("LanguageCode"),
		Track:      r.text("Track"),
		Stability:  r.share("Stability"),
		ErrorCode:  r.number("TranscriptionErrorCode"),
		Error:      r.text("TranscriptionError"),
	}
	t.Final = r.truth("Final", t.Stability < 0) // unfinished ones have a stability
	if t.Event == "transcription-content" {
		r.has("TranscriptionData")
	}
	var whole bool
	if t.Text, t.Confidence, whole = readData(r.rest.Get("TranscriptionData")); whole {
		r.text("TranscriptionData")
	}
	t.Unknown = r.rest
	return &t, r.done()
}

// readData reads a JSON object with a transcript and a confidence, which is a number, a text
// that holds one, or missing; whole reports that nothing in it is wrong.
func readData(text string) (transcript string, confidence float64, whole bool) {
	var data struct {
		Transcript *string         `json:"transcript"`
		Confidence json.RawMessage `json:"confidence"`
	}
	if json.Unmarshal([]byte(text), &data) != nil || data.Transcript == nil {
		return "", -1, false
	}
	var number json.Number
	if json.Unmarshal(data.Confidence, &number) != nil || number == "" {
		return *data.Transcript, -1, data.Confidence == nil || string(data.Confidence) == "null"
	}
	f, err := number.Float64()
	if err != nil || !(f >= 0 && f <= 1) {
		return *data.Transcript, -1, false
	}
	return *data.Transcript, f, true
}
