package callback

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// Status is a status callback: which state a call has come to.
//
// Source: https://www.twilio.com/docs/voice/api/call-resource#statuscallback
type Status struct {
	Call
	Duration time.Duration // CallDuration, once the call is over; 0 of one that was not picked up
	Minutes  int           // Duration, as Twilio bills it: begun minutes count whole
	At       time.Time     // Timestamp
	Source   string        // CallbackSource, "call-progress-events"
	Sequence int           // SequenceNumber, from 0; those of a number's own callback have none
	SIPCode  int           // SipResponseCode, such as 486

	RecordingURL      string
	RecordingSID      string
	RecordingDuration time.Duration
}

// ReadStatus reads a status callback.
func ReadStatus(form url.Values) (*Status, error) {
	r := read("status", form)
	r.has("CallStatus")
	s := Status{
		Duration:          r.duration("CallDuration", time.Second),
		Minutes:           r.number("Duration"),
		At:                r.at("Timestamp"),
		Source:            r.text("CallbackSource"),
		Sequence:          r.number("SequenceNumber"),
		SIPCode:           r.number("SipResponseCode"),
		RecordingURL:      r.text("RecordingUrl"),
		RecordingSID:      r.text("RecordingSid"),
		RecordingDuration: r.duration("RecordingDuration", time.Second),
	}
	s.Call = r.call()
	return &s, r.done()
}

// After reports whether s is news to a host that knows last, which may be nil. Callbacks of
// a call are requests of their own, which overtake each other, are repeated and come to
// any instance: those that are not After the one that the host has kept are to be ignored.
// Nothing comes after the end of a call. Before that the sequence decides, and the state
// where one of them has no sequence.
func (s *Status) After(last *Status) bool {
	switch {
	case last == nil:
		return true
	case last.Terminal():
		return false
	case s.Terminal():
		return true
	case s.Sequence >= 0 && last.Sequence >= 0:
		return s.Sequence > last.Sequence
	}
	return progress(s.Status) > progress(last.Status)
}

// progress orders the states of a call that is not over.
func progress(status string) int {
	return slices.Index([]string{"queued", "initiated", "ringing", "in-progress"}, status)
}

// MachineDetection is the form that the AsyncAmdStatusCallback of a call receives, or that of a
// number that was dialled. It has no From and To.
//
// Source: https://www.twilio.com/docs/voice/answering-machine-detection
type MachineDetection struct {
	CallSID    string
	AccountSID string
	AnsweredBy string        // human, machine_start, machine_end_beep, machine_end_silence, machine_end_other, fax or unknown
	Took       time.Duration // MachineDetectionDuration
	Unknown    url.Values
}

// Machine reports whether a machine has answered, or a fax.
func (m *MachineDetection) Machine() bool {
	return m.AnsweredBy == "fax" || strings.HasPrefix(m.AnsweredBy, "machine")
}

// ReadMachineDetection reads the form that an AsyncAmdStatusCallback receives.
func ReadMachineDetection(form url.Values) (*MachineDetection, error) {
	r := read("machine detection", form)
	m := MachineDetection{
		CallSID:    r.callSID(),
		AccountSID: r.text("AccountSid"),
		AnsweredBy: r.must("AnsweredBy"),
		Took:       r.duration("MachineDetectionDuration", time.Millisecond),
		Unknown:    r.rest,
	}
	return &m, r.done()
}

// Recording is the form that a recordingStatusCallback receives, of a call or of a conference.
//
// Source: https://www.twilio.com/docs/voice/api/recording#recordingstatuscallback
type Recording struct {
	CallSID       string // "" of a conference
	ConferenceSID string // "" of a call
	AccountSID    string
	SID           string        // RecordingSid
	URL           string        // RecordingUrl, without a suffix: a WAV file
	Status        string        // RecordingStatus: in-progress, paused, stopped, processing, completed, absent or failed
	Duration      time.Duration // RecordingDuration
	Channels      int           // RecordingChannels, 1 or 2
	Track         string        // RecordingTrack: inbound, outbound or both
	Source        string        // RecordingSource: DialVerb, Conference, OutboundAPI, Trunking, RecordVerb, StartCallRecordingAPI, ...
	Began         time.Time     // RecordingStartTime
	ErrorCode     int
	Unknown       url.Values
}

// ReadRecording reads the form that a recordingStatusCallback receives.
func ReadRecording(form url.Values) (*Recording, error) {
	r := read("recording", form)
	rec := Recording{
		ConferenceSID: r.text("ConferenceSid"),
		AccountSID:    r.text("AccountSid"),
		SID:           r.must("RecordingSid"),
		URL:           r.text("RecordingUrl"),
		Status:        r.must("RecordingStatus"),
		Duration:      r.duration("RecordingDuration", time.Second),
		Channels:      r.number("RecordingChannels"),
		Track:         r.text("RecordingTrack"),
		Source:        r.text("RecordingSource"),
		Began:         r.at("RecordingStartTime"),
		ErrorCode:     r.number("ErrorCode"),
	}
	if rec.ConferenceSID == "" {
		rec.CallSID = r.callSID()
	} else {
		rec.CallSID = r.text("CallSid")
	}
	rec.Unknown = r.rest
	return &rec, r.done()
}

// RecordedText is the form that the transcribeCallback of a Record receives.
//
// Source: https://www.twilio.com/docs/voice/twiml/record#transcribecallback
type RecordedText struct {
	Call
	TranscriptionSID string
	TranscriptionURL string
	Outcome          string // TranscriptionStatus: completed or failed
	Text             string // TranscriptionText
	RecordingSID     string
	RecordingURL     string
}

// ReadRecordedText reads the form that the transcribeCallback of a Record receives.
func ReadRecordedText(form url.Values) (*RecordedText, error) {
	r := read("recorded text", form)
	t := RecordedText{
		TranscriptionSID: r.text("TranscriptionSid"),
		TranscriptionURL: r.text("TranscriptionUrl"),
		Outcome:          r.must("TranscriptionStatus"),
		Text:             r.text("TranscriptionText"),
		RecordingSID:     r.text("RecordingSid"),
		RecordingURL:     r.text("RecordingUrl"),
	}
	t.Call = r.call()
	return &t, r.done()
}
