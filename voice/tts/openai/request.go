package openai

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"agentos.dev/dialtone/internal/answer"
	"agentos.dev/dialtone/internal/wire"
	"agentos.dev/dialtone/voice/tts"
	"agentos.dev/dialtone/voice/tts/internal/failure"
)

// maxText is the number of characters of the longest text that the API takes.
const maxText = 4096

// speech is the body of a request.
type speech struct {
	Model        string  `json:"model"`
	Input        string  `json:"input"`
	Voice        string  `json:"voice"`
	Instructions string  `json:"instructions,omitempty"`
	Format       string  `json:"response_format"`
	Speed        float64 `json:"speed,omitempty"`
	Stream       string  `json:"stream_format,omitempty"`
}

func (e *Engine) synthesize(ctx context.Context, text string, c tts.Config) iter.Seq2[tts.Chunk, error] {
	return func(yield func(tts.Chunk, error) bool) {
		if err := e.say(ctx, text, c, yield); err != nil {
			yield(tts.Chunk{}, err)
		}
	}
}

func (e *Engine) say(ctx context.Context, text string, c tts.Config, yield func(tts.Chunk, error) bool) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(text); n > maxText || strings.IndexFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) < 0 {
		return &tts.Error{Engine: name, Op: "synthesize", Kind: tts.ErrBadText, Err: fmt.Errorf("%d characters: want 1 to %d, with a letter or a digit", n, maxText)}
	}
	q := speech{Model: e.o.Model, Input: strings.ToValidUTF8(text, ""), Voice: cmp.Or(c.Voice, e.o.Voice), Instructions: e.o.Instructions, Format: "pcm"}
	if c.Speed != 1 {
		q.Speed = c.Speed
	}
	if e.o.Events {
		q.Stream = "sse"
	}
	body, err := json.Marshal(q)
	if err != nil {
		return &tts.Error{Engine: name, Op: "synthesize", Kind: tts.ErrBadText, Err: err}
	}
	// The request ends with the loop, whatever of the answer is still to come.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := e.do(ctx, http.MethodPost, "/audio/speech", body)
	if err != nil {
		return e.failure("synthesize", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return e.refused("synthesize", resp.StatusCode, resp.Header, resp.Body)
	}
	return e.play(resp, yield)
}

// do sends a request.
func (e *Engine) do(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, e.o.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if e.o.Key != "" {
		req.Header.Set("Authorization", "Bearer "+e.o.Key)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return e.client.Do(req)
}

// probe asks for the models. A server that has no list of them is there all the same.
func (e *Engine) probe(ctx context.Context) error {
	resp, err := e.do(ctx, http.MethodGet, "/models", nil)
	if err != nil {
		return e.failure("check", err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return nil
	}
	if resp.StatusCode >= 300 {
		return e.refused("check", resp.StatusCode, resp.Header, resp.Body)
	}
	io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection is used again
	return nil
}

// play yields the audio of an answer, in whatever form it comes.
func (e *Engine) play(resp *http.Response, yield func(tts.Chunk, error) bool) error {
	kind, params, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	rate := e.o.Rate
	if r, err := strconv.Atoi(params["rate"]); err == nil && r > 0 {
		rate = r
	}
	switch {
	case kind == "text/event-stream":
		return e.events(resp.Body, rate, yield)
	case kind == "application/json", strings.HasPrefix(kind, "text/"), kind == "application/problem+json":
		return e.refused("synthesize", resp.StatusCode, resp.Header, resp.Body) // whatever its status is
	case strings.HasPrefix(kind, "audio/") && !bare[strings.TrimPrefix(kind, "audio/")]:
		return &tts.Error{Engine: name, Op: "synthesize", Kind: tts.ErrBadAudio, Err: fmt.Errorf("the server sends %s and was asked for pcm", e.quiet.Text(kind))}
	}
	return e.sound(resp.Body, rate, yield)
}

// bare are the subtypes under which servers send PCM or WAV.
var bare = map[string]bool{"pcm": true, "x-pcm": true, "l16": true, "raw": true, "basic": true, "wav": true, "x-wav": true, "wave": true, "vnd.wave": true}

// failure makes an error of a request or an answer that broke.
func (e *Engine) failure(op string, err error) error {
	kind := tts.ErrUnavailable
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		kind = tts.ErrTimeout
	}
	return &tts.Error{Engine: name, Op: op, Kind: kind, Err: e.quiet.Error(err)}
}

// maxFault bounds what is read of an answer that is an error, in bytes.
const maxFault = 64 << 10

// refused makes an error of an answer that is one, by its status or by what it says. What a server says about a refused
// key may quote it, so that is left out.
func (e *Engine) refused(op string, status int, header http.Header, body io.Reader) error {
	content, _ := io.ReadAll(io.LimitReader(body, maxFault))
	f, ok := answer.ReadFault(content)
	if !ok {
		f.Message = strings.TrimSpace(string(content))
	}
	out := &tts.Error{Engine: name, Op: op, Kind: failure.Kind(answer.Status(status)), Status: status, Code: e.quiet.Text(cmp.Or(f.Code, f.Type)), RetryAfter: wire.RetryAfter(header)}
	switch {
	case f.Kind() == answer.Quota:
		out.Kind, out.RetryAfter = tts.ErrQuota, 0
	case out.Kind == nil:
		out.Kind = tts.ErrUnavailable
	}
	if f.Message != "" && out.Kind != tts.ErrAuth {
		out.Err = e.quiet.Error(errors.New(f.Message))
	}
	return out
}
