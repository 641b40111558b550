// Package cartesia speaks with Cartesia's streaming API, whose mu-law goes into a call as it
// is, with the times of its words.
package cartesia

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/internal/secret"
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/internal/live"
)

const (
	name = "cartesia"
	// version of the API that the engine speaks.
	version = "2026-03-01"
)

// Options configure an Engine. Key must be set.
type Options struct {
	Key   string // an API key
	Voice string // the id of a voice; empty = "a0e99841-438c-4a64-b679-ae501e7d6091"
	Model string // empty = "sonic-3.5"
	// AsWritten gives the service numbers, dates and abbreviations as they are written, to
	// say them as it does.
	AsWritten bool
	// Workers is the number of utterances at once, and of connections; 0 = 15. The service
	// counts utterances that are being made.
	Workers int
	// MaxWait is the longest that an utterance waits for its turn; 0 = 2 s.
	MaxWait time.Duration
	URL     string       // empty = "wss://api.cartesia.ai/tts/websocket"; parameters in it are kept
	Client  *http.Client // for the handshake, which follows no redirect; nil = one of the engine's own
}

// Format implements fmt.Formatter: however options are printed, it is without the key and secrets in the URL.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, "cartesia.Options"+o.shown()) }

// MarshalText returns the options without the key and secrets in the URL, for logs and JSON.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.shown()), nil }

// shown returns the options as they are printed.
func (o Options) shown() string {
	type plain Options
	o.Key, o.URL = secret.Shown(o.Key), secret.ShownURL(o.URL)
	return fmt.Sprintf("%+v", plain(o))
}

// Engine speaks with Cartesia, and has word times. All methods are safe for concurrent
// use. It is made by [New]; the zero value is not usable.
//
// A piece of text has at most 5,000 characters; the pieces of a Streamer's utterance
// are one context of the service. A speed outside its 0.6 to 1.5 becomes the nearest in
// it. A connection serves utterances one after the other, and closes after four minutes
// without one; an interruption cancels the context and keeps the connection.
type Engine struct {
	service   *live.Engine
	asWritten bool
}

// voices are the ids that voices have.
var voices = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{7,63}$`)

// New returns an engine, or the errors of all options. It opens no connection: use
// Prewarm for that.
func New(o Options) (*Engine, error) {
	o.Voice, o.Model = cmp.Or(option.Trim(o.Voice), "a0e99841-438c-4a64-b679-ae501e7d6091"), cmp.Or(option.Trim(o.Model), "sonic-3.5")
	var wrong error
	if !voices.MatchString(o.Voice) {
		wrong = fmt.Errorf("cartesia: Options.Voice %q is not the id of a voice, such as a0e99841-438c-4a64-b679-ae501e7d6091", o.Voice)
	}
	engine, err := live.New(live.Service{
		Name: name, Model: o.Model + "/" + o.Voice, Key: o.Key, Client: o.Client, Workers: o.Workers, MaxWait: o.MaxWait,
		URL:     cmp.Or(option.Trim(o.URL), "wss://api.cartesia.ai/tts/websocket"),
		Header:  func(key string) http.Header { return http.Header{"X-Api-Key": {key}} },
		Accepts: accepts, Address: address,
		Session: func(c tts.Config, _ live.Session) live.Session { return newSession(&o, c) },
		MaxText: 5000, Idle: 4 * time.Minute,
	})
	if err = errors.Join(wrong, err); err != nil {
		return nil, err
	}
	return &Engine{engine, o.AsWritten}, nil
}

// accepts refuses a voice that does not exist.
func accepts(c tts.Config) error {
	if c.Voice != "" && !voices.MatchString(c.Voice) {
		return errors.New("that is not the id of a voice")
	}
	return nil
}

// address adds the version of the API.
func address(u *url.URL, _ tts.Config) {
	q := u.Query()
	wire.SetMissing(q, map[string]string{"cartesia_version": version})
	u.RawQuery = q.Encode()
}

// Synthesize implements tts.Synthesizer.
func (e *Engine) Synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return e.service.Synthesize(ctx, text, c)
}

// Stream implements tts.Streamer.
func (e *Engine) Stream(ctx context.Context, pieces iter.Seq[string], c tts.Config) iter.Seq2[tts.Chunk, error] {
	return e.service.Stream(ctx, pieces, c)
}

// Check implements tts.Checker: it returns nil while there is a connection, and otherwise
// tries for one, at most every thirty seconds.
func (e *Engine) Check(ctx context.Context) error { return e.service.Check(ctx) }

// Prewarm implements tts.Prewarmer: it opens a connection, with which the service accepts
// the key.
func (e *Engine) Prewarm(ctx context.Context) error { return e.service.Prewarm(ctx) }

// Normalizes implements tts.Normalizer.
func (e *Engine) Normalizes() bool { return e.asWritten }

// Status implements tts.Reporter. Ready is the result of the last health check.
func (e *Engine) Status() tts.Status { return e.service.Status() }

// Close closes all connections. Utterances under way fail with [tts.ErrClosed].
func (e *Engine) Close() error { return e.service.Close() }
