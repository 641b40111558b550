package callback

import (
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"agentos.dev/dialtone/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

const (
	sid     = "CA00000000000000000000000000000001"
	account = "AC00000000000000000000000000000001"
)

// form parses a body as Twilio posts it, behind the standard parameters.
func form(t testing.TB, body string) url.Values {
	t.Helper()
	values, err := url.ParseQuery("CallSid=" + sid + "&AccountSid=" + account + "&From=%2B14155550100&To=%2B14155550199&CallStatus=in-progress&Direction=inbound&ApiVersion=2010-04-01&" + body)
	require.NoError(t, err)
	return values
}

// bare parses a body without the standard parameters.
func bare(t testing.TB, body string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(body)
	require.NoError(t, err)
	return values
}

func TestCall(t *testing.T) {
	token := "%7B%22parentCallInfoToken%22%3A%22x%22%7D" // still encoded after the form was read
	values := form(t, "FromCity=SAN+FRANCISCO&FromState=CA&FromZip=94105&FromCountry=US&ToCountry=GB&CallToken="+url.QueryEscape(token)+
		"&StirVerstat=TN-Validation-Passed-A&ForwardedFrom=%2B14155550111&CallerName=&Caller=%2B14155550100&SipHeader_X-Tag=1&New=a&New=b")
	c, err := ReadCall(values)
	require.NoError(t, err)
	require.Equal(t, &Call{
		SID: sid, AccountSID: account, From: "+14155550100", To: "+14155550199", Status: "in-progress", Direction: "inbound", APIVersion: "2010-04-01",
		ForwardedFrom: "+14155550111", CallToken: token, StirVerstat: "TN-Validation-Passed-A",
		FromPlace: Place{"SAN FRANCISCO", "CA", "94105", "US"}, ToPlace: Place{Country: "GB"},
		Unknown: url.Values{"Caller": {"+14155550100"}, "SipHeader_X-Tag": {"1"}, "New": {"a", "b"}},
	}, c)
	require.False(t, c.Terminal())
	require.Len(t, values["New"], 2, "the form is the host's")
}

// TestDurationsAreToldApart: Duration is in minutes and CallDuration in seconds.
func TestDurationsAreToldApart(t *testing.T) {
	values := form(t, "CallDuration=49&Duration=1&Timestamp=Tue%2C+2+Nov+2026+15%3A04%3A05+%2B0000&CallbackSource=call-progress-events&SequenceNumber=3&SipResponseCode=200&RecordingDuration=47&RecordingSid=RE1&RecordingUrl=https%3A%2F%2Fapi.twilio.com%2FRE1")
	values.Set("CallStatus", "completed")
	s, err := ReadStatus(values)
	require.NoError(t, err)
	require.Equal(t, 49*time.Second, s.Duration)
	require.Equal(t, 1, s.Minutes)
	require.Equal(t, time.Date(2026, 11, 2, 15, 4, 5, 0, time.UTC), s.At)
	require.Equal(t, 3, s.Sequence)
	require.Equal(t, 200, s.SIPCode)
	require.Equal(t, 47*time.Second, s.RecordingDuration)
	require.Empty(t, s.Unknown)
	require.True(t, s.Terminal())

	s, err = ReadStatus(form(t, "CallDuration=soon&Timestamp=yesterday&SequenceNumber=-1"))
	require.NoError(t, err)
	require.Negative(t, s.Duration)
	require.Negative(t, s.Sequence)
	require.Negative(t, s.SIPCode)
	require.True(t, s.At.IsZero())
	require.Equal(t, url.Values{"CallDuration": {"soon"}, "Timestamp": {"yesterday"}, "SequenceNumber": {"-1"}}, s.Unknown, "nothing is lost")

	m, err := ReadMachineDetection(bare(t, "CallSid="+sid+"&AccountSid="+account+"&AnsweredBy=machine_end_beep&MachineDetectionDuration=4210"))
	require.NoError(t, err)
	require.Equal(t, 4210*time.Millisecond, m.Took)
	require.True(t, m.Machine())
	require.Equal(t, account, m.AccountSID)
}

// TestOrder: status callbacks overtake each other.
func TestOrder(t *testing.T) {
	status := func(state, sequence string) *Status {
		values := form(t, "SequenceNumber="+sequence)
		values.Set("CallStatus", state)
		s, err := ReadStatus(values)
		require.NoError(t, err)
		return s
	}
	for _, c := range []struct {
		s, last *Status
		want    bool
	}{
		{status("ringing", "1"), nil, true},
		{status("in-progress", "2"), status("ringing", "1"), true},
		{status("ringing", "1"), status("in-progress", "2"), false},
		{status("in-progress", "2"), status("in-progress", "2"), false}, // repeated
		{status("completed", "3"), status("ringing", "1"), true},
		{status("in-progress", "2"), status("completed", "3"), false},
		{status("in-progress", "4"), status("completed", "3"), false}, // a regression after the end
		{status("completed", "3"), status("completed", "3"), false},
		{status("completed", ""), status("in-progress", "2"), true}, // a number's callback has no sequence
		{status("ringing", ""), status("in-progress", "2"), false},
		{status("in-progress", ""), status("initiated", ""), true},
	} {
		require.Equal(t, c.want, c.s.After(c.last), "%s %d after %+v", c.s.Status, c.s.Sequence, c.last)
	}
}

func TestVerbs(t *testing.T) {
	g, err := ReadGather(form(t, "Digits=12&FinishedOnKey=%23"))
	require.NoError(t, err)
	require.Equal(t, "12 #", g.Digits+" "+g.FinishedOnKey)
	require.Negative(t, g.Confidence)
	require.False(t, g.Empty())
	g, err = ReadGather(form(t, "SpeechResult=Book+a+room.&Confidence=0.91&Language=en-US"))
	require.NoError(t, err)
	require.Equal(t, "Book a room.", g.Speech)
	require.Equal(t, 0.91, g.Confidence)
	require.Equal(t, url.Values{"Language": {"en-US"}}, g.Unknown)
	g, err = ReadGather(form(t, "Digits="))
	require.NoError(t, err)
	require.True(t, g.Empty())
	g, err = ReadGather(form(t, "SpeechResult=x&Confidence=NaN"))
	require.NoError(t, err)
	require.Negative(t, g.Confidence)

	p, err := ReadPartial(form(t, "UnstableSpeechResult=a+room&StableSpeechResult=Book&Stability=0.4&SequenceNumber=7"))
	require.NoError(t, err)
	require.Equal(t, []any{"Book", "a room", 0.4, 7}, []any{p.Stable, p.Unstable, p.Stability, p.Sequence})

	rec, err := ReadRecord(form(t, "RecordingUrl=https%3A%2F%2Fx%2FRE1&RecordingDuration=12&Digits=hangup"))
	require.NoError(t, err)
	require.Equal(t, []any{"https://x/RE1", 12 * time.Second, "", true}, []any{rec.RecordingURL, rec.Duration, rec.EndedBy, rec.HungUp})
	rec, err = ReadRecord(form(t, "RecordingUrl=https%3A%2F%2Fx%2FRE1&Digits=%23"))
	require.NoError(t, err)
	require.Equal(t, []any{"#", false}, []any{rec.EndedBy, rec.HungUp})

	d, err := ReadDial(form(t, "DialCallStatus=completed&DialCallSid=CA2&DialCallDuration=0&DialBridged=true&RecordingUrl=u"))
	require.NoError(t, err)
	require.Equal(t, []any{"completed", "CA2", time.Duration(0), true}, []any{d.Outcome, d.CalledSID, d.Duration, d.Bridged})
	d, err = ReadDial(form(t, "DialCallStatus=answered")) // of a conference
	require.NoError(t, err)
	require.Negative(t, d.Duration)

	q, err := ReadQueue(form(t, "QueueSid=QU1&QueuePosition=2&QueueTime=30&AvgQueueTime=45&CurrentQueueSize=4&MaxQueueSize=100"))
	require.NoError(t, err)
	require.Equal(t, []any{2, 30 * time.Second, 45 * time.Second, 4, 100}, []any{q.Position, q.Waited, q.Average, q.Size, q.MaxSize})
	q, err = ReadQueue(form(t, "QueueResult=queue-full"))
	require.NoError(t, err)
	require.Equal(t, "queue-full", q.Result)
	require.Negative(t, q.Position)

	f, err := ReadFallback(form(t, "ErrorCode=11205&ErrorUrl=https%3A%2F%2Fcalls.example.com%2Fin"))
	require.NoError(t, err)
	require.Equal(t, []any{11205, "https://calls.example.com/in"}, []any{f.ErrorCode, f.ErrorURL})
}

func TestRecordings(t *testing.T) {
	r, err := ReadRecording(bare(t, "AccountSid="+account+"&CallSid="+sid+"&RecordingSid=RE1&RecordingUrl=u&RecordingStatus=completed&RecordingDuration=61&RecordingChannels=2&RecordingTrack=both&RecordingSource=DialVerb&RecordingStartTime=Mon%2C+30+Nov+2026+12%3A00%3A00+%2B0000&ErrorCode=0"))
	require.NoError(t, err)
	require.Equal(t, &Recording{CallSID: sid, AccountSID: account, SID: "RE1", URL: "u", Status: "completed", Duration: 61 * time.Second, Channels: 2,
		Track: "both", Source: "DialVerb", Began: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC), Unknown: url.Values{}}, r)
	r, err = ReadRecording(bare(t, "ConferenceSid=CF1&RecordingSid=RE1&RecordingStatus=in-progress"))
	require.NoError(t, err)
	require.Equal(t, "CF1", r.ConferenceSID)
	require.Negative(t, r.Duration)

	text, err := ReadRecordedText(form(t, "TranscriptionStatus=completed&TranscriptionText=Hello.&TranscriptionSid=TR1&RecordingSid=RE1"))
	require.NoError(t, err)
	require.Equal(t, []string{"completed", "Hello.", "RE1"}, []string{text.Outcome, text.Text, text.RecordingSID})
}

