// Package assemblyai transcribes calls with AssemblyAI's Universal Streaming
// API (v3), which takes a call's mu-law as it is.
package assemblyai

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/live"
	"agentos.dev/dialtone/stt/internal/secret"
)

const name = "assemblyai"

// Options configure an Engine. Key must be set.
type Options struct {
	Key   string // an API key
	Model string // speech_model; empty = the service's default
	// EndOfTurn is the confidence at which the service ends the caller's turn after
	// MinSilence, in (0, 1]; 0 = the service's default.
	EndOfTurn float64
	// MinSilence is the silence that ends a turn at the confidence EndOfTurn, and
	// MaxSilence ends one at any confidence; 0 = the service's defaults.
	MinSilence, MaxSilence time.Duration
	// FormatTurns adds punctuation and capitals. It makes finals later.
	FormatTurns bool
	URL         string       // empty = "wss://streaming.assemblyai.com/v3/ws"; parameters in it are kept
	Client      *http.Client // for the handshake, which follows no redirect; nil = one of the engine's own
}

// Format implements fmt.Formatter: every verb prints the options without the key and
// secrets in the URL.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, "assemblyai.Options"+o.shown()) }

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
	o.Model = option.Trim(o.Model)
	engine, err := live.New(live.Service{
		Name:          name,
		Model:         o.Model,
		URL:           cmp.Or(option.Trim(o.URL), "wss://streaming.assemblyai.com/v3/ws"),
		Key:           o.Key,
		Authorization: func(key string) string { return key }, // without a scheme
		Client:        o.Client,
		Session:       func(c stt.Config) live.Session { return &session{o: o, c: c} },
		Query:         o.query,
		Waits:         true,                   // for Begin
		MinChunk:      60 * time.Millisecond,  // less than 50 ends the session, with error 3007
		MaxChunk:      500 * time.Millisecond, // as does more than 1000
		FlushWait:     500 * time.Millisecond, // ForceEndpoint is answered only if there is a turn to end
		MaxAge:        2 * time.Hour,          // the service ends sessions after three
		Turns:         true,
		Closed:        kind,
	})
	if err = errors.Join(wrong, err); err != nil {
		return nil, err
	}
	return &Engine{engine}, nil
}

// kind is the kind of a close code, which is also that of an Error message. Some
// codes have several meanings.
func kind(code int, reason string) error {
	reason = strings.ToLower(reason)
	switch {
	case strings.Contains(reason, "rate exceeded"), strings.Contains(reason, "too many concurrent"):
		return stt.ErrOverloaded
	case strings.Contains(reason, "insufficient funds"), strings.Contains(reason, "insufficient balance"), strings.Contains(reason, "paid-only"):
		return stt.ErrQuota
	}
	switch code {
	case 1008, 4001:
		return stt.ErrAuth
	case 4002, 4003:
		return stt.ErrQuota
	case 3009, 4029, 4102: // too many sessions
		return stt.ErrOverloaded
	case 3006, 3007:
		return stt.ErrBadAudio
	}
	return nil
}

// query adds the parameters of a call.
func (o Options) query(q url.Values, c stt.Config) {
	encoding := "pcm_mulaw"
	if c.Format.Encoding == codec.PCM16 {
		encoding = "pcm_s16le"
	}
	values := map[string]string{
		"encoding": encoding, "sample_rate": strconv.Itoa(c.Format.SampleRate()),
		"format_turns": strconv.FormatBool(o.FormatTurns), "speech_model": o.Model,
	}
	if o.EndOfTurn > 0 {
		values["end_of_turn_confidence_threshold"] = strconv.FormatFloat(o.EndOfTurn, 'f', -1, 64)
	}
	if o.MinSilence > 0 {
		values["min_turn_silence"] = strconv.FormatInt(o.MinSilence.Milliseconds(), 10)
	}
	if o.MaxSilence > 0 {
		values["max_turn_silence"] = strconv.FormatInt(o.MaxSilence.Milliseconds(), 10)
	}
	if len(c.Phrases) > 0 {
		if list, err := json.Marshal(c.Phrases); err == nil {
			values["keyterms_prompt"] = string(list)
		}
	}
	wire.SetMissing(q, values)
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
