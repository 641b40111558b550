// Package openairealtime transcribes calls with OpenAI's Realtime API in its
// transcription mode, which takes a call's mu-law as it is.
package openairealtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
	"agentos.dev/dialtone/stt/internal/secret"
)

const name = "openairealtime"

// Options configure an Engine. Key must be set.
type Options struct {
	Key   string // an API key
	Model string // empty = "gpt-4o-mini-transcribe"
	// Silence ends an utterance; 0 = 300 ms.
	Silence time.Duration
	// Eagerness turns on the service's semantic detection, in place of Silence: an
	// utterance ends when the service takes the caller's turn to be over, after at most 8
	// s of silence with "low", 4 with "medium" and "auto", 2 with "high".
	Eagerness string
	// NoiseReduction is "near_field", "far_field" or empty for none.
	NoiseReduction string
	URL            string       // empty = "wss://api.openai.com/v1/realtime?intent=transcription"; a gateway may want model in it
	Client         *http.Client // for the handshake; nil = one of the engine's own
}

// Format implements fmt.Formatter: every verb prints the options without the key and
// secrets in the URL.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, "openairealtime.Options"+o.shown()) }

// MarshalText returns the options without the key and secrets in the URL, for logs and JSON.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.shown()), nil }

// shown returns the options as they are printed.
func (o Options) shown() string {
	type plain Options
	o.Key, o.URL = secret.Shown(o.Key), secret.ShownURL(o.URL)
	return fmt.Sprintf("%+v", plain(o))
}

// Engine transcribes calls. It is safe for concurrent use, and implements stt.Engine,
// stt.Prewarmer, stt.Checker, stt.Reporter and io.Closer. It takes audio at 8000 Hz
// only. It is made by [New]; the zero value is not usable.
type Engine struct{ service *live.Engine }

// New returns an engine. Each call has a connection; when it breaks, the audio that is
// not final yet is sent over a new one. As the service ends sessions after 15 to 60
// minutes, a call changes to a new one after ten, while nobody speaks.
//
// Prewarm checks the key, and keeps a connection for the next call until Close.
func New(o Options) (*Engine, error) {
	wrong := o.check()
	if o.Model = option.Trim(o.Model); o.Model == "" {
		o.Model = "gpt-4o-mini-transcribe"
	}
	o.Eagerness = option.Trim(o.Eagerness)
	if o.Silence <= 0 {
		o.Silence = 300 * time.Millisecond
	}
	engine, err := live.New(live.Service{
		Name:          name,
		Model:         o.Model,
		URL:           cmp.Or(option.Trim(o.URL), "wss://api.openai.com/v1/realtime?intent=transcription"),
		Key:           o.Key,
		Authorization: func(key string) string { return "Bearer " + key },
		Client:        o.Client,
		Session:       func(c stt.Config) live.Session { return &session{o: o, c: c, items: map[string]*item{}} },
		Accepts:       accepts,
		Waits:         true, // for the session to be as configured
		MinChunk:      20 * time.Millisecond,
		MaxChunk:      time.Second,
		Keep:          4 * time.Minute,
		MaxAge:        10 * time.Minute,
		Turns:         o.Eagerness != "",
	})
	if err = errors.Join(wrong, err); err != nil {
		return nil, err
	}
	return &Engine{engine}, nil
}

func accepts(c stt.Config) error {
	if c.Format.SampleRate() != 8000 {
		return &stt.Error{Engine: name, Op: "open", Kind: stt.ErrBadAudio, Err: fmt.Errorf("sample rate %d is not 8000", c.Format.SampleRate())}
	}
	return nil
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
