package main

import (
	"context"
	"log"
	"net"
	"net/http"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/stt"
	"agentos.dev/dialtone/voice"
)

// authToken is what the load generator signs with.
const authToken = "bench"

// wholeCall is package voice as a host runs it: webhook, session, stream, handler,
// and an engine that does with a frame what every engine begins with.
func wholeCall(l net.Listener, scheme string) http.Handler {
	srv, err := voice.New(voice.Config{
		AuthTokens:  []string{authToken},
		PublicURL:   scheme + "://" + l.Addr().String(),
		Handler:     voice.HandlerFunc(attend),
		STT:         stt.EngineFunc(openEngine),
		MaxDuration: 24 * time.Hour,
		MaxStreams:  100_000,
	})
	if err != nil {
		log.Fatal(err)
	}
	return srv
}

// attend reads transcripts that never come.
func attend(ctx context.Context, call *voice.Call) error {
	active.Add(1)
	defer active.Add(-1)
	for _, err := range call.Transcripts(ctx) {
		if err != nil {
			return err
		}
	}
	return nil
}

// engineStream is one call at an engine that decodes and forgets.
type engineStream struct {
	n   int
	pcm [320]int16
}

func openEngine(context.Context, stt.Config) (stt.Stream, error) {
	return new(engineStream), nil
}

func (s *engineStream) Send(frame []byte) error {
	frames.Add(1)
	samples.Add(int64(codec.DecodeMulaw(s.pcm[:], frame)))
	if s.n++; s.n%every == 0 && len(frame) >= 12 {
		delays.addRaw(frame)
	}
	return nil
}

func (*engineStream) Flush(context.Context) error { return nil }

func (*engineStream) Close() error { return nil }
