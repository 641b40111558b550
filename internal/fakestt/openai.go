package fakestt

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Reply is the answer of a fake HTTP server.
type Reply struct {
	Status int // 0 = 200
	Header http.Header
	Body   string
	Delay  time.Duration // before the answer
	Cut    bool          // the connection breaks in the middle of Body
	Drip   time.Duration // between the bytes of Body
}

// OpenAIRequest is one transcription that an [OpenAI] was asked for.
type OpenAIRequest struct {
	Path   string
	Header http.Header
	Fields url.Values // the form, without the file
	Name   string     // of the file
	File   []byte
}

// OpenAI is a fake of the OpenAI-compatible HTTP API. It is made by [NewOpenAI]; the
// zero value is not usable.
type OpenAI struct {
	URL string // without "/v1"

	reply func(n int, r OpenAIRequest) Reply
	mu    sync.Mutex
	asked []OpenAIRequest
}

// NewOpenAI starts a server that lives as long as the test. It calls reply for
// each transcription, which are counted from 0, and answers /models and
// /health itself.
func NewOpenAI(tb testing.TB, reply func(n int, r OpenAIRequest) Reply) *OpenAI {
	o := &OpenAI{reply: reply}
	server := httptest.NewServer(o)
	tb.Cleanup(server.Close)
	o.URL = server.URL
	return o
}

// Requests returns the transcriptions asked for so far.
func (o *OpenAI) Requests() []OpenAIRequest {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]OpenAIRequest(nil), o.asked...)
}

// ServeHTTP implements http.Handler.
func (o *OpenAI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/models"):
		io.WriteString(w, `{"object":"list","data":[]}`)
		return
	case r.URL.Path == "/health":
		io.WriteString(w, `{"status":"ok"}`)
		return
	case !strings.HasSuffix(r.URL.Path, "/audio/transcriptions") && !strings.HasSuffix(r.URL.Path, "/inference"):
		http.NotFound(w, r)
		return
	}
	if err := r.ParseMultipartForm(16 << 20); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	q := OpenAIRequest{Path: r.URL.Path, Header: r.Header.Clone(), Fields: r.MultipartForm.Value}
	if files := r.MultipartForm.File["file"]; len(files) == 1 {
		q.Name = files[0].Filename
		if f, err := files[0].Open(); err == nil {
			q.File, _ = io.ReadAll(f)
			f.Close()
		}
	}
	o.mu.Lock()
	n := len(o.asked)
	o.asked = append(o.asked, q)
	o.mu.Unlock()
	o.reply(n, q).write(w, r)
}

func (p Reply) write(w http.ResponseWriter, r *http.Request) {
	if p.Delay > 0 {
		timer := time.NewTimer(p.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return
		}
	}
	if strings.HasPrefix(p.Body, "{") {
		w.Header().Set("Content-Type", "application/json")
	}
	for k, v := range p.Header {
		w.Header()[k] = v
	}
	if p.Status == 0 {
		p.Status = http.StatusOK
	}
	if p.Cut {
		w.Header().Set("Content-Length", "1000000")
	}
	w.WriteHeader(p.Status)
	for p.Drip > 0 && p.Body != "" && r.Context().Err() == nil {
		io.WriteString(w, p.Body[:1])
		http.NewResponseController(w).Flush()
		time.Sleep(p.Drip)
		p.Body = p.Body[1:]
	}
	io.WriteString(w, p.Body)
	if p.Cut {
		panic(http.ErrAbortHandler)
	}
}
