// Package openai recognises speech over OpenAI's HTTP API for transcriptions, which
// most servers of Whisper and similar models share: whisper.cpp, speaches
// (faster-whisper), LocalAI and vLLM on your own machine, Groq and others as a service.
package openai

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"agentos.dev/dialtone/internal/option"
	"agentos.dev/dialtone/internal/service"
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/stt/internal/secret"
)

const name = "openai"

// Dialect is a server's variant of the API.
type Dialect uint8

const (
	OpenAI     Dialect = iota // api.openai.com, Groq and most services
	WhisperCPP                // whisper.cpp's server: path /inference, 16 kHz, one utterance at a time, errors with status 200
	Speaches                  // speaches, before that faster-whisper-server: phrases as hotwords
	LocalAI                   // LocalAI
	VLLM                      // vLLM: text only
)

// Options configure an Engine. The zero value needs a Key, or a BaseURL.
type Options struct {
	// BaseURL is the server's, with the version: "http://localhost:8000/v1";
	// empty = "https://api.openai.com/v1". whisper.cpp's has none:
	// "http://localhost:8080".
	BaseURL string
	Key     string // sent as a bearer token; empty = none is sent, as local servers like it
	Dialect Dialect
	Model   string // empty = "whisper-1" for OpenAI, the server's own elsewhere
	// Words asks for the times of words. Only Whisper models send them.
	Words bool

	// Workers is the number of utterances that are sent at once; 0 = 20, and 1 with
	// whisper.cpp, which recognises one at a time.
	Workers int
	// MaxWait is the longest an utterance waits for its turn; 0 = 2 s.
	MaxWait time.Duration
	// Segmentation configures where Open cuts calls into utterances. Its MinAudio is 3 s
	// if 0, since Whisper invents text for very short audio; negative = none.
	Segmentation stt.Segmentation

	// Client sends the requests, and follows no redirect; nil = one of the engine's
	// own, which keeps as many connections as there are workers.
	Client *http.Client
}

// Format implements fmt.Formatter: every verb prints the options without the key and
// secrets in the URL.
func (o Options) Format(f fmt.State, _ rune) { io.WriteString(f, "openai.Options"+o.shown()) }

// MarshalText returns the options without the key and secrets in the URL, for logs and JSON.
func (o Options) MarshalText() ([]byte, error) { return []byte(o.shown()), nil }

// shown returns the options as they are printed.
func (o Options) shown() string {
	type plain Options
	o.Key, o.BaseURL = secret.Shown(o.Key), secret.ShownURL(o.BaseURL)
	return fmt.Sprintf("%+v", plain(o))
}

// Engine recognises speech with an OpenAI-compatible server. It is a recogniser of
// utterances and, by Open, an engine for calls. All methods are safe for concurrent
// use. It is made by [New]; the zero value is not usable.
type Engine struct {
	o      *Options
	quiet  secret.Secrets
	client *http.Client
	own    bool
	pool   *stt.Pool
	calls  stt.Engine

	health *service.Health
}

// Format prints the engine's options without secrets. Without it fmt follows
// pointers for verbs that do not fit them.
func (e *Engine) Format(f fmt.State, _ rune) { io.WriteString(f, "openai.Engine"+e.o.shown()) }

