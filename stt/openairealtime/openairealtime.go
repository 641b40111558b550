// Package openairealtime transcribes calls with OpenAI's Realtime API in its
// transcription mode, which takes a call's mu-law as it is.
package openairealtime

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
)

const name = "openairealtime"

// Options configure an Engine. Key must be set.
type Options struct {
	Key   string // an API key
	Model string // empty = "gpt-4o-mini-transcribe"
	// Silence ends an utterance; 0 = 300 ms.
	Silence time.Duration
	// NoiseReduction is "near_field", "far_field" or empty for none.
	NoiseReduction string
	URL            string       // empty = "wss://api.openai.com/v1/realtime?intent=transcription"; a gateway may want model in it
	Client         *http.Client // for the handshake; nil = http.DefaultClient
}

// Engine transcribes calls. It is safe for concurrent use. It takes audio at
// 8000 Hz only.
type Engine struct {
	o     Options
	calls stt.Engine
}

// New returns an engine. A connection is opened for each call; when it breaks, a
// new one is given what was not final yet.
func New(o Options) (*Engine, error) {
	if o.Key == "" {
		return nil, errors.New("openairealtime: Options.Key is empty")
	}
	if o.Model == "" {
		o.Model = "gpt-4o-mini-transcribe"
	}
	if o.Silence <= 0 {
		o.Silence = 300 * time.Millisecond
	}
	if o.URL == "" {
		o.URL = "wss://api.openai.com/v1/realtime?intent=transcription"
	}
	if u, err := url.Parse(o.URL); err != nil || u.Host == "" {
		return nil, errors.New("openairealtime: Options.URL is not a URL")
	}
	e := &Engine{o: o}
	e.calls = stt.Failover(stt.FailoverOptions{Reconnects: 2}, stt.EngineFunc(e.connect))
	return e, nil
}

// Open implements stt.Engine.
func (e *Engine) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	return e.calls.Open(ctx, c)
}

// Check returns an error when the last connections failed, without making one.
func (e *Engine) Check(ctx context.Context) error {
	if c, ok := e.calls.(stt.Checker); ok {
		return c.Check(ctx)
	}
	return nil
}

// Status implements stt.Reporter.
func (e *Engine) Status() stt.Status {
	return stt.Status{Engine: name, Model: e.o.Model, Ready: e.Check(context.Background()) == nil}
}

func (e *Engine) connect(ctx context.Context, c stt.Config) (stt.Stream, error) {
	if err := c.Format.Validate(); err != nil {
		return nil, err
	}
	if c.Format.Rate() != 8000 {
		return nil, &stt.Error{Engine: name, Op: "open", Kind: stt.ErrBadAudio, Err: fmt.Errorf("sample rate %d is not 8000", c.Format.Rate())}
	}
	return live.Open(ctx, live.Protocol{
		Engine:   name,
		URL:      e.o.URL,
		Header:   http.Header{"Authorization": {"Bearer " + e.o.Key}},
		Client:   e.o.Client,
		Session:  &session{o: e.o, c: c, items: map[string]*item{}},
		Waits:    true, // for the session to be as configured
		MinChunk: 20 * time.Millisecond,
		MaxChunk: time.Second,
	}, c.Format), nil
}
