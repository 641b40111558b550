// Package twilio makes an engine of Twilio's own real-time transcription,
// <Start><Transcription>: the text comes by callbacks, not from the audio of this
// process.
//
// Mount the Engine where the verb's statusCallbackUrl points to, behind the
// middleware of package voice/signature, and open streams with the call's SID as
// CallSID. The callbacks of a call must reach the process that has its stream.
//
// Twilio sends no times of speech and takes no request to finish: the times of
// transcripts are those of the speech that this process heard before the callback came,
// and Flush returns at once. A transcription that was never started, or whose callbacks
// do not arrive at all, looks like a caller who says nothing: stt.Failover leaves this
// engine when Twilio reports an error or the end of the transcription, and when a
// callback that had to be final is missing.
package twilio

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/failure"
)

const name = "twilio"

// Options configure an Engine. The zero value listens to the caller.
type Options struct {
	// Track is the track whose transcripts count; empty = "inbound_track", the caller's.
	Track string
	// Gap is the longest wait for a missing callback before those after it are used; 0 = 1
	// s.
	Gap time.Duration
}

// Engine is an stt.Engine and the http.Handler of the callbacks. It is safe for
// concurrent use. It is made by [New]; the zero value is not usable.
type Engine struct {
	o     Options
	wrong error // what Validate tells

	mu      sync.Mutex
	streams map[string]*stream // by call SID
}

// New returns an engine. [stt.Validate] returns the errors of the options.
func New(o Options) *Engine {
	wrong := option.Duration("twilio: Options.Gap", o.Gap)
	switch o.Track {
	case "", "inbound_track", "outbound_track":
	default:
		wrong = errors.Join(wrong, fmt.Errorf("twilio: Options.Track %q is neither inbound_track nor outbound_track", o.Track))
	}
	if o.Track == "" {
		o.Track = "inbound_track"
	}
	if o.Gap <= 0 {
		o.Gap = time.Second
	}
	return &Engine{o: o, wrong: wrong, streams: map[string]*stream{}}
}

// Validate returns the errors of the options.
func (e *Engine) Validate() error { return e.wrong }

// Open implements stt.Engine. The Config must have a CallSID.
func (e *Engine) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	if c.CallSID == "" {
		return nil, errors.New("twilio: Config.CallSID is empty")
	}
	s := &stream{engine: e, c: c, next: 1, early: map[int]callback{}, past: map[string]bool{}}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.streams[c.CallSID] != nil {
		return nil, errors.New("twilio: call " + c.CallSID + " has a stream already")
	}
	e.streams[c.CallSID] = s
	s.stop = context.AfterFunc(ctx, s.shutdown)
	return s, nil
}

// Traits implements stt.Describer.
func (e *Engine) Traits() stt.Traits { return stt.Traits{Indirect: true} }

// callback is one request of Twilio.
type callback struct {
	event      string
	sid        string // of the transcription
	text       string
	confidence float64
	final      bool
	language   string
	err        error // that it reports, or that it has
}

// maxBody bounds a callback, in bytes.
const maxBody = 64 << 10

// ServeHTTP takes a callback. It answers 204 to one that is used or repeated, 400 to a
// request that is not a callback or has an unreadable transcript, and 404 when the call
// has no stream here.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	sequence, err := strconv.Atoi(r.PostForm.Get("SequenceId"))
	if err != nil || sequence < 0 {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	s := e.streams[r.PostForm.Get("CallSid")]
	e.mu.Unlock()
	if s == nil {
		http.Error(w, "", http.StatusNotFound)
		return
	}
	c := e.read(r.PostForm)
	s.arrive(sequence, c)
	if c.err != nil && c.event == content {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// content is the event of a transcript.
const content = "transcription-content"

// read reads a callback. An unreadable one keeps its place in the sequence, so that
// the next ones do not wait for it.
func (e *Engine) read(form url.Values) callback {
	c := callback{event: form.Get("TranscriptionEvent"), sid: form.Get("TranscriptionSid"), confidence: math.NaN(), language: form.Get("LanguageCode")}
	switch c.event {
	case "transcription-error":
		f := answer.Fault{Code: form.Get("TranscriptionErrorCode"), Message: form.Get("TranscriptionError")}
		e := failure.Of(f, name, "read")
		e.Kind = stt.ErrUnavailable // of the transcription, whatever it says of the account
		c.err = e
	case content:
		if track := form.Get("Track"); track != "" && track != e.o.Track {
			break
		}
		var data struct {
			Transcript *string       `json:"transcript"`
			Confidence answer.Number `json:"confidence"`
		}
		if err := answer.Decode([]byte(form.Get("TranscriptionData")), &data); err != nil {
			c.err = failure.Unclear(name, "read", err)
			break
		}
		if data.Transcript == nil {
			c.err = failure.Missing(name, "read", "transcript")
			break
		}
		c.text, c.confidence = *data.Transcript, data.Confidence.Float()
		var err error
		if c.final, err = strconv.ParseBool(form.Get("Final")); err != nil { // unfinished ones have a stability
			c.final = form.Get("Stability") == ""
		}
	}
	return c
}

// stream puts a call's callbacks into order.
type stream struct {
	engine *Engine
	c      stt.Config
	stop   func() bool

	mu       sync.Mutex
	past     map[string]bool  // the transcriptions before, whose repetitions may come
	sid      string           // of the transcription whose sequence this is
	next     int              // sequence number
	early    map[int]callback // by sequence number
	gap      *time.Timer      // runs while one is missing
	partial  bool             // the transcription has unfinished texts
	stopped  time.Duration    // the audio heard when the transcription was stopped; 0 = it was not
	speaking bool
	closed   bool
	heard    time.Duration // of audio
}

// More than any call has.
const (
	maxPast  = 256 // transcriptions
	maxEarly = 256 // callbacks that wait for one before them
)

// arrive takes a callback, which may be late, early or a repetition.
func (s *stream) arrive(sequence int, c callback) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if c.sid != s.sid { // the transcription was started, or started anew
		if s.past[c.sid] {
			return
		}
		s.skip()
		s.past[s.sid] = s.sid != ""
		s.sid, s.next, s.partial, s.stopped = c.sid, min(sequence, 1), false, 0
	}
	if sequence < s.next || len(s.past) > maxPast || len(s.early) >= maxEarly {
		return
	}
	s.early[sequence] = c
	s.use()
	if len(s.early) > 0 && s.gap == nil {
		s.gap = time.AfterFunc(s.engine.o.Gap, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.skip()
		})
	}
}

