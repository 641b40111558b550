// Package assemblyai transcribes calls with AssemblyAI's Universal Streaming
// API (v3), which takes a call's mu-law as it is.
package assemblyai

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
)

const name = "assemblyai"

// Options configure an Engine. Key must be set.
type Options struct {
	Key   string // an API key
	Model string // speech_model; empty = the service's default
	// MaxSilence ends a turn whatever was said; 0 = the service's default.
	MaxSilence time.Duration
	// Format adds punctuation and capitals. It makes finals later.
	Format bool
	URL    string       // empty = "wss://streaming.assemblyai.com/v3/ws"; parameters in it are kept
	Client *http.Client // for the handshake; nil = http.DefaultClient
}

// Engine transcribes calls. It is safe for concurrent use.
type Engine struct {
	o     Options
	calls stt.Engine
}

// New returns an engine. A connection is opened for each call; when it breaks, a
// new one is given what was not final yet.
func New(o Options) (*Engine, error) {
	if o.Key == "" {
		return nil, errors.New("assemblyai: Options.Key is empty")
	}
	if o.URL == "" {
		o.URL = "wss://streaming.assemblyai.com/v3/ws"
	}
	if u, err := url.Parse(o.URL); err != nil || u.Host == "" {
		return nil, errors.New("assemblyai: Options.URL is not a URL")
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
	return live.Open(ctx, live.Protocol{
		Engine:    name,
		URL:       e.url(c),
		Header:    http.Header{"Authorization": {e.o.Key}}, // without a scheme
		Client:    e.o.Client,
		Session:   &session{o: e.o, interim: c.Interim},
		Waits:     true,                   // for Begin
		MinChunk:  60 * time.Millisecond,  // less than 50 ends the session, with error 3007
		MaxChunk:  500 * time.Millisecond, // as does more than 1000
		FlushWait: 500 * time.Millisecond, // ForceEndpoint is answered only if there was speech
		Closed:    kind,
	}, c.Format), nil
}

// kind is the kind of a close code, which is also that of an Error message.
func kind(code int, _ string) error {
	switch code {
	case 1008, 4001:
		return stt.ErrAuth
	case 4002, 4003:
		return stt.ErrQuota
	case 4029, 4030, 4031, 4034:
		return stt.ErrOverloaded
	case 3005, 3006, 3007:
		return stt.ErrBadAudio
	}
	return nil
}

// url adds the parameters of a call.
func (e *Engine) url(c stt.Config) string {
	u, err := url.Parse(e.o.URL)
	if err != nil { // New has seen that it is one
		return e.o.URL
	}
	q := u.Query()
	set := func(key, value string) {
		if value != "" && !q.Has(key) {
			q.Set(key, value)
		}
	}
	encoding := "pcm_mulaw"
	if c.Format.Encoding == stt.PCM16 {
		encoding = "pcm_s16le"
	}
	set("encoding", encoding)
	set("sample_rate", strconv.Itoa(c.Format.Rate()))
	set("format_turns", strconv.FormatBool(e.o.Format))
	set("speech_model", e.o.Model)
	if e.o.MaxSilence > 0 {
		set("max_turn_silence", strconv.FormatInt(e.o.MaxSilence.Milliseconds(), 10))
	}
	if len(c.Phrases) > 0 {
		if list, err := json.Marshal(c.Phrases); err == nil {
			set("keyterms_prompt", string(list))
		}
	}
	u.RawQuery = q.Encode()
	return u.String()
}
