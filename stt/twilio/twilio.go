// Package twilio makes an engine of Twilio's own real-time transcription,
// <Start><Transcription>: the text comes by callbacks, not from the audio that
// this process hears.
//
// Mount the Engine where the verb's statusCallbackUrl points to, behind the
// middleware of package voice/signature, and open streams with the call's SID as
// CallID. The callbacks of a call must reach the process that has its stream.
//
// Twilio does not tell when something was said, nor can it be asked to finish: the
// times of transcripts are those of the speech that this process heard before the
// callback came, and Flush returns at once. A transcription that was never started,
// or whose callbacks do not arrive, looks like a caller who says nothing: stt.Failover
// leaves this engine only when Twilio reports an error.
package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/stt"
)

const name = "twilio"

// Options configure an Engine. The zero value listens to the caller.
type Options struct {
	// Track is whose words count; empty = "inbound_track", the caller's.
	Track string
	// Gap is how long a missing callback is waited for before those after it are
	// used; 0 = 1 s.
	Gap time.Duration
}

// Engine is an stt.Engine and the http.Handler of the callbacks. It is safe for
// concurrent use.
type Engine struct {
	o     Options
	wrong error // what Validate tells

	mu      sync.Mutex
	streams map[string]*stream // by call SID
}

// New returns an engine. [stt.Validate] tells what is wrong with the options.
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

// Validate returns what is wrong with the options.
func (e *Engine) Validate() error { return e.wrong }

// Open implements stt.Engine. The Config's CallID is the call's SID.
func (e *Engine) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	return stt.Measure(stt.EngineFunc(e.open)).Open(ctx, c)
}

func (e *Engine) open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	if c.CallID == "" {
		return nil, errors.New("twilio: Config.CallID is empty: it takes the call's SID")
	}
	s := &stream{engine: e, c: c, next: 1, early: map[int]callback{}, past: map[string]bool{}, ear: newEar(c.Format)}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.streams[c.CallID] != nil {
		return nil, errors.New("twilio: call " + c.CallID + " has a stream already")
	}
	e.streams[c.CallID] = s
	s.stop = context.AfterFunc(ctx, s.shutdown)
	return s, nil
}

// callback is one request of Twilio.
type callback struct {
	event      string
	sid        string // of the transcription
	text       string
	confidence float64
	final      bool
	language   string
	failure    string
}

// ServeHTTP takes a callback: 204 when it was used or is a repetition, 400 when
// it is none, 404 when the call has no stream here.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	sequence, err := strconv.Atoi(r.PostForm.Get("SequenceId"))
	if err != nil || sequence < 0 {
		http.Error(w, "", http.StatusBadRequest)
		return
	}
	c := callback{event: r.PostForm.Get("TranscriptionEvent"), sid: r.PostForm.Get("TranscriptionSid"), confidence: math.NaN(),
		final: r.PostForm.Get("Final") == "true", language: r.PostForm.Get("LanguageCode"),
		failure: r.PostForm.Get("TranscriptionErrorCode") + " " + r.PostForm.Get("TranscriptionError")}
	if track := r.PostForm.Get("Track"); c.event == "transcription-content" && (track == "" || track == e.o.Track) {
		var data struct {
			Transcript string   `json:"transcript"`
			Confidence *float64 `json:"confidence"`
		}
		if json.Unmarshal([]byte(r.PostForm.Get("TranscriptionData")), &data) != nil {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		c.text = data.Transcript
		if data.Confidence != nil {
			c.confidence = *data.Confidence
		}
	}
	e.mu.Lock()
	s := e.streams[r.PostForm.Get("CallSid")]
	e.mu.Unlock()
	if s == nil {
		http.Error(w, "", http.StatusNotFound)
		return
	}
	s.arrive(sequence, c)
	w.WriteHeader(http.StatusNoContent)
}

// stream puts a call's callbacks into order.
type stream struct {
	engine *Engine
	c      stt.Config
	stop   func() bool
	mail   stt.Mailbox

	mu       sync.Mutex
	past     map[string]bool  // the transcriptions before, whose repetitions may come
	sid      string           // of the transcription whose sequence this is
	next     int              // sequence number
	early    map[int]callback // by sequence number
	gap      *time.Timer      // runs while one is missing
	speaking bool
	closed   bool
	ear      *ear
}

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
		s.sid, s.next = c.sid, min(sequence, 1)
	}
	if sequence < s.next {
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

// use uses what is in order. It is called with mu held.
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

// skip gives up what is missing. It is called with mu held.
func (s *stream) skip() {
	if s.gap != nil {
		s.gap.Stop()
		s.gap = nil
	}
	for len(s.early) > 0 && !s.closed {
		s.next = slices.Min(slices.Collect(maps.Keys(s.early)))
		s.use()
	}
}

func (s *stream) report(c callback) {
	t := stt.Transcript{Text: c.text, Final: c.final, Confidence: c.confidence, Language: c.language, Engine: name, RequestID: c.sid}
	switch {
	case c.event == "transcription-error":
		s.mail.Put(stt.Event{Kind: stt.Degraded, Err: &stt.Error{Engine: name, Op: "read", Kind: stt.ErrUnavailable, Err: errors.New(c.failure)}})
		return
	case c.event != "transcription-content" || c.text == "":
		return
	}
	t.Start, t.End = s.ear.place(c.final)
	if !s.speaking {
		s.speaking = true
		s.mail.Put(stt.Event{Kind: stt.SpeechStart, Transcript: stt.Transcript{Start: t.Start, End: t.Start}})
	}
	switch {
	case c.final:
		s.speaking = false
		s.mail.Put(stt.Event{Kind: stt.Final, Transcript: t})
		s.mail.Put(stt.Event{Kind: stt.UtteranceEnd, Transcript: stt.Transcript{Start: t.Start, End: t.End}})
	case s.c.Interim:
		s.mail.Put(stt.Event{Kind: stt.Interim, Transcript: t})
	}
}

// Send implements stt.Stream. Twilio has the audio already; here it tells when
// somebody spoke.
func (s *stream) Send(frame []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return stt.ErrClosed
	}
	s.ear.hear(frame)
	return nil
}

// Flush implements stt.Stream. Twilio cannot be asked to finish, so it returns
// at once.
func (s *stream) Flush(context.Context) error { return s.Send(nil) }

// Recv implements stt.Stream.
func (s *stream) Recv(ctx context.Context) (stt.Event, error) { return s.mail.Recv(ctx) }

// Close implements stt.Stream.
func (s *stream) Close() error {
	s.stop()
	s.shutdown()
	return nil
}

func (s *stream) shutdown() {
	s.engine.mu.Lock()
	if s.engine.streams[s.c.CallID] == s {
		delete(s.engine.streams, s.c.CallID)
	}
	s.engine.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.gap != nil {
		s.gap.Stop()
	}
	s.mail.CloseWith(io.EOF)
}
