// Package vosk transcribes calls with a vosk-server, Alpha Cephei's WebSocket
// server for Kaldi models, on a machine of one's own.
package vosk

import (
	"cmp"
	"fmt"
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

// String returns the options without secrets in the URL.
func (o Options) String() string { return fmt.Sprintf("%+v", o.shown()) }

// GoString returns the same, with the type.
func (o Options) GoString() string { return "vosk.Options" + o.String() }

// MarshalText returns the same as String, for logs and JSON.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// shown are options as they are printed.
type shown Options

func (o Options) shown() shown {
	o.URL = secret.ShownURL(o.URL)
	return shown(o)
}

// Engine transcribes calls. It is safe for concurrent use, and besides an
// stt.Engine an stt.Prewarmer, stt.Checker, stt.Reporter and io.Closer.
//
// Phrases of a stt.Config limit recognition to their words, in any combination,
// with models that have a dynamic graph. Other speech has no transcript, with
// models that have the word [unk], as most do.
type Engine struct{ *live.Engine }

// New returns an engine. A connection is opened for each call; when it breaks, a
// new one is given what was not final yet. The server has neither credentials
// nor encryption of its own: keep it on a private network.
//
// Prewarm asks whether the server answers, and keeps a connection for the next
// call until Close.
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
