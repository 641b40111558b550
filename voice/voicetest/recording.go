package voicetest

import (
	"context"
	"encoding/binary"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/twiml"
)

// Recording is a recording that a host has made of a call.
type Recording struct {
	SID      string
	Source   string        // RecordVerb, DialVerb, StartCallRecordingTwiML, StartCallRecordingAPI or OutboundAPI
	Status   string        // in-progress, paused, completed or absent
	Duration time.Duration // before silence was trimmed
	Audio    [][]byte      // 8 kHz mu-law of each channel; of two the first is the caller's
}

// recording is a recording of a call. What changes is guarded by the call's lock.
type recording struct {
	call         *Call
	sid          string
	name, source string
	track        twiml.RecordedTrack
	channels     int
	trim         bool
	callback     recordingCallback
	began        time.Time

	ended   chan struct{} // closed when it is over
	over    bool
	key     string        // that ended it, or "hangup"
	status  string        // in-progress, paused, completed or absent
	skip    bool          // nothing is recorded while it is paused; silence otherwise
	length  time.Duration // at most
	quiet   time.Duration // without speech, that end it; 0: none do
	finish  string        // keys that end it
	idle    time.Duration // since the caller spoke last
	spoke   bool          // the caller has
	words   []string      // that the caller was given to say
	textSID string        // of their transcription; or ""
	audio   [2][]byte     // of the caller, and of what he heard
}

// recordingCallback is a recordingStatusCallback.
type recordingCallback struct {
	url, method string
	events      []twiml.RecordingEvent
}

// recordingCallback returns the callback that a document which came from base asks for.
func (c *Call) recordingCallback(base, ref string, method twiml.Method, events []twiml.RecordingEvent) recordingCallback {
	if ref = twiml.Or(ref, ""); ref == "" {
		return recordingCallback{}
	}
	at, err := resolve(base, ref)
	if err != nil {
		c.warn(15004, "%v", err)
		return recordingCallback{}
	}
	if len(events) == 0 {
		events = []twiml.RecordingEvent{twiml.RecordingCompleted}
	}
	return recordingCallback{at, methodOf(method), events}
}

// record begins a recording.
func (c *Call) record(r *recording) *recording {
	r.call, r.sid, r.began, r.status, r.ended = c, newSID("RE"), time.Now(), "in-progress", make(chan struct{})
	c.event(Recorded, "%s %s begins", r.source, r.sid)
	c.change(func() {
		c.recordings = append(slices.Clip(c.recordings), r)
		c.recorded = append(c.recorded, r)
	})
	c.tw.mu.Lock()
	c.tw.recordings[r.sid] = r
	c.tw.mu.Unlock()
	r.report(twiml.RecordingInProgress)
	return r
}

// hear takes a frame of each side, with the call's lock held.
func (r *recording) hear(spoken, heard []byte, speaks bool) {
	if r.status == "paused" {
		if !r.skip {
			r.take(silence[:], silence[:])
		}
		return
	}
	r.take(spoken, heard)
	r.idle += frameMS * time.Millisecond
	if speaks {
		r.spoke, r.idle = true, 0
	}
	if r.quiet > 0 && r.idle >= r.quiet || r.length > 0 && r.duration() >= r.length {
		r.end("")
	}
}

func (r *recording) take(spoken, heard []byte) {
	r.audio[0] = append(r.audio[0], spoken...)
	r.audio[1] = append(r.audio[1], heard...)
}

// duration returns how long it is, with the call's lock held.
func (r *recording) duration() time.Duration {
	return time.Duration(len(r.audio[0])) * time.Second / sampleRate
}

// end ends it, with the call's lock held.
func (r *recording) end(key string) {
	if !r.over {
		r.over, r.key = true, key
		r.call.recordings = slices.DeleteFunc(slices.Clone(r.call.recordings), func(o *recording) bool { return o == r })
		close(r.ended)
	}
}

// press takes a key and reports whether it ended the recording.
func (r *recording) press(key string) bool {
	r.call.mu.Lock()
	defer r.call.mu.Unlock()
	if r.over || !strings.Contains(r.finish, key) {
		return false
	}
	r.end(key)
	return true
}

// say takes words, as if they had been spoken.
func (r *recording) say(words string) bool {
	r.call.mu.Lock()
	defer r.call.mu.Unlock()
	if r.over {
		return false
	}
	r.words, r.spoke, r.idle = append(r.words, words), true, 0
	return true
}