// use handles the callbacks that are in order. It is called with mu held.
func (s *stream) use() {
	for {
		c, ok := s.early[s.next]
		if !ok {
			break
		}
		delete(s.early, s.next)
		s.next++
		s.report(c)
	}
	if len(s.early) == 0 && s.gap != nil {
		s.gap.Stop()
		s.gap = nil
	}
}

// skip gives up the missing callbacks. It is called with mu held.
func (s *stream) skip() {
	if s.gap != nil {
		s.gap.Stop()
		s.gap = nil
	}
	for len(s.early) > 0 && !s.closed {
		next := slices.Min(slices.Collect(maps.Keys(s.early)))
		s.emit(stt.Event{Kind: stt.Degraded, Err: &stt.Error{Engine: name, Op: "read", Kind: stt.ErrTimeout,
			Warning: s.partial, Err: fmt.Errorf("callbacks %d to %d did not come", s.next, next-1)}})
		s.next = next
		s.use()
	}
}

// emit is called with mu held.
func (s *stream) emit(ev stt.Event) {
	if s.c.Emit != nil {
		s.c.Emit(ev)
	}
}

func (s *stream) report(c callback) {
	switch {
	case c.err != nil:
		s.emit(stt.Event{Kind: stt.Degraded, Err: c.err})
		return
	case c.event == "transcription-stopped":
		s.stopped = max(s.heard, 1)
		return
	case c.event != content:
		return
	}
	t, err := stt.Clean(stt.Transcript{Text: c.text, Final: c.final, Confidence: c.confidence, Language: c.language, Engine: name, RequestID: c.sid}, nil)
	if err != nil {
		s.emit(stt.Event{Kind: stt.Degraded, Err: err})
		return
	}
	if s.partial = s.partial || !c.final; t.Text == "" {
		if c.final && s.speaking { // the unfinished text came to nothing
			s.speaking = false
			s.emit(stt.Event{Kind: stt.UtteranceEnd})
		}
		return
	}
	if !s.speaking {
		s.speaking = true
		s.emit(stt.Event{Kind: stt.SpeechStart})
	}
	switch {
	case c.final:
		s.speaking = false
		s.emit(stt.Event{Kind: stt.Final, Transcript: t})
		s.emit(stt.Event{Kind: stt.UtteranceEnd})
	case s.c.Interim:
		s.emit(stt.Event{Kind: stt.Interim, Transcript: t})
	}
}

// afterStop is the length of audio after the end of a transcription that makes the end
// a failure: a shorter one is the usual end of a call.
const afterStop = 3 * time.Second

var errStopped = errors.New("the transcription was stopped, and the call goes on")

// Send implements stt.Stream. It only counts the audio, which Twilio has already; the
// session finds the speech in it.
func (s *stream) Send(frame []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return stt.ErrClosed
	}
	s.heard += s.c.Format.Duration(len(frame))
	if s.stopped > 0 && s.heard-s.stopped >= afterStop {
		s.stopped = 0
		s.emit(stt.Event{Kind: stt.Degraded, Err: &stt.Error{Engine: name, Op: "read", Kind: stt.ErrUnavailable, Err: errStopped}})
	}
	return nil
}

// Flush implements stt.Stream. It returns at once, since Twilio takes no request to
// finish.
func (s *stream) Flush(context.Context) error { return s.Send(nil) }

// Close implements stt.Stream.
func (s *stream) Close() error {
	s.stop()
	s.shutdown()
	return nil
}

func (s *stream) shutdown() {
	s.engine.mu.Lock()
	if s.engine.streams[s.c.CallSID] == s {
		delete(s.engine.streams, s.c.CallSID)
	}
	s.engine.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.gap != nil {
		s.gap.Stop()
	}
}
