// Package deepgram speaks with Deepgram's streaming APIs, whose mu-law goes into a call as it
// is: Aura voices with /v1/speak, and Flux voices, which go on as they spoke before, with
// /v2/speak.
package deepgram

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
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/internal/secret"
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/internal/live"
)

const name = "deepgram"

// Options configure an Engine. Key must be set.
type Options struct {
	Key string // an API key
	// Voice is the voice with its model and language: empty = "aura-2-thalia-en". One that
	// begins with "flux-" is spoken with /v2/speak.
	Voice string
	// AsWritten gives the service numbers, dates and abbreviations as they are written,
	// to say them as it does.
	AsWritten bool
	// Workers is the number of utterances at once, and of connections, which the service
	// counts; 0 = 15.
	Workers int
	// MaxWait is the longest that an utterance waits for its turn; 0 = 2 s.
	MaxWait time.Duration
	URL     string       // empty = "wss://api.deepgram.com/v1/speak", or v2; parameters in it are kept
	Client  *http.Client // for the handshake, which follows no redirect; nil = one of the engine's own
}

// Format implements fmt.Formatter: however options are printed, it is without the key and secrets in the URL.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, "deepgram.Options"+o.shown()) }

// MarshalText returns the options without the key and secrets in the URL, for logs and JSON.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.shown()), nil }

// shown returns the options as they are printed.
func (o Options) shown() string {
	type plain Options
	o.Key, o.URL = secret.Shown(o.Key), secret.ShownURL(o.URL)
	return fmt.Sprintf("%+v", plain(o))
}

// Engine speaks with Deepgram. It has no word times. All methods are safe for
// concurrent use. It is made by [New]; the zero value is not usable.
//
// A piece of text has at most 2,000 characters. With an Aura voice each piece is an
// utterance of its own; with a Flux voice all pieces of a Streamer's utterance are one,
// and the next utterance of the same call goes on in its tone. Config.Language does not
// change the voice, which has one language, and a speed outside the service's 0.7 to
// 1.5 (Flux: 0.5 to 1.5) becomes the nearest in it. A connection serves utterances for
// an hour, and closes after a minute without one; an interruption stops the service by
// Clear or Interrupt and keeps the connection.
type Engine struct {
	service   *live.Engine
	asWritten bool
}

const (
	maxText = 2000
	// flushes is how often the service takes Flush on a connection in a minute, less one.
	flushes = 19
)

// voices are the names that voices have.
var voices = regexp.MustCompile(`^[a-z0-9]+(-[A-Za-z0-9]+)+$`)

// New returns an engine, or the errors of all options. It opens no connection: use
// Prewarm for that.
func New(o Options) (*Engine, error) {
	o.Voice = cmp.Or(option.Trim(o.Voice), "aura-2-thalia-en")
	var wrong error
	if !voices.MatchString(o.Voice) {
		wrong = fmt.Errorf("deepgram: Options.Voice %q is not the name of a voice, such as aura-2-thalia-en", o.Voice)
	}
	service := live.Service{
		Name: name, Model: o.Voice, Key: o.Key, Client: o.Client, Workers: o.Workers, MaxWait: o.MaxWait,
		URL:     cmp.Or(option.Trim(o.URL), "wss://api.deepgram.com/v1/speak"),
		Header:  func(key string) http.Header { return http.Header{"Authorization": {"Token " + key}} },
		Accepts: o.accepts, Address: o.address, Session: newAura,
		Pieces: true, PerMinute: flushes, MaxText: maxText, Idle: time.Minute, MaxAge: 55 * time.Minute,
		Closed: closed,
		Refused: func(h http.Header, err *tts.Error) {
			err.Code = h.Get("dg-error")
		},
	}
	if flux(o.Voice) {
		service.URL = cmp.Or(option.Trim(o.URL), "wss://api.deepgram.com/v2/speak")
		service.Session, service.Pieces, service.PerMinute, service.Alone = newFlux, false, 0, true
	}
	engine, err := live.New(service)
	if err = errors.Join(wrong, err); err != nil {
		return nil, err
	}
	return &Engine{engine, o.AsWritten}, nil
}

// flux reports whether a voice belongs to /v2/speak.
func flux(voice string) bool { return strings.HasPrefix(voice, "flux-") }

// accepts refuses a voice that does not exist or is spoken elsewhere.
func (o Options) accepts(c tts.Config) error {
	switch {
	case c.Voice == "":
		return nil
	case !voices.MatchString(c.Voice):
		return errors.New("that is not the name of a voice")
	case flux(c.Voice) != flux(o.Voice):
		return errors.New("voices of Flux and others need an engine each")
	}
	return nil
}

// address adds the parameters of an utterance.
func (o Options) address(u *url.URL, c tts.Config) {
	q := u.Query()
	values := map[string]string{"model": cmp.Or(c.Voice, o.Voice), "encoding": "mulaw", "sample_rate": "8000", "speed": speed(o.Voice, c.Speed)}
	if !flux(o.Voice) {
		values["container"] = "none"
	}
	wire.SetMissing(q, values)
	u.RawQuery = q.Encode()
}

// speed returns the service's speed for one, in its steps of 0.05; empty = its own.
func speed(voice string, s float64) string {
	if s == 0 || s == 1 {
		return ""
	}
	least := 0.7
	if flux(voice) {
		least = 0.5
	}
	steps := int(min(max(s, least), 1.5)*20 + 0.5)
	return strconv.FormatFloat(float64(steps)/20, 'f', 2, 64)
}

// closed gives a close its kind, by the code that its reason begins with.
func closed(code int, reason string) error {
	switch {
	case strings.HasPrefix(reason, "DATA-"), strings.HasPrefix(reason, "BIG-"), strings.HasPrefix(reason, "MESSAGE-"), code == 1007, code == 1009:
		return tts.ErrRefused
	case strings.HasPrefix(reason, "NET-"):
		return tts.ErrUnavailable
	}
	return nil
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
// the key and the voice.
func (e *Engine) Prewarm(ctx context.Context) error { return e.service.Prewarm(ctx) }

// Normalizes implements tts.Normalizer.
func (e *Engine) Normalizes() bool { return e.asWritten }

// Status implements tts.Reporter. Ready is the result of the last health check.
func (e *Engine) Status() tts.Status { return e.service.Status() }

// Close closes all connections. Utterances under way fail with [tts.ErrClosed].
func (e *Engine) Close() error { return e.service.Close() }