// done ends it, if it is not over, and tells the host. Nothing at all is absent.
func (r *recording) done(empty bool) {
	told := false
	r.call.change(func() {
		if told = r.status == "completed" || r.status == "absent"; told {
			return
		}
		r.end("")
		if r.status = "completed"; empty || len(r.audio[0]) == 0 && !r.spoke {
			r.status = "absent"
		}
	})
	if told {
		return
	}
	r.call.event(Recorded, "%s %s %s", r.source, r.sid, r.status)
	r.report(twiml.RecordingEvent(r.status))
}

// url returns its RecordingUrl: the fake's REST API has it.
func (r *recording) url() string {
	t := r.call.tw
	return t.rest.url + "/2010-04-01/Accounts/" + t.cfg.AccountSID + "/Recordings/" + r.sid
}

// report tells its callback of an event.
func (r *recording) report(event twiml.RecordingEvent) {
	if !slices.Contains(r.callback.events, event) {
		return
	}
	r.call.mu.Lock()
	form := url.Values{
		"AccountSid": {r.call.tw.cfg.AccountSID}, "CallSid": {r.call.SID}, "RecordingSid": {r.sid}, "RecordingUrl": {r.url()},
		"RecordingStatus": {string(event)}, "RecordingChannels": {strconv.Itoa(r.channels)}, "RecordingSource": {r.source},
		"RecordingTrack": {string(r.track)}, "RecordingStartTime": {r.began.UTC().Format(rfc2822)}, "ErrorCode": {"0"},
	}
	if event != twiml.RecordingInProgress {
		form.Set("RecordingDuration", r.seconds())
	}
	r.call.mu.Unlock()
	r.call.background.Go(func() { r.call.callback(r.callback.method, r.callback.url, form) })
}

// lasted returns RecordingDuration: whole seconds, begun ones among them.
func (r *recording) lasted() string {
	r.call.mu.Lock()
	defer r.call.mu.Unlock()
	return r.seconds()
}

// seconds is lasted with the call's lock held.
func (r *recording) seconds() string { return strconv.Itoa(int(math.Ceil(r.duration().Seconds()))) }

// sound returns the audio of each channel, with the call's lock held.
func (r *recording) sound() [][]byte {
	sides := [][]byte{r.audio[0], r.audio[1]}
	switch {
	case r.track == twiml.RecordInbound:
		sides = sides[:1]
	case r.track == twiml.RecordOutbound:
		sides = sides[1:]
	case r.channels == 1:
		sides = [][]byte{mix(sides[0], sides[1])}
	}
	if r.trim {
		sides = trimmed(sides)
	}
	for i := range sides {
		sides[i] = slices.Clone(sides[i])
	}
	return sides
}

// mix adds two sounds of one length.
func mix(a, b []byte) []byte {
	x, y := codec.AppendDecodeMulaw(nil, a), codec.AppendDecodeMulaw(nil, b)
	for i := range x {
		x[i] = int16(min(max(int(x[i])+int(y[i]), math.MinInt16), math.MaxInt16))
	}
	return codec.AppendEncodeMulaw(nil, x)
}

// trimmed cuts the silence before and after all sounds.
func trimmed(sides [][]byte) [][]byte {
	loud := func(i int) bool {
		return slices.ContainsFunc(sides, func(s []byte) bool { return s[i] != mulawZero && s[i] != mulawZero&^0x80 })
	}
	from, to := 0, len(sides[0])
	for to > from && !loud(to-1) {
		to--
	}
	for from < to && !loud(from) {
		from++
	}
	for i := range sides {
		sides[i] = sides[i][from:to]
	}
	return sides
}

// wav returns the recording as a WAV file of 16-bit samples.
func (r *recording) wav() []byte {
	r.call.mu.Lock()
	sides := r.sound()
	r.call.mu.Unlock()
	n := len(sides)
	data := make([]byte, 0, 2*n*len(sides[0]))
	pcm := make([][]int16, n)
	for i := range sides {
		pcm[i] = codec.AppendDecodeMulaw(nil, sides[i])
	}
	for i := range pcm[0] {
		for _, p := range pcm {
			data = binary.LittleEndian.AppendUint16(data, uint16(p[i]))
		}
	}
	b := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(36+len(data)))...)
	b = append(b, "WAVEfmt \x10\x00\x00\x00\x01\x00"...)
	b = binary.LittleEndian.AppendUint16(b, uint16(n))
	b = binary.LittleEndian.AppendUint32(b, sampleRate)
	b = binary.LittleEndian.AppendUint32(b, uint32(2*n*sampleRate))
	b = binary.LittleEndian.AppendUint16(b, uint16(2*n))
	b = binary.LittleEndian.AppendUint16(b, 16)
	b = append(b, "data"...)
	return append(binary.LittleEndian.AppendUint32(b, uint32(len(data))), data...)
}