func TestStreams(t *testing.T) {
	s, err := ReadStream(bare(t, "CallSid="+sid+"&StreamSid=MZ1&StreamName=a&StreamEvent=stream-error&StreamError=refused&Timestamp=2026-11-30T12%3A00%3A00.123456Z"))
	require.NoError(t, err)
	require.Equal(t, []any{"MZ1", "stream-error", "refused", 123456000}, []any{s.SID, s.Event, s.Error, s.At.Nanosecond()})

	for data, want := range map[string]Transcription{
		`{"transcript":"Hello.","confidence":0.9}`:   {Text: "Hello.", Confidence: 0.9},
		`{"transcript":"Hello.","confidence":"0.9"}`: {Text: "Hello.", Confidence: 0.9},
		`{"transcript":"Hello."}`:                    {Text: "Hello.", Confidence: -1},
		`{"confidence":0.9}`:                         {Confidence: -1, Unknown: url.Values{"TranscriptionData": {`{"confidence":0.9}`}}},
		`{"transcript":"Hi.","confidence":"high"}`:   {Text: "Hi.", Confidence: -1, Unknown: url.Values{"TranscriptionData": {"kept"}}},
		`{"transcript":"Hi.","confidence":[1]}`:      {Text: "Hi.", Confidence: -1, Unknown: url.Values{"TranscriptionData": {"kept"}}},
		`{"transcript":"Hi.","confidence":1.5}`:      {Text: "Hi.", Confidence: -1, Unknown: url.Values{"TranscriptionData": {"kept"}}},
		`{"transcript":"Hi.","confidence":null}`:     {Text: "Hi.", Confidence: -1},
		`[`:                                          {Confidence: -1, Unknown: url.Values{"TranscriptionData": {`[`}}},
	} {
		got, err := ReadTranscription(bare(t, "CallSid="+sid+"&TranscriptionSid=GT1&TranscriptionEvent=transcription-content&SequenceId=2&Track=inbound_track&Final=true&TranscriptionData="+url.QueryEscape(data)))
		require.NoError(t, err)
		require.Equal(t, want.Text, got.Text, data)
		require.Equal(t, want.Confidence, got.Confidence, data)
		require.Equal(t, len(want.Unknown), len(got.Unknown), data)
		require.True(t, got.Final)
		require.Equal(t, 2, got.Sequence)
	}
}