// New returns an engine, or the errors of all options. It opens no connection: use
// Prewarm for that.
func New(o Options) (*Engine, error) {
	o.BaseURL, o.Model, o.Key = strings.TrimSuffix(option.Trim(o.BaseURL), "/"), option.Trim(o.Model), option.Trim(o.Key)
	errs := []error{o.check()}
	switch {
	case o.Key != "":
		errs = append(errs, option.Key("openai: Options.Key", &o.Key))
	case o.BaseURL == "":
		errs = append(errs, errors.New("openai: neither Options.Key nor Options.BaseURL is set"))
	}
	o.BaseURL = cmp.Or(o.BaseURL, "https://api.openai.com/v1")
	u, err := url.Parse(o.BaseURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		errs = append(errs, errors.New("openai: Options.BaseURL is not an http or https URL"))
	}
	if o.Dialect > VLLM {
		errs = append(errs, fmt.Errorf("openai: unknown dialect %d", o.Dialect))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if o.Model == "" && o.Dialect == OpenAI {
		o.Model = "whisper-1"
	}
	if o.Workers <= 0 {
		if o.Workers = 20; o.Dialect == WhisperCPP {
			o.Workers = 1
		}
	}
	if o.Segmentation.MinAudio == 0 {
		o.Segmentation.MinAudio = 3 * time.Second
	}
	e := &Engine{o: &o, quiet: secret.Of(o.Key, u)}
	e.health = service.NewHealth(checkEvery, e.probe)
	if o.Client != nil {
		e.client = wire.Straight(o.Client)
	} else {
		e.client, e.own = wire.NewClient(func(t *http.Transport) { t.MaxIdleConnsPerHost = o.Workers })
	}
	e.pool = stt.NewPool(stt.RecognizerFunc(e.recognize), stt.PoolOptions{Workers: o.Workers, MaxWait: o.MaxWait})
	e.calls = stt.Segmented(e.pool, o.Segmentation)
	return e, nil
}

// Open implements stt.Engine. It is stt.Open.
func (e *Engine) Open(ctx context.Context, c stt.Config) (stt.Stream, error) {
	return stt.Open(ctx, e, c)
}

// Traits implements stt.Describer.
func (e *Engine) Traits() stt.Traits { return stt.Traits{Engine: e.calls} }

// Recognize implements stt.Recognizer.
func (e *Engine) Recognize(ctx context.Context, audio []byte, c stt.Config) (stt.Transcript, error) {
	return e.pool.Recognize(ctx, audio, c)
}

// checkEvery bounds how often Check asks the server.
const checkEvery = 10 * time.Second

// Check asks the server for a sign of life with the key, at most every ten seconds; in
// between it repeats the result.
func (e *Engine) Check(ctx context.Context) error { return e.health.Check(ctx) }

// Prewarm opens a connection, and checks the server as Check does.
func (e *Engine) Prewarm(ctx context.Context) error { return e.health.Ask(ctx) }

func (e *Engine) probe(ctx context.Context) error {
	path := "/models"
	if e.o.Dialect == WhisperCPP {
		path = "/health"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.o.BaseURL+path, nil)
	if err != nil {
		return e.failure("check", err)
	}
	a, err := e.do(req, "check")
	if err != nil {
		return err
	}
	return e.quiet.Error(healthy(a, e.o.Dialect))
}

// Status implements stt.Reporter. Ready is the result of the last health check.
func (e *Engine) Status() stt.Status {
	s := e.pool.Status()
	s.Engine, s.Model = name, e.o.Model
	s.Ready = e.health.Good()
	return s
}

// Close closes connections that are not in use.
func (e *Engine) Close() error {
	if e.own {
		e.client.CloseIdleConnections()
	}
	return nil
}

func (e *Engine) recognize(ctx context.Context, audio []byte, c stt.Config) (stt.Transcript, error) {
	c, err := c.Normalize()
	if err != nil {
		return stt.Transcript{}, err
	}
	body, contentType, err := e.form(audio, c)
	if err != nil {
		return stt.Transcript{}, err
	}
	path := "/audio/transcriptions"
	if e.o.Dialect == WhisperCPP {
		path = "/inference"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.o.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return stt.Transcript{}, e.failure("recognize", err)
	}
	req.Header.Set("Content-Type", contentType)
	a, err := e.do(req, "recognize")
	if err != nil {
		return stt.Transcript{}, err
	}
	t, err := read(a, c, e.o.Dialect)
	if err != nil {
		return stt.Transcript{}, e.quiet.Error(err)
	}
	bound(&t, c.Format.Duration(len(audio)))
	t.RequestID = e.quiet.Text(a.header.Get("X-Request-Id"))
	return t, nil
}

const (
	maxAnswer   = 1 << 20     // bytes of an answer: a minute of speech takes some 100 KiB
	requestTime = time.Minute // for a request, whatever its context allows
)

type reply struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request and returns the answer if it is a good one.
func (e *Engine) do(req *http.Request, op string) (reply, error) {
	ctx, cancel := context.WithTimeout(req.Context(), requestTime)
	defer cancel()
	req = req.WithContext(ctx)
	if e.o.Key != "" {
		req.Header.Set("Authorization", "Bearer "+e.o.Key)
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return reply{}, e.failure(op, err)
	}
	defer resp.Body.Close()
	body, err := content(resp)
	if err != nil {
		return reply{}, e.failure(op, err)
	}
	if resp.StatusCode >= 300 {
		return reply{}, e.refused(op, resp.StatusCode, resp.Header, body)
	}
	return reply{resp.StatusCode, resp.Header, body}, nil
}

var errLong = fmt.Errorf("answer is longer than %d bytes", maxAnswer)

// content reads an answer, also one that is compressed unasked.
func content(resp *http.Response) ([]byte, error) {
	var body io.Reader = resp.Body
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		unpacked, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, err
		}
		body = unpacked
	}
	read, err := io.ReadAll(io.LimitReader(body, maxAnswer+1))
	if err == nil && len(read) > maxAnswer {
		err = errLong
	}
	return read, err
}