// Recordings returns the recordings of the call, in the order in which they were begun.
func (c *Call) Recordings() []Recording {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []Recording
	for _, r := range c.recorded {
		all = append(all, Recording{r.sid, r.source, r.status, r.duration(), r.sound()})
	}
	return all
}

// beep is what the caller hears before a Record: a third of a second of 1 kHz.
var beep = func() []byte {
	tone := make([]int16, sampleRate/3)
	for i := range tone {
		tone[i] = int16(8000 * math.Sin(2*math.Pi*1000*float64(i)/sampleRate))
	}
	return codec.AppendEncodeMulaw(nil, tone)
}()

// runRecord records what the caller says. Without a word of his the next verb runs.
func (c *Call) runRecord(ctx context.Context, v *twiml.Record, base string) (*document, error) {
	if v.PlayBeep.Or(true) {
		c.hearAudio(ctx, beep, 1)
	}
	if ctx.Err() != nil {
		return nil, nil
	}
	r := c.record(&recording{
		source: "RecordVerb", track: twiml.RecordInbound, channels: 1, trim: twiml.Or(v.Trim, twiml.TrimSilence) == twiml.TrimSilence,
		length: twiml.Or(v.MaxLength, time.Hour), quiet: twiml.Or(v.Timeout, 5*time.Second), finish: twiml.Or(v.FinishOnKey, "1234567890*#"),
		callback: c.recordingCallback(base, v.RecordingStatusCallback, v.RecordingStatusCallbackMethod, v.RecordingStatusCallbackEvent),
	})
	c.change(func() { c.recorder = r })
	select {
	case <-r.ended:
	case <-ctx.Done():
		c.change(func() { r.end("hangup") })
	}
	c.change(func() { c.recorder = nil })
	r.done(!r.spoke) // nobody else writes it
	if !r.spoke {
		return nil, nil
	}
	form := url.Values{"RecordingUrl": {r.url()}, "RecordingSid": {r.sid}, "RecordingDuration": {r.lasted()}}
	if r.key != "" {
		form.Set("Digits", r.key)
	}
	if v.Transcribe.Or(false) {
		c.transcribed(r, base, twiml.Or(v.TranscribeCallback, ""))
	}
	return c.after(ctx, base, v.Action, v.Method, form)
}

// startRecording begins a recording that runs beside the verbs.
func (c *Call) startRecording(v *twiml.Recording, base string) {
	c.record(&recording{
		source: "StartCallRecordingTwiML", name: v.Name, channels: channelsOf(string(v.Channels)),
		track: twiml.Or(v.Track, twiml.RecordBoth), trim: twiml.Or(v.Trim, twiml.TrimSilence) == twiml.TrimSilence,
		callback: c.recordingCallback(base, v.RecordingStatusCallback, v.RecordingStatusCallbackMethod, v.RecordingStatusCallbackEvent),
	})
}

// stopRecording ends the recordings of that name.
func (c *Call) stopRecording(name string) {
	c.mu.Lock()
	running := c.recordings
	c.mu.Unlock()
	for _, r := range running {
		if r.name == name && r.source == "StartCallRecordingTwiML" {
			r.done(false)
		}
	}
}

// transcribedAs returns the TranscriptionStatus of what was recognised.
func transcribedAs(text string) string {
	if text == "" {
		return "failed"
	}
	return "completed"
}

// transcribed tells the transcribeCallback what was recognised: the words that the caller
// was given to say.
func (c *Call) transcribed(r *recording, base, ref string) {
	if ref == "" {
		return
	}
	at, err := resolve(base, ref)
	if err != nil {
		c.warn(15004, "%v", err)
		return
	}
	sid := newSID("TR")
	c.mu.Lock()
	text := strings.Join(r.words, " ")
	r.textSID = sid
	c.mu.Unlock()
	form := c.params(c.Status())
	form.Set("TranscriptionSid", sid)
	form.Set("TranscriptionUrl", c.tw.rest.url+"/2010-04-01/Accounts/"+c.tw.cfg.AccountSID+"/Transcriptions/"+sid)
	form.Set("TranscriptionText", text)
	form.Set("TranscriptionStatus", transcribedAs(text))
	form.Set("RecordingSid", r.sid)
	form.Set("RecordingUrl", r.url())
	c.background.Go(func() { c.callback(methodOf(""), at, form) })
}
