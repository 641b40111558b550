// Package deepgram transcribes calls with Deepgram's streaming API
// (/v1/listen), which takes a call's mu-law as it is.
package deepgram

import (
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
	Client *http.Client // for the handshake; nil = one of the engine's own
}

// Engine transcribes calls. It is safe for concurrent use, and besides an
// stt.Engine an stt.Prewarmer, stt.Checker, stt.Reporter and io.Closer.
type Engine struct{ *live.Engine }

// New returns an engine. A connection is opened for each call; when it breaks, a
// new one is given what was not final yet.
//
// Prewarm asks whether the key is good and keeps a TLS connection to the service
// for the next call's WebSocket. A WebSocket itself is not kept, as the service
// charges for it.
func New(o Options) (*Engine, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
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
	engine, err := live.New(live.Service{
		Name:      name,
		Model:     o.Model,
		URL:       o.URL,
		Key:       o.Key,
		Header:    http.Header{"Authorization": {"Token " + o.Key}},
		Client:    o.Client,
		Session:   func(c stt.Config) live.Session { return &session{interim: c.Interim} },
		Query:     o.query,
		MinChunk:  20 * time.Millisecond,
		MaxChunk:  250 * time.Millisecond,
		KeepAlive: 4 * time.Second, // the service hangs up after ten
		FlushWait: time.Second,     // Finalize is answered only if there is much to finalize
		Refused: func(r *http.Response, err *stt.Error) {
			err.Code = r.Header.Get("dg-error")
		},
		Closed: func(code int, reason string) error {
			if code == 1008 || code == 1002 || strings.Contains(reason, "DATA-") {
				return stt.ErrBadAudio
			}
			return nil
		},
	})
	if err != nil {
		return nil, err
	}
	return &Engine{engine}, nil
}

// query adds the parameters of a call.
func (o Options) query(q url.Values, c stt.Config) {
	encoding := "mulaw"
	if c.Format.Encoding == stt.PCM16 {
		encoding = "linear16"
	}
	for key, value := range map[string]string{
		"model": o.Model, "encoding": encoding, "sample_rate": strconv.Itoa(c.Format.Rate()), "channels": "1",
		"interim_results": "true", "vad_events": "true", "utterance_end_ms": "1000",
		"endpointing": strconv.FormatInt(o.Endpointing.Milliseconds(), 10), "language": c.Language, "tag": c.CallID,
	} {
		if value != "" && !q.Has(key) {
			q.Set(key, value)
		}
	}
	if o.Format {
		q.Set("smart_format", "true")
	}
	hint := "keyterm"
	if !strings.HasPrefix(o.Model, "nova-3") {
		hint = "keywords"
	}
	for _, phrase := range c.Phrases {
		q.Add(hint, phrase)
	}
}