// TestMissing: a form without what it is about, or without its result, is an error that
// says what is missing.
func TestMissing(t *testing.T) {
	type read = func(url.Values) error
	as := func(f func(url.Values) error) read { return f }
	for name, c := range map[string]struct {
		read read
		body string
		want string
	}{
		"no call":         {as(func(v url.Values) error { _, err := ReadCall(v); return err }), "From=%2B1", "CallSid is missing"},
		"no such call":    {as(func(v url.Values) error { _, err := ReadGather(v); return err }), "CallSid=CA1&Digits=1", "CallSid is malformed"},
		"no status":       {as(func(v url.Values) error { _, err := ReadStatus(v); return err }), "CallSid=" + sid + "&CallStatus=", "CallStatus is missing"},
		"no recording":    {as(func(v url.Values) error { _, err := ReadRecord(v); return err }), "CallSid=" + sid, "RecordingUrl is missing"},
		"no outcome":      {as(func(v url.Values) error { _, err := ReadDial(v); return err }), "CallSid=" + sid, "DialCallStatus is missing"},
		"no queue":        {as(func(v url.Values) error { _, err := ReadQueue(v); return err }), "CallSid=" + sid, "QueueSid is missing"},
		"no error":        {as(func(v url.Values) error { _, err := ReadFallback(v); return err }), "CallSid=" + sid + "&ErrorCode=x", "ErrorCode is missing"},
		"nobody answered": {as(func(v url.Values) error { _, err := ReadMachineDetection(v); return err }), "CallSid=" + sid, "AnsweredBy is missing"},
		"whose recording": {as(func(v url.Values) error { _, err := ReadRecording(v); return err }), "RecordingSid=RE1&RecordingStatus=completed", "CallSid is missing"},
		"which recording": {as(func(v url.Values) error { _, err := ReadRecording(v); return err }), "CallSid=" + sid + "&RecordingStatus=completed", "RecordingSid is missing"},
		"no stream":       {as(func(v url.Values) error { _, err := ReadStream(v); return err }), "CallSid=" + sid, "StreamSid is missing"},
		"no text":         {as(func(v url.Values) error { _, err := ReadTranscription(v); return err }), "CallSid=" + sid + "&TranscriptionSid=GT1&TranscriptionEvent=transcription-content", "TranscriptionData is missing"},
		"no text yet":     {as(func(v url.Values) error { _, err := ReadRecordedText(v); return err }), "CallSid=" + sid, "TranscriptionStatus is missing"},
		"an empty form":   {as(func(v url.Values) error { _, err := ReadPartial(v); return err }), "", "CallSid is missing"},
	} {
		err := c.read(bare(t, c.body))
		require.ErrorContains(t, err, c.want, name)
		var typed *Error
		require.True(t, errors.As(err, &typed), name)
	}
}

