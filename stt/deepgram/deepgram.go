// Package deepgram transcribes calls with Deepgram's streaming API
// (/v1/listen), which takes a call's mu-law as it is.
package deepgram

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
)

const name = "deepgram"

// Options configure an Engine. Key must be set.
type Options struct {
	Key   string // an API key
	Model string // empty = "nova-3"
	// Endpointing is the silence that ends an utterance; 0 = 300 ms. The service
	// works in steps of 10 ms.
	Endpointing time.Duration
	// Format makes dates, amounts and the like of the words, and adds punctuation.
	Format bool
	URL    string       // empty = "wss://api.deepgram.com/v1/listen"; parameters in it are kept
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
		return nil, errors.New("deepgram: Options.Key is empty")
	}
	if o.Model == "" {
		o.Model = "nova-3"
	}
	if o.Endpointing <= 0 {
		o.Endpointing = 300 * time.Millisecond
	}
	if o.URL == "" {
		o.URL = "wss://api.deepgram.com/v1/listen"
	}
	if u, err := url.Parse(o.URL); err != nil || u.Host == "" {
		return nil, errors.New("deepgram: Options.URL is not a URL")
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

// connect opens one connection.
func (e *Engine) connect(ctx context.Context, c stt.Config) (stt.Stream, error) {
	if err := c.Format.Validate(); err != nil {
		return nil, err
	}
	return live.Open(ctx, live.Protocol{
		Engine:    name,
		URL:       e.url(c),
		Header:    http.Header{"Authorization": {"Token " + e.o.Key}},
		Client:    e.o.Client,
		Session:   &session{interim: c.Interim},
		MinChunk:  20 * time.Millisecond,
		MaxChunk:  250 * time.Millisecond,
		KeepAlive: 4 * time.Second, // the service hangs up after ten
		Refused: func(r *http.Response, err *stt.Error) {
			err.Code = r.Header.Get("dg-error")
			if err.Code != "" {
				err.Code = strings.ReplaceAll(err.Code, e.o.Key, "[key]")
			}
		},
		Closed: func(code int, reason string) error {
			if code == 1008 || code == 1002 || strings.Contains(reason, "DATA-") {
				return stt.ErrBadAudio
			}
			return nil
		},
	}, c.Format), nil
}

// url adds the parameters of a call.
func (e *Engine) url(c stt.Config) string {
	u, err := url.Parse(e.o.URL)
	if err != nil { // New has seen that it is one
		return e.o.URL
	}
	q := u.Query()
	encoding := "mulaw"
	if c.Format.Encoding == stt.PCM16 {
		encoding = "linear16"
	}
	for key, value := range map[string]string{
		"model": e.o.Model, "encoding": encoding, "sample_rate": strconv.Itoa(c.Format.Rate()), "channels": "1",
		"interim_results": "true", "vad_events": "true", "utterance_end_ms": "1000",
		"endpointing": strconv.FormatInt(e.o.Endpointing.Milliseconds(), 10), "language": c.Language, "tag": c.CallID,
	} {
		if value != "" && !q.Has(key) {
			q.Set(key, value)
		}
	}
	if e.o.Format {
		q.Set("smart_format", "true")
	}
	hint := "keyterm"
	if !strings.HasPrefix(e.o.Model, "nova-3") {
		hint = "keywords"
	}
	for _, phrase := range c.Phrases {
		q.Add(hint, phrase)
	}
	u.RawQuery = q.Encode()
	return u.String()
}
