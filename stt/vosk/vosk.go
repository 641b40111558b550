// Package vosk transcribes calls with a vosk-server, Alpha Cephei's WebSocket server
// for Kaldi models, on your own machine.
package vosk

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
	"agentos.dev/dialtone/stt/internal/secret"
)

const name = "vosk"

// Options configure an Engine.
type Options struct {
	URL    string       // empty = "ws://localhost:2700"
	Client *http.Client // for the handshake; nil = one of the engine's own
}

// Format implements fmt.Formatter: every verb prints the options without secrets in the
// URL.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, "vosk.Options"+o.shown()) }

// MarshalText returns the options without secrets in the URL, for logs and JSON.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.shown()), nil }

// shown returns the options as they are printed.
func (o Options) shown() string {
	type plain Options
	o.URL = secret.ShownURL(o.URL)
	return fmt.Sprintf("%+v", plain(o))
}

// Engine transcribes calls. It is safe for concurrent use, and implements stt.Engine,
// stt.Prewarmer, stt.Checker, stt.Reporter and io.Closer. It is made by [New]; the zero
// value is not usable.
//
// Phrases of a stt.Config limit recognition to their words, in any combination,
// with models that have a dynamic graph. Other speech has no transcript, with
// models that have the word [unk], as most do.
type Engine struct{ service *live.Engine }

// New returns an engine. Each call has a connection; when it breaks, the audio that is
// not final yet is sent over a new one. The server has neither credentials nor
// encryption of its own: keep it on a private network.
//
// Prewarm checks that the server answers, and keeps a connection for the next call
// until Close.
func New(o Options) (*Engine, error) {
	engine, err := live.New(live.Service{
		Name:      name,
		URL:       cmp.Or(option.Trim(o.URL), "ws://localhost:2700"),
		Client:    o.Client,
		Session:   func(c stt.Config) live.Session { return &session{c: c} },
		MinChunk:  100 * time.Millisecond, // each piece costs the server an answer
		MaxChunk:  400 * time.Millisecond,
		Keep:      4 * time.Minute, // under the idle time of most routers
		FlushWait: time.Second,     // more than an answer takes that was not lost
	})
	if err != nil {
		return nil, err
	}
	return &Engine{engine}, nil
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