// FuzzRead: no form makes a reader panic, and what a form has is either in a field or
// among the unknown ones.
func FuzzRead(f *testing.F) {
	f.Add("CallSid=" + sid + "&CallStatus=completed&CallDuration=49&Duration=1&SequenceNumber=0&a=b&a=c")
	f.Add("CallSid=" + sid + "&TranscriptionSid=GT1&TranscriptionEvent=transcription-content&TranscriptionData=%7B%22transcript%22%3A%22x%22%7D")
	f.Add("RecordingSid=RE1&RecordingStatus=completed&Timestamp=Mon%2C+30+Nov+2026+12%3A00%3A00+%2B0000")
	f.Fuzz(func(t *testing.T, body string) {
		values, err := url.ParseQuery(body)
		if err != nil {
			return
		}
		count := 0
		for _, all := range values {
			count += len(all)
		}
		ReadCall(values)
		ReadGather(values)
		ReadPartial(values)
		ReadRecord(values)
		ReadDial(values)
		ReadQueue(values)
		ReadFallback(values)
		ReadMachineDetection(values)
		ReadRecording(values)
		ReadRecordedText(values)
		ReadStream(values)
		ReadTranscription(values)
		s, _ := ReadStatus(values)
		for name, all := range values {
			if len(all) > 1 {
				require.Equal(t, all, s.Unknown[name], "a parameter that comes twice is kept whole")
			}
			count -= len(all)
		}
		require.Zero(t, count, "the form was changed")
	})
}
