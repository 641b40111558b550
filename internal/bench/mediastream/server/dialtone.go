package main

import (
	"context"
	"net/http"
	"time"

	"agentos.dev/dialtone/codec"
	"agentos.dev/dialtone/mediastream"
)

// dialtone decodes each frame to PCM in the call's own goroutine. A call may be
// silent for long, because the servers are fed in turns.
func dialtone(w http.ResponseWriter, r *http.Request) {
	c, err := mediastream.Accept(w, r, &mediastream.Options{IdleTimeout: time.Hour})
	if err != nil {
		return
	}
	ctx := context.WithoutCancel(r.Context())
	go func() {
		active.Add(1)
		defer active.Add(-1)
		defer func() { _ = c.Close(1000, "") }()
		var pcm [320]int16
		for e, err := range c.Events(ctx) {
			if err != nil || e.Type != mediastream.EventMedia {
				continue
			}
			n, err := codec.DecodePayload(pcm[:], e.Media.Payload)
			if err != nil {
				continue
			}
			frames.Add(1)
			samples.Add(int64(n))
			if e.Media.Chunk%every == 0 {
				delays.add(e.Media.Payload)
			}
		}
		lost.Add(int64(c.Stats().Lost + c.Stats().Dropped))
	}()
}
