// Package openai speaks with OpenAI's HTTP API for speech, which most speech servers
// share: speaches, Kokoro-FastAPI, LocalAI, openedai-speech and others on your own
// machine. The audio is played while it is being made.
package openai

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/internal/secret"
	"agentos.dev/dialtone/internal/service"
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/voice/tts"
)

const name = "openai"

// Options configure an Engine. The zero value needs a Key, or a BaseURL.
type Options struct {
	// BaseURL is the server's, with the version: "http://localhost:8000/v1"; empty =
	// "https://api.openai.com/v1".
	BaseURL string
	Key     string // sent as a bearer token; empty = no key is sent, for local servers
	Model   string // empty = "gpt-4o-mini-tts" for OpenAI and "tts-1" elsewhere
	Voice   string // empty = "alloy"
	// Instructions say how to speak, to models that understand them.
	Instructions string
	// Rate is the sample rate of the server's PCM in Hz, where its answer does not say;
	// 0 = 24000.
	Rate int
	// Events asks for the audio as server-sent events. An answer in that form is
	// understood either way.
	Events bool
	// AsWritten gives the server numbers, dates and abbreviations as they are written,
	// because it knows how they are said. OpenAI's own models do.
	AsWritten bool

	// Workers is the number of pieces made at once; 0 = 20.
	Workers int
	// MaxWait is the longest that a piece waits for its turn; 0 = 2 s.
	MaxWait time.Duration

	// Client sends the requests; nil = one of the engine's own, which keeps as many
	// connections as there are workers. Redirects are not followed.
	Client *http.Client
}

// Format implements fmt.Formatter: however options are printed, it is without the key and secrets in the URL.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, "openai.Options"+o.shown()) }

// MarshalText returns the options without the key and secrets in the URL, for logs and JSON.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.shown()), nil }

// shown returns the options as they are printed.
func (o Options) shown() string {
	type plain Options
	o.Key, o.BaseURL = secret.Shown(o.Key), secret.ShownURL(o.BaseURL)
	return fmt.Sprintf("%+v", plain(o))
}

// Engine speaks with an OpenAI-compatible server. It has no word times. All methods are
// safe for concurrent use. It is made by [New]; the zero value is not usable.
type Engine struct {
	o      *Options // not by value: a printed engine does not show the key
	quiet  secret.Secrets
	client *http.Client
	own    bool
	pool   *tts.Pool
	health *service.Health
}

const openAI = "https://api.openai.com/v1"

// New returns an engine. It opens no connection: use Prewarm for that.
func New(o Options) (*Engine, error) {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf("openai: "+format, args...)) }
	if o.Key != "" {
		errs = append(errs, option.Key("openai: Options.Key", &o.Key))
	}
	if o.BaseURL = strings.TrimRight(option.Trim(o.BaseURL), "/"); o.BaseURL == "" {
		if o.BaseURL = openAI; o.Key == "" {
			wrong("neither Options.Key nor Options.BaseURL is set")
		}
	}
	u, err := url.Parse(o.BaseURL)
	switch {
	case err != nil, u.Host == "", u.Scheme != "http" && u.Scheme != "https":
		wrong("Options.BaseURL is not an http or https URL")
		u = &url.URL{}
	case u.RawQuery != "", u.Fragment != "":
		wrong("Options.BaseURL has a query or a fragment, and paths are added to it")
	case strings.HasSuffix(u.Path, "/audio/speech"):
		wrong("Options.BaseURL is to be without /audio/speech, which is added")
	}
	if o.Rate != 0 && (o.Rate < 8000 || o.Rate > 48000) {
		wrong("Options.Rate is %d: want 8000 to 48000", o.Rate)
	}
	errs = append(errs, option.Count("openai: Options.Workers", o.Workers), option.Duration("openai: Options.MaxWait", o.MaxWait))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if o.Model == "" {
		if o.Model = "tts-1"; o.BaseURL == openAI {
			o.Model = "gpt-4o-mini-tts"
		}
	}
	o.AsWritten = o.AsWritten || o.BaseURL == openAI
	if o.Voice == "" {
		o.Voice = "alloy"
	}
	if o.Rate == 0 {
		o.Rate = 24000
	}
	if o.Workers == 0 {
		o.Workers = 20
	}
	e := &Engine{o: &o, quiet: secret.Of(o.Key, u)}
	if o.Client != nil {
		e.client = wire.Straight(o.Client)
	} else {
		e.client, e.own = wire.NewClient(func(t *http.Transport) { t.MaxIdleConnsPerHost = o.Workers })
	}
	e.health = service.NewHealth(checkEvery, e.probe)
	e.pool = tts.NewPool(tts.SynthesizerFunc(e.synthesize), tts.PoolOptions{Workers: o.Workers, MaxWait: o.MaxWait})
	return e, nil
}

// Synthesize implements tts.Synthesizer. Text has at most 4096 characters.
func (e *Engine) Synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return e.pool.Synthesize(ctx, text, c)
}

// checkEvery bounds how often Check asks the server.
const checkEvery = 10 * time.Second

// Check asks the server for a sign of life with the key, at most every ten seconds; in
// between it repeats the result.
func (e *Engine) Check(ctx context.Context) error { return e.health.Check(ctx) }

// Prewarm opens a connection, and checks the server as Check does.
func (e *Engine) Prewarm(ctx context.Context) error { return e.health.Ask(ctx) }

// Normalizes implements tts.Normalizer.
func (e *Engine) Normalizes() bool { return e.o.AsWritten }

// Status implements tts.Reporter. Ready is the result of the last health check.
func (e *Engine) Status() tts.Status {
	s := e.pool.Status()
	s.Engine, s.Model, s.Ready = name, e.o.Model+"/"+e.o.Voice, e.health.Good()
	return s
}

// Close closes connections that are not in use.
func (e *Engine) Close() error {
	if e.own {
		e.client.CloseIdleConnections()
	}
	return nil
}
