// Package elevenlabs speaks with ElevenLabs' streaming API, whose mu-law goes into a call as
// it is, with the times of its characters.
package elevenlabs

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
	"strings"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/internal/secret"
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/internal/live"
)

const name = "elevenlabs"

// Options configure an Engine. Key must be set.
type Options struct {
	Key   string // an API key
	Voice string // the id of a voice; empty = "21m00Tcm4TlvDq8ikWAM"
	Model string // empty = "eleven_flash_v2_5"
	// Stability and Similarity are the voice's settings of these names, from 0 to 1; 0 =
	// its own.
	Stability, Similarity float64
	// AsWritten gives the service numbers, dates and abbreviations as they are written, to
	// say them as it does. Flash models do that badly.
	AsWritten bool
	// Workers is the number of utterances at once, and of connections; 0 = 15. The service
	// counts utterances that are being made.
	Workers int
	// MaxWait is the longest that an utterance waits for its turn; 0 = 2 s.
	MaxWait time.Duration
	URL     string       // empty = "wss://api.elevenlabs.io"; parameters in it are kept
	Client  *http.Client // for the handshake, which follows no redirect; nil = one of the engine's own
}

// Format implements fmt.Formatter: however options are printed, it is without the key and secrets in the URL.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, "elevenlabs.Options"+o.shown()) }

// MarshalText returns the options without the key and secrets in the URL, for logs and JSON.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.shown()), nil }

// shown returns the options as they are printed.
func (o Options) shown() string {
	type plain Options
	o.Key, o.URL = secret.Shown(o.Key), secret.ShownURL(o.URL)
	return fmt.Sprintf("%+v", plain(o))
}

// Engine speaks with ElevenLabs, and has word times. All methods are safe for
// concurrent use. It is made by [New]; the zero value is not usable.
//
// A piece of text has at most 5,000 characters; the pieces of a Streamer's utterance
// are one context of the service. A speed outside its 0.7 to 1.2 becomes the nearest in
// it. A connection serves utterances one after the other, and closes after two minutes
// without one; an interruption closes the context and keeps the connection.
type Engine struct {
	service   *live.Engine
	asWritten bool
}

// voices are the ids that voices have.
var voices = regexp.MustCompile(`^[A-Za-z0-9_]{8,64}$`)

// New returns an engine, or the errors of all options. It opens no connection: use
// Prewarm for that.
func New(o Options) (*Engine, error) {
	o.Voice, o.Model = cmp.Or(option.Trim(o.Voice), "21m00Tcm4TlvDq8ikWAM"), cmp.Or(option.Trim(o.Model), "eleven_flash_v2_5")
	var wrong []error
	if !voices.MatchString(o.Voice) {
		wrong = append(wrong, fmt.Errorf("elevenlabs: Options.Voice %q is not the id of a voice, such as 21m00Tcm4TlvDq8ikWAM", o.Voice))
	}
	for name, v := range map[string]float64{"Stability": o.Stability, "Similarity": o.Similarity} {
		if !(v >= 0 && v <= 1) {
			wrong = append(wrong, fmt.Errorf("elevenlabs: Options.%s is %v: want 0 to 1", name, v))
		}
	}
	engine, err := live.New(live.Service{
		Name: name, Model: o.Model + "/" + o.Voice, Key: o.Key, Client: o.Client, Workers: o.Workers, MaxWait: o.MaxWait,
		URL:     cmp.Or(option.Trim(o.URL), "wss://api.elevenlabs.io"),
		Header:  func(key string) http.Header { return http.Header{"Xi-Api-Key": {key}} },
		Accepts: accepts, Address: o.address,
		Session: func(c tts.Config, _ live.Session) live.Session { return newSession(&o, c) },
		MaxText: 5000, Idle: 2 * time.Minute, Closed: closed,
	})
	if err = errors.Join(append(wrong, err)...); err != nil {
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

// address adds voice and parameters of an utterance.
func (o *Options) address(u *url.URL, c tts.Config) {
	u.Path = strings.TrimRight(u.Path, "/") + "/v1/text-to-speech/" + cmp.Or(c.Voice, o.Voice) + "/multi-stream-input"
	language, _, _ := strings.Cut(c.Language, "-")
	normalization := "off"
	if o.AsWritten {
		normalization = "auto"
	}
	q := u.Query()
	wire.SetMissing(q, map[string]string{"model_id": o.Model, "output_format": "ulaw_8000", "sync_alignment": "true", "inactivity_timeout": "180",
		"apply_text_normalization": normalization, "language_code": strings.ToLower(language)})
	u.RawQuery = q.Encode()
}

// kind returns the kind of a failure by the names that the service has for them; nil if it
// has none.
func kind(text string) error {
	text = strings.ToLower(text)
	for _, k := range []struct {
		name string
		kind error
	}{
		{"max_active", tts.ErrOverloaded}, {"maximum simultaneous", tts.ErrOverloaded}, {"system_busy", tts.ErrOverloaded}, {"heavy traffic", tts.ErrOverloaded},
		{"unusual_activity", tts.ErrAuth}, {"unusual activity", tts.ErrAuth}, {"only_for_creator", tts.ErrRefused}, {"voice_", tts.ErrRefused}, {"model_", tts.ErrRefused},
	} {
		if strings.Contains(text, k.name) {
			return k.kind
		}
	}
	return nil
}

// closed gives a close its kind.
func closed(_ int, reason string) error { return kind(reason) }

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

// Prewarm implements tts.Prewarmer: it opens a connection, which
// proves neither the key nor the voice, as the service looks at them when it speaks.
func (e *Engine) Prewarm(ctx context.Context) error { return e.service.Prewarm(ctx) }

// Normalizes implements tts.Normalizer.
func (e *Engine) Normalizes() bool { return e.asWritten }

// Status implements tts.Reporter. Ready is the result of the last health check.
func (e *Engine) Status() tts.Status { return e.service.Status() }

// Close closes all connections. Utterances under way fail with [tts.ErrClosed].
func (e *Engine) Close() error { return e.service.Close() }
