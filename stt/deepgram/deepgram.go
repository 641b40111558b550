// Package deepgram transcribes calls with Deepgram's streaming APIs, which take a
// call's mu-law as it is: Nova models with /v1/listen, and Flux models, which detect
// the ends of turns, with /v2/listen.
package deepgram

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/failure"
	"agentos.dev/dialtone/stt/internal/live"
	"agentos.dev/dialtone/stt/internal/secret"
)

const name = "deepgram"

// Options configure an Engine. Key must be set.
type Options struct {
	Key   string // an API key
	Model string // empty = "nova-3"; "flux-general-en" and "flux-general-multi" tell turns
	// Endpointing is the silence that ends an utterance; 0 = 300 ms. The service
	// works in steps of 10 ms.
	Endpointing time.Duration
	// SmartFormat writes dates, amounts and the like in figures, and adds punctuation.
	SmartFormat bool
	// EndOfTurn is the confidence at which a Flux model ends the caller's turn, in [0.5,
	// 1]; 0 = the service's default, 0.7. With 1 only TurnTimeout and a Flush end a turn.
	EndOfTurn float64
	// EagerEndOfTurn is the confidence at which a Flux model reports that the turn may be
	// over, as an [stt.TurnEager], in [0.3, 0.9] and not above EndOfTurn; 0 = no report.
	EagerEndOfTurn float64
	// TurnTimeout is the silence after which a Flux model ends a turn at any confidence,
	// from 500 ms to 60 s; 0 = the service's default, 5 s. After 8 s the session ends the
	// turn by a Flush.
	TurnTimeout time.Duration
	URL         string       // empty = "wss://api.deepgram.com/v1/listen", or v2; parameters in it are kept
	Client      *http.Client // for the handshake, which follows no redirect; nil = one of the engine's own
}

// Format implements fmt.Formatter: every verb prints the options without the key and
// secrets in the URL.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, "deepgram.Options"+o.shown()) }

// MarshalText returns the options without the key and secrets in the URL, for logs and JSON.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.shown()), nil }

// shown returns the options as they are printed.
func (o Options) shown() string {
	type plain Options
	o.Key, o.URL = secret.Shown(o.Key), secret.ShownURL(o.URL)
	return fmt.Sprintf("%+v", plain(o))
}

// Engine transcribes calls. It is safe for concurrent use, and implements stt.Engine,
// stt.Prewarmer, stt.Checker, stt.Reporter and io.Closer. It is made by [New]; the zero
// value is not usable.
type Engine struct{ service *live.Engine }

// New returns an engine. Each call has a connection; when it breaks, the audio that is
// not final yet is sent over a new one.
//
// Prewarm checks the key and keeps a TLS connection to the service for the next call's
// WebSocket. A WebSocket itself is not kept, as the service charges for it.
func New(o Options) (*Engine, error) {
	wrong := o.check()
	if o.Model = option.Trim(o.Model); o.Model == "" {
		o.Model = "nova-3"
	}
	if o.Endpointing <= 0 {
		o.Endpointing = 300 * time.Millisecond
	}
	service := live.Service{
		Name:          name,
		Model:         o.Model,
		URL:           cmp.Or(option.Trim(o.URL), "wss://api.deepgram.com/v1/listen"),
		Key:           o.Key,
		Authorization: func(key string) string { return "Token " + key },
		Client:        o.Client,
		Session:       func(c stt.Config) live.Session { return &session{interim: c.Interim} },
		Query:         o.query,
		MinChunk:      20 * time.Millisecond,
		MaxChunk:      250 * time.Millisecond,
		KeepAlive:     4 * time.Second, // the service hangs up after ten
		FlushWait:     time.Second,     // Finalize is answered only if there is much to finalize
		Refused: func(h http.Header, err *stt.Error) {
			err.Code = h.Get("dg-error")
		},
		Closed: func(code int, reason string) error {
			switch kind := failure.Kind(answer.Fault{Code: reason}); kind {
			case stt.ErrAuth, stt.ErrQuota, stt.ErrOverloaded:
				return kind
			}
			if code == 1008 || code == 1002 || strings.Contains(reason, "DATA-") {
				return stt.ErrBadAudio
			}
			return nil
		},
	}
	if flux(o.Model) {
		service.URL = cmp.Or(option.Trim(o.URL), "wss://api.deepgram.com/v2/listen")
		service.Session = func(c stt.Config) live.Session { return &fluxSession{o: o, c: c} }
		service.Query, service.Accepts, service.Turns = o.fluxQuery, o.fluxAccepts, true
		service.MinChunk = 80 * time.Millisecond // as the service advises
		service.KeepAlive = 0                    // it has no message for that
	}
	engine, err := live.New(service)
	if err = errors.Join(wrong, err); err != nil {
		return nil, err
	}
	return &Engine{engine}, nil
}

// query adds the parameters of a call.
func (o Options) query(q url.Values, c stt.Config) {
	language := c.Language
	if language == "mul" { // several: the service has a name of its own
		language = "multi"
	}
	wire.SetMissing(q, map[string]string{
		"model": o.Model, "encoding": encoding(c.Format), "sample_rate": strconv.Itoa(c.Format.SampleRate()), "channels": "1",
		"interim_results": "true", "vad_events": "true", "utterance_end_ms": "1000",
		"endpointing": strconv.FormatInt(o.Endpointing.Milliseconds(), 10), "language": language, "tag": c.CallSID,
	})
	if o.SmartFormat {
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

// encoding is the service's name for one.
func encoding(f codec.Format) string {
	if f.Encoding == codec.PCM16 {
		return "linear16"
	}
	return "mulaw"
}

// Open implements stt.Engine: the stream is one connection. Calls begin with stt.Open.
func (e *Engine) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	return e.service.Open(ctx, c)
}

// Traits implements stt.Describer.
func (e *Engine) Traits() stt.Traits { return e.service.Traits() }

// Prewarm implements stt.Prewarmer, as New describes.
func (e *Engine) Prewarm(ctx context.Context) error { return e.service.Prewarm(ctx) }

// Check implements stt.Checker. It returns an error when the last connections failed;
// half a minute after a failed Prewarm it prewarms again.
func (e *Engine) Check(ctx context.Context) error { return e.service.Check(ctx) }

// Status implements stt.Reporter.
func (e *Engine) Status() stt.Status { return e.service.Status() }

// Close gives up the connection that Prewarm keeps ready. Calls go on.
func (e *Engine) Close() error { return e.service.Close() }
