package callback_test

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"agentos.dev/dialtone/voice/callback"
)

const (
	call = "CallSid=CA00000000000000000000000000000001&From=%2B14155550100&To=%2B14155550199"
	leg  = "CA00000000000000000000000000000002"
)

// posted returns the form of a request, in a handler r.PostForm.
func posted(body string) url.Values {
	form, _ := url.ParseQuery(body)
	return form
}

// The first webhook of a call has the caller and where the call comes from.
func ExampleReadCall() {
	c, err := callback.ReadCall(posted(call + "&Direction=inbound&StirVerstat=TN-Validation-Passed-A&ForwardedFrom=%2B14155550111&FromCity=OAKLAND&FromState=CA&FromZip=94601&FromCountry=US&New=1"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Direction, c.From, c.StirVerstat, "forwarded from", c.ForwardedFrom)
	fmt.Println(c.FromPlace.City, c.FromPlace.State, c.FromPlace.Zip, c.FromPlace.Country)
	fmt.Println(c.Unknown)
	// Output:
	// inbound +14155550100 TN-Validation-Passed-A forwarded from +14155550111
	// OAKLAND CA 94601 US
	// map[New:[1]]
}

// A form that does not say which call it is about is an error.
func ExampleError() {
	_, err := callback.ReadCall(posted("From=%2B14155550100"))
	var e *callback.Error
	fmt.Println(errors.As(err, &e), e.Form, e.Parameter, e.Problem)
	// Output: true call CallSid is missing
}

// Status callbacks overtake each other: what is not After the last one that was kept changes
// nothing.
func ExampleStatus_After() {
	var last *callback.Status
	for _, body := range []string{
		"&CallStatus=in-progress&SequenceNumber=2",
		"&CallStatus=ringing&SequenceNumber=1",
		"&CallStatus=completed&SequenceNumber=3&CallDuration=61&Duration=2",
	} {
		s, err := callback.ReadStatus(posted(call + body))
		if err != nil || !s.After(last) {
			continue
		}
		last = s
		fmt.Println(s.Status, s.Terminal(), s.Duration, s.Minutes)
	}
	// Output:
	// in-progress false -1ns -1
	// completed true 1m1s 2
}

// The action of a Gather receives keys or speech, or neither with actionOnEmptyResult.
func ExampleReadGather() {
	for _, body := range []string{"&Digits=12&FinishedOnKey=%23", "&SpeechResult=book+a+room&Confidence=0.9", "&Digits="} {
		switch g, err := callback.ReadGather(posted(call + body)); {
		case err != nil:
			fmt.Println(err)
		case g.Empty():
			fmt.Println("nothing")
		case g.Speech != "":
			fmt.Println(g.Speech, g.Confidence)
		default:
			fmt.Println(g.Digits, g.FinishedOnKey)
		}
	}
	// Output:
	// 12 #
	// book a room 0.9
	// nothing
}

// The partialResultCallback of a Gather receives what has been understood so far.
func ExampleReadPartial() {
	p, err := callback.ReadPartial(posted(call + "&StableSpeechResult=book+a&UnstableSpeechResult=room&Stability=0.8&SequenceNumber=3"))
	fmt.Println(p.Sequence, p.Stable, "|", p.Unstable, p.Stability, err)
	// Output: 3 book a | room 0.8 <nil>
}

// The action of a Dial receives what became of the call that it placed.
func ExampleReadDial() {
	for _, body := range []string{"completed&DialCallDuration=42&DialBridged=true&DialCallSid=" + leg, "busy&DialBridged=false"} {
		d, err := callback.ReadDial(posted(call + "&DialCallStatus=" + body))
		if err != nil {
			fmt.Println(err)
			continue
		}
		if d.Bridged {
			fmt.Println(d.Outcome, d.Duration, d.CalledSID)
		} else {
			fmt.Println(d.Outcome, "- leave a message")
		}
	}
	// Output:
	// completed 42s CA00000000000000000000000000000002
	// busy - leave a message
}

// The action of a Record receives the message at once; the recordingStatusCallback says when
// its file is there, and the transcribeCallback what was said.
func ExampleReadRecord() {
	const message = "RecordingSid=RE00000000000000000000000000000001&RecordingUrl=https://api.twilio.com/RE1"
	r, err := callback.ReadRecord(posted(call + "&" + message + "&RecordingDuration=7&Digits=%23"))
	fmt.Println(r.RecordingSID, r.RecordingURL, r.Duration, r.EndedBy, r.HungUp, err)

	f, err := callback.ReadRecording(posted(call + "&" + message + "&RecordingStatus=completed&RecordingChannels=1&RecordingSource=RecordVerb&RecordingTrack=inbound"))
	fmt.Println(f.Status, f.URL+".mp3", f.Channels, f.Source, f.Track, err)

	t, err := callback.ReadRecordedText(posted(call + "&" + message + "&TranscriptionStatus=completed&TranscriptionText=Call+me+back.&TranscriptionSid=TR00000000000000000000000000000001"))
	fmt.Println(t.Outcome, t.Text, err)
	// Output:
	// RE00000000000000000000000000000001 https://api.twilio.com/RE1 7s # false <nil>
	// completed https://api.twilio.com/RE1.mp3 1 RecordVerb inbound <nil>
	// completed Call me back. <nil>
}

// The waitUrl of an Enqueue says how long the queue is, its action how the wait has ended.
func ExampleReadQueue() {
	const queue = "&QueueSid=QU00000000000000000000000000000001"
	w, err := callback.ReadQueue(posted(call + queue + "&QueuePosition=3&CurrentQueueSize=8&MaxQueueSize=100&AvgQueueTime=40&QueueTime=65"))
	fmt.Println(w.Position, "of", w.Size, "at most", w.MaxSize, w.Waited, w.Average, err)

	q, err := callback.ReadQueue(posted(call + queue + "&QueueResult=bridged&QueueTime=90"))
	fmt.Println(q.QueueSID, q.Result, q.Waited, err)
	// Output:
	// 3 of 8 at most 100 1m5s 40s <nil>
	// QU00000000000000000000000000000001 bridged 1m30s <nil>
}

// An AsyncAmdStatusCallback reports whether a person or a machine has answered.
func ExampleReadMachineDetection() {
	m, err := callback.ReadMachineDetection(posted(call + "&AnsweredBy=machine_end_beep&MachineDetectionDuration=3200"))
	fmt.Println(m.Machine(), m.AnsweredBy, m.Took, err)
	// Output: true machine_end_beep 3.2s <nil>
}

// A fallback URL is told which webhook failed.
func ExampleReadFallback() {
	f, err := callback.ReadFallback(posted(call + "&ErrorCode=11200&ErrorUrl=https://calls.example.com/api/voice/twilio/inbound"))
	fmt.Println(f.ErrorCode, f.ErrorURL, err)
	// Output: 11200 https://calls.example.com/api/voice/twilio/inbound <nil>
}

// The statusCallback of a Stream says that it has begun, has ended or could not be opened.
func ExampleReadStream() {
	s, err := callback.ReadStream(posted(call + "&StreamSid=MZ00000000000000000000000000000001&StreamName=dialtone&StreamEvent=stream-error&StreamError=refused&Timestamp=2026-06-01T12:00:00Z"))
	fmt.Println(s.Event, s.Name, s.Error, s.At.Format(time.TimeOnly), err)
	// Output: stream-error dialtone refused 12:00:00 <nil>
}

// A real-time Transcription tells each track's words.
func ExampleReadTranscription() {
	t, err := callback.ReadTranscription(posted(call + "&TranscriptionSid=GT00000000000000000000000000000001&TranscriptionEvent=transcription-content&SequenceId=2&LanguageCode=en-US&Track=inbound_track&Final=true" +
		"&TranscriptionData=" + url.QueryEscape(`{"transcript":"book a room","confidence":0.9}`)))
	fmt.Println(t.Sequence, t.Event, t.Track, t.Language, t.Final, t.Text, t.Confidence, err)
	// Output: 2 transcription-content inbound_track en-US true book a room 0.9 <nil>
}
