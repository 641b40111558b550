// Package oracle lets the services' own Go SDKs talk to the fakes of package
// stttest: what the SDKs understand is the protocol, and so the fakes are fit to
// test our engines with.
package oracle

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	msg "github.com/deepgram/deepgram-go-sdk/v3/pkg/api/listen/v1/websocket/interfaces"
	dginterfaces "github.com/deepgram/deepgram-go-sdk/v3/pkg/client/interfaces"
	dglisten "github.com/deepgram/deepgram-go-sdk/v3/pkg/client/listen"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/internal/fakestt"
	"agentos.dev/dialtone/stt/stttest"
)

// heard collects what Deepgram's SDK makes of the messages.
type heard struct {
	mu             sync.Mutex
	texts          []string
	started, ended int
	finalized      bool
	problems       []string
}

func (h *heard) Open(*msg.OpenResponse) error   { return nil }
func (h *heard) Close(*msg.CloseResponse) error { return nil }

func (h *heard) Message(m *msg.MessageResponse) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if m.IsFinal && len(m.Channel.Alternatives) > 0 && m.Channel.Alternatives[0].Transcript != "" {
		a := m.Channel.Alternatives[0]
		h.texts = append(h.texts, a.Transcript)
		if len(a.Words) == 0 || a.Words[0].End <= a.Words[0].Start || m.Metadata.RequestID == "" {
			h.problems = append(h.problems, "words or request ID missing")
		}
	}
	h.finalized = h.finalized || m.FromFinalize
	return nil
}

func (h *heard) Metadata(*msg.MetadataResponse) error { return nil }

func (h *heard) SpeechStarted(*msg.SpeechStartedResponse) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.started++
	return nil
}

func (h *heard) UtteranceEnd(*msg.UtteranceEndResponse) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended++
	return nil
}

func (h *heard) Error(e *msg.ErrorResponse) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.problems = append(h.problems, e.Description)
	return nil
}

func (h *heard) UnhandledEvent(data []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.problems = append(h.problems, "unhandled: "+string(data))
	return nil
}

func TestDeepgramSDK(t *testing.T) {
	server := fakestt.NewDeepgram(t, []string{"one", "two words"})
	h := &heard{}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client, err := dglisten.NewWSUsingCallback(ctx, "a-key", &dginterfaces.ClientOptions{Host: server.URL},
		&dginterfaces.LiveTranscriptionOptions{Model: "nova-3", Encoding: "mulaw", SampleRate: 8000, Channels: 1, InterimResults: true, VadEvents: true, UtteranceEndMs: "1000"}, h)
	if err != nil {
		t.Fatal(err)
	}
	if !client.Connect() {
		t.Fatal("no connection")
	}
	audio := stttest.Speech(2, codec.Format{})
	for ; len(audio) > 0; audio = audio[min(800, len(audio)):] {
		if _, err := client.Write(audio[:min(800, len(audio))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.Finalize(); err != nil {
		t.Fatal(err)
	}
	for {
		h.mu.Lock()
		done := h.finalized
		h.mu.Unlock()
		if done {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal("no answer to Finalize")
		case <-time.After(5 * time.Millisecond):
		}
	}
	client.Stop()
	h.mu.Lock()
	defer h.mu.Unlock()
	if got := strings.Join(h.texts, "|"); got != "one|two|words" {
		t.Errorf("texts %q", got)
	}
	if h.started != 4 || h.ended != 2 || len(h.problems) > 0 {
		t.Errorf("%d starts, %d ends, problems %q", h.started, h.ended, h.problems)
	}
	ours := server.Requests()[0]
	if got := strings.ToLower(ours.Header.Get("Authorization")); got != "token a-key" {
		t.Errorf("the SDK authorises itself with %q, and ours with \"Token \"", got)
	}
	for name, want := range map[string]string{"model": "nova-3", "encoding": "mulaw", "sample_rate": "8000", "channels": "1", "interim_results": "true", "vad_events": "true", "utterance_end_ms": "1000"} {
		if got := ours.URL.Query().Get(name); got != want {
			t.Errorf("the SDK sends %s=%q", name, got)
		}
	}
	var keep bool
	for _, m := range server.Messages() {
		keep = keep || strings.Contains(m, `"Finalize"`)
	}
	if !keep {
		t.Errorf("messages %q", server.Messages())
	}
}
