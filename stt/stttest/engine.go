// Package stttest helps to test speech-to-text: engines to put in the place of
// real ones, and [Suite], the tests that every engine of dialtone passes.
package stttest

import (
	"context"
	"sync"
	"time"

	"agentos.dev/dialtone/stt"
)

// Recognizer answers with the texts it is given, without listening. The zero
// value hears nothing. Set the fields before use.
type Recognizer struct {
	// Texts are the answers, in turn; after the last one it begins anew.
	Texts []string
	// Delay is how long each answer takes.
	Delay time.Duration
	// Fail, if not nil, is asked before each answer, which are counted from 0. Its
	// error is returned in the place of the answer.
	Fail func(n int) error

	mu         sync.Mutex
	utterances []Utterance
}

// Utterance is a request to a Recognizer.
type Utterance struct {
	Audio  []byte
	Config stt.Config
}

// Recognize implements stt.Recognizer.
func (r *Recognizer) Recognize(ctx context.Context, audio []byte, c stt.Config) (stt.Transcript, error) {
	r.mu.Lock()
	n := len(r.utterances)
	r.utterances = append(r.utterances, Utterance{append([]byte(nil), audio...), c})
	r.mu.Unlock()
	if r.Delay > 0 {
		timer := time.NewTimer(r.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return stt.Transcript{}, ctx.Err()
		}
	}
	if r.Fail != nil {
		if err := r.Fail(n); err != nil {
			return stt.Transcript{}, err
		}
	}
	t := stt.Transcript{Final: true, Confidence: 1, Engine: "stttest"}
	if len(r.Texts) > 0 {
		t.Text = r.Texts[n%len(r.Texts)]
	}
	return t, nil
}

// Utterances returns the requests so far.
func (r *Recognizer) Utterances() []Utterance {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Utterance(nil), r.utterances...)
}

// Engine is an engine whose events the test makes: [Engine.Stream] returns the stream
// of a call, and [Stream.Put] emits an event of it. The zero value is ready for use.
type Engine struct {
	// OpenError, if not nil, is the error that Open returns.
	OpenError error

	mu      sync.Mutex
	streams []*Stream
	opened  chan struct{}
}

// Open implements stt.Engine.
func (e *Engine) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	if e.OpenError != nil {
		return nil, e.OpenError
	}
	s := &Stream{Config: c}
	s.stop = context.AfterFunc(ctx, s.shutdown)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.streams = append(e.streams, s)
	if e.opened != nil {
		close(e.opened)
		e.opened = nil
	}
	return s, nil
}

// Stream returns the nth stream, from 0, that was opened. It waits for it.
func (e *Engine) Stream(ctx context.Context, n int) (*Stream, error) {
	for {
		e.mu.Lock()
		if n < len(e.streams) {
			defer e.mu.Unlock()
			return e.streams[n], nil
		}
		if e.opened == nil {
			e.opened = make(chan struct{})
		}
		opened := e.opened
		e.mu.Unlock()
		select {
		case <-opened:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Stream is one call's stream of an [Engine]. It is made by [Engine.Open]; the zero value is
// not usable.
type Stream struct {
	Config stt.Config // as it was opened
	stop   func() bool

	mu      sync.Mutex
	audio   []byte
	flushes int
	closed  bool
	err     error
}

// Put gives the call an event, unless the stream has ended.
func (s *Stream) Put(e stt.Event) {
	s.mu.Lock()
	over := s.closed || s.err != nil
	s.mu.Unlock()
	if !over && s.Config.Emit != nil {
		s.Config.Emit(e)
	}
}

// Say gives the call a final transcript, and the end of the utterance.
func (s *Stream) Say(text string) {
	s.mu.Lock()
	now := s.Config.Format.Duration(len(s.audio))
	s.mu.Unlock()
	t := stt.Transcript{Text: text, Final: true, Confidence: 1, End: now, Engine: "stttest"}
	s.Put(stt.Event{Kind: stt.Final, Transcript: t})
	s.Put(stt.Event{Kind: stt.UtteranceEnd, Transcript: stt.Transcript{End: now}})
}

// Fail ends the stream with an error, as a service that died.
func (s *Stream) Fail(err error) {
	s.mu.Lock()
	over := s.closed || s.err != nil
	s.err = err
	s.mu.Unlock()
	if !over && s.Config.Emit != nil {
		s.Config.Emit(stt.Event{Kind: stt.Ended, Err: err})
	}
}

// Audio returns all that was sent so far.
func (s *Stream) Audio() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]byte(nil), s.audio...)
}

// Flushes returns how often Flush was called.
func (s *Stream) Flushes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flushes
}

// Closed reports whether the stream was closed, or its context ended.
func (s *Stream) Closed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// Send implements stt.Stream.
func (s *Stream) Send(frame []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return stt.ErrClosed
	case s.err != nil:
		return s.err
	}
	s.audio = append(s.audio, frame...)
	return nil
}

// Flush implements stt.Stream. It returns at once.
func (s *Stream) Flush(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return stt.ErrClosed
	}
	s.flushes++
	return s.err
}

// Close implements stt.Stream.
func (s *Stream) Close() error {
	s.stop()
	s.shutdown()
	return nil
}

func (s *Stream) shutdown() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
}
