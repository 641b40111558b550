package faketts

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/voice/tts/ttstest"
)

// OpenAIRequest is a piece that an [OpenAI] was asked for.
type OpenAIRequest struct {
	Header       http.Header `json:"-"`
	Model        string      `json:"model"`
	Input        string      `json:"input"`
	Voice        string      `json:"voice"`
	Instructions string      `json:"instructions"`
	Format       string      `json:"response_format"`
	Stream       string      `json:"stream_format"`
	Speed        float64     `json:"speed"`
}

// Reply is the answer of an [OpenAI]. The zero value is the audio of the request, as
// PCM at 24000 Hz in chunks that split samples, or as events if those were asked for.
type Reply struct {
	Status int         // 0 = 200
	Header http.Header // beside the Content-Type that belongs to the audio
	Body   []byte      // in the place of the audio
	Chunk  int         // bytes that are sent at once; 0 = 4801
	Delay  time.Duration
	Cut    bool // the connection breaks in the middle
	Hang   bool // the answer stops in the middle, until the client is gone
}

// OpenAI is a fake of the OpenAI-compatible API for speech. It is made by [NewOpenAI];
// the zero value is not usable.
type OpenAI struct {
	URL string // without "/v1"

	reply func(n int, r OpenAIRequest) Reply
	mu    sync.Mutex
	asked []OpenAIRequest
}

// NewOpenAI starts a server that lives as long as the test. It calls reply for each
// piece, which are counted from 0; nil = the zero Reply. It answers /models itself.
func NewOpenAI(tb testing.TB, reply func(n int, r OpenAIRequest) Reply) *OpenAI {
	o := &OpenAI{reply: reply}
	server := httptest.NewServer(o)
	tb.Cleanup(server.Close)
	o.URL = server.URL
	return o
}

// Requests returns the pieces asked for so far.
func (o *OpenAI) Requests() []OpenAIRequest {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]OpenAIRequest(nil), o.asked...)
}

// ServeHTTP implements http.Handler.
func (o *OpenAI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/models") {
		io.WriteString(w, `{"object":"list","data":[]}`)
		return
	}
	var q OpenAIRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil || !strings.HasSuffix(r.URL.Path, "/audio/speech") || r.Method != http.MethodPost {
		http.Error(w, "no such request", http.StatusNotFound)
		return
	}
	q.Header = r.Header.Clone()
	o.mu.Lock()
	n := len(o.asked)
	o.asked = append(o.asked, q)
	o.mu.Unlock()
	var p Reply
	if o.reply != nil {
		p = o.reply(n, q)
	}
	p.write(w, r, q)
}

// PCM24 returns the audio of a text as the fake of OpenAI sends it.
func PCM24(text string) []byte {
	audio, _ := ttstest.Audio(text)
	pcm := make([]int16, 0, 3*len(audio))
	for _, v := range codec.AppendDecodeMulaw(nil, audio) {
		pcm = append(pcm, v, v, v)
	}
	return codec.AppendPCM(nil, pcm)
}

func (p Reply) write(w http.ResponseWriter, r *http.Request, q OpenAIRequest) {
	select {
	case <-time.After(p.Delay):
	case <-r.Context().Done():
		return
	}
	body, kind := p.Body, ""
	if body == nil && p.Status < 300 {
		body, kind = PCM24(q.Input), "audio/pcm"
		if q.Speed > 0 {
			body = body[:int(float64(len(body))/q.Speed)]
		}
		if q.Stream == "sse" {
			body, kind = events(body), "text/event-stream"
		}
	}
	if kind != "" {
		w.Header().Set("Content-Type", kind)
	}
	for k, v := range p.Header {
		w.Header()[k] = v
	}
	if p.Status == 0 {
		p.Status = http.StatusOK
	}
	w.WriteHeader(p.Status)
	if p.Chunk == 0 {
		p.Chunk = 4801
	}
	if p.Cut || p.Hang {
		body = body[:len(body)/2]
	}
	for at := 0; at < len(body); at += p.Chunk {
		w.Write(body[at:min(at+p.Chunk, len(body))])
		http.NewResponseController(w).Flush()
	}
	switch {
	case p.Hang:
		<-r.Context().Done()
	case p.Cut:
		panic(http.ErrAbortHandler)
	}
}

// events returns PCM as server-sent events, each with so much that samples are split.
func events(pcm []byte) []byte {
	var b strings.Builder
	for at := 0; at < len(pcm); at += 4799 {
		fmt.Fprintf(&b, "event: speech.audio.delta\ndata: {\"type\":\"speech.audio.delta\",\"audio\":%q}\n\n", base64.StdEncoding.EncodeToString(pcm[at:min(at+4799, len(pcm))]))
	}
	b.WriteString(": a comment\n\ndata: {\"type\":\"speech.audio.done\",\"usage\":{\"total_tokens\":1}}\n\n")
	return []byte(b.String())
}
